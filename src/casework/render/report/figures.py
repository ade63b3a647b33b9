"""Writing figures so that rounding never flatters: to the worse side, intervals outwards, counts beside."""

from __future__ import annotations

from decimal import ROUND_CEILING, ROUND_FLOOR, Context, Decimal
from typing import Final, Literal

from casework.graph.coverage import share as percentage
from casework.model.catalogue import metric_spec
from casework.model.requirement import Criterion
from casework.model.result import Metric

Side = Literal["down", "up", "exact"]
DIGITS: Final = 6
_ROUNDING: Final = {"down": ROUND_FLOOR, "up": ROUND_CEILING}


def figure(value: float, side: Side = "exact") -> str:
    """Return a figure of at most six significant digits, rounded to a side; `exact` keeps every digit."""
    number = Decimal(repr(float(value)))
    whole = number == number.to_integral_value() and abs(number) < Decimal(10) ** 15
    if not whole and side != "exact":
        number = Context(prec=DIGITS, rounding=_ROUNDING[side]).plus(number)
    if whole:
        return str(int(number))
    text = format(number.normalize(), "f")
    return text if len(text) <= 20 else format(number.normalize(), "E")


def worse_side(metric: str) -> Side:
    """Return the side on which a metric looks worse: down where more is better, up where less is; else exact."""
    spec = metric_spec(metric)
    if spec is None or spec.better == "neither":
        return "exact"
    return "down" if spec.better == "higher" else "up"


def measured(metric: Metric) -> str:
    """Return a measured figure with its unit, such as `0.994 ratio`."""
    return f"{figure(metric.value, worse_side(metric.name))} {metric.unit}"


def sample(metric: Metric) -> str:
    """Return the sample of a figure: `497 of 500`, `n = 1000`, or nothing."""
    if metric.k is not None and metric.n is not None:
        return f"{metric.k} of {metric.n}"
    return f"n = {metric.n}" if metric.n is not None else ""


def interval(metric: Metric) -> str:
    """Return the recorded two-sided interval, rounded outwards, with its confidence and method; or nothing."""
    if metric.ci_low is None or metric.ci_high is None:
        return "exact count" if metric.method == "exact" else ""
    sure = f"{percent(metric.confidence)} " if metric.confidence is not None else ""
    return f"{sure}{limits(metric)} {metric.method}".strip()


def limits(metric: Metric) -> str:
    """Return the recorded two-sided interval alone, rounded outwards; or `exact`, or nothing."""
    if metric.ci_low is None or metric.ci_high is None:
        return "exact" if metric.method == "exact" else ""
    return f"[{figure(metric.ci_low, 'down')}, {figure(metric.ci_high, 'up')}]"


def percent(share: float) -> str:
    """Return a share of one as a percentage, exactly: 0.95 is `95 %`."""
    return f"{figure(float(Decimal(repr(share)) * 100))} %"


def share(part: int, whole: int) -> str:
    """Return a count with its percentage, rounded down to a tenth: 999 of 1000 is never 100 %."""
    return f"{part} of {whole} ({percentage(part, whole)})" if whole else "0 of 0"


def criterion_words(criterion: Criterion) -> str:
    """Return a criterion in words with all of its digits, such as `recall of distance=near >= 0.98 ratio at 95 %`."""
    where = "" if criterion.slice == "all" else f" of {criterion.slice}"
    unit = f" {criterion.unit}" if criterion.unit else ""
    sure = "" if criterion.confidence is None else f" at {percent(criterion.confidence)} confidence"
    least = "" if criterion.min_samples is None else f", at least {criterion.min_samples} samples"
    return f"{criterion.metric}{where} {criterion.op} {figure(criterion.bound)}{unit}{sure}{least}"
