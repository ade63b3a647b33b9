"""What a person puts their name to, in words: shown before anything is signed."""

from __future__ import annotations

from collections.abc import Iterator

from casework.graph.assessment import Assessment
from casework.graph.criteria import acceptance_of
from casework.model.acceptance import find_metric, judge
from casework.model.process import Review, Waiver
from casework.model.result import Metric, ResultRecord

Says = tuple[tuple[str, str], ...]
"""Labels and texts, in the order in which they are shown; a label may stand several times."""


def says_of_record(assessment: Assessment, key: str, record: ResultRecord) -> Says:
    """Return what a sealed result says, and how it compares with the requirements as they are now."""
    return (
        ("generator", f"{record.generator.name}, version {record.generator.version}"),
        ("started", record.started),
        ("status", record.status + (f": {record.reason}" if record.reason else "")),
        *(("verdict", text) for text in _verdicts(assessment, key, record)),
        *(("self-check", f"{one.name}: {one.outcome}") for one in record.self_checks if one.outcome != "passed"),
        *(("limitation", text) for text in record.limitations),
        *((f"{role} sha256", digest) for role, digest in sorted(record.digests.items())),
        *(("metric", _metric(one)) for one in record.metrics),
    )


def _metric(metric: Metric) -> str:
    text = f"{metric.name} ({metric.slice}) = {metric.value:.6g} {metric.unit}"
    if metric.ci_low is not None and metric.ci_high is not None:
        text += f", interval {metric.ci_low:.6g} to {metric.ci_high:.6g}"
        text += f" at {metric.confidence:.6g}" if metric.confidence is not None else ""
    return text + (f", n = {metric.n}" if metric.n is not None else "")


def _verdicts(assessment: Assessment, key: str, record: ResultRecord) -> Iterator[str]:
    case = assessment.case
    for target in sorted({edge.target for edge in case.out(key, "verifies")}):
        for criterion in acceptance_of(case, target) if case.entries[target].valid else ():
            found = find_metric(record.metrics, criterion)
            if found is not None:
                judgement = judge(criterion, found)
                outcome = judgement.outcome.replace("_", " ")
                yield f"{target}: {outcome}; expected {judgement.expected}, got {judgement.got}"


def says_of_act(assessment: Assessment, key: str) -> Says:
    """Return what a review or a waiver says, from its node as it is now."""
    node = assessment.case.node(key)
    match node:
        case Review():
            rows = [("by", node.by), ("role", node.role), ("on", node.on.isoformat()), ("meaning", node.meaning)]
            rows += [("of", f"{one} at {node.fingerprints.get(one, 'no fingerprint')}") for one in node.of]
            rows += [("remarks", node.remarks), *(("retires", one) for one in node.retires)]
        case Waiver():
            rows = [("by", node.by), ("role", node.role), ("waives", f"{node.of} at {node.node}")]
            rows += [("on", node.on.isoformat() if node.on else None), ("reason", node.reason)]
            rows += [("expires", node.expires.isoformat() if node.expires else None)]
        case _:
            rows = []
    print_ = ("fingerprint", assessment.case.fingerprint(key))
    return (*((label, text) for label, text in rows if text), print_)
