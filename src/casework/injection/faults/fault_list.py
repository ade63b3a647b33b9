"""The canonical record of faults, held by columns: a list of a million is a handful of arrays."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]

Persistence = Literal["transient", "permanent"]

OPS: Final = ("xor", "and", "or", "set", "add", "scale", "fixed_xor")
"""What happens to an element, by number: `xor`, `and`, `or` and `set` act on its bit pattern with a pattern as operand; `add` and
`scale` on its value with a float64 as operand (its bit pattern is stored); `fixed_xor` on a fixed-point image of its value (1 sign, 21
integer, 10 fraction bits, as TensorFI 1 does), with a 32-bit mask as operand."""

EVERY_SAMPLE: Final = -1
"""In the column `sample`: the fault is there for every input of the campaign, as a stuck memory cell is."""


@dataclass(frozen=True, slots=True)
class FaultTensor:
    """A tensor that faults of a list hit.

    Attributes:
        name: Name in the folded graph.
        original: Name in the model file, where it has one there; else the same.
        kind: weight, bias, activation, input, output, scale or zero_point.
        dtype: numpy name of the element type, such as `float32`, `int8`.
        shape: Of one sample for what an inference computes (no batch axis), whole for what is stored.
    """

    name: str
    original: str
    kind: str
    dtype: str
    shape: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class FaultList:
    """Faults by columns. A fault hits one tensor at one or more elements; faults of one group strike together.

    Attributes:
        model: SHA-256 of the original model file; the list is for no other.
        tensors: The tensors hit.
        ids: int64 [F]: unique, ascending.
        tensor: int32 [F]: index into `tensors`.
        starts: int64 [F + 1]: fault f has the sites `starts[f]` to `starts[f + 1]`.
        index: int64 [S]: flat index into the tensor (row-major; of one sample for activations).
        operand: uint64 [S]: bit pattern, mask, or float64 pattern, as the operation says.
        op: uint8 [F]: index into `OPS`.
        sample: int64 [F]: index of the input that the fault strikes; `EVERY_SAMPLE` for all.
        group: int64 [F]: faults of one group are put in together; its own id for a fault that is alone.
        persistence: What the faults model, for people; has no say in the arithmetic.
    """

    model: str
    tensors: tuple[FaultTensor, ...]
    ids: Array
    tensor: Array
    starts: Array
    index: Array
    operand: Array
    op: Array
    sample: Array
    group: Array
    persistence: Persistence = "transient"

    def __len__(self) -> int:
        return len(self.ids)

    @property
    def single(self) -> bool:
        """True where every fault has exactly one site."""
        return len(self.index) == len(self.ids) and bool((self.starts[1:] - self.starts[:-1] == 1).all())

    def take(self, positions: Array) -> FaultList:
        """Return the faults at positions int64 [K], in that order; sites go with them."""
        if self.single:
            starts, sites = np.arange(len(positions) + 1, dtype=np.int64), positions
        else:
            counts = (self.starts[1:] - self.starts[:-1])[positions]
            starts = np.concatenate([[0], np.cumsum(counts)]).astype(np.int64)
            sites = np.repeat(self.starts[positions] - starts[:-1], counts) + np.arange(starts[-1])
        ids = self.ids.take(positions)
        return FaultList(
            self.model, self.tensors, ids, self.tensor.take(positions), starts, self.index.take(sites),
            self.operand.take(sites), self.op.take(positions), self.sample.take(positions),
            ids if self.group is self.ids else self.group.take(positions), self.persistence,
        )  # fmt: skip

    def part(self, start: int, stop: int) -> FaultList:
        """Return the faults at positions start to stop, without copying them."""
        sites = slice(int(self.starts[start]), int(self.starts[stop]))
        here = slice(start, stop)
        ids = self.ids[here]
        return FaultList(
            self.model, self.tensors, ids, self.tensor[here], self.starts[start : stop + 1] - self.starts[start], self.index[sites],
            self.operand[sites], self.op[here], self.sample[here], ids if self.group is self.ids else self.group[here], self.persistence,
        )  # fmt: skip


def concat(parts: Sequence[FaultList]) -> FaultList:
    """Return one list of the faults of several, in their order; all are of one model and one table of tensors.

    Raises:
        ValueError: There is none, or they differ in model, tensors or persistence.
    """
    head = parts[0]
    if len(parts) == 1:
        return head
    if any((p.model, p.tensors, p.persistence) != (head.model, head.tensors, head.persistence) for p in parts[1:]):
        raise ValueError("fault lists of different models or tensors have no common list")
    offsets = np.cumsum([0, *(len(part.index) for part in parts)])
    starts = [part.starts[:-1] + offset for part, offset in zip(parts, offsets, strict=False)]

    def column(name: str) -> Array:
        return np.concatenate([getattr(part, name) for part in parts])

    return FaultList(
        head.model, head.tensors, column("ids"), column("tensor"), np.concatenate([*starts, offsets[-1:]]), column("index"),
        column("operand"), column("op"), column("sample"), column("group"), head.persistence,
    )  # fmt: skip
