"""Judging a measured figure against a requirement's own bound, on the interval.

This is the only place where a number becomes `met` or not. The bound, the operator and the confidence come from the
requirement; the evidence contributes counts and intervals only.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from casework.model.catalogue import STATISTICAL
from casework.model.interval import lower_bound, upper_bound
from casework.model.requirement import Criterion
from casework.model.result import Metric

Outcome = Literal["met", "not_met", "not_shown", "missing"]


@dataclass(frozen=True, slots=True)
class Judgement:
    """What came of one criterion, and why.

    Attributes:
        outcome: `met`; `not_met` (the estimate itself is outside the bound); `not_shown` (the estimate is inside, but the
            sample does not show it at the required confidence); `missing` (no such figure).
        expected: The criterion in words.
        got: The figure that was judged, in words.
        reason: Why the outcome is what it is.
        low: The lower limit that was judged, where there is one.
        high: The upper limit that was judged, where there is one.
    """

    outcome: Outcome
    expected: str
    got: str
    reason: str
    low: float | None = None
    high: float | None = None


def number(value: float) -> str:
    """Write a figure in six digits, or in full where these would make it look rounder than it is.

    So 0.94999999 is never written as 0.95, and 0.99999999 never as 1.
    """
    text = f"{value:.6g}"
    digits = text.partition("e")[0].replace(".", "").strip("-0")
    return text if float(text) == value or len(digits) == 6 else repr(value)


def describe(criterion: Criterion) -> str:
    """Return the criterion in words, such as `recall of distance=near >= 0.95 ratio at 95 % confidence`."""
    where = "" if criterion.slice == "all" else f" of {criterion.slice}"
    unit = f" {criterion.unit}" if criterion.unit else ""
    sure = "" if criterion.confidence is None else f" at {number(criterion.confidence * 100)} % confidence"
    return f"{criterion.metric}{where} {criterion.op} {number(criterion.bound)}{unit}{sure}"


def limits(metric: Metric, confidence: float | None) -> tuple[float | None, float | None, str]:
    """Return one-sided lower and upper limits of a figure at a confidence, and how they were gained.

    Counts are not believed to have intervals of their own: for `k` of `n` the exact (Clopper-Pearson) limits are computed
    here. Other intervals are taken from the record if they are at least as confident (a two-sided interval at level c has
    one-sided limits at (1 + c) / 2). That a figure is exact is believed only of metrics that are no estimates.
    """
    if metric.name not in STATISTICAL and (confidence is None or metric.method == "exact"):
        return metric.value, metric.value, "exact"
    if confidence is None:
        return None, None, "none"
    if metric.k is not None and metric.n and metric.unit == "ratio":
        return (
            lower_bound(metric.k, metric.n, confidence),
            upper_bound(metric.k, metric.n, confidence),
            "clopper-pearson",
        )
    enough = metric.confidence is not None and (1 + metric.confidence) / 2 >= confidence - 1e-12
    if enough and metric.ci_low is not None and metric.ci_high is not None:
        return metric.ci_low, metric.ci_high, metric.method
    return None, None, "none"


def _holds(value: float, op: str, bound: float) -> bool:
    return {
        ">=": value >= bound, ">": value > bound, "<=": value <= bound, "<": value < bound, "==": value == bound
    }[op]  # fmt: skip


def find_metric(metrics: tuple[Metric, ...], criterion: Criterion) -> Metric | None:
    """Return the figure that a criterion speaks of, or None; two of the same name and slice count as none."""
    found = [m for m in metrics if m.name == criterion.metric and m.slice == criterion.slice]
    return found[0] if len(found) == 1 else None


def judge(criterion: Criterion, metric: Metric | None) -> Judgement:
    """Judge one figure against one criterion.

    Args:
        criterion: Metric, slice, operator, bound and one-sided confidence, from the requirement.
        metric: The measured figure, or None if the evidence holds none.
    """
    expected = describe(criterion)
    if metric is None:
        return Judgement(
            "missing", expected, "nothing", f"the evidence holds no {criterion.metric} of {criterion.slice}"
        )
    got = _got(metric)
    if criterion.unit is not None and criterion.unit != metric.unit:
        return Judgement("missing", expected, got, f"the figure is in {metric.unit}, the bound in {criterion.unit}")
    if criterion.min_samples is not None and (metric.n or 0) < criterion.min_samples:
        return Judgement("not_shown", expected, got, f"{metric.n or 0} samples, fewer than {criterion.min_samples}")
    if metric.n == 0:
        return Judgement("missing", expected, got, "the sample is empty")
    if metric.k is not None and metric.n and metric.unit == "ratio" and abs(metric.value - metric.k / metric.n) > 1e-9:
        return Judgement("missing", expected, got, f"the figure is not {metric.k} of {metric.n}")
    low, high, method = limits(metric, criterion.confidence)
    if not _holds(metric.value, criterion.op, criterion.bound):
        return Judgement(
            "not_met",
            expected,
            got,
            f"{number(metric.value)} is outside the bound {criterion.op} {number(criterion.bound)}",
            low,
            high,
        )
    if low is None or high is None:
        return Judgement("not_shown", expected, got, _unlimited(criterion, metric))
    judged = [low] if criterion.op in (">=", ">") else [high] if criterion.op in ("<=", "<") else [low, high]
    if not all(_holds(v, criterion.op, criterion.bound) for v in judged):
        side = "lower" if criterion.op in (">=", ">") else "upper"
        reason = f"the {side} limit {number(judged[0])} ({method}) is outside the bound: the sample is too small for the claim"
        return Judgement("not_shown", expected, got, reason, low, high)
    return Judgement("met", expected, got, f"the limit {number(judged[0])} ({method}) is inside the bound", low, high)


def _unlimited(criterion: Criterion, metric: Metric) -> str:
    """Say why a figure has no limits that could be judged."""
    if criterion.confidence is None:
        return "the criterion states no confidence"
    if metric.ci_low is None and metric.ci_high is None and metric.k is None:
        return "the figure has no interval: it speaks of the cases that were examined and of no others"
    return f"no interval at {criterion.confidence} confidence or better"


def _got(metric: Metric) -> str:
    counts = (
        f" ({metric.k} of {metric.n})" if metric.k is not None else f" (n = {metric.n})" if metric.n is not None else ""
    )
    interval = ""
    if metric.ci_low is not None and metric.ci_high is not None:
        interval = f" [{number(metric.ci_low)}, {number(metric.ci_high)}]"
    return f"{number(metric.value)} {metric.unit}{counts}{interval}"
