"""Faults put into the rows of each round, and taken out again."""

from __future__ import annotations

from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from casework.injection.engines.rows import Rounds
from casework.injection.faults.bits import pattern_type, restore, strike
from casework.injection.faults.fault_list import OPS, FaultList

Array = NDArray[Any]

_XOR = OPS.index("xor")


class Striker(Protocol):
    """Puts the faults of a round into the rows, and takes them out again."""

    def put_in(self, number: int) -> Any:
        """Strike the rows with the faults of a round; return what `take_out` needs."""

    def take_out(self, saved: Any) -> None:
        """Undo `put_in`."""


def striker(rows: Array, faults: FaultList, fault: Array, rounds: Rounds) -> Striker:
    """Return what strikes rows [rows, ...] with the faults at positions int64 [rounds * rows] of a list."""
    single = faults.single and bool((faults.op == _XOR).all())
    return (_Flips if single else _Various)(rows, faults, fault, rounds)


class Values:
    """One element a row is set to a value: all rounds are laid out at once.

    Args:
        rows: The rows, [rows, ...].
        index: int64 [rounds * rows]: the element of each row, round after round.
        values: [rounds * rows]: its value, of the rows' type.
        rounds: The rounds.
    """

    def __init__(self, rows: Array, index: Array, values: Array, rounds: Rounds) -> None:
        kind = pattern_type(rows.dtype.name)
        self._flat = rows.view(kind).reshape(-1)
        self._rounds = rounds
        self._positions = _positions(self._flat, index, rounds)
        self._patterns = np.ascontiguousarray(values).view(kind)

    def put_in(self, number: int) -> Any:
        """Set the elements of a round."""
        chosen = self._rounds.slice(number)
        positions = self._positions[chosen]
        held = self._flat[positions]
        self._flat[positions] = self._patterns[chosen]
        return positions, held

    def take_out(self, saved: Any) -> None:
        """Undo `put_in`."""
        positions, held = saved
        self._flat[positions] = held


class _Flips:
    """Exclusive-or at one element a row: positions and masks of all rounds are made at once."""

    def __init__(self, rows: Array, faults: FaultList, fault: Array, rounds: Rounds) -> None:
        kind = pattern_type(rows.dtype.name)
        self._flat = rows.view(kind).reshape(-1)
        self._rounds = rounds
        self._positions = _positions(self._flat, faults.index[fault], rounds)
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


class _Various:
    """Faults of any operation at any number of elements."""

    def __init__(self, rows: Array, faults: FaultList, fault: Array, rounds: Rounds) -> None:
        self._rows, self._faults, self._fault, self._rounds = rows, faults, fault, rounds

    def put_in(self, number: int) -> Any:
        return strike(self._rows, self._faults, self._fault[self._rounds.slice(number)])

    def take_out(self, saved: Any) -> None:
        restore(self._rows, saved)


def _positions(flat: Array, index: Array, rounds: Rounds) -> Array:
    """Return flat positions in the rows of each round."""
    starts = np.arange(rounds.rows, dtype=np.int64) * (flat.size // rounds.rows)
    positions: Array = (index.reshape(rounds.count, rounds.rows) + starts).reshape(-1)
    return positions
