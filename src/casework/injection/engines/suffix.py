"""The engine for what an inference computes: the part of the graph after the target runs on golden rows, each with its own fault."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np
from numpy.typing import NDArray

from casework.injection.engines.buffers import Differs, Part
from casework.injection.engines.carry import Carried, Carrier
from casework.injection.engines.protocol import Exactness, Judge
from casework.injection.engines.rebuild import RebuildEngine
from casework.injection.engines.rows import Rounds, in_rounds
from casework.injection.engines.strikers import Striker, Values, striker
from casework.injection.faults.fault_list import FaultList
from casework.injection.network.sessions import Sessions, Stopped, runtime_refusals

if TYPE_CHECKING:
    from collections.abc import Callable

    from casework.injection.network.golden import Golden
    from casework.injection.network.network import Network
    from casework.injection.network.target import Target

Array = NDArray[Any]

JUDGED: Final = 16384
"""Rows that are judged together, where there are as many."""

JUDGED_BYTES: Final = 4 << 20
"""Bytes of outputs that are judged together."""


class SuffixEngine:
    """Dense suffix. Buffers hold golden rows; faults are flipped in, the suffix runs, and the faults are taken out again."""

    name = "suffix"
    exactness: Exactness = "bit-exact"

    def __init__(self, network: Network, golden: Golden) -> None:
        self._network = network
        self._golden = golden
        self._parts = Sessions(network.sessions)
        self._oracle = RebuildEngine(network, golden)
        self.delegated: dict[str, str] = {}
        self._carriers: dict[str, Carrier] = {}

    def refusal(self, target: Target, faults: FaultList) -> str:
        """Return why it cannot take a target: it is stored, or the graph cannot be cut there."""
        if target.stored:
            return "the target is stored, not computed"
        return self._network.uncuttable.get(target.name, "")

    def run(self, target: Target, faults: FaultList, fault: Array, sample: Array, judge: Judge) -> Array:
        """Return the flags uint16 [R] of R injected predictions; see `Engine`.

        A part that cannot be opened, or that does not give the golden outputs for golden rows, is left to the oracle; `delegated`
        then tells why.
        """
        if not len(fault):
            return np.zeros(0, np.uint16)
        refused: tuple[type[Exception], ...] = (Differs, *runtime_refusals())
        if target.name not in self.delegated:
            try:
                return self._flags(target, faults, fault, sample, judge)
            except Stopped as stopped:
                raise Stopped(f"with a fault in {target.name}, {stopped.message}") from stopped
            except refused as error:
                self.delegated[target.name] = str(error)
        return self._oracle.run(target, faults, fault, sample, judge)

    def _flags(self, target: Target, faults: FaultList, fault: Array, sample: Array, judge: Judge) -> Array:
        if target.name not in self._carriers:
            self._carriers[target.name] = Carrier(self._network, self._golden, target)
        carrier = self._carriers[target.name]
        if not (carrier.moves and faults.single):
            return self._run(target.name, sample, judge, lambda rows, r: striker(rows, faults, fault[r.order], r))
        flags = np.zeros(len(fault), np.uint16)
        for group in carrier.carry(faults, fault, sample):
            flags[group.rows] = self._run(group.tensor, sample[group.rows], judge, _setter(group))
        return flags

    def _run(self, name: str, sample: Array, judge: Judge, strikes: Callable[[Array, Rounds], Striker]) -> Array:
        """Return the flags of predictions that differ from the golden run in one tensor, as a striker has it."""
        part = self._parts.get(name, lambda: Part(self._network, self._golden, name))
        rounds = in_rounds(sample, part.rows_for(len(sample)))
        buffers = part.buffers(rounds.rows)
        changes = buffers.changes(rounds)
        hits = strikes(buffers.target, rounds)
        gathered = _Gathered(rounds, judge, self._golden)
        try:
            for number in range(rounds.count):
                buffers.renew(changes[number], rounds.samples[rounds.slice(number)][changes[number]])
                saved = hits.put_in(number)
                gathered.take(number, buffers.run())
                hits.take_out(saved)
        except BaseException:
            part.forget()  # faults may be left in the rows
            raise
        flags = np.zeros(len(sample), np.uint16)
        flags[rounds.order] = gathered.flags()
        return flags


def _setter(group: Carried) -> Callable[[Array, Rounds], Striker]:
    return lambda rows, rounds: Values(rows, group.index[rounds.order], group.values[rounds.order], rounds)


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
        if self._most == 1:
            self._settle(number + 1, outputs)
            return
        place = slice((number - self._first) * self._rounds.rows, (number - self._first + 1) * self._rounds.rows)
        for position, values in outputs.items():
            self._outputs[position][place] = values
        if number - self._first + 1 == self._most or number + 1 == self._rounds.count:
            self._settle(number + 1, {position: self._outputs[position] for position in outputs})

    def _settle(self, end: int, outputs: dict[int, Array]) -> None:
        chosen = slice(self._first * self._rounds.rows, end * self._rounds.rows)
        samples = self._rounds.samples[chosen]
        rows = [
            outputs[position][: len(samples)] if position in outputs else golden[samples]
            for position, golden in enumerate(self._golden.outputs)
        ]
        self._flags[chosen] = self._judge(rows, samples)
        self._first = end

    def flags(self) -> Array:
        """Return the flags of all rows, round after round."""
        return self._flags
