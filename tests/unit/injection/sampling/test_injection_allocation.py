from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from casework.injection.sampling.allocation import largest_remainder, neyman, proportional, spreads
from casework.injection.sampling.size import (
    affordable,
    faults_for,
    faults_for_bound,
    faults_for_relative,
    faults_with_clusters,
)


def test_sizes_of_the_published_formula():
    assert faults_for(0.01, 0.95, population=2_598_208) == pytest.approx(9568, abs=3)
    assert faults_for(0.001, 0.95, population=2_598_208) == pytest.approx(701_187, rel=2e-5)
    assert faults_for(0.001, 0.95, p=0.00926, population=2_598_208) == pytest.approx(34_784, rel=2e-3)
    assert faults_for(0.05, 0.95) == 385
    assert faults_for(0.0001, 0.95, population=1000) == 1000
    assert faults_for_relative(0.1, 0.95, 0.00926) == faults_for(0.000926, 0.95, p=0.00926)
    assert faults_for_bound(0.001, 0.95) == 2995
    assert faults_with_clusters(1000, 10, 8.0) == 800
    assert affordable(2_598_208, 10, 26_000_000)
    assert not affordable(2_598_208, 11, 26_000_000)


@pytest.mark.parametrize(
    ("half_width", "p", "population"), [(0, 0.5, None), (0.1, 0, None), (0.1, 1, None), (0.1, 0.5, 0)]
)
def test_sizes_of_nonsense_are_refused(half_width, p, population):
    with pytest.raises(ValueError, match="no sample size"):
        faults_for(half_width, 0.95, p=p, population=population)


@given(st.lists(st.integers(0, 1000), min_size=1, max_size=50).filter(any), st.integers(0, 10_000))
def test_largest_remainders_sum_up_and_stay_within_one(shares, total):
    counts = largest_remainder(np.array(shares, float), total)
    exact = np.array(shares) / sum(shares) * total
    assert counts.sum() == total
    assert (np.abs(counts - exact) < 1 + 1e-6).all()


@given(
    st.lists(st.tuples(st.floats(1e-4, 1), st.sampled_from([0.0, 0.001, 0.1, 0.5])), min_size=1, max_size=40),
    st.integers(0, 5000),
    st.integers(1, 30),
)
def test_neyman_keeps_the_total_and_the_least(strata, total, least):
    weights, spread = np.array(strata).T
    counts = neyman(weights, spread, total, least)
    assert (counts >= least).all()
    if spread.any():
        assert counts.sum() == max(total, least * len(strata))
    assert (counts == neyman(weights, spread, total, least)).all()


def test_neyman_has_less_variance_than_any_neighbour():
    weights, spread = np.array([0.5, 0.3, 0.2]), np.array([0.1, 0.4, 0.2])
    counts = neyman(weights, spread, 1000, 20)

    def variance(n):
        return float((weights**2 * spread**2 / n).sum())

    for giver in range(3):
        for taker in range(3):
            moved = counts.copy()
            moved[giver] -= 3
            moved[taker] += 3
            assert giver == taker or variance(moved) > variance(counts)


def test_proportional_ignores_spread_and_equals_go_to_the_lower_number():
    assert proportional(np.array([0.5, 0.5]), 101, 1).tolist() == [51, 50]
    assert proportional(np.array([0.99, 0.01]), 100, 20).tolist() == [80, 20]
    assert proportional(np.array([0.5, 0.5]), 10, 20).tolist() == [20, 20]


def test_no_stratum_is_taken_for_certain():
    assert spreads(np.array([0, 20, 10]), np.array([20, 20, 20]), 0.001) == pytest.approx(
        [0.0316, 0.0316, 0.5], abs=1e-4
    )
