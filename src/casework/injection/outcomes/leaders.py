"""What the scores of a row settle in their own type: most decisions are clear without a softmax in float64.

A faulty row either keeps its leader or has another, by a margin that no rounding closes, and its confidence is nowhere near what it is
compared with. Only rows that are close to a tie, or to one of the drops that count, are left to float64.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from casework.injection.outcomes.flags import DROP10, DROP20, DUE, NEAR_TIE, SDC, SDC5

Array = NDArray[Any]

_CLEAR: Final = 2.0
"""A margin of more than this many times that of a near tie is none, one of less than its part is one, however both were rounded."""

_CLOSE: Final = 1e-3
"""Confidences by softmax in float32 are off by 1e-5 at most: the exponents by 1e-5 (scores within 2^7 of the best have a rounding
error of 2^-17 at most, the powers of those below are 0), the powers by some 1e-7. They are summed in float64: in float32 a sum of
tens of thousands of classes, taken one after the other, loses the small ones."""


@dataclass(frozen=True, slots=True)
class Leaders:
    """The outcome of rows as far as their scores tell it.

    Attributes:
        flags: uint16 [F]: DUE, or the others but CHANGED; of no meaning where doubtful.
        doubtful: bool [F]: to be judged otherwise.
    """

    flags: Array
    doubtful: Array


def leaders(found: Array, golden: Array, confidence: Array, tie: float, *, whole: bool) -> Leaders:
    """Settle changed rows of logits.

    Args:
        found: float32 or float64 [F, C], C > 1.
        golden: int64 [F]: golden decisions.
        confidence: float64 [F]: golden confidence, by softmax.
        tie: Margin of a near tie, relative to the greater of the two leading scores.
        whole: All golden scores are finite, so that any that is not is unusable.
    """
    columns = np.ascontiguousarray(found.T)  # maxima and sums over classes then run along memory
    with np.errstate(invalid="ignore", over="ignore", under="ignore"):
        best, second, least = _extremes(columns)
        own = found[np.arange(len(found)), golden]
        scale, margin = tie * np.maximum(np.abs(best), np.abs(second)), best - second
        drop = confidence - np.exp(own - best) / np.exp(columns - best).sum(axis=0, dtype=np.float64)
        # All False with NaN or infinity. Where two lead alike, which is the first is left to the exact judge.
        tied = (margin < scale / _CLEAR) & (margin > 0)
        clear = ((margin > scale * _CLEAR) | tied) & np.isfinite(least)
        clear &= (np.abs(drop - 0.1) > _CLOSE) & (np.abs(drop - 0.2) > _CLOSE)
    moved = own < best
    flags = moved * np.uint16(SDC) | tied * np.uint16(NEAR_TIE)
    flags |= (drop > 0.1) * np.uint16(DROP10) | (drop > 0.2) * np.uint16(DROP20)
    if len(columns) > 5:
        at = np.flatnonzero(moved & clear)
        above, level = _places(columns, own, at)
        flags[at[above >= 5]] |= np.uint16(SDC5)
        clear[at[(above < 5) & (above + level > 5)]] = False  # the fifth place is shared
    unusable = ~(np.isfinite(best) & np.isfinite(least))
    if whole and unusable.any():
        flags[unusable] = DUE
        clear |= unusable
    return Leaders(flags, ~clear)


def _extremes(columns: Array) -> tuple[Array, Array, Array]:
    """Return the greatest, the second and the least of columns [C, F], each [F]; NaN where one is."""
    best = np.maximum(columns[0], columns[1])
    second = np.minimum(columns[0], columns[1])
    least = second
    spare = np.empty_like(best)
    for column in columns[2:]:
        np.minimum(best, column, out=spare)
        second = np.maximum(second, spare)
        best = np.maximum(best, column)
        least = np.minimum(least, spare)
    return best, second, least


def _places(columns: Array, own: Array, at: Array) -> tuple[Array, Array]:
    """Return how many scores of the rows int64 [K] are above the row's own, and how many equal it, itself too."""
    chosen, own = columns[:, at], own[at]
    kind = np.uint8 if len(columns) < 256 else np.int64
    return (chosen > own).sum(axis=0, dtype=kind), (chosen == own).sum(axis=0, dtype=kind)
