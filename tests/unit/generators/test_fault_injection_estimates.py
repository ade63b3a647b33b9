"""From flags to outcomes and counts: each prediction is one of five, and cuts by a key lose none."""

from __future__ import annotations

from collections import Counter
from typing import Any

import numpy as np
import pytest

from casework.generators.fault_injection.estimates import EVENTS, Trials
from casework.injection.faults.fault_list import FaultTensor
from casework.injection.faults.generate import generate
from casework.injection.faults.recipe import Recipe
from casework.injection.outcomes import classification, regression
from casework.injection.outcomes.comparison import silent
from casework.injection.outcomes.flags import CHANGED, DETECTED, DUE, NEAR_TIE, SDC

FIVE = ("masked_rate", "benign_rate", "sdc_rate", "due_rate", "detected_rate")
TENSORS = (
    FaultTensor("w", "w", "weight", "float32", (6, 40)),
    FaultTensor("b", "b", "bias", "float32", (40,)),
    FaultTensor("v", "v", "weight", "float32", (3, 3)),
)


def outcomes(flags: Any) -> list[list[str]]:
    """Return the outcomes of each prediction: one, if they are apart."""
    held = np.array([EVENTS[name](flags) for name in FIVE])
    return [[FIVE[i] for i in np.flatnonzero(column)] for column in held.T]


def test_each_prediction_is_one_outcome() -> None:
    flags = [0, CHANGED, CHANGED | NEAR_TIE, CHANGED | SDC, CHANGED | DUE, CHANGED | DETECTED | DUE, CHANGED | DETECTED]
    told = outcomes(np.array(flags, np.uint16))
    assert told == [
        ["masked_rate"],
        ["benign_rate"],
        ["benign_rate"],
        ["sdc_rate"],
        ["due_rate"],
        ["detected_rate"],
        ["detected_rate"],
    ]


def test_whatever_a_judge_sets_is_one_outcome() -> None:
    """All 2^16 words as judges end them: nothing without CHANGED, and of loud results nothing that holds of silent ones only."""
    words = np.arange(1 << 16).astype(np.uint16)
    words[words != 0] |= CHANGED
    flags = silent(words)
    assert (sum(EVENTS[name](flags).astype(int) for name in FIVE) == 1).all()


def struck(rng: Any, golden: Any, samples: Any) -> Any:
    """Outputs as faults leave them: equal, off by little or much, infinite, no numbers."""
    rows = golden[samples].copy()
    rows += (rng.normal(size=rows.shape) * rng.choice([0, 0, 1e-3, 1, 30], (len(rows), 1))).astype(rows.dtype)
    for special in (np.nan, np.inf, -np.inf):
        hit = rng.random(len(rows)) < 0.05
        rows[hit, rng.integers(0, rows.shape[1], hit.sum())] = special
    return rows


@pytest.mark.parametrize("kind", ["classification", "regression"])
def test_the_flags_of_judges_are_one_outcome_each_and_all_five_occur(kind: str) -> None:
    rng = np.random.default_rng(0)
    golden = rng.normal(size=(7, 10)).astype(np.float32)
    alarms = np.zeros((7, 1), bool)
    samples = rng.integers(0, 7, 4000)
    rows, spoken = struck(rng, golden, samples), rng.random((4000, 1)) < 0.1
    judge = (
        classification.judge_of([golden, alarms], guards=(1,))
        if kind == "classification"
        else regression.judge_of([golden, alarms], (0.5, 5.0), guards=(1,))
    )
    told = outcomes(judge([rows, spoken], samples))
    assert {len(one) for one in told} == {1}
    assert {one[0] for one in told} == set(FIVE)
    quiet = ~spoken[:, 0]
    equal = (rows.view(np.uint32) == golden[samples].view(np.uint32)).all(axis=1)
    assert [one == ["masked_rate"] for one in told] == (quiet & equal).tolist()
    assert [one == ["detected_rate"] for one in told] == spoken[:, 0].tolist()
    assert [one == ["due_rate"] for one in told] == (quiet & ~np.isfinite(rows).all(axis=1)).tolist()


def trials(rows: int = 5000) -> Trials:
    rng = np.random.default_rng(3)
    faults = generate(Recipe("m", TENSORS, seed=5, samples=4), range(rows))
    some = [
        0,
        0,
        CHANGED,
        CHANGED | NEAR_TIE,
        CHANGED | SDC,
        CHANGED | DUE,
        CHANGED | DETECTED,
        CHANGED | DUE | DETECTED,
    ]
    flags = rng.choice(np.array(some, np.uint16), rows)
    return Trials(faults, np.arange(rows), faults.sample, flags, "simple", np.zeros(0), np.zeros(0), 0.95)


def test_counts_by_a_key_equal_counting_one_by_one() -> None:
    held = trials()
    key = held.faults.tensor.astype(np.int64)
    counts = held.counts(key, 4)
    expected = Counter((int(k), one[0]) for k, one in zip(key, outcomes(held.flags), strict=True))
    assert {(k, name): counts.of(name, k) for k in range(4) for name in FIVE} == {
        (k, name): expected[k, name] for k in range(4) for name in FIVE
    }
    assert [counts.total(k) for k in range(4)] == np.bincount(key, minlength=4).tolist()
    for k in range(3):
        assert counts.total(k) == sum(counts.of(name, k) for name in FIVE)


def test_the_rates_of_the_parts_are_those_of_the_whole() -> None:
    held = trials()
    counts = held.counts(held.faults.tensor.astype(np.int64), 3)
    for name in FIVE:
        whole = held.rate(name)
        assert whole is not None
        parts = [held.rate_at(name, f"tensor={k}", counts, k) for k in range(3)]
        assert sum(part.k or 0 for part in parts if part is not None) == whole.k
        assert sum(part.n or 0 for part in parts if part is not None) == whole.n == 5000
    assert held.rate_at("sdc_rate", "nowhere", held.counts(held.faults.tensor + 1, 4), 0) is None
