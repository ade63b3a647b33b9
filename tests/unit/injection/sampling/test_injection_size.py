"""How many faults: the published formula and table, figures worked out by hand, and what is refused."""

from __future__ import annotations

import math

import pytest

from casework.generators.fault_injection.options import OPTIONS
from casework.injection.sampling.intervals import clopper_pearson, wilson
from casework.injection.sampling.size import DEFAULT, Wanted, faults_for, faults_for_bound, read_wanted


def test_sizes_of_the_published_formula():
    """By hand, with t = 1.96: 1.96^2 / 4 / 0.01^2 = 9604, and 2598208 / (1 + 0.0001 * 2598207 / 0.9604) = 9568.6."""
    assert faults_for(0.01, 0.95) == 9604
    assert faults_for(0.01, 0.95, population=2_598_208) == pytest.approx(9568, abs=3)
    assert faults_for(0.001, 0.95, population=2_598_208) == pytest.approx(701_187, rel=2e-5)
    assert faults_for(0.001, 0.95, p=0.00926, population=2_598_208) == pytest.approx(34_784, rel=2e-3)
    assert faults_for(0.05, 0.95) == 385
    assert faults_for(0.0001, 0.95, population=1000) == 1000


@pytest.mark.parametrize(("confidence", "t"), [(0.9, 1.645), (0.95, 1.96), (0.99, 2.576), (0.998, 3.09)])
@pytest.mark.parametrize("half_width", [0.05, 0.01, 0.002])
def test_the_formula_at_tabulated_cut_off_points(confidence, t, half_width):
    """Cut-off points of the normal distribution as tables print them, to three places."""
    assert faults_for(half_width, confidence) == pytest.approx(t * t / 4 / half_width**2, rel=1e-3, abs=1)


def test_the_interval_that_a_campaign_reports_is_as_narrow_at_every_rate():
    for half_width in (0.05, 0.01, 0.003):
        n = faults_for(half_width, 0.95)
        assert max(wilson(k, n, 0.95).half_width for k in range(1, n, max(1, n // 97))) <= half_width
        assert wilson(n / 2, math.ceil(0.98 * n), 0.95).half_width > half_width


@pytest.mark.parametrize(("rate", "confidence", "n"), [(0.01, 0.95, 299), (0.001, 0.95, 2995), (0.001, 0.975, 3688)])
def test_sizes_of_a_bound(rate, confidence, n):
    """ln 0.05 / ln 0.99 = 298.07, ln 0.05 / ln 0.999 = 2994.2, ln 0.025 / ln 0.999 = 3687.0."""
    assert faults_for_bound(rate, confidence) == n
    assert clopper_pearson(0, n, 2 * confidence - 1).high <= rate < clopper_pearson(0, n - 1, 2 * confidence - 1).high


@pytest.mark.parametrize(
    ("half_width", "p", "population"), [(0, 0.5, None), (0.1, 0, None), (0.1, 1, None), (0.1, 0.5, 0)]
)
def test_sizes_of_nonsense_are_refused(half_width, p, population):
    with pytest.raises(ValueError, match="no sample size"):
        faults_for(half_width, 0.95, p=p, population=population)


@pytest.mark.parametrize(
    ("text", "wanted", "faults"),
    [
        ("2000", Wanted("number", 2000), 2000),
        ("20_000", Wanted("number", 20_000), 20_000),
        ("exhaustive", Wanted("exhaustive"), None),
        ("within:0.01", Wanted("within", rate=0.01), 9604),
        ("within:1e-2", Wanted("within", rate=0.01), 9604),
        ("within:.01@0.05", Wanted("within", rate=0.01, guess=0.05), 1838),
        ("at-most:0.001", Wanted("at-most", rate=0.001), 2995),
    ],
)
def test_what_is_asked_for_is_read(text, wanted, faults):
    """3.8415 * 0.05 * 0.95 / 0.0001 = 1824.7."""
    assert read_wanted(text) == wanted
    assert read_wanted(text).faults(0.95) == faults


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("many", "no number of faults"),
        ("", "no number of faults"),
        ("-5", "no number of faults"),
        ("2e3", "no number of faults"),
        ("1__0", "no number of faults"),
        ("_10", "no number of faults"),
        ("٣", "no number of faults"),
        ("within", "no number of faults"),
        ("within:", "no number of faults"),
        ("within:nan", "no number of faults"),
        ("within:-0.1", "no number of faults"),
        ("within:0.01@", "no number of faults"),
        ("at-most:0.01@0.5", "no number of faults"),
        ("within:2", "a half-width of 2"),
        ("within:0.5", "a half-width of 0.5"),
        ("within:0", "a half-width of 0"),
        ("within:1e-300", "a half-width of 1e-300"),
        ("within:1e999", "a half-width of 1e999"),
        ("within:0.1@0.05", r"\+-0.1 around a rate of 0.05"),
        ("within:0.01@1", r"\+-0.01 around a rate of 1"),
        ("at-most:0", "a bound of 0"),
        ("at-most:1", "a bound of 1"),
    ],
)
def test_what_cannot_be_read_is_refused_with_the_reason(text, reason):
    with pytest.raises(ValueError, match=reason):
        read_wanted(text)


def test_the_default_is_that_of_the_option():
    (spec,) = [spec for spec in OPTIONS if spec.name == "faults"]
    assert spec.default == DEFAULT
    assert read_wanted(DEFAULT).way == "number"
