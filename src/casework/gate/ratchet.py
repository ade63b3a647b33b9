"""Gradual adoption: judge a change by what it adds, without letting through what must never be."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import Final

from casework.graph.assessment import Assessment
from casework.graph.case import Case
from casework.graph.census import missing, retirements
from casework.model.decision import Decision
from casework.model.finding import Finding

_ALWAYS_GROUPS: Final = frozenset(
    {"FMT", "SIG", "PRS", "BND", "POL", "PTH", "TIM", "RPL", "RES", "IND", "GIT", "GTE", "NUM", "ACT", "LOG", "ART"}
)
_ALWAYS: Final = frozenset({"TRC-001", "TRC-002", "TRC-003", "EVD-004"})
"""Broken references, and whatever cannot be read or verified."""


def always_counts(code: str) -> bool:
    """Tell whether a finding counts also where the comparison revision had it: unreadable, unverifiable or broken."""
    return code in _ALWAYS or (code[:3] in _ALWAYS_GROUPS and code != "GTE-009")


def only_new(decision: Decision, base: Decision) -> Decision:
    """Return the decision with the findings of a comparison revision marked as known, and blocked only by the others.

    Findings are compared by `Finding.identity`, which has no place in it, because lines move with edits. What a waiver
    covered at the base and no longer covers is new. A decision so softened is never one for a release.

    Args:
        decision: Of the state that is judged.
        base: Of the revision that it is compared with.
    """
    known = {finding.identity for finding in base.findings}
    marked = tuple(
        finding if always_counts(finding.code) or finding.identity not in known else replace(finding, new=False)
        for finding in decision.findings
    )
    blocked = any(f.severity == "error" and f.new for f in marked)
    softened = any(f.severity == "error" and not f.new for f in marked)
    return replace(
        decision,
        word="blocked" if blocked else "pass",
        findings=marked,
        release=decision.release and not softened,
        grounds=(*decision.grounds, "errors of the comparison revision still stand") if softened else decision.grounds,
    )


def vanished(now: Assessment, base: Assessment) -> tuple[Finding, ...]:
    """Return a finding for each sealed record that a comparison revision holds and that is gone now.

    Sealed files are never overwritten and never needed less: a newer record supersedes an older one by itself. Removing
    the newer of two would bring the older back, and nothing within one revision could tell.
    """
    kept = {verdict.digest for verdict in now.verdicts}
    return tuple(_gone(v.evidence, v.path) for v in sorted(base.verdicts, key=lambda v: v.path) if v.digest not in kept)


def vanished_nodes(now: Case, base: Case) -> tuple[Finding, ...]:
    """Return a finding for each node that only others are hurt by and that is gone, unless a review retires it.

    Hazardous events, safety goals, threats, requirements, indicators, reviews and challenging elements: where all that names
    them goes too, nothing within one revision would miss them.
    """
    retired = retirements(now)
    fix = "Restore the node, or confirm its removal: `casework review ID --as PERSON --retires KEY`, then `casework sign`."
    return tuple(
        Finding(
            "GTE-011",
            "error",
            key,
            (),
            f"{key}, a {kind.replace('_', ' ')}, has vanished or is something else now",
            fix,
        )
        for kind, key in missing(now, base)
        if key not in retired
    )


def _gone(evidence: str, path: str) -> Finding:
    fix = "Restore the file from version control; a newer record supersedes it without its removal."
    return Finding("GTE-008", "error", evidence, (), f"the sealed record {path} has been removed", fix)


def with_findings(decision: Decision, more: Iterable[Finding]) -> Decision:
    """Return the decision with further findings, blocked if one of them is an error."""
    added = tuple(more)
    word = "blocked" if any(f.severity == "error" for f in added) else decision.word
    return replace(decision, word=word, findings=tuple(sorted((*decision.findings, *added), key=lambda f: f.order)))
