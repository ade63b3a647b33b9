"""How a number of faults is spread over strata of known weights. All is deterministic: equals go to the lower number."""

from __future__ import annotations

from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]

LEAST: Final = 20
"""Faults in every stratum at least, so that no stratum is taken on trust."""


def largest_remainder(shares: Array, total: int) -> Array:
    """Return int64 [H] that sums to total, each within 1 of its share (Hamilton's method).

    Args:
        shares: float64 [H], not negative, not all 0; only their ratios matter.
        total: What is to be spread.
    """
    exact = np.asarray(shares, np.float64) / float(np.sum(shares)) * total
    counts = np.floor(exact + 1e-9).astype(np.int64)
    order = np.argsort(-(exact - counts), kind="stable")
    counts[order[: max(0, total - int(counts.sum()))]] += 1
    return counts


def proportional(weights: Array, total: int, least: int = LEAST) -> Array:
    """Return int64 [H]: faults by weight, `least` in each; more than total if the least alone are."""
    return neyman(weights, np.ones(len(weights)), total, least)


def neyman(weights: Array, spreads: Array, total: int, least: int = LEAST) -> Array:
    """Return int64 [H]: faults by weight times spread, which makes the variance least, with `least` in each stratum.

    Source: Neyman, Journal of the Royal Statistical Society 97 (1934). Strata that would get less than the least are set to it
    and the rest is spread over the others, until none falls short.

    Args:
        weights: float64 [H].
        spreads: float64 [H]: standard deviation within each stratum.
        total: Faults; raised to `least` for each stratum where it is less.
        least: In each stratum.
    """
    claims = np.asarray(weights, np.float64) * np.asarray(spreads, np.float64)
    counts = np.full(len(claims), least, np.int64)
    free = claims > 0
    while free.any():
        left = total - least * int((~free).sum())
        if left <= least * int(free.sum()):
            return counts
        share = claims[free] / claims[free].sum() * left
        if (share >= least).all():
            counts[free] = largest_remainder(claims[free], left)
            return counts
        free[np.flatnonzero(free)[share < least]] = False
    return counts


def spreads(events: Array, trials: Array, floor: float) -> Array:
    """Return the standard deviation within each stratum, float64 [H], from what a pilot found there.

    sqrt(p (1 - p)), with p kept off 0 and 1 by `floor`: a pilot of twenty that saw nothing has not shown that there is nothing.

    Args:
        events: [H].
        trials: [H].
        floor: Least rate assumed; one event in all faults of the plan is a fair one.
    """
    p = np.clip(np.asarray(events, np.float64) / np.maximum(trials, 1), floor, 1 - floor)
    return np.asarray(np.sqrt(p * (1 - p)))
