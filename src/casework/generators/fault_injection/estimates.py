"""From flags to rates with their samples and intervals, by the way in which the faults were chosen."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any, Final, Literal, assert_never

import numpy as np
from numpy.typing import NDArray

from casework.generators.record import metric
from casework.injection.faults.fault_list import FaultList
from casework.injection.outcomes.flags import (
    BEYOND,
    CHANGED,
    DETECTED,
    DROP10,
    DROP20,
    DUE,
    GHOST,
    LOST,
    NEAR_TIE,
    SDC,
    SDC5,
)
from casework.injection.sampling.intervals import Estimate, clustered, stratified_clusters, wilson
from casework.model.interval import lower_bound, upper_bound
from casework.model.result import Metric

Array = NDArray[Any]

Design = Literal["simple", "cluster", "exhaustive", "stratified", "given"]
"""How the injected predictions came about: drawn alike, several inputs a fault, all there are, drawn within strata, or given."""


def _has(bit: int, flags: Array) -> Array:
    return np.asarray(flags & bit != 0)


EVENTS: Final[dict[str, Callable[[Array], Array]]] = {
    "sdc_rate": lambda f: f & SDC != 0,
    "sdc5_rate": lambda f: f & SDC5 != 0,
    "confidence_drop_10_rate": lambda f: f & DROP10 != 0,
    "confidence_drop_20_rate": lambda f: f & DROP20 != 0,
    "due_rate": lambda f: (f & DUE != 0) & (f & DETECTED == 0),
    "detected_rate": lambda f: f & DETECTED != 0,
    "masked_rate": lambda f: f & (CHANGED | DUE | DETECTED) == 0,
    "benign_rate": lambda f: f & (CHANGED | SDC | DUE | DETECTED) == CHANGED,
    "lost_rate": lambda f: f & LOST != 0,
    "ghost_rate": lambda f: f & GHOST != 0,
    "near_tie_rate": lambda f: f & NEAR_TIE != 0,
    **{f"deviation_{i}_rate": partial(_has, bit) for i, bit in enumerate(BEYOND, 1)},
}
"""Each rate as an event: flags uint16 [R] to bool [R]. SDC, DUE, detected, benign and masked are all there is, each apart."""

RATES: Final = {
    "classification": ("sdc_rate", "sdc5_rate", "confidence_drop_10_rate", "confidence_drop_20_rate"),
    "detection": ("sdc_rate", "lost_rate", "ghost_rate"),
    "segmentation": ("sdc_rate",),
    "regression": ("sdc_rate", *(f"deviation_{i}_rate" for i in range(1, 5))),
}
COMMON: Final = ("due_rate", "detected_rate", "masked_rate", "benign_rate", "near_tie_rate")


FIVE: Final = 5
"""Places of sdc5_rate: with so many classes or fewer, each is always among them."""


def rates_of(kind: str, classes: int, thresholds: int) -> tuple[str, ...]:
    """Return the rates of a campaign.

    Args:
        kind: What the model decides, of `RATES`.
        classes: Classes that are ranked by score; 0 where none are.
        thresholds: Number of thresholds of a regression.
    """
    named = (*RATES[kind], *COMMON)
    beyond = {f"deviation_{i}_rate" for i in range(thresholds + 1, len(BEYOND) + 1)}
    return tuple(n for n in named if n not in beyond and (n != "sdc5_rate" or classes > FIVE))


@dataclass(frozen=True, slots=True)
class Counts:
    """How many predictions of each key had each combination of flags.

    Attributes:
        key: int [R]: key of each prediction.
        present: int64 [P]: the combinations that occur, ascending.
        joint: int64 [size, P].
    """

    key: Array
    present: Array
    joint: Array

    def of(self, name: str, at: int) -> int:
        """Return how many predictions of a key had an event."""
        return int(self.joint[at][EVENTS[name](self.present.astype(np.uint16))].sum())

    def total(self, at: int) -> int:
        """Return how many predictions have a key."""
        return int(self.joint[at].sum())


@dataclass(frozen=True, slots=True)
class Trials:
    """Injected predictions and how they were chosen.

    Attributes:
        faults: The faults.
        fault: int64 [R]: position of each prediction's fault.
        sample: int64 [R]: its input.
        flags: uint16 [R].
        design: How they were chosen.
        stratum: int64 [F]: stratum of each fault, of a stratified design; empty otherwise.
        weights: float64 [H]: chance of each stratum; empty otherwise.
        confidence: Two-sided.
    """

    faults: FaultList
    fault: Array
    sample: Array
    flags: Array
    design: Design
    stratum: Array
    weights: Array
    confidence: float

    def rate(self, name: str, where: str = "all", chosen: Array | None = None) -> Metric | None:
        """Return a rate over all predictions, or over those chosen (bool [R]); None where there are none."""
        event = EVENTS[name](self.flags)
        return self.share(name, event, where, chosen)

    def share(self, name: str, event: Array, where: str, chosen: Array | None) -> Metric | None:
        """Return the share of predictions of an event bool [R] as a metric."""
        if chosen is not None and self.design != "stratified":
            event = event[chosen]
        n, k = (
            (len(event), int(event.sum())) if chosen is None or self.design != "stratified" else (int(chosen.sum()), 0)
        )
        if n == 0:
            return None
        match self.design:
            case "exhaustive" | "simple" | "given":
                return self._counted(name, k, n, where)
            case "cluster":
                fault = self.fault if chosen is None else self.fault[chosen]
                return _of(name, clustered(event, fault, self.confidence), n, where, self.confidence, "cluster")
            case "stratified":
                found = self._stratified(event, chosen)
                return None if found is None else _of(name, found, n, where, self.confidence, "stratified")
            case _:
                assert_never(self.design)

    def counts(self, key: Array, size: int) -> Counts:
        """Count all events at once by a key int [R] below `size`: one pass over the predictions, however many keys there are."""
        present = np.flatnonzero(np.bincount(self.flags, minlength=1))
        code = np.zeros(int(present.max(initial=0)) + 1, np.int64)
        code[present] = np.arange(len(present))
        joint = np.bincount(key * np.int64(len(present)) + code[self.flags], minlength=size * len(present))
        return Counts(key, present, joint.reshape(size, len(present)))

    def rate_at(self, name: str, where: str, counts: Counts, at: int) -> Metric | None:
        """Return a rate over the predictions of one key; None where there are none."""
        n = int(counts.joint[at].sum())
        if not n:
            return None
        match self.design:
            case "exhaustive" | "simple" | "given":
                return self._counted(name, counts.of(name, at), n, where)
            case "cluster" | "stratified":
                return self.rate(name, where, counts.key == at)
            case _:
                assert_never(self.design)

    def _counted(self, name: str, k: int, n: int, where: str) -> Metric:
        if self.design == "simple":
            return self._binomial(name, k, n, where)
        if self.design == "given":
            # No k: the gate would take k of n for a sample, and what somebody chose is none.
            return metric(name, k / n, where, n=n)
        return metric(
            name, k / n, where, n=n, k=k, ci_low=k / n, ci_high=k / n, confidence=self.confidence, method="exact"
        )

    def _binomial(self, name: str, k: int, n: int, where: str) -> Metric:
        """Wilson's interval; the exact one where nothing or everything happened."""
        if 0 < k < n:
            found = wilson(k, n, self.confidence)
            low, high, method = found.low, found.high, "wilson"
        else:
            one_sided = (1 + self.confidence) / 2
            low, high, method = lower_bound(k, n, one_sided), upper_bound(k, n, one_sided), "clopper-pearson"
        return metric(name, k / n, where, n=n, k=k, ci_low=low, ci_high=high, confidence=self.confidence, method=method)

    def _stratified(self, event: Array, chosen: Array | None) -> Estimate | None:
        """Estimate within strata; over a part of the predictions, with each stratum's weight times its share in the part."""
        fault, size = self.fault, len(self.weights)
        every = np.bincount(self.stratum[fault], minlength=size)
        here = every
        if chosen is not None:
            fault, event = fault[chosen], event[chosen]
            here = np.bincount(self.stratum[fault], minlength=size)
        elif not (every > 0).all():
            return None
        held = here > 0
        weights = self.weights[held] * here[held] / every[held]
        stratum = (np.cumsum(held) - 1)[self.stratum]
        return stratified_clusters(event, fault, stratum, weights / weights.sum(), self.confidence)


def _of(name: str, found: Estimate, n: int, where: str, confidence: float, method: str) -> Metric:
    # Without k: the gate would take k of n for independent trials, which these are not.
    return metric(
        name, found.value, where, n=n, ci_low=found.low, ci_high=found.high, confidence=confidence, method=method
    )
