"""Intervals against other implementations and against their own claim: how often they hold the truth."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy import stats

from casework.injection.sampling.intervals import (
    FEW,
    clopper_pearson,
    clustered,
    design_effect,
    effective_trials,
    exhaustive,
    normal_quantile,
    of_clusters,
    proportion,
    rule_of_three,
    stratified,
    stratified_clusters,
    student_quantile,
    wilson,
)


def wald(k, n, confidence=0.95):
    """For comparison only: the textbook's interval, which says of no events that there can be none."""
    p = k / n
    spread = normal_quantile(confidence) * np.sqrt(p * (1 - p) / n)
    return p - spread, p + spread


@pytest.mark.parametrize(("k", "n"), [(1, 10), (5, 10), (9, 10), (3, 1000), (997, 1000), (0, 20), (20, 20)])
@pytest.mark.parametrize("confidence", [0.9, 0.95, 0.99])
def test_wilson_and_clopper_pearson_equal_scipys(k, n, confidence):
    for method, ours in (("wilson", wilson), ("exact", clopper_pearson)):
        theirs = stats.binomtest(k, n).proportion_ci(confidence, method)
        found = ours(k, n, confidence)
        assert (found.low, found.high) == pytest.approx((theirs.low, theirs.high), abs=1e-12)
        assert found.low <= found.value <= found.high


def test_students_quantile_equals_scipys():
    for confidence in (0.8, 0.95, 0.99):
        for freedom in (1, 2, 9, 199, 200, 3000):
            assert student_quantile(confidence, freedom) == pytest.approx(
                stats.t.ppf((1 + confidence) / 2, freedom), abs=1e-7
            )


def test_nothing_seen_is_not_nothing_there():
    assert wald(0, 100) == (0, 0)
    assert proportion(0, 100, 0.95).high == pytest.approx(1 - 0.025 ** (1 / 100))
    assert proportion(100, 100, 0.95).low == pytest.approx(0.025 ** (1 / 100))
    assert rule_of_three(1000) == pytest.approx(0.003, rel=0.002)
    assert rule_of_three(1000) > 1 - 0.05 ** (1 / 1000)
    assert exhaustive(3, 12).half_width == 0


def test_a_confidence_that_is_none_is_refused():
    with pytest.raises(ValueError, match="confidence"):
        normal_quantile(1.0)


def binomial_coverage(interval, p, n):
    k = np.arange(min(n, 60) + 1)  # beyond, the chance is below 1e-25 at these rates
    held = np.array([low <= p <= high for low, high in map(interval, k)])
    return float(stats.binom.pmf(k, n, p)[held].sum())


def test_exact_coverage_of_the_binomial_intervals_at_a_typical_rate():
    """All outcomes weighed by their chance: no simulation."""
    n, p = 1000, 0.0093

    def ends(method):
        return lambda k: (method(int(k), n, 0.95).low, method(int(k), n, 0.95).high)

    assert binomial_coverage(lambda k: wald(k, n), p, n) < 0.95
    assert binomial_coverage(lambda k: wald(k, 100), p, 100) < 0.65
    assert binomial_coverage(ends(wilson), p, n) == pytest.approx(0.95, abs=0.015)
    assert binomial_coverage(ends(clopper_pearson), p, n) >= 0.95


def beta_binomial(rng, p, alike, inputs, faults):
    """Events of each fault over its inputs; `alike` is the correlation of two inputs of one fault."""
    a = (1 / alike - 1) * p
    return rng.binomial(inputs, rng.beta(a, (1 - p) * (1 / alike - 1), faults))


def test_inputs_of_one_fault_are_not_independent():
    rng = np.random.default_rng(0)
    p, inputs, faults, held = 0.1, 10, 300, {"clustered": 0, "independent": 0}
    effects = []
    for _ in range(400):
        events = beta_binomial(rng, p, 0.78, inputs, faults).astype(float)
        sizes = np.full(faults, float(inputs))
        effects.append(design_effect(events, sizes))
        for name, found in (
            ("clustered", of_clusters(events, sizes, 0.95)),
            ("independent", wilson(events.sum(), faults * inputs, 0.95)),
        ):
            held[name] += found.low <= p <= found.high
    assert np.mean(effects) == pytest.approx(8, abs=0.4)
    assert held["clustered"] / 400 >= 0.93
    assert held["independent"] / 400 <= 0.6


@pytest.mark.parametrize("p", [0.003, 0.02])
@pytest.mark.parametrize("faults", [60, 400])
def test_few_faults_with_events_are_covered_too(p, faults):
    rng = np.random.default_rng(1)
    sizes, held = np.full(faults, 10.0), 0
    for _ in range(400):
        found = of_clusters(beta_binomial(rng, p, 0.78, 10, faults).astype(float), sizes, 0.95)
        held += found.low <= p <= found.high
    assert held / 400 >= 0.94


def test_clusters_of_one_are_independent_trials_and_unequal_ones_are_a_ratio():
    event = np.zeros(500, bool)
    event[:40] = True
    found = clustered(event, np.arange(500), 0.95)
    assert found.value == 0.08
    assert (found.low, found.high) == pytest.approx((wilson(40, 500, 0.95).low, wilson(40, 500, 0.95).high), rel=0.01)
    some = clustered(np.array([True, True, False, False, False]), np.array([7, 7, 9, 9, 9]), 0.95)
    assert some.value == 0.4
    assert some.low < 0.4 < some.high
    none = clustered(np.zeros(30, bool), np.repeat(np.arange(3), 10), 0.95)
    assert (none.low, none.high) == pytest.approx((0, 1 - 0.025 ** (1 / 3)))


