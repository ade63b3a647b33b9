"""What the rules on evidence share: the records that count, and what they hold."""

from __future__ import annotations

from collections.abc import Iterator

from casework.graph.assessment import Assessment
from casework.model.acceptance import describe, find_metric
from casework.model.catalogue import GENERATORS
from casework.model.learning import Evidence
from casework.model.requirement import Criterion, Requirement
from casework.model.result import Metric, ResultRecord
from casework.model.verdict import Appraisal, CriterionResult


def appraised(assessment: Assessment, state: str) -> Iterator[tuple[str, Appraisal]]:
    """Yield the evidence in a state, sorted by key; without that of unknown generators, which EVD-008 reports."""
    for key in assessment.case.keys("evidence"):
        appraisal = assessment.appraisals.get(key)
        if appraisal and appraisal.state == state and generator(assessment, key) in GENERATORS:
            yield key, appraisal


def generator(assessment: Assessment, key: str) -> str:
    """Return the name of the generator that a piece of evidence plans."""
    return str(assessment.case.entries[key].light.get("generator", ""))


def current(assessment: Assessment) -> Iterator[tuple[str, ResultRecord]]:
    """Yield the evidence that counts with its record, sorted by key."""
    for key, appraisal in sorted(assessment.appraisals.items()):
        if appraisal.state == "current" and appraisal.record is not None:
            yield key, appraisal.record


def judged(assessment: Assessment, outcome: str) -> Iterator[tuple[CriterionResult, Criterion, Metric | None]]:
    """Yield the results of one outcome with their criterion and figure, where the figure rests on a sample at all."""
    for key in sorted(assessment.results):
        requirement = assessment.case.node(key)
        if not isinstance(requirement, Requirement):
            continue
        for result in assessment.results[key]:
            criterion = requirement.acceptance[result.index]
            metric = _figure(assessment, result, criterion)
            if result.judgement.outcome == outcome and not empty(metric):
                yield result, criterion, metric


def empty(metric: Metric | None) -> bool:
    """Return True for a figure of no sample, which EVD-012 reports."""
    return metric is not None and metric.n == 0


def _figure(assessment: Assessment, result: CriterionResult, criterion: Criterion) -> Metric | None:
    appraisal = assessment.appraisals.get(result.evidence)
    record = appraisal.record if appraisal else None
    return find_metric(record.metrics, criterion) if record else None


def told(result: CriterionResult) -> str:
    """Return a judgement in words: what was asked for, what was measured, and the limits that were judged."""
    judgement = result.judgement
    text = f"{result.requirement} asks for {judgement.expected}; {result.evidence} measured {judgement.got}"
    if judgement.low is not None and judgement.high is not None and judgement.low != judgement.high:
        text += f" with limits {judgement.low:.6g} to {judgement.high:.6g}"
    return f"{text}: {judgement.reason}"


def yields(assessment: Assessment, key: str, criterion: Criterion) -> bool:
    """Tell whether the generator that a piece of evidence plans can yield the metric of a criterion."""
    spec = GENERATORS.get(generator(assessment, key))
    return spec is not None and criterion.metric in spec.metrics


def plans(assessment: Assessment) -> Iterator[tuple[str, Evidence]]:
    """Yield the evidence nodes that are valid, sorted by key."""
    yield from assessment.case.nodes(Evidence, "evidence")


def named(criterion: Criterion) -> str:
    """Return a criterion in words."""
    return describe(criterion)


def figure(metric: Metric) -> str:
    """Return the name of a figure with its slice."""
    return metric.name if metric.slice == "all" else f"{metric.name} of {metric.slice}"
