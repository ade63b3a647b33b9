"""The interval arithmetic of the gate against scipy, and the judgement of figures on it."""

from __future__ import annotations

import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import beta, binom

from casework.model.acceptance import judge, number
from casework.model.interval import incomplete_beta, lower_bound, upper_bound, zero_failure_samples
from casework.model.requirement import Criterion
from casework.model.result import Metric


@pytest.mark.parametrize("n", [1, 2, 10, 299, 1473, 100_000])
@pytest.mark.parametrize("confidence", [0.5, 0.9, 0.95, 0.99, 0.999])
def test_limits_are_those_of_scipy(n: int, confidence: float) -> None:
    for k in sorted({0, 1, n // 3, n // 2, n - 1, n}):
        low = 0.0 if k == 0 else beta.ppf(1 - confidence, k, n - k + 1)
        high = 1.0 if k == n else beta.ppf(confidence, k + 1, n - k)
        assert lower_bound(k, n, confidence) == pytest.approx(low, rel=1e-8, abs=1e-12)
        assert upper_bound(k, n, confidence) == pytest.approx(high, rel=1e-8, abs=1e-12)


@settings(max_examples=200, deadline=None)
@given(st.floats(0.05, 500), st.floats(0.05, 500), st.floats(0, 1))
def test_incomplete_beta_is_that_of_scipy(a: float, b: float, x: float) -> None:
    assert incomplete_beta(a, b, x) == pytest.approx(beta.cdf(x, a, b), abs=1e-10)


@settings(max_examples=100, deadline=None)
@given(st.integers(1, 2000), st.integers(0, 2000), st.sampled_from([0.9, 0.95, 0.99]))
def test_a_limit_is_where_the_binomial_tail_has_the_risk(n: int, k: int, confidence: float) -> None:
    k = min(k, n)
    high = upper_bound(k, n, confidence)
    if k < n:
        assert binom.cdf(k, n, high) == pytest.approx(1 - confidence, abs=1e-7)
    assert lower_bound(k, n, confidence) <= k / n <= high


@pytest.mark.parametrize(("rate", "samples"), [(0.01, 299), (0.001, 2995), (0.0001, 29956)])
def test_zero_failures_show_a_rate_only_with_enough_samples(rate: float, samples: int) -> None:
    assert zero_failure_samples(rate, 0.95) == samples
    assert upper_bound(0, samples, 0.95) <= rate < upper_bound(0, samples - 1, 0.95)


def criterion(op: str, bound: float, **more: object) -> Criterion:
    return Criterion.model_validate({"metric": "recall", "op": op, "bound": bound, "unit": "ratio", **more})


def counted(k: int, n: int) -> Metric:
    return Metric(name="recall", value=k / n, unit="ratio", n=n, k=k, method="clopper-pearson")


@pytest.mark.parametrize(
    ("op", "bound", "k", "n", "outcome"),
    [
        (">=", 0.95, 990, 1000, "met"), (">=", 0.95, 96, 100, "not_shown"), (">=", 0.95, 94, 100, "not_met"),
        (">", 0.95, 990, 1000, "met"), ("<=", 0.01, 0, 299, "met"), ("<=", 0.01, 0, 298, "not_shown"), ("<=", 0.01, 2, 100, "not_met"),
        ("<", 0.01, 0, 299, "met"),
    ],
)  # fmt: skip
def test_counts_are_judged_on_their_exact_one_sided_limit(op: str, bound: float, k: int, n: int, outcome: str) -> None:
    assert judge(criterion(op, bound, confidence=0.95), counted(k, n)).outcome == outcome


@pytest.mark.parametrize(("op", "value", "outcome"), [("==", 0, "met"), ("==", 1, "not_met"), ("<=", 0, "met"), (">=", 0, "met"), ("<", 0, "not_met"), (">", 0, "not_met")])  # fmt: skip
def test_exact_counts_are_compared_as_they_are_and_the_bound_itself_counts(op: str, value: float, outcome: str) -> None:
    metric = Metric(name="bad_labels", value=value, unit="count", n=10, method="exact")
    assert judge(criterion(op, 0, metric="bad_labels", unit="count"), metric).outcome == outcome


def test_a_stated_interval_never_overrules_the_counts() -> None:
    flattered = counted(96, 100).model_copy(update={"ci_low": 0.9599, "ci_high": 0.9601, "confidence": 0.95})
    assert judge(criterion(">=", 0.95, confidence=0.95), flattered).outcome == "not_shown"


@pytest.mark.parametrize(("stated", "outcome"), [(0.9, "met"), (0.95, "met"), (0.89, "not_shown"), (None, "not_shown")])
def test_another_interval_counts_only_if_it_is_as_confident(stated: float | None, outcome: str) -> None:
    metric = Metric(
        name="recall", value=0.97, unit="ratio", n=100, ci_low=0.96, ci_high=0.98, confidence=stated, method="bootstrap"
    )
    assert judge(criterion(">=", 0.95, confidence=0.95), metric).outcome == outcome


def test_too_few_samples_another_unit_and_no_figure_are_no_pass() -> None:
    wanted = criterion(">=", 0.5, confidence=0.95, min_samples=500)
    assert judge(wanted, counted(100, 100)).outcome == "not_shown"
    assert judge(criterion(">=", 0.5), Metric(name="recall", value=90, unit="pp")).outcome == "missing"
    assert judge(criterion(">=", 0.5), None).outcome == "missing"


@settings(max_examples=300, deadline=None)
@given(st.floats(0, 1))
def test_a_figure_never_looks_rounder_than_it_is(value: float) -> None:
    text = number(value)
    assert math.isclose(float(text), value, rel_tol=1e-5, abs_tol=1e-300)
    if float(text) != value:
        assert len(text.partition("e")[0].replace(".", "").strip("-0")) >= 6


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.95, "0.95"),
        (0.94999999, "0.94999999"),
        (0.99999999, "0.99999999"),
        (999 / 1000, "0.999"),
        (1 / 3, "0.333333"),
    ],
)
def test_known_figures(value: float, text: str) -> None:
    assert number(value) == text


def test_an_estimate_that_calls_itself_exact_is_not_believed() -> None:
    claimed = Metric(name="recall", value=0.97, unit="ratio", n=20, method="exact")
    assert judge(criterion(">=", 0.95, confidence=0.95), claimed).outcome == "not_shown"
    counted_too = claimed.model_copy(update={"k": 20, "value": 1.0})
    assert judge(criterion(">=", 0.95, confidence=0.95), counted_too).outcome == "not_shown", "20 of 20 show 0.86"
    census = Metric(name="tway_coverage", value=1.0, unit="ratio", n=342, k=342, method="exact")
    assert judge(criterion(">=", 1.0, metric="tway_coverage", confidence=0.95), census).outcome == "met"


def test_an_estimate_without_a_confidence_is_never_met() -> None:
    assert judge(criterion(">=", 0.5), counted(100, 100)).outcome == "not_shown"
