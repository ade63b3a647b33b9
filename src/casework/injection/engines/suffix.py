"""The engine for what an inference computes: the part of the graph after the target runs on golden rows, each with its own fault."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, Final, Protocol

import numpy as np
from numpy.typing import NDArray

from casework.injection.engines.protocol import Exactness, Judge
from casework.injection.engines.rows import Rounds, in_rounds
from casework.injection.faults.bits import pattern_type, restore, strike
from casework.injection.faults.fault_list import OPS, FaultList
from casework.injection.network.sessions import Sessions, open_session
from casework.injection.network.wiring import after

if TYPE_CHECKING:
    from casework.injection.network.golden import Golden
    from casework.injection.network.network import Network
    from casework.injection.network.target import Target

Array = NDArray[Any]

WORKING_SET: Final = 1 << 20
"""Bytes of tensors that a round should touch at a time: about a second-level cache."""

ROWS: Final = 2048
"""Most rows of a round."""

JUDGED: Final = 4096
"""Rows that are judged together, where there are as many."""

JUDGED_BYTES: Final = 4 << 20
"""Bytes of outputs that are judged together."""

_XOR: Final = OPS.index("xor")


class SuffixEngine:
    """Dense suffix. Buffers hold golden rows; faults are flipped in, the suffix runs, and the faults are taken out again."""

    name = "suffix"
    exactness: Exactness = "bit-exact"

    def __init__(self, network: Network, golden: Golden) -> None:
        self._network = network
        self._golden = golden
        self._parts = Sessions(8)

    def refusal(self, target: Target, faults: FaultList) -> str:
        """Return why it cannot take a target: it is stored, or the graph cannot be cut there."""
        if target.stored:
            return "the target is stored, not computed"
        return self._network.uncuttable.get(target.name, "")

    def run(self, target: Target, faults: FaultList, fault: Array, sample: Array, judge: Judge) -> Array:
        """Return the flags uint16 [R] of R injected predictions; see `Engine`."""
        flags = np.zeros(len(fault), np.uint16)
        if not len(fault):
            return flags
        part = self._parts.get(target.name, lambda: Part(self._network, self._golden, target))
        rounds = in_rounds(sample, part.most)
        buffers = part.buffers(rounds.rows)
        buffers.fill(rounds.samples[: rounds.rows])
        striker = _striker(buffers.target, faults, fault[rounds.order], rounds)
        gathered = _Gathered(rounds, judge, self._golden)
        for number in range(rounds.count):
            chosen = rounds.slice(number)
            if number:
                buffers.renew(rounds.samples[chosen.start - rounds.rows : chosen.start], rounds.samples[chosen])
            saved = striker.put_in(number)
            outputs = buffers.run()
            gathered.take(number, outputs)
            striker.take_out(saved)
        flags[rounds.order] = gathered.flags()
        return flags


class Part:
    """The suffix of a target: its session, and how many rows it takes at a time."""

    def __init__(self, network: Network, golden: Golden, target: Target) -> None:
        self.network, self.golden, self.target = network, golden, target
        self.cut = network.cut(target.name)
        # An output that nothing reads is what it is: there is nothing to run.
        bare = not after(network.proto.graph.node, [target.name])
        self.session = None if bare else open_session(self.cut.suffix, level=network.level)
        self.most = 1 if network.batch else _rows_for(network, target)
        self._held: Buffers | None = None

    def buffers(self, rows: int) -> Buffers:
        """Return buffers of so many rows; the ones of the last call where the number is the same."""
        if self._held is None or self._held.rows != rows:
            self._held = Buffers(self, rows)
        return self._held


class Buffers:
    """Inputs and outputs of a suffix for a number of rows, bound to its session once.

    Attributes:
        rows: Number of rows.
        target: The target's rows, to be struck in place.
    """

    def __init__(self, part: Part, rows: int) -> None:
        golden = part.golden
        self.rows = rows
        self._part = part
        self._tables: dict[str, Array] = {}
        self._live: dict[str, Array] = golden.values(part.cut.live, np.zeros(rows, np.int64))
        self.target = self._live[part.target.name]
        self._batched = [name for name in part.cut.live if part.cut.layout(name) is not None]
        self._outputs = {
            p: np.empty((rows, *golden.outputs[p].shape[1:]), golden.outputs[p].dtype) for p in part.cut.positions
        }
        if part.session is not None:
            self._binding = _bound(part.session, self._live, [self._outputs[p] for p in part.cut.positions])

    def fill(self, samples: Array) -> None:
        """Set all rows to the golden values of samples int64 [rows]."""
        for name, values in self._part.golden.values(self._batched, samples).items():
            self._live[name][...] = values

    def renew(self, before: Array, now: Array) -> None:
        """Set the rows whose sample changes."""
        changed = np.flatnonzero(before != now)
        if len(changed):
            for name, values in self._part.golden.values(self._batched, now[changed]).items():
                self._live[name][changed] = values

    def run(self) -> dict[int, Array]:
        """Run the suffix on the rows as they stand; return the outputs that depend on the target, by position. Valid until the next run."""
        if self._part.session is None:
            return {self._part.cut.positions[0]: self.target}
        self._part.session.run_with_iobinding(self._binding)
        return self._outputs


def _bound(session: Any, inputs: dict[str, Array], outputs: list[Array]) -> Any:
    """Return a binding of a session's inputs and outputs to arrays, which are used in place."""
    import onnxruntime

    binding = session.io_binding()
    for value in session.get_inputs():
        binding.bind_ortvalue_input(value.name, onnxruntime.OrtValue.ortvalue_from_numpy(inputs[value.name]))
    for value, array in zip(session.get_outputs(), outputs, strict=True):
        binding.bind_ortvalue_output(value.name, onnxruntime.OrtValue.ortvalue_from_numpy(array))
    return binding


