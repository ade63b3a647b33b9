"""Who vouches for what in a case: the trust policy, every sealed record and act, and the evidence log."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from casework.graph.assessment import Today
from casework.graph.case import Case
from casework.model.finding import Finding
from casework.model.project import Project
from casework.model.verdict import LogFact, Verdict
from casework.store.cache import Cache
from casework.store.working_tree import Tree
from casework.workflow.judging.inputs import Inputs
from casework.workflow.judging.past import compare, read_past
from casework.workflow.judging.sealed import find_sealed, judge_records, judge_sealed_acts, open_records
from casework.workflow.judging.trusting import Pins, open_trust

if TYPE_CHECKING:
    from casework.attest.act import ActVerdict
    from casework.attest.trust.policy import Trust


@dataclass(frozen=True, slots=True)
class Vouched:
    """What is vouched for in a case, and by whom.

    Attributes:
        trust: The opened trust policy, or None.
        verdicts: Every sealed record, verified or not.
        findings: What is wrong with the policy, the files, the records, the log and the acts.
        acts: Keys of the reviews and waivers whose seal counts.
        log: Where the log stands; None where the policy pins none.
        held: Payload digest of every sealed record and act to its path.
        sealed_acts: Every sealed review and waiver, verified or not.
    """

    trust: Trust | None = None
    verdicts: tuple[Verdict, ...] = ()
    findings: tuple[Finding, ...] = ()
    acts: frozenset[str] = frozenset()
    log: LogFact | None = None
    held: Mapping[str, str] = field(default_factory=dict)
    sealed_acts: tuple[ActVerdict, ...] = ()


def vouch(
    tree: Tree, case: Case, project: Project, today: Today, inputs: Inputs, pins: Pins, cache: Cache | None
) -> Vouched:
    """Open the trust policy and judge all that is sealed."""
    opened, anchors = open_trust(tree, case, project, today, inputs, pins)
    sealed = find_sealed(tree, project, inputs)
    if opened is None or anchors is None:
        return Vouched(findings=sealed.findings)
    records, trouble = open_records(tree, sealed, anchors, cache)
    past = read_past(tree, project, anchors, inputs, pins)
    times = past.times if past else {}
    verdicts = judge_records(records, case, anchors, today, times)
    acts = judge_sealed_acts(tree, sealed, case, anchors, today, times)
    held = {r.digest: r.path for r in records if r.principals or (past and r.digest in past.book.reading.logged)}
    fact, vanished = compare(past, anchors, case, held | dict(acts.paths), acts.sealed, today, pins.checkpoints)
    found = [*opened.findings, *sealed.findings, *trouble, *acts.findings, *vanished]
    found += [f for v in verdicts for f in v.findings]
    every = {r.digest: r.path for r in records} | dict(acts.paths)
    return Vouched(opened.trust, verdicts, tuple(found), acts.sealed, fact, every, acts.verdicts)
