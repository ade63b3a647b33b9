"""Judging acceptance criteria: every criterion of a requirement, by every current piece of evidence that verifies it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from casework.graph.binding import full_node
from casework.graph.case import Case
from casework.model.acceptance import Judgement, find_metric, judge
from casework.model.requirement import Criterion, Requirement
from casework.model.result import Metric, ResultRecord
from casework.model.verdict import Appraisal, CriterionResult


def acceptance_of(case: Case, key: str) -> tuple[Criterion, ...]:
    """Return the acceptance criteria of a requirement; none if it is not valid.

    Where the light fields tell that there are none, the full node is not built.
    """
    entry = case.entries[key]
    if "acceptance" in Requirement.light and not entry.light.get("acceptance"):
        return ()
    requirement = full_node(case, key, Requirement)
    return requirement.acceptance if requirement else ()


def results(case: Case, appraisals: Mapping[str, Appraisal]) -> dict[str, tuple[CriterionResult, ...]]:
    """Judge every acceptance criterion by every current piece of evidence that verifies its requirement.

    If several hold the figure, each is judged and all must be met. If none does, the criterion has one result `missing`
    with an empty evidence key.

    Returns:
        Requirement key to its results, by criterion and then by evidence; only requirements that have criteria.
    """
    made: dict[str, tuple[CriterionResult, ...]] = {}
    for key in case.keys("requirement"):
        criteria = () if case.entries[key].light.get("status") == "retired" else acceptance_of(case, key)
        if criteria:
            current = _current(case, key, appraisals)
            made[key] = tuple(r for i, c in enumerate(criteria) for r in _judged(key, i, c, current))
    return made


def _sampled(criterion: Criterion, metric: Metric | None) -> Judgement:
    """Judge a figure; one of no sample (n = 0) shows nothing, whatever its value."""
    judgement = judge(criterion, metric)
    if metric is None or metric.n != 0:
        return judgement
    return Judgement("missing", judgement.expected, judgement.got, "the figure rests on no sample")


def _current(case: Case, key: str, appraisals: Mapping[str, Appraisal]) -> list[tuple[str, ResultRecord]]:
    found = []
    for source in sorted({edge.source for edge in case.into(key, "verifies")}):
        appraisal = appraisals.get(source)
        if appraisal and appraisal.state == "current" and appraisal.record:
            found.append((source, appraisal.record))
    return found


def _judged(
    key: str, index: int, criterion: Criterion, current: list[tuple[str, ResultRecord]]
) -> Iterator[CriterionResult]:
    held = False
    for source, record in current:
        if any(m.name == criterion.metric and m.slice == criterion.slice for m in record.metrics):
            held = True
            yield CriterionResult(key, index, source, _sampled(criterion, find_metric(record.metrics, criterion)))
    if not held:
        yield CriterionResult(key, index, "", judge(criterion, None))
