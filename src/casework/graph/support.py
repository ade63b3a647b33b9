"""What each type of node rests on, and what is wrong with the node itself: the ground that `status` stands on."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final, assert_never

from casework.graph.assessment import Assessment
from casework.graph.case import Case
from casework.graph.census import retirements
from casework.model.standards import asil_of
from casework.model.verdict import Appraisal, CriterionResult, Status

Part = tuple[list[str], list[Status]]
"""What a node rests on, and the faults that lie in the node itself."""


def _targets(case: Case, key: str, *fields: str) -> list[str]:
    return [edge.target for edge in case.out(key, *fields)]


def _claim(assessment: Assessment, key: str) -> Part:
    case = assessment.case
    light = case.entries[key].light
    rests = _targets(case, key, "supported_by", "states")
    faults: list[Status] = []
    if light.get("undeveloped"):
        faults.append(Status("open", f"{key} is undeveloped"))
    elif light.get("supported_by_contract"):
        faults.append(Status("open", f"{key} is still to be supported by a contract"))
    elif not rests:
        faults.append(Status("open", f"{key} has no support"))
    return rests, faults


def _solution(assessment: Assessment, key: str) -> Part:
    rests = _targets(assessment.case, key, "cites")
    return rests, [] if rests else [Status("open", f"{key} cites nothing")]


def _statement(assessment: Assessment, key: str) -> Part:
    if assessment.case.entries[key].light.get("holds") == "failed":
        return [], [Status("defeated", f"the assumption {key} has failed")]
    return [], []


def _away(assessment: Assessment, key: str) -> Part:
    return _targets(assessment.case, key, "away"), []


def _requirement(assessment: Assessment, key: str) -> Part:
    case = assessment.case
    if case.entries[key].light.get("status") == "retired":
        return [], [Status("open", f"{key} is retired")]
    children: list[str] = []
    evidence: list[str] = []
    for edge in case.into(key):
        if edge.field == "verifies":
            evidence.append(edge.source)
        elif edge.field in ("derives_from", "mitigates") and case.entries[edge.source].light.get("status") != "retired":
            children.append(edge.source)
    tests = case.entries[key].light.get("verified_by") or ()
    judged = assessment.results.get(key, ())
    faults = [
        Status(fault.word, fault.reason, source)
        for source in evidence
        if (fault := _record_fault(source, assessment.appraisals.get(source)))
    ]
    # Where a record is to blame, it has said so; a criterion that it might have met needs no second fault.
    unmet = (r for r in judged if r.judgement.outcome != "met" and (r.evidence or not faults))
    faults += [_result_fault(r) for r in tuple(unmet)]
    absent = (str(t) for t in tests if not _test_exists(assessment, str(t)))
    faults.extend(Status("open", f"the test {test} of {key} does not exist") for test in absent)
    if not children and not tests and not judged:
        faults.append(Status("open", f"{key} has no criterion, test or refining requirement that shows it"))
    return children, faults


def _derived(case: Case, key: str) -> list[str]:
    found = [edge.source for edge in case.into(key, "derives_from", "mitigates")]
    return [k for k in found if case.entries[k].light.get("status") != "retired"]


def _test_exists(assessment: Assessment, test: str) -> bool:
    path, _, name = test.partition("::")
    return name in assessment.tests.get(path, frozenset())


def _result_fault(result: CriterionResult) -> Status:
    reason = f"{result.judgement.expected} of {result.requirement}: {result.judgement.reason}"
    match result.judgement.outcome:
        case "not_met":
            return Status("defeated", reason, result.evidence)
        case "not_shown":
            return Status("doubted", reason, result.evidence)
        case "missing" | "met":
            return Status("open", reason, result.evidence)
        case _ as never:
            assert_never(never)


def _record_fault(key: str, appraisal: Appraisal | None) -> Status | None:
    """Say what is wrong with the evidence itself, whatever it is judged by."""
    if appraisal is None:
        return Status("open", f"{key} has not been appraised")
    record = appraisal.record
    if appraisal.state == "unfinished" and record is not None and record.status == "inconclusive":
        return Status("doubted", f"{key} is inconclusive")
    if appraisal.state != "current" or record is None:
        reasons = f": {'; '.join(appraisal.reasons)}" if appraisal.reasons else ""
        return Status("open", f"{key} is {appraisal.state}{reasons}")
    checks = {check.outcome: check.name for check in reversed(record.self_checks)}
    if "skipped" in checks:
        return Status("open", f"the self-check {checks['skipped']} of {key} was skipped")
    if "failed" in checks:
        return Status("doubted", f"the self-check {checks['failed']} of {key} failed")
    return None


def _evidence(assessment: Assessment, key: str) -> Part:
    own = _record_fault(key, assessment.appraisals.get(key))
    faults = [own] if own is not None else []
    for edge in assessment.case.out(key, "verifies"):
        for result in assessment.results.get(edge.target, ()):
            if result.evidence == key and result.judgement.outcome != "met":
                fault = _result_fault(result)
                faults.append(Status(fault.word, fault.reason))
    return [], faults


def _safety_goal(assessment: Assessment, key: str) -> Part:
    rests = _derived(assessment.case, key)
    return rests, [] if rests else [Status("open", f"no requirement derives from {key}")]


def _hazardous_event(assessment: Assessment, key: str) -> Part:
    case = assessment.case
    rests = [*(edge.source for edge in case.into(key, "addresses")), *_derived(case, key)]
    if rests or _quality_managed(case.entries[key].light):
        return rests, []
    return [], [Status("open", f"no safety goal or requirement answers {key}")]


def _quality_managed(light: Mapping[str, object]) -> bool:
    """Tell whether a hazardous event is QM, and so needs no safety goal (ISO 26262-3:2018, 6.4.4.1)."""
    levels = []
    for name in ("severity", "exposure", "controllability"):
        rating = light.get(name)
        level = rating.get("level") if isinstance(rating, dict) else None
        if not isinstance(level, str):
            return False
        levels.append(level)
    return asil_of(*levels) == "QM"


def _threat(assessment: Assessment, key: str) -> Part:
    rests = [*_targets(assessment.case, key, "mitigated_by"), *_derived(assessment.case, key)]
    return rests, [] if rests else [Status("open", f"no requirement mitigates {key}")]


def _practice(assessment: Assessment, key: str) -> Part:
    data = assessment.case.data(key)
    rests = _targets(assessment.case, key, "satisfied_by")
    if data.get("applicable") is False and data.get("answer"):
        return [], []
    return rests, [] if rests else [Status("open", f"no work product shows {key}")]


def _tool(assessment: Assessment, key: str) -> Part:
    light = assessment.case.entries[key].light
    rests = _targets(assessment.case, key, "qualified_by")
    # ISO 26262-8:2018, Table 3: TCL1 follows from TI1, or from TI2 with TD1, and needs no qualification.
    if rests or light.get("ti") == "TI1" or light.get("td") == "TD1":
        return rests, []
    return [], [Status("open", f"nothing qualifies the tool {key}")]


def _review(assessment: Assessment, key: str) -> Part:
    case = assessment.case
    light = case.entries[key].light
    if light.get("meaning") == "rejected":
        return [], [Status("defeated", f"{key} is a rejection")]
    seen = light.get("fingerprints") or {}
    unseen = [t for t in _targets(case, key, "of") if t not in seen]
    gone = retirements(case)
    changed = [k for k in sorted(seen) if (k not in gone if k not in case else case.fingerprint(k) != seen[k])]
    faults = [Status("open", f"{t} was signed off by {key} without its fingerprint") for t in unseen]
    faults += [Status("open", f"{k} has changed since {key}") for k in changed]
    return [], faults


PARTS: Final[dict[str, Callable[[Assessment, str], Part]]] = {
    "goal": _claim, "strategy": _claim, "solution": _solution,
    "context": _statement, "assumption": _statement, "justification": _statement,
    "away_goal": _away, "away_solution": _away, "away_context": _away, "away_assumption": _away,
    "away_justification": _away,
    "requirement": _requirement, "evidence": _evidence, "safety_goal": _safety_goal,
    "hazardous_event": _hazardous_event, "threat": _threat, "practice": _practice, "tool": _tool, "review": _review,
}  # fmt: skip
"""How the parts of each type of node are found."""

REFERENCES: Final = ("module_reference", "contract_reference")
"""Types that stand for a whole module; what they rest on is looked up once for all."""


def module_tops(case: Case) -> dict[str, list[str]]:
    """Return the goals on which a reference to a module or contract rests: those of it that nothing in it rests on."""
    made: dict[str, list[str]] = {}
    for key in case.keys("goal"):
        if not case.into(key, "supported_by") and not case.out(key, "challenges"):
            made.setdefault(case.entries[key].module, []).append(key)
    return made