def _rows_for(network: Network, target: Target) -> int:
    """Return how many rows keep what an operator reads and writes within the working set."""
    graph = network.proto.graph
    widest = _width(network, target.name)
    for position in after(graph.node, [target.name]):
        node = graph.node[position]
        widest = max(widest, sum(_width(network, name) for name in (*node.input, *node.output)))
    return max(1, min(ROWS, WORKING_SET // max(widest, 1)))


def _width(network: Network, name: str) -> int:
    """Return the bytes of a tensor for one sample; 0 for what is stored or holds no samples."""
    layout = network.layouts.get(name)
    return math.prod(layout.shape) * np.dtype(network.dtypes[name]).itemsize if layout is not None else 0


class Striker(Protocol):
    """Puts the faults of a round into the rows, and takes them out again."""

    def put_in(self, number: int) -> Any:
        """Strike the rows with the faults of a round; return what `take_out` needs."""

    def take_out(self, saved: Any) -> None:
        """Undo `put_in`."""


class _Flips:
    """Exclusive-or at one element a row: positions and masks of all rounds are made at once."""

    def __init__(self, rows: Array, faults: FaultList, fault: Array, rounds: Rounds) -> None:
        kind = pattern_type(rows.dtype.name)
        self._flat = rows.view(kind).reshape(-1)
        self._rounds = rounds
        starts = np.arange(rounds.rows, dtype=np.int64) * (self._flat.size // rounds.rows)
        self._positions = (faults.index[fault].reshape(rounds.count, rounds.rows) + starts).reshape(-1)
        self._masks = faults.operand[fault].astype(kind)

    def put_in(self, number: int) -> Any:
        chosen = self._rounds.slice(number)
        positions = self._positions[chosen]
        held = self._flat[positions]
        self._flat[positions] = held ^ self._masks[chosen]
        return positions, held

    def take_out(self, saved: Any) -> None:
        positions, held = saved
        self._flat[positions] = held


class _Any:
    """Any faults."""

    def __init__(self, rows: Array, faults: FaultList, fault: Array, rounds: Rounds) -> None:
        self._rows, self._faults, self._fault, self._rounds = rows, faults, fault, rounds

    def put_in(self, number: int) -> Any:
        return strike(self._rows, self._faults, self._fault[self._rounds.slice(number)])

    def take_out(self, saved: Any) -> None:
        restore(self._rows, saved)


def _striker(rows: Array, faults: FaultList, fault: Array, rounds: Rounds) -> Striker:
    single = faults.single and bool((faults.op == _XOR).all())
    return (_Flips if single else _Any)(rows, faults, fault, rounds)


class _Gathered:
    """Outputs of some rounds, judged together: a judge costs as much for a few rows as for thousands."""

    def __init__(self, rounds: Rounds, judge: Judge, golden: Golden) -> None:
        self._rounds, self._judge, self._golden = rounds, judge, golden
        width = sum(values.nbytes // max(len(values), 1) for values in golden.outputs)
        self._most = max(1, min(JUDGED // rounds.rows, JUDGED_BYTES // max(1, width * rounds.rows), rounds.count))
        self._outputs = [np.empty((self._most * rounds.rows, *v.shape[1:]), v.dtype) for v in golden.outputs]
        self._flags = np.zeros(rounds.count * rounds.rows, np.uint16)
        self._first = 0

    def take(self, number: int, outputs: dict[int, Array]) -> None:
        """Take the outputs of a round, by position, and judge when enough have come together."""
        place = slice((number - self._first) * self._rounds.rows, (number - self._first + 1) * self._rounds.rows)
        for position, values in outputs.items():
            self._outputs[position][place] = values
        if number - self._first + 1 == self._most or number + 1 == self._rounds.count:
            self._settle(number + 1, set(outputs))

    def _settle(self, end: int, moved: set[int]) -> None:
        chosen = slice(self._first * self._rounds.rows, end * self._rounds.rows)
        samples = self._rounds.samples[chosen]
        outputs = [
            values[: len(samples)] if position in moved else self._golden.outputs[position][samples]
            for position, values in enumerate(self._outputs)
        ]
        self._flags[chosen] = self._judge(outputs, samples)
        self._first = end

    def flags(self) -> Array:
        """Return the flags of all rows, round after round."""
        return self._flags
