"""Which predictions the audit repeats, and what it calls a disagreement."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from casework.injection.campaign.audit import AuditShard, Truth, choose_rows, compare, spread_rows
from casework.injection.faults.fault_list import FaultList, FaultTensor
from casework.injection.faults.generate import generate
from casework.injection.faults.recipe import Recipe
from casework.injection.outcomes.flags import CHANGED, DROP10, DUE, NEAR_TIE, SDC


@given(st.lists(st.integers(0, 12), min_size=1, max_size=300), st.integers(1, 400), st.integers(0, 2**32 - 1))
def test_as_many_as_wanted_are_chosen_once_each_and_by_the_seed_alone(
    tensors: list[int], wanted: int, seed: int
) -> None:
    chosen = spread_rows(np.array(tensors), wanted, seed)
    assert len(chosen) == min(wanted, len(tensors))
    assert (np.diff(chosen) > 0).all()
    assert 0 <= chosen.min() <= chosen.max() < len(tensors)
    assert (chosen == spread_rows(np.array(tensors), wanted, seed)).all()


@given(st.integers(1, 12), st.integers(0, 2**32 - 1))
def test_half_of_the_audit_is_spread_alike_over_the_tensors(small: int, seed: int) -> None:
    """Of ten thousand predictions a tensor with a handful would seldom be met: each gets its share of half of the audit."""
    sizes = [10_000] + [small] * 9
    tensor = np.repeat(np.arange(10), sizes)
    chosen = np.random.default_rng(seed).permutation(len(tensor))
    audited = np.bincount(tensor[chosen][spread_rows(tensor[chosen], 200, seed)], minlength=10)
    assert (audited[1:] >= min(10, small)).all()
    assert audited[0] >= 100


def test_the_rest_is_drawn_from_all_predictions() -> None:
    counts = np.zeros(1000)
    tensor = np.repeat([0, 1], [900, 100])
    for seed in range(300):
        counts[spread_rows(tensor, 100, seed)] += 1
    assert counts.min() > 0
    # Half of the audit is 25 of each tensor; the other 50 are 0.05 of each prediction, more or less those that were taken.
    assert counts[:900].mean() / 300 == pytest.approx(25 / 900 + 0.05, abs=0.004)
    assert counts[900:].mean() / 300 == pytest.approx(25 / 100 + 0.05 * 0.75, abs=0.02)


def test_of_fewer_predictions_than_wanted_all_are_audited() -> None:
    assert choose_rows(5, 9, 0).tolist() == [0, 1, 2, 3, 4]
    assert spread_rows(np.array([3, 3, 1]), 3, 0).tolist() == [0, 1, 2]


def faults(count: int) -> FaultList:
    return generate(Recipe("m", (FaultTensor("w", "w", "weight", "float32", (9,)),), samples=1), range(count))


def test_a_bit_exact_engine_must_agree_in_everything_and_another_in_decisions_unless_the_oracle_sees_a_tie() -> None:
    engine = [0, CHANGED, CHANGED, CHANGED | SDC, CHANGED | SDC | NEAR_TIE, CHANGED | SDC, CHANGED | DROP10, CHANGED]
    oracle = [0, CHANGED, 0, CHANGED, CHANGED, CHANGED | NEAR_TIE, CHANGED, CHANGED | DUE]
    shard = AuditShard("w", "e", faults(8), np.zeros(8, np.int64), np.array(engine, np.uint16))
    never = np.zeros(8, np.bool_)
    truth = Truth(np.array(oracle, np.uint16), never, never)
    exact = compare(shard, truth, exact=True)
    assert (exact.audited, exact.disagreements, exact.near_ties, exact.rounding) == (8, 6, 0, 0)
    other = compare(shard, truth, exact=False)
    # Wrong: a decision, one that only the engine calls a tie, and an unusable result; a tie by the oracle's word is none.
    assert (other.audited, other.disagreements, other.near_ties, other.rounding) == (8, 3, 1, 1)


def test_an_oracle_that_a_second_judge_contradicts_or_that_is_not_golden_is_a_disagreement() -> None:
    flags = np.array([0, CHANGED, CHANGED | SDC, 0], np.uint16)
    shard = AuditShard("w", "e", faults(4), np.zeros(4, np.int64), flags)
    truth = Truth(flags, np.array([False, True, True, False]), np.array([False, False, True, True]))
    for exact in (True, False):
        found = compare(shard, truth, exact=exact)
        assert (found.disagreements, found.judges, found.inputs) == (3, 2, 2)
