"""A pilot in every stratum, then faults where they tell most; an estimate that this does not bias.

Faults of a stratum are in two halves, and each half's further faults are spread by what the pilot of the *other* half found. So the
number of faults of a half does not depend on their own pilot's outcomes, and the mean of each half's outcomes is unbiased; pooling
a pilot with faults whose number it decided is not (strata that showed an event by chance get more faults, which dilute it, those
that showed none keep their nought). The estimate gives each half the same say: sum(w (mean_A + mean_B) / 2). Splitting a sample so
that what is chosen by one part is judged by the other: Cox, Biometrika 62 (1975); allocation by a pilot: Sukhatme (1935).

The plan fixes everything else beforehand: the size of the pilot, and the totals after which the interval is looked at. How the
faults are spread over strata follows from the pilot alone; looks only decide whether to go on.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from casework.injection.sampling.allocation import LEAST, largest_remainder, neyman, spreads
from casework.injection.sampling.intervals import Estimate, effective_trials, stratified

Array = NDArray[Any]

HALVES: Final = 2


@dataclass(frozen=True, slots=True)
class Plan:
    """What is fixed before the first fault.

    Attributes:
        weights: Share of each stratum among all faults; they sum to 1.
        pilot: Faults in each stratum in the first stage; even.
        totals: Faults after each further stage, all told, ascending; the last is the most.
        half_width: Half-width of the interval at which to stop; 0 to use up the totals.
        confidence: Two-sided.
    """

    weights: tuple[float, ...]
    pilot: int
    totals: tuple[int, ...]
    half_width: float
    confidence: float

    @property
    def floor(self) -> float:
        """Least rate that any stratum is allowed for when faults are spread.

        Without one, all further faults would go where the pilot saw events, and the interval would be as wide as what the quiet
        strata may still hide: about 3 / n of them. At two thirds of the wanted half-width (or two events in all faults) the two
        parts of the interval shrink together; campaigns replayed on a truth in the shape of a
        LeNet (see the tests) had the shortest intervals there.
        """
        return 2 / 3 * self.half_width if self.half_width > 0 else 2 / self.totals[-1]


def plan_of(
    weights: Sequence[float],
    most: int,
    *,
    half_width: float = 0.0,
    confidence: float = 0.95,
    pilot: int = LEAST,
    growth: float = 1.15,
) -> Plan:
    """Return a plan of at most `most` faults.

    The pilot is made smaller where it would take more than a third of them. With a half-width to reach, looks are at totals that
    grow from twice the pilot to the most; without, there is one further stage.

    Args:
        weights: Shares of the strata; scaled to sum to 1.
        most: Faults, pilot included.
        half_width: At which to stop; 0 for never.
        confidence: Two-sided.
        pilot: Faults in each stratum.
        growth: From one total to the next.

    Raises:
        ValueError: There are too few faults for two halves of two in each stratum.
    """
    strata = len(weights)
    if most < 2 * HALVES * strata:
        raise ValueError(f"{strata} strata need {2 * HALVES * strata} faults for a pilot, and {most} are allowed")
    size = max(2 * HALVES, min(pilot, most // (3 * strata)) // HALVES * HALVES)
    totals, step = [most], most / growth
    while half_width > 0 and step >= 2 * size * strata:
        totals.append(round(step))
        step /= growth
    scaled = np.asarray(weights, np.float64) / float(np.sum(weights))
    return Plan(tuple(float(w) for w in scaled), size, tuple(sorted(totals)), half_width, confidence)


@dataclass(frozen=True, slots=True)
class Drawn:
    """What has been drawn so far, and what came of it.

    Attributes:
        stages: One int64 [2, H] for each stage: faults of either half in each stratum. Of a stage's faults of a stratum, in the order
            of their numbers, the first half's come first.
        events: One int64 [n] for each stratum: events of each of its faults in the order of their numbers, all stages.
        inputs: Predictions of each fault.
    """

    stages: tuple[Array, ...]
    events: tuple[Array, ...]
    inputs: int = 1

    @property
    def sizes(self) -> Array:
        """Faults of either half in each stratum so far, int64 [2, H]."""
        return np.asarray(np.stack(self.stages).sum(axis=0))

    def of_half(self, stratum: int, half: int) -> Array:
        """Return the events of a half's faults in a stratum, int64 [n]."""
        return np.asarray(self.events[stratum][halves_of([s[:, stratum] for s in self.stages]) == half])


def halves_of(stages: Sequence[Array]) -> Array:
    """Return the half, 0 or 1, of each fault of one stratum, in the order of their numbers, from [2] sizes of each stage."""
    return np.concatenate([np.repeat(np.arange(HALVES), stage) for stage in stages])


def pilot_stage(plan: Plan) -> Array:
    """Return the sizes of the first stage, int64 [2, H]."""
    return np.full((HALVES, len(plan.weights)), plan.pilot // HALVES, np.int64)


def next_stage(plan: Plan, drawn: Drawn) -> Array | None:
    """Return the sizes of the next stage, int64 [2, H]; None where the plan is at its end or the interval is narrow enough."""
    done = len(drawn.stages) - 1
    if done >= len(plan.totals) or (
        done and plan.half_width > 0 and estimate(plan, drawn).half_width <= plan.half_width
    ):
        return None
    total = plan.totals[done]
    pilot = drawn.stages[0]
    wanted = np.zeros_like(pilot)
    for half in range(HALVES):
        other = 1 - half
        found = [_pilot_events(drawn, stratum, other) / drawn.inputs for stratum in range(len(plan.weights))]
        spread = spreads(np.array(found), pilot[other], plan.floor)
        quota = int(largest_remainder(np.ones(HALVES), total)[half])
        wanted[half] = neyman(np.array(plan.weights), spread, quota, plan.pilot // HALVES)
    return np.asarray(np.maximum(wanted - drawn.sizes, 0))


def _pilot_events(drawn: Drawn, stratum: int, half: int) -> float:
    first, second = (int(n) for n in drawn.stages[0][:, stratum])
    here = slice(0, first) if half == 0 else slice(first, first + second)
    return float(drawn.events[stratum][here].sum())


def estimate(plan: Plan, drawn: Drawn) -> Estimate:
    """Return the rate and its profile-likelihood interval (`intervals.stratified`) with each half of a stratum as one.

    A half's trials are its faults or, where these have several inputs, the effective number of `intervals.effective_trials`.
    """
    rates, trials = [], []
    for half in range(HALVES):
        for stratum in range(len(plan.weights)):
            events = drawn.of_half(stratum, half).astype(np.float64)
            sizes = np.full(len(events), float(drawn.inputs))
            trials.append(effective_trials(events, sizes, plan.confidence))
            rates.append(float(events.sum()) / float(sizes.sum()))
    n, weights = np.array(trials), np.tile(np.array(plan.weights) / HALVES, HALVES)
    found = stratified(np.array(rates) * n, n, weights, plan.confidence)
    return Estimate(found.value, found.low, found.high, f"{found.method}, adaptive in halves")
