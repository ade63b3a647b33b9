from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from casework.injection.sampling.allocation import largest_remainder, neyman, proportional, spreads


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
