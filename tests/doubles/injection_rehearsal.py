"""Campaigns replayed against a truth that is known, from an exhaustive campaign: do the intervals hold it as often as they say?"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final, Literal

import numpy as np
from numpy.typing import NDArray

from casework.injection.sampling import adaptive
from casework.injection.sampling.allocation import LEAST, neyman, proportional
from casework.injection.sampling.intervals import Estimate, effective_trials, of_clusters, stratified, wilson

Array = NDArray[Any]

Design = Literal["simple", "independent", "proportional", "neyman", "adaptive"]
"""How a campaign draws and what it makes of it. `simple`: drawn alike, faults as clusters. `independent`: the same faults, their
inputs taken for independent, which they are not: for comparison only. `proportional`: by weight. `neyman`: by the true spreads,
which no campaign knows. `adaptive`: by a pilot, with looks at the interval."""


@dataclass(frozen=True, slots=True)
class Truth:
    """What every fault does.

    Attributes:
        events: int [F]: inputs on which each fault has the event.
        inputs: Predictions of each fault.
        stratum: int64 [F]: stratum of each fault, 0 to H - 1, all with faults.
    """

    events: Array
    inputs: int
    stratum: Array

    @property
    def rate(self) -> float:
        """The rate over all predictions."""
        return float(self.events.sum(dtype=np.int64)) / (len(self.events) * self.inputs)

    @property
    def weights(self) -> Array:
        """Share of each stratum, float64 [H]."""
        return np.bincount(self.stratum) / len(self.stratum)


@dataclass(frozen=True, slots=True)
class Rehearsed:
    """What became of many campaigns of one design.

    Attributes:
        design: The design.
        campaigns: How many.
        faults: Mean number of faults, the pilot included.
        bias: Mean of the estimates less the truth.
        deviation: Standard deviation of the estimates.
        half_width: Mean half-width of the intervals.
        coverage: Share of the intervals that hold the truth.
        above: Share that lies wholly below the truth: the fault of an upper bound.
    """

    design: Design
    campaigns: int
    faults: float
    bias: float
    deviation: float
    half_width: float
    coverage: float
    above: float


def rehearse(
    truth: Truth,
    design: Design,
    faults: int,
    campaigns: int,
    *,
    seed: int,
    half_width: float = 0.0,
    confidence: float = 0.95,
) -> Rehearsed:
    """Replay campaigns.

    Args:
        truth: What every fault does.
        design: How a campaign draws.
        faults: Faults of a campaign; for `adaptive` the most.
        campaigns: How many.
        seed: Of the draws; campaign c depends on (seed, c) only.
        half_width: For `adaptive`: at which to stop; 0 to use up all faults.
        confidence: Two-sided.
    """
    population = _population(truth)
    found: list[tuple[int, Estimate]] = []
    for campaign in range(campaigns):
        random = np.random.default_rng([seed, campaign])
        if design == "adaptive":
            found.append(_adaptive(population, faults, half_width, confidence, random))
        else:
            found.append((faults, _RUN[design](population, faults, confidence, random)))
    values = np.array([e.value for _, e in found])
    low, high = (np.array([getattr(e, end) for _, e in found]) for end in ("low", "high"))
    rate = truth.rate
    return Rehearsed(
        design, campaigns, float(np.mean([n for n, _ in found])), float(values.mean() - rate),
        float(values.std(ddof=1)), float((high - low).mean() / 2), float(((low <= rate) & (rate <= high)).mean()),
        float((high < rate).mean()),
    )  # fmt: skip


@dataclass(frozen=True, slots=True)
class _Population:
    truth: Truth
    ordered: Array
    starts: Array
    weights: Array
    spreads: Array

    def draw(self, stratum: int, count: int, random: np.random.Generator) -> Array:
        """Return the events of `count` faults of a stratum, with replacement, as `generate_in` draws."""
        places = random.integers(self.starts[stratum], self.starts[stratum + 1], count)
        return np.asarray(self.ordered[places])


def _population(truth: Truth) -> _Population:
    n = np.bincount(truth.stratum)
    shares = truth.events / truth.inputs
    means = np.bincount(truth.stratum, shares) / n
    squares = np.bincount(truth.stratum, shares**2) / n
    spreads = np.sqrt(np.maximum(squares - means**2, 0))
    ordered = truth.events[np.argsort(truth.stratum, kind="stable")]
    return _Population(truth, ordered, np.concatenate([[0], np.cumsum(n)]), truth.weights, spreads)


def _alike(population: _Population, faults: int, random: np.random.Generator) -> Array:
    return population.truth.events[random.integers(0, len(population.truth.events), faults)].astype(np.float64)


def _simple(population: _Population, faults: int, confidence: float, random: np.random.Generator) -> Estimate:
    events = _alike(population, faults, random)
    return of_clusters(events, np.full(faults, float(population.truth.inputs)), confidence)


def _independent(population: _Population, faults: int, confidence: float, random: np.random.Generator) -> Estimate:
    events = _alike(population, faults, random)
    return wilson(float(events.sum()), faults * population.truth.inputs, confidence)


def _proportional(population: _Population, faults: int, confidence: float, random: np.random.Generator) -> Estimate:
    return _by_stratum(population, proportional(population.weights, faults, LEAST), confidence, random)


def _neyman(population: _Population, faults: int, confidence: float, random: np.random.Generator) -> Estimate:
    sizes = neyman(population.weights, population.spreads, faults, LEAST)
    return _by_stratum(population, sizes, confidence, random)


def _by_stratum(population: _Population, sizes: Array, confidence: float, random: np.random.Generator) -> Estimate:
    inputs = float(population.truth.inputs)
    rates, trials = [], []
    for stratum, size in enumerate(sizes):
        events = population.draw(stratum, int(size), random).astype(np.float64)
        trials.append(effective_trials(events, np.full(len(events), inputs), confidence))
        rates.append(float(events.mean()) / inputs)
    n = np.array(trials)
    return stratified(np.array(rates) * n, n, population.weights, confidence)


def _adaptive(
    population: _Population, faults: int, half_width: float, confidence: float, random: np.random.Generator
) -> tuple[int, Estimate]:
    weights = population.weights
    plan = adaptive.plan_of([float(w) for w in weights], faults, half_width=half_width, confidence=confidence)
    stages: list[Array] = []
    events = [np.zeros(0, np.int64) for _ in weights]
    stage: Array | None = adaptive.pilot_stage(plan)
    while stage is not None:
        sizes = stage.sum(axis=0)
        events = [np.concatenate([held, population.draw(h, int(sizes[h]), random)]) for h, held in enumerate(events)]
        stages.append(stage)
        drawn = adaptive.Drawn(tuple(stages), tuple(events), population.truth.inputs)
        stage = adaptive.next_stage(plan, drawn)
    return int(drawn.sizes.sum()), adaptive.estimate(plan, drawn)


_Run = Callable[[_Population, int, float, np.random.Generator], Estimate]
_RUN: Final[dict[str, _Run]] = {
    "simple": _simple,
    "independent": _independent,
    "proportional": _proportional,
    "neyman": _neyman,
}
