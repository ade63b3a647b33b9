"""Campaigns in stages: within strata by weight or by what a pilot found, or until an interval is narrow enough."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final, Protocol, assert_never

import numpy as np
from numpy.typing import NDArray

from casework.generators.fault_injection.design import Part, trials_of
from casework.generators.fault_injection.estimates import EVENTS, Design
from casework.generators.fault_injection.options import Allocation
from casework.generators.protocol import GeneratorProblem
from casework.injection.campaign.conduct import Campaign
from casework.injection.faults.fault_list import FaultList
from casework.injection.faults.generate import generate, generate_in
from casework.injection.faults.recipe import Recipe
from casework.injection.faults.strata import Stratum, strata, weight
from casework.injection.sampling.adaptive import HALVES, Drawn, next_stage, pilot_stage, plan_of
from casework.injection.sampling.allocation import proportional
from casework.injection.sampling.sequential import look, looks_of

Array = NDArray[Any]

STEP: Final = 500
LOOKS: Final = 40
"""Looks at the interval of a campaign without strata: every 500 faults, fewer where there would be more than 40; fixed beforehand."""


class Run(Protocol):
    """Carries out one campaign."""

    def __call__(self, faults: FaultList, audit: int) -> Campaign:
        """Put the faults in, and audit so many predictions."""


def staged(
    run: Run, recipe: Recipe, amount: float, count: int, audit: int, options: dict[str, Any], confidence: float
) -> Part:
    """Carry out a campaign of at most `count` faults in stages.

    Args:
        run: Carries out one stage.
        recipe: What faults are drawn from.
        amount: Elements that a fault hits.
        count: Most faults, pilot included.
        audit: Predictions audited, over all stages.
        options: allocation, interval, pilot.
        confidence: Two-sided.

    Raises:
        GeneratorProblem: The faults are too few for the strata.
    """
    allocation: Allocation = options["allocation"]
    match allocation:
        case "simple":
            return _until(run, recipe, amount, count, audit, options["interval"], confidence)
        case "proportional":
            return _by_weight(run, recipe, amount, count, audit, options["pilot"], confidence)
        case "neyman":
            return _by_pilot(run, recipe, amount, count, audit, options, confidence)
        case _:
            assert_never(allocation)


def _until(run: Run, recipe: Recipe, amount: float, count: int, audit: int, interval: float, confidence: float) -> Part:
    """Draw alike, and stop at the first look at which the interval of sdc_rate is narrow enough."""
    how: Design = "simple" if recipe.samples else "cluster"
    plan = looks_of(count, interval, step=max(STEP, count // LOOKS), confidence=confidence)
    campaigns: list[Campaign] = []
    events: list[Array] = []
    before, after = 0, plan.totals[0]
    while True:
        ran = run(generate(recipe, range(before, after)), _share(audit, after - before, count))
        campaigns.append(ran)
        events.append(np.bincount(ran.fault[EVENTS["sdc_rate"](ran.flags)], minlength=len(ran.faults)))
        found = look(plan, np.concatenate(events), len(ran.flags) // len(ran.faults))
        if found.total is None:
            break
        before, after = after, found.total
    return Part(amount, trials_of(campaigns, how, confidence), tuple(campaigns))


def _share(audit: int, faults: int, count: int) -> int:
    return -(-audit * faults // count) if audit else 0


def _strata(recipe: Recipe, count: int, least: int, *, coarse: bool = False) -> tuple[tuple[Stratum, ...], Array]:
    """Return strata by tensor and bit, or by bit where these would be too many or an interval is wanted, and their weights.

    Most of the variance is between bits. A pilot in every tensor and bit may alone cost more faults than the interval needs.
    """
    found = strata(recipe, "tensor_bit")
    if coarse or 3 * least * len(found) > count:
        found = strata(recipe, "bit")
    if 2 * HALVES * len(found) > count:
        raise GeneratorProblem(
            f"{count} faults are too few for {len(found)} strata", f"Allow at least {6 * HALVES * len(found)} faults."
        )
    return found, np.array([weight(recipe, one) for one in found])


def _by_weight(run: Run, recipe: Recipe, amount: float, count: int, audit: int, least: int, confidence: float) -> Part:
    parts, weights = _strata(recipe, count, least)
    sizes = proportional(weights, count, min(least, count // len(parts)))
    faults = generate_in(recipe, parts, [range(int(n)) for n in sizes])
    campaign = run(faults, audit)
    stratum = np.repeat(np.arange(len(parts)), sizes)
    return Part(amount, trials_of([campaign], "stratified", confidence, stratum, weights), (campaign,))


def _by_pilot(
    run: Run, recipe: Recipe, amount: float, count: int, audit: int, options: dict[str, Any], confidence: float
) -> Part:
    """Draw a pilot in every stratum and spread the rest by what it found (Neyman), in halves that do not decide on themselves."""
    parts, weights = _strata(recipe, count, options["pilot"], coarse=options["interval"] is not None)
    try:
        plan = plan_of(
            weights.tolist(),
            count,
            half_width=options["interval"] or 0.0,
            confidence=confidence,
            pilot=options["pilot"],
        )
    except ValueError as error:
        raise GeneratorProblem(f"{error}", "Allow more faults, or fewer tensors.") from error
    campaigns: list[Campaign] = []
    strata_of: list[Array] = []
    drawn: Drawn | None = None
    stage: Array | None = pilot_stage(plan)
    while stage is not None:
        before = np.zeros(len(parts), np.int64) if drawn is None else drawn.sizes.sum(axis=0)
        ranges = [range(int(b), int(b + n)) for b, n in zip(before, stage.sum(axis=0), strict=True)]
        total = int(stage.sum())
        if total == 0:
            break
        campaigns.append(run(generate_in(recipe, parts, ranges), _share(audit, total, count)))
        # Of a stage's faults of a stratum the first half's come first; each half of a stratum is a stratum of half its weight.
        half = np.concatenate([np.repeat(np.arange(HALVES), sizes) for sizes in stage.T])
        number = np.repeat(np.arange(len(parts)), stage.sum(axis=0))
        strata_of.append(half * len(parts) + number)
        drawn = _with(drawn, stage, number, campaigns[-1], len(parts))
        stage = next_stage(plan, drawn)
    stratum, shares = np.concatenate(strata_of), np.tile(weights / weights.sum() / HALVES, HALVES)
    return Part(amount, trials_of(campaigns, "stratified", confidence, stratum, shares), tuple(campaigns))


def _with(drawn: Drawn | None, stage: Array, number: Array, campaign: Campaign, count: int) -> Drawn:
    event = EVENTS["sdc_rate"](campaign.flags)
    events_of = np.bincount(campaign.fault[event], minlength=len(campaign.faults))
    fresh = [events_of[number == stratum] for stratum in range(count)]
    if drawn is None:
        return Drawn((stage,), tuple(fresh), len(campaign.flags) // max(len(campaign.faults), 1))
    events: Sequence[Array] = [np.concatenate(pair) for pair in zip(drawn.events, fresh, strict=True)]
    return Drawn((*drawn.stages, stage), tuple(events), drawn.inputs)
