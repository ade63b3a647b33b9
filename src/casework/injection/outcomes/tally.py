"""Flags counted by tensor, bit, class, input, number of faults: whole numbers, so that shards add up in any order."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from casework.injection.outcomes.flags import CHANGED, DETECTED, DUE, SDC

Array = NDArray[Any]

OUTCOMES: Final = ("masked", "benign", "sdc", "due", "detected")
"""What a prediction counts as: one of these, the last that holds. DETECTED goes before DUE (a guard that catches NaN has made a
detected result of it), DUE before SDC; benign is a changed output with the golden decision."""

MASKED, BENIGN, SILENT, UNUSABLE, CAUGHT = range(5)

_WORDS: Final = 1 << 16


def _table() -> Array:
    words = np.arange(_WORDS)
    table = np.where(words & CHANGED, BENIGN, MASKED)
    table = np.where(words & SDC, SILENT, table)
    table = np.where(words & DUE, UNUSABLE, table)
    return np.where(words & DETECTED, CAUGHT, table).astype(np.uint8)


_OUTCOME_OF: Final = _table()


def outcomes_of(flags: Array) -> Array:
    """Return the position in `OUTCOMES` of each prediction's outcome, uint8 [R], from its flags uint16 [R]."""
    return _OUTCOME_OF[flags]


@dataclass(frozen=True, slots=True)
class Key:
    """By what to count.

    Attributes:
        values: int [R]: of each prediction, 0 to size - 1; negative for a prediction that is not counted.
        size: Number of values.
    """

    values: Array
    size: int


def tally(flags: Array, *keys: Key) -> Array:
    """Count outcomes by one key or by several together, in one pass.

    Args:
        flags: uint16 [R].
        keys: Such as tensor, or tensor and bit.

    Returns:
        int64 [size of each key ..., 5]: predictions of each of `OUTCOMES`; their sum is the number of predictions.
    """
    code = outcomes_of(flags).astype(np.int64)
    left = np.ones(0, bool)
    scale = len(OUTCOMES)
    for key in reversed(keys):
        values = np.asarray(key.values, np.int64)
        if len(values) and values.min() < 0:
            left = (values < 0) if not len(left) else left | (values < 0)
        code += values * scale
        scale *= key.size
    if len(left):
        code = code[~left]
    return np.bincount(code, minlength=scale).reshape(*(k.size for k in keys), len(OUTCOMES))


def words(flags: Array) -> Array:
    """Return how often each word of flags occurs, int64 [2^16]: all totals follow from it, by `with_flag`."""
    return np.bincount(flags, minlength=_WORDS)


def with_flag(counts: Array, flag: int) -> int:
    """Return the number of predictions with a flag, from `words`."""
    return int(counts[(np.arange(_WORDS) & flag) != 0].sum())


@dataclass(frozen=True, slots=True)
class FaultCounts:
    """Events of each fault over its inputs: what cluster intervals are made of.

    Attributes:
        events: int64 [F].
        predictions: int64 [F].
    """

    events: Array
    predictions: Array


def by_fault(event: Array, fault: Array, faults: int) -> FaultCounts:
    """Count an event bool [R] by fault int64 [R], an index below `faults`."""
    return FaultCounts(np.bincount(fault[event], minlength=faults), np.bincount(fault, minlength=faults))