def test_effective_trials_stay_within_faults_and_predictions():
    rng = np.random.default_rng(2)
    agree = np.repeat([0.0, 10.0], [80, 20])
    apart = rng.binomial(10, 0.2, 100).astype(float)
    sizes = np.full(100, 10.0)
    assert effective_trials(agree, sizes, 0.95) == pytest.approx(100, rel=0.05)
    assert effective_trials(apart, sizes, 0.95) > 600
    assert effective_trials(np.repeat([0.0, 1.0], [100 - FEW + 1, FEW - 1]), sizes, 0.95) == 100


def likelihood_ratio(k, n, p):
    def log(a, b):
        return a * math.log(b) if a else 0.0

    best = sum(log(a, a / b) + log(b - a, 1 - a / b) for a, b in zip(k, n, strict=True))
    return 2 * (best - sum(log(a, q) + log(b - a, 1 - q) for a, b, q in zip(k, n, p, strict=True)))


def test_the_profile_reaches_as_far_as_a_search_over_all_rates():
    """Two strata: every pair of rates on a fine grid whose likelihood ratio is within z^2."""
    k, n, weights = np.array([3.0, 0.0]), np.array([20.0, 50.0]), np.array([0.3, 0.7])
    found = stratified(k, n, weights, 0.95)
    limit, reach = normal_quantile(0.95) ** 2, []
    for first in np.linspace(0.001, 0.6, 300):
        for second in np.linspace(0, 0.12, 121):
            if likelihood_ratio(k, n, (first, second)) <= limit:
                reach.append(0.3 * first + 0.7 * second)
    assert (min(reach), max(reach)) == pytest.approx((found.low, found.high), abs=2e-3)
    assert found.value == pytest.approx(0.045)


def test_splitting_a_quiet_stratum_does_not_widen_the_interval():
    whole = stratified(np.array([266, 0]), np.array([900, 2100]), np.array([1, 31]) / 32, 0.95)
    split = stratified(np.r_[266, np.zeros(30)], np.r_[900, np.full(30, 70)], np.r_[1, np.full(30, 31 / 30)] / 32, 0.95)
    assert (split.low, split.high) == pytest.approx((whole.low, whole.high), abs=1e-9)


def test_strata_that_showed_nothing_keep_their_say():
    k, n, weights = np.array([300, 0]), np.array([1000, 20]), np.array([1, 31]) / 32
    variance = float((weights**2 * (k / n) * (1 - k / n) / n).sum())
    assert stratified(k, n, weights, 0.95).high > k[0] / n[0] / 32 + 1.96 * math.sqrt(variance) + 0.03


def test_without_any_event_the_bound_is_exact():
    one = stratified(np.array([0]), np.array([100]), np.array([1.0]), 0.95)
    assert one.high == pytest.approx(clopper_pearson(0, 100, 0.95).high)
    weights, n = np.array([0.7, 0.2, 0.1]), np.array([40, 60, 30])
    found = stratified(np.zeros(3), n, weights, 0.95)
    grid = np.linspace(0, 0.2, 61)
    a, b, c = np.meshgrid(grid, grid, grid, indexing="ij")
    likely = (1 - a) ** 40 * (1 - b) ** 60 * (1 - c) ** 30 >= 0.025
    assert found.high == pytest.approx((0.7 * a + 0.2 * b + 0.1 * c)[likely].max(), abs=3e-3)
    full = stratified(n, n, weights, 0.95)
    assert (full.low, full.high) == pytest.approx((1 - found.high, 1.0))


def test_one_stratum_is_a_likelihood_interval():
    found = stratified(np.array([5]), np.array([100]), np.array([1.0]), 0.95)
    for end in (found.low, found.high):
        assert likelihood_ratio([5.0], [100.0], [end]) == pytest.approx(normal_quantile(0.95) ** 2, abs=1e-5)


def test_bad_strata_are_refused():
    with pytest.raises(ValueError, match="trials"):
        stratified(np.array([0, 0]), np.array([1, 0]), np.array([0.5, 0.5]), 0.95)
    with pytest.raises(ValueError, match="sum to 1"):
        stratified(np.array([0, 0]), np.array([1, 1]), np.array([0.5, 0.4]), 0.95)


@pytest.mark.parametrize("quiet", [0.0, 1e-4, 5e-4, 1e-3, 3e-3, 1e-2])
def test_coverage_over_a_loud_and_a_quiet_stratum(quiet):
    """The worst is where the quiet stratum expects one to three events; two-sided 0.95 is then held to 0.92 at least."""
    rng = np.random.default_rng(7)
    weights, n, p = np.array([1, 31]) / 32, np.array([900, 2100]), np.array([0.295, quiet])
    truth, held, above = float(weights @ p), 0, 0
    outcomes, times = np.unique(rng.binomial(n, p, (600, 2)), axis=0, return_counts=True)
    for k, count in zip(outcomes, times, strict=True):
        found = stratified(k, n, weights, 0.95)
        held += count * (found.low <= truth <= found.high)
        above += count * (found.high < truth)
    assert held / 600 >= 0.915
    assert above / 600 <= 0.06


def test_strata_of_clusters_count_effective_trials():
    rng = np.random.default_rng(8)
    stratum = np.repeat([0, 1], [200, 300])
    events = np.concatenate([beta_binomial(rng, 0.3, 0.78, 10, 200), np.zeros(300, np.int64)])
    event = (np.arange(10) < events[:, None]).ravel()
    fault = np.repeat(np.arange(500), 10)
    weights = np.array([0.1, 0.9])
    found = stratified_clusters(event, fault, stratum, weights, 0.95)
    naive = stratified(np.array([events[:200].sum(), 0]), np.array([2000, 3000]), weights, 0.95)
    assert found.value == pytest.approx(naive.value)
    assert found.half_width > 2 * naive.half_width
