"""Adaptive campaigns: the plan, the halves, and what they reach against a truth that is known."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
import pytest

from casework.injection.sampling import adaptive
from casework.injection.sampling.intervals import design_effect
from doubles.injection_rehearsal import Truth, rehearse

SIZES = (150, 6, 2400, 16, 48000, 120, 10080, 84, 840, 10)
FACTORS = (0.7, 0.9, 0.7, 0.9, 1.0, 1.2, 1.1, 1.3, 1.8, 2.0)


@lru_cache(maxsize=1)
def lenet_like() -> Truth:
    """What flips of a LeNet's weights do on ten inputs, in the shape that was measured on one exhaustively.

    Bit 30 corrupts 29.5 % of the predictions, 31 0.004 %, 29 0.07 % and each bit below it half of the one above down to 23, the
    others none; later layers more than earlier ones; inputs of one fault agree (correlation 0.78: a design effect of about 8).
    """
    rng = np.random.default_rng(0)
    factor = np.repeat(np.array(FACTORS), SIZES)
    factor /= factor.mean()
    events = np.zeros((32, sum(SIZES)), np.uint8)
    for bit, rate in {30: 0.295, 31: 4e-5, **{b: 7e-4 * 2.0 ** (b - 29) for b in range(23, 30)}}.items():
        p, c = np.minimum(rate * factor, 0.9), 1 / 0.78 - 1
        events[bit] = rng.binomial(10, rng.beta(p * c, (1 - p) * c))
    return Truth(events.ravel(), 10, np.repeat(np.arange(32), sum(SIZES)))


def test_the_truth_has_the_shape_that_was_measured():
    truth = lenet_like()
    assert truth.rate == pytest.approx(0.0093, abs=1e-4)
    drawn = truth.events[np.random.default_rng(1).integers(0, len(truth.events), 200_000)].astype(float)
    assert design_effect(drawn, np.full(len(drawn), 10.0)) == pytest.approx(8, abs=1)
    by_bit = truth.events.reshape(32, -1).mean(axis=1) / 10
    assert by_bit[30] == pytest.approx(0.295, abs=0.01)
    assert by_bit[:23].max() == 0


def test_three_thousand_faults_reach_a_tenth_of_a_percent():
    """+- 0.1 % absolute at 95 %, the pilot included, with the interval that the campaign itself reports."""
    found = rehearse(lenet_like(), "adaptive", 3000, 200, seed=1)
    assert found.faults <= 3000
    assert found.half_width <= 0.001
    assert 1.96 * found.deviation <= 0.001
    assert found.coverage >= 0.94
    assert abs(found.bias) <= 3 * found.deviation / np.sqrt(found.campaigns)


def test_campaigns_that_stop_at_the_width_hold_the_truth_too():
    found = rehearse(lenet_like(), "adaptive", 6000, 40, seed=2, half_width=0.001)
    assert found.faults <= 3600
    assert found.half_width <= 0.00102
    assert found.coverage >= 0.9


def test_simple_random_campaigns_need_nine_times_as_many():
    small, large = (rehearse(lenet_like(), "simple", n, 300, seed=3) for n in (3000, 28_000))
    assert small.half_width > 0.003
    assert large.half_width == pytest.approx(0.001, abs=1e-4)
    assert min(small.coverage, large.coverage) >= 0.93


def test_inputs_taken_for_independent_hold_the_truth_half_the_time():
    assert rehearse(lenet_like(), "independent", 3000, 300, seed=3).coverage <= 0.65


def test_proportional_and_neyman_campaigns():
    """Neyman by true spreads has the least error, but says so only as far as the strata that it hardly looks at allow."""
    proportional = rehearse(lenet_like(), "proportional", 3000, 100, seed=4)
    neyman = rehearse(lenet_like(), "neyman", 3000, 100, seed=4)
    adaptive_ = rehearse(lenet_like(), "adaptive", 3000, 100, seed=4)
    assert neyman.deviation < adaptive_.deviation < proportional.deviation / 2
    assert adaptive_.half_width < neyman.half_width < proportional.half_width
    assert min(proportional.coverage, neyman.coverage, adaptive_.coverage) >= 0.93


def pooled(plan, drawn):
    """The estimate that one would make without thinking: all faults of a stratum together."""
    return sum(w * e.sum() / len(e) for w, e in zip(plan.weights, drawn.events, strict=True))


def test_halves_are_unbiased_where_pooling_is_not():
    """Rare events in small strata, faults spread by the pilot: enough campaigns to see a bias of a few per cent."""
    rng = np.random.default_rng(5)
    rates, weights = np.array([0.02] * 8 + [0.3]), np.array([0.12] * 8 + [0.04])
    truth, halves, together = float(weights @ rates), [], []
    plan = adaptive.plan_of(weights, 1500)
    for _ in range(2000):
        stages, events = [], [np.zeros(0, np.int64)] * 9
        stage = adaptive.pilot_stage(plan)
        while stage is not None:
            events = [
                np.r_[e, rng.random(n) < p].astype(int)
                for e, n, p in zip(events, stage.sum(axis=0), rates, strict=True)
            ]
            stages.append(stage)
            drawn = adaptive.Drawn(tuple(stages), tuple(events))
            stage = adaptive.next_stage(plan, drawn)
        together.append(pooled(plan, drawn))
        means = [drawn.of_half(h, half).mean() for half in (0, 1) for h in range(9)]
        halves.append(float(np.tile(weights, 2) / 2 @ means))
    noise = np.std(halves) / np.sqrt(len(halves))
    assert abs(np.mean(halves) - truth) < 3.5 * noise
    assert np.mean(together) - truth < -8 * noise


def test_a_plan_is_fixed_and_a_campaign_follows_it():
    plan = adaptive.plan_of([2, 1, 1], 600, half_width=0.01)
    assert plan.weights == (0.5, 0.25, 0.25)
    assert plan.pilot == 20
    assert plan.totals[-1] == 600
    assert list(plan.totals) == sorted(set(plan.totals))
    first = adaptive.pilot_stage(plan)
    assert first.tolist() == [[10] * 3] * 2
    events = (np.array([1, 0] * 10), np.zeros(20, int), np.zeros(20, int))
    second = adaptive.next_stage(plan, adaptive.Drawn((first,), events))
    assert second.sum() + 60 == plan.totals[0]
    assert second[:, 0].min() > 3 * second[:, 1:].max()


def test_a_half_is_spread_by_the_pilot_of_the_other():
    plan = adaptive.plan_of([1, 1], 400)
    first = adaptive.pilot_stage(plan)
    loud = np.r_[np.ones(5), np.zeros(5), np.zeros(10)].astype(
        int
    )  # only the first half of the first stratum saw events
    second = adaptive.next_stage(plan, adaptive.Drawn((first,), (loud, np.zeros(20, int))))
    assert second[1, 0] > second[1, 1]
    assert second[0, 0] == second[0, 1]


def test_an_estimate_is_the_mean_of_the_halves():
    plan = adaptive.plan_of([1, 3], 100, pilot=4)
    first = adaptive.pilot_stage(plan)
    drawn = adaptive.Drawn(
        (first, np.array([[2, 0], [0, 2]])), (np.array([1, 1, 0, 0, 0, 0]), np.array([0, 1, 1, 0, 0, 0]))
    )
    assert drawn.of_half(0, 0).tolist() == [1, 1, 0, 0]
    assert drawn.of_half(0, 1).tolist() == [0, 0]
    assert drawn.of_half(1, 1).tolist() == [1, 0, 0, 0]
    assert adaptive.estimate(plan, drawn).value == pytest.approx(0.25 * (0.5 + 0) / 2 + 0.75 * (0.5 + 0.25) / 2)


def test_too_few_faults_for_a_pilot_are_told():
    with pytest.raises(ValueError, match="need 128 faults"):
        adaptive.plan_of([1] * 32, 100)
    assert adaptive.plan_of([1] * 32, 1000).pilot == 10
