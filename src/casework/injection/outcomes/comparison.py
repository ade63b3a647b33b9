"""What is asked of every output whatever it means: equal to the golden run, finite where that is, has a guard spoken."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from casework.injection.outcomes.flags import CHANGED, DETECTED, DUE
from casework.injection.problem import InjectionProblem

Array = NDArray[Any]

BLOCK_BYTES: Final = 1 << 20
"""Bytes of outputs judged at a time: with their golden rows they stay in the second-level cache."""

WORDS: Final = 6
"""Most words of a short row: five of eight bytes take 4.6 ns a row, `memcmp` 10.9 ns; eight are no better."""

_ALWAYS: Final = np.uint16(CHANGED | DUE | DETECTED)


def contiguous(rows: Array) -> Array:
    """Return rows [R, ...] in C order, without a copy where they are."""
    return np.ascontiguousarray(rows) if rows.ndim else rows.reshape(1)


def differ(rows: Array, golden: Array) -> Array:
    """Return bool [R]: the rows that differ from the golden ones in some bit; -0.0 differs from 0.0.

    Short rows are compared word by word, all rows at once; long ones as blocks of bytes, one `memcmp` each.

    Args:
        rows: [R, ...].
        golden: [R, ...] of the same dtype and shape.
    """
    if rows.dtype == object:
        return np.asarray((rows != golden).reshape(len(rows), -1).any(axis=1))
    if not rows.size:
        return np.zeros(len(rows), bool)
    row_bytes = rows.nbytes // len(rows)
    rows, golden = contiguous(rows).reshape(len(rows), -1), contiguous(golden).reshape(len(rows), -1)
    word = next((size for size in (8, 4) if row_bytes % size == 0 and row_bytes <= WORDS * size), 0)
    if word:
        one, other = rows.view(f"u{word}"), golden.view(f"u{word}")
        differing = one[:, 0] != other[:, 0]
        for column in range(1, one.shape[1]):
            differing |= one[:, column] != other[:, column]
        return np.asarray(differing)
    kind = np.dtype((np.void, row_bytes))
    return np.asarray(rows.view(kind)[:, 0] != golden.view(kind)[:, 0])


def unusable(rows: Array, golden: Array) -> Array:
    """Return bool [R]: an element is NaN where the golden one is none, or infinite where it is finite; never for integers."""
    if rows.dtype.kind != "f":
        return np.zeros(len(rows), bool)
    bad = ~np.isfinite(rows)
    if bad.any():
        bad &= np.isfinite(golden) | (np.isnan(rows) & ~np.isnan(golden))
    return np.asarray(bad.reshape(len(rows), -1).any(axis=1))


def spoken(rows: Array, golden: Array) -> Array:
    """Return bool [R]: some alarm of a guard is raised that the golden run does not raise."""
    alarms = (rows != 0) & ~(golden != 0)
    return np.asarray(alarms.reshape(len(rows), -1).any(axis=1))


def silent(flags: Array) -> Array:
    """Clear in flags uint16 [R], in place, what only holds of silent results: of rows with DUE or DETECTED stay those and CHANGED."""
    loud = np.flatnonzero(flags & (DUE | DETECTED))
    flags[loud] &= _ALWAYS
    return flags


@dataclass(frozen=True, slots=True)
class Comparison:
    """The golden outputs and how faulty ones compare with them.

    Attributes:
        golden: Outputs [N, ...] of the golden run in the order of the graph's outputs.
        guards: Positions of outputs that are alarms.
    """

    golden: tuple[Array, ...]
    guards: tuple[int, ...] = ()

    def flags(self, outputs: Sequence[Array | None], samples: Array, *, skip: int = -1) -> Array:
        """Return CHANGED, DUE and DETECTED of R predictions, uint16 [R].

        A guard that already speaks in the golden run says nothing of the fault: only an alarm that is new counts. A
        prediction whose outputs all equal the golden ones has flags 0.

        Args:
            outputs: Each [R, ...]; None for one that is known to equal the golden one.
            samples: int64 [R].
            skip: Position of an output that the caller compares itself; -1 for none.
        """
        flags = np.zeros(len(samples), np.uint16)
        for position, rows in enumerate(outputs):
            if rows is None or position == skip:
                continue
            golden = self.golden[position]
            require_alike(rows, golden, position)
            expected = np.take(golden, samples, axis=0)
            changed = np.flatnonzero(differ(rows, expected))
            flags[changed] |= CHANGED
            if not len(changed):
                continue
            asked, bit = (spoken, DETECTED) if position in self.guards else (unusable, DUE)
            flags[changed[asked(rows[changed], expected[changed])]] |= bit
        return flags

    def blocks(self, outputs: Sequence[Array | None], samples: Array, judge: Callable[..., Array]) -> Array:
        """Return the flags uint16 [R] that `judge(outputs, samples)` gives, block by block of what fits the cache."""
        if len(outputs) != len(self.golden):
            raise ValueError(f"{len(outputs)} outputs are to be judged, the golden run has {len(self.golden)}")
        row_bytes = sum(o.nbytes // max(len(o), 1) for o in outputs if o is not None)
        flags = np.zeros(len(samples), np.uint16)
        for part in _parts(len(samples), row_bytes):
            flags[part] = judge([None if o is None else o[part] for o in outputs], samples[part])
        return flags


def _parts(rows: int, row_bytes: int) -> Iterator[slice]:
    step = max(1, min(16384, BLOCK_BYTES // max(row_bytes, 1)))
    for start in range(0, rows, step):
        yield slice(start, start + step)


def require_alike(rows: Array, golden: Array, position: int) -> None:
    """Refuse rows that cannot be of this output: a mistake of an engine, not of the user.

    Raises:
        ValueError: Another dtype, or another shape of a row.
    """
    if rows.dtype != golden.dtype or rows.shape[1:] != golden.shape[1:]:
        raise ValueError(
            f"output {position} is {rows.dtype}{list(rows.shape[1:])} a row, "
            f"of the golden run {golden.dtype}{list(golden.shape[1:])}"
        )


def comparison_of(golden: Sequence[Array], guards: Sequence[int] = (), *decisive: int) -> Comparison:
    """Return the comparison with golden outputs [N, ...].

    Args:
        golden: Outputs of the golden run in the order of the graph's outputs.
        guards: Positions of alarms.
        decisive: Positions of the outputs that decide.

    Raises:
        InjectionProblem: There is no input.
        ValueError: An output that is to decide is none, or is a guard.
    """
    held = tuple(contiguous(np.asarray(g)) for g in golden)
    for position in decisive:
        if not 0 <= position < len(held) or position in guards:
            raise ValueError(
                f"output {position} cannot decide: the model has {len(held)} outputs, guards {tuple(guards)}"
            )
    if not held or not len(held[0]):
        raise InjectionProblem("there is no golden run to compare with", "Give at least one input.")
    return Comparison(held, tuple(sorted(guards)))
