"""Critical bits of many elements by binary search: which flips corrupt the result, at about a quarter of the injections.

After BinFI (Chen, Li, Pattabiraman, DeBardeleben, SC 2019). The assumption: of flips of one element in one direction (0 to 1, or
1 to 0) a greater change does at least the harm of a smaller one, so that the critical bits of a direction are all from some bit
upwards. It holds where what follows is monotone in the element, which most of a network nearly is and none of it must be; so the
search does not vouch for itself: `spot_check` injects bits that the search did not, drawn at random, and counts where it is wrong.
The sign is a direction of its own, with one bit: flipping it changes the value by twice its size, whatever the other bits are.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from casework.injection.sampling.intervals import Estimate, proportion

Array = NDArray[Any]

Inject = Callable[[Array, Array], Array]
"""From elements int64 [K] and bits int64 [K] to bool [K]: whether flipping that bit of that element has the event."""


@dataclass(frozen=True, slots=True)
class Critical:
    """What the search found.

    Attributes:
        bits: bool [E, width]: flips found or inferred to have the event.
        tried: bool [E, width]: flips that were injected.
    """

    bits: Array
    tried: Array

    @property
    def trials(self) -> int:
        """Injections that the search took."""
        return int(self.tried.sum())

    @property
    def rate(self) -> float:
        """Share of all flips with the event, as far as the assumption holds."""
        return float(self.bits.mean())


@dataclass(frozen=True, slots=True)
class Checked:
    """How the search's inferences fared.

    Attributes:
        checked: Inferred flips that were injected after all.
        missed: Of them, those with the event that the search takes for harmless.
        alarms: Of them, those without it that the search takes for critical.
        wrong: Share of inferred flips that are wrong, with its interval.
    """

    checked: int
    missed: int
    alarms: int
    wrong: Estimate


def search(patterns: Array, width: int, inject: Inject, *, sign: bool = True) -> Critical:
    """Search all elements at once, a round of injections for each halving.

    Args:
        patterns: uint64 [E]: bit patterns of the elements, without faults.
        width: Bits of an element.
        inject: Injects.
        sign: The highest bit is a sign apart from the others (floating point); False for integers in two's complement, whose
            highest bit is their greatest change.
    """
    patterns = np.asarray(patterns, np.uint64)
    held = (patterns[:, None] >> np.arange(width, dtype=np.uint64)) & np.uint64(1)
    found = np.zeros((len(patterns), width), bool)
    tried = np.zeros_like(found)
    ordinary = width - 1 if sign else width
    for direction in (0, 1):
        _search_direction(held[:, :ordinary] == direction, inject, found, tried)
    if sign and len(patterns):
        elements = np.arange(len(patterns))
        found[:, -1] = inject(elements, np.full(len(patterns), width - 1))
        tried[:, -1] = True
    return Critical(found, tried)


def _search_direction(candidates: Array, inject: Inject, found: Array, tried: Array) -> None:
    """Find the lowest critical bit among the candidates bool [E, B] of each element; write what follows from it."""
    count = candidates.sum(axis=1)
    order = np.argsort(~candidates, axis=1, kind="stable")  # candidate bits first, lowest first
    low, high = np.zeros(len(candidates), np.int64), count.astype(np.int64)
    while (open_ := np.flatnonzero(low < high)).size:
        middle = (low[open_] + high[open_]) // 2
        bits = order[open_, middle]
        critical = np.asarray(inject(open_, bits), bool)
        tried[open_, bits] = True
        high[open_[critical]] = middle[critical]
        low[open_[~critical]] = middle[~critical] + 1
    rank = np.cumsum(candidates, axis=1) - 1
    found[:, : candidates.shape[1]] |= candidates & (rank >= low[:, None])


def spot_check(critical: Critical, inject: Inject, count: int, *, seed: int, confidence: float = 0.95) -> Checked:
    """Inject some of the flips that the search only inferred.

    Args:
        critical: What the search found.
        inject: Injects.
        count: Flips to inject; all that were inferred if there are no more.
        seed: Of the draw.
        confidence: Of the interval of the share that is wrong; two-sided.

    Raises:
        ValueError: `count` is less than 1.
    """
    if count < 1:
        raise ValueError("a spot check needs at least one flip")
    inferred = np.flatnonzero(~critical.tried)
    if not len(inferred):
        return Checked(0, 0, 0, Estimate(0.0, 0.0, 0.0, "all injected"))
    chosen = np.sort(np.random.default_rng(seed).permutation(inferred)[:count])
    elements, bits = np.divmod(chosen, critical.bits.shape[1])
    event, said = np.asarray(inject(elements, bits), bool), critical.bits[elements, bits]
    missed, alarms = int((event & ~said).sum()), int((~event & said).sum())
    wrong = missed + alarms
    if len(chosen) == len(inferred):
        share = wrong / len(chosen)
        return Checked(len(chosen), missed, alarms, Estimate(share, share, share, "all injected"))
    return Checked(len(chosen), missed, alarms, proportion(wrong, len(chosen), confidence))
