"""Faults that strike one inference together."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from scipy.stats import binom, chisquare

from casework.injection.faults.fault_list import EVERY_SAMPLE, FaultTensor, concat
from casework.injection.faults.formats import digest
from casework.injection.faults.generate import Recipe
from casework.injection.faults.groups import GroupRecipe, generate_groups, group_bounds, group_rows
from casework.injection.faults.models import FaultModel
from casework.injection.problem import InjectionProblem

TENSORS = (
    FaultTensor("c1", "c1", "activation", "float32", (6, 10, 10)),
    FaultTensor("r1", "r1", "activation", "float32", (6, 10, 10)),
    FaultTensor("c2", "c2", "activation", "float32", (300,)),
    FaultTensor("q", "q", "activation", "int8", (40,)),
)
OPERATORS = ("Conv", "Relu", "Conv", "QuantizeLinear")


def plan(mode: Any, fault: FaultModel | None = None, samples: int = 5, **changes: Any) -> GroupRecipe:
    recipe = Recipe("m", TENSORS, fault or FaultModel(), samples=samples, seed=3)
    return GroupRecipe(recipe, mode, operators=OPERATORS, **changes)


PLANS = [
    plan("error_rate", rate=0.002), plan("error_rate", rate=0.4, per="tensor"), plan("dynamic_instance"),
    plan("amount", amount=7), plan("error_rate", rate=1.0),
    plan("error_rate", FaultModel("channel"), rate=0.5, per="tensor"),
]  # fmt: skip


@pytest.mark.parametrize("whole", PLANS, ids=lambda p: f"{p.mode}-{p.per}-{p.rate}")
def test_a_group_depends_on_its_number_alone(whole: GroupRecipe) -> None:
    faults = generate_groups(whole, range(60))
    parts = [generate_groups(whole, part) for part in (range(13), range(13, 14), range(14, 60))]
    assert digest(concat(parts)) == digest(faults)
    assert (np.diff(faults.ids) > 0).all()
    assert sorted(set(faults.group.tolist())) == list(range(60))
    bounds = group_bounds(faults)
    assert len(bounds) == 61
    for first, last in pairwise(bounds.tolist()):
        assert len(set(faults.tensor[first:last].tolist())) == last - first
        assert len(set(faults.sample[first:last].tolist())) == 1


def test_the_hits_of_a_rate_are_binomial_and_even() -> None:
    rate, total = 0.002, 1540
    faults = generate_groups(plan("error_rate", rate=rate), range(4000))
    sites = np.bincount(np.repeat(faults.group, np.diff(faults.starts)), minlength=4000)
    seen = np.bincount(np.minimum(sites, 8), minlength=9)
    expected = 4000 * np.r_[binom.pmf(range(8), total, rate), binom.sf(7, total, rate)]
    assert chisquare(seen, expected).pvalue > 0.001
    offset = np.array([0, 600, 1200, 1500])[np.repeat(faults.tensor, np.diff(faults.starts))]
    places = np.bincount((offset + faults.index) // 10, minlength=154)
    assert chisquare(places).pvalue > 0.001
    wide = np.repeat(faults.tensor, np.diff(faults.starts)) < 3
    assert chisquare(np.bincount(np.log2(faults.operand[wide]).astype(int), minlength=32)).pvalue > 0.001
    assert set(np.log2(faults.operand[~wide]).astype(int).tolist()) <= set(range(8))


def test_each_tensor_is_hit_at_the_rate() -> None:
    faults = generate_groups(plan("error_rate", rate=0.3, per="tensor"), range(4000))
    hit = faults.take(np.flatnonzero(np.diff(faults.starts) == 1))
    assert np.allclose(np.bincount(hit.tensor) / 4000, 0.3, atol=0.03)
    none = len(np.flatnonzero(np.diff(faults.starts) == 0)) / 4000
    assert none == pytest.approx(0.7**4, abs=0.03)


def test_one_instance_of_each_type_is_hit() -> None:
    faults = generate_groups(plan("dynamic_instance"), range(2000))
    assert np.diff(group_bounds(faults)).tolist() == [3] * 2000
    by_tensor = np.bincount(faults.tensor)
    assert by_tensor[[1, 3]].tolist() == [2000, 2000]
    assert chisquare(by_tensor[[0, 2]]).pvalue > 0.001


def test_an_amount_is_spread_over_all_elements() -> None:
    faults = generate_groups(plan("amount", amount=7), range(3000))
    sites = np.bincount(np.repeat(faults.group, np.diff(faults.starts)))
    assert set(sites.tolist()) == {7}
    by_tensor = np.bincount(np.repeat(faults.tensor, np.diff(faults.starts)))
    assert chisquare(by_tensor, 21_000 * np.array([600, 600, 300, 40]) / 1540).pvalue > 0.001


def test_predictions_of_groups() -> None:
    faults = generate_groups(plan("error_rate", rate=0.002), range(10))
    group, sample = group_rows(faults, group_bounds(faults), 5)
    assert group.tolist() == list(range(10))
    assert sample.min() >= 0
    every = generate_groups(plan("error_rate", samples=0, rate=0.002), range(10))
    assert set(every.sample.tolist()) == {EVERY_SAMPLE}
    group, sample = group_rows(every, group_bounds(every), 5)
    assert group.tolist() == [g for g in range(10) for _ in range(5)]
    assert sample.tolist() == [*range(5)] * 10


def test_what_cannot_be_grouped_is_refused() -> None:
    with pytest.raises(InjectionProblem, match="rate is 0"):
        plan("error_rate", rate=0.0)
    with pytest.raises(InjectionProblem, match="does not act on single values"):
        plan("error_rate", FaultModel("row"), rate=0.1)
    with pytest.raises(InjectionProblem, match="amount is 9999"):
        plan("amount", amount=9999)
    faults = generate_groups(plan("amount", amount=7), range(3))
    with pytest.raises(InjectionProblem, match="do not follow each other"):
        group_bounds(faults.take(np.argsort(faults.tensor, kind="stable")))
    mixed = faults.take(np.arange(len(faults)))
    mixed.sample[:] = np.arange(len(faults))
    with pytest.raises(InjectionProblem, match="different inputs"):
        group_bounds(mixed)
