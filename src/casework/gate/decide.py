"""The decision: blocked while one error stands that no waiver covers.

Everything that is needed for a pass must be there and hold; nothing passes because something is missing. So removing,
failing to read or failing to verify any file can only add findings (in-toto's monotonic principle).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final

from casework.graph.assessment import Assessment
from casework.graph.status import blame
from casework.graph.waivers import flaws, holding
from casework.model.decision import Decision, Waived
from casework.model.finding import Finding
from casework.model.process import Waiver
from casework.model.vocabulary import GSN_TYPES

_WORDING: Final = frozenset(
    {
        *(f"REQ-{n:03}" for n in (1, 2, 3, 11, 14)),
        *(f"GSN-{n:03}" for n in (3, 11, 12, 13, 14, 16, 17, 18, 19)),
    }
)
_PAPERS: Final = frozenset(
    {"MDL-005", "MDL-006", "DAT-009", "DAT-010", "DAT-011", "HAZ-001", "HAZ-005", "HAZ-006", "TQK-006"}
)
_REVIEWS: Final = frozenset({"TRC-012", "TRC-013", "TRC-014", "TRC-015", "TRC-016"})

LOWERABLE: Final[frozenset[str]] = _WORDING | _PAPERS | _REVIEWS | {"GTE-009"}
"""Codes that a project may lower to a warning: wording, papers and sign-offs; never what evidence or trust say."""


def decide(findings: Iterable[Finding], assessment: Assessment) -> Decision:
    """Decide on a case.

    Args:
        findings: Everything found by reading, verification and rules, with the severities that the project gives them.
        assessment: The case, the day, the policy and the verdicts: for waivers, and for what the gate itself finds.

    Returns:
        `blocked` if any error is left that no waiver covers, else `pass`. Findings are sorted by place; those that a
        waiver covers are shown apart and never hidden.
    """
    every = list(findings)
    every.extend(_own(assessment, every))
    waivers = holding(assessment)
    open_findings: list[Finding] = []
    waived: list[Waived] = []
    used: set[str] = set()
    for finding in every:
        found = waivers.get((finding.code, finding.node))
        if found is None:
            open_findings.append(finding)
            continue
        key, waiver = found
        used.add(key)
        expires = waiver.expires.isoformat() if waiver.expires else ""
        waived.append(Waived(finding, key, waiver.by or "", waiver.reason or "", expires))
    open_findings.extend(_without_effect(assessment, used, open_findings))
    open_findings.sort(key=lambda f: f.order)
    waived.sort(key=lambda w: w.finding.order)
    grounds = _grounds(assessment, open_findings)
    if not any(finding.severity == "error" for finding in open_findings):
        told = {f.node for f in open_findings} | {w.finding.node for w in waived}
        open_findings.extend(_unsupported(assessment, told))
    blocked = any(finding.severity == "error" for finding in open_findings)
    return Decision(
        "blocked" if blocked else "pass",
        tuple(open_findings),
        tuple(waived),
        not grounds,
        _summary(assessment),
        grounds,
    )


def _own(assessment: Assessment, findings: list[Finding]) -> list[Finding]:
    """Return what blocks although no room before has found anything wrong."""
    made: list[Finding] = []
    if not len(assessment.case):
        message, fix = (
            "the case holds no node, so there is nothing to judge",
            "Add nodes, or mend `roots` in casework.yaml.",
        )
        made.append(Finding("GTE-007", "error", "", (), message, fix))
    elif assessment.verdicts and not any(True for _ in assessment.case.keys("evidence")):
        message = f"{len(assessment.verdicts)} sealed records lie there, and no node plans any evidence"
        fix = "Restore the nodes; records stay where they are also when they are needed no more."
        made.append(Finding("GTE-007", "error", "", (), message, fix))
    has_evidence = bool(assessment.verdicts) or any(True for _ in assessment.case.keys("evidence"))
    reported = any(f.code.startswith("POL-") and f.severity == "error" for f in findings)
    if has_evidence and assessment.policy is None and not reported:
        message = "there is evidence, and no trust policy that says whose signature counts"
        path = assessment.project.trust.policy
        made.append(Finding("POL-000", "error", "", (), message, f"Restore {path}.", path))
    return made


def _unsupported(assessment: Assessment, told: set[str]) -> Iterator[Finding]:
    """Yield a finding for each top goal that is not supported by a cause that no finding tells of."""
    case, statuses = assessment.case, assessment.statuses
    for key in case.keys("goal"):
        status = statuses.get(key)
        if (
            case.into(key, "supported_by", "acps")
            or case.out(key, "challenges")
            or status is None
            or status.word == "supported"
        ):
            continue
        path = (key, *blame(statuses, key))
        if path[-1] in told:
            continue
        reason = statuses[path[-1]].reason if path[-1] in statuses else status.reason
        message = f"{key} is {status.word}: {reason}"
        yield Finding("GTE-012", "error", key, (), message, f"Mend the cause: `casework show {key}` leads to it.")


def _without_effect(assessment: Assessment, used: set[str], findings: list[Finding]) -> Iterator[Finding]:
    """Yield a warning for each waiver in good order that covers nothing."""
    standing = {(f.code, f.node) for f in findings}
    for key, waiver in assessment.case.nodes(Waiver, "waiver"):
        targets = {edge.target for edge in assessment.case.out(key, "node")}
        if key in used or any((waiver.of, t) in standing for t in targets) or flaws(assessment, key, waiver):
            continue
        message = f"{key} waives {waiver.of} of {waiver.node}, which is not found there"
        file = assessment.case.entries[key].file
        yield Finding("GTE-004", "warning", key, ("of",), message, "Remove the waiver, or mend its code or node.", file)


def _grounds(assessment: Assessment, findings: list[Finding]) -> tuple[str, ...]:
    """Return the grounds that forbid a release whatever was found: what a pass alone does not ask for."""
    case, made = assessment.case, []
    if not any(True for _ in case.keys("goal")):
        made.append("there is no argument: the case has no GSN goal")
    if not any(True for _ in case.keys("evidence")):
        made.append("there is no evidence")
    if any(f.code == "TRC-015" for f in findings):
        made.append("nodes that need a sign-off have none (TRC-015)")
    if assessment.policy is not None and assessment.project.trust.root_sha256 is None:
        made.append("the root key of the trust policy is not pinned (trust.root_sha256)")
    if assessment.policy is not None and assessment.policy.demo:
        made.append("the evidence is signed with demo keys, which everybody has")
    if any(f.code == "LOG-006" for f in findings):
        made.append("something of the case is not in the evidence log (LOG-006)")
    if assessment.dirty:
        made.append("files of the case are not committed")
    return tuple(made)


def _summary(assessment: Assessment) -> tuple[tuple[str, int], ...]:
    case, statuses = assessment.case, assessment.statuses
    goals = [key for key in case.keys("goal", "safety_goal") if not case.out(key, "challenges")]
    return (
        ("nodes", len(case)),
        ("requirements", len(case.by_type.get("requirement", ()))),
        ("argument elements", sum(len(case.by_type.get(name, ())) for name in sorted(GSN_TYPES))),
        ("goals", len(goals)),
        ("goals supported", sum(1 for key in goals if key in statuses and statuses[key].word == "supported")),
        ("evidence", len(case.by_type.get("evidence", ()))),
        ("evidence current", sum(1 for a in assessment.appraisals.values() if a.state == "current")),
    )
