"""What a judgement of a criterion rests on: the recorded figure, the limit that was held against the bound, or why there is none."""

from __future__ import annotations

from casework.model.acceptance import find_metric
from casework.model.requirement import Criterion
from casework.model.result import Metric
from casework.model.verdict import CriterionResult
from casework.render.report.figures import figure
from casework.render.report.view import View

_SIDES = {">=": "low", ">": "low", "<=": "high", "<": "high"}


def metric_of(view: View, criterion: Criterion, result: CriterionResult) -> Metric | None:
    """Return the recorded figure that a judgement rests on."""
    appraisal = view.assessment.appraisals.get(result.evidence)
    record = appraisal.record if appraisal and appraisal.state == "current" else None
    return find_metric(record.metrics, criterion) if record else None


def why_missing(view: View, key: str, result: CriterionResult) -> str:
    """Return why no figure was judged: the states of the evidence that should hold it, or what the judgement says."""
    states = [(k, view.assessment.appraisals.get(k)) for k in view.sources(key, "verifies")]
    late = [
        f"{k} is {item.state if item else 'missing'}" for k, item in states if item is None or item.state != "current"
    ]
    return "; ".join(late) or result.judgement.reason


def judged_limit(criterion: Criterion, result: CriterionResult) -> str:
    """Return the limit that was held against the bound, rounded to the worse side; both where both count."""
    low, high = result.judgement.low, result.judgement.high
    if low is None or high is None:
        return result.judgement.reason
    if low == high:
        return "exact"
    match _SIDES.get(criterion.op):
        case "low":
            return f"at least {figure(low, 'down')}"
        case "high":
            return f"at most {figure(high, 'up')}"
        case _:
            return f"{figure(low, 'down')} to {figure(high, 'up')}"
