"""Judging a change by what it adds, and what counts all the same."""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path

import pytest

sys.path.insert(
    0, str(Path(__file__).resolve().parents[2] / "rules")
)  # the constructed case lives with the rules' tests
from sealed import all_findings, rate, world

from casework.gate.decide import decide
from casework.gate.ratchet import always_counts, only_new, vanished, with_findings
from casework.model.finding import Finding

GAP = Finding("TRC-006", "error", "REQ-1", (), "REQ-1 is not covered", "Cover it.", "a.yaml", 3, 1)
LINK = Finding("TRC-001", "error", "REQ-1", ("derives_from", 0), "REQ-1 links to X, which is not defined", "Define it.")


def test_a_known_gap_does_not_block_and_is_still_shown() -> None:
    a = world().assess()
    found = only_new(decide([replace(GAP, line=9)], a), decide([GAP], a))
    assert (found.word, found.release) == ("pass", False)
    assert [f.new for f in found.findings] == [False]


def test_a_new_gap_blocks() -> None:
    a = world().assess()
    other = replace(GAP, node="REQ-2", message="REQ-2 is not covered")
    assert only_new(decide([GAP, other], a), decide([GAP], a)).word == "blocked"
    assert only_new(decide([GAP], a), decide([], a)).word == "blocked"


@pytest.mark.parametrize(
    "code",
    ["TRC-001", "TRC-003", "FMT-002", "SIG-003", "PRS-001", "BND-000", "POL-000", "EVD-004", "GTE-002", "GTE-007"],
)
def test_broken_references_and_what_cannot_be_verified_always_count(code: str) -> None:
    a = world().assess()
    finding = replace(LINK, code=code)
    assert always_counts(code)
    assert only_new(decide([finding], a), decide([finding], a)).word == "blocked"


def test_what_a_waiver_covered_at_the_base_is_new_when_it_no_longer_does() -> None:
    w = world()
    head, tail = w.text.split("  licence: Apache-2.0\n", 1)
    w.text = head + tail
    bare = decide(all_findings(w), w.assess())
    w.more = "- {type: waiver, id: W-1, of: DAT-009, node: DS-T, by: rosa, role: safety-manager, reason: asked, expires: 2026-12-31}\n"
    base = decide(all_findings(w), w.assess())
    assert base.word == "pass"
    assert only_new(bare, base).word == "blocked"


def test_a_clean_decision_stays_fit_for_release() -> None:
    a = world().assess()
    assert only_new(decide([], a), decide([GAP], a)).release


def test_removing_a_bad_record_is_seen_against_the_base() -> None:
    w = world()
    bad = w.seal("EV-1", (rate("recall", 1, 1000),), started="2026-02-03T00:00:00Z")
    base = w.assess()
    assert decide(all_findings(w), base).word == "blocked"
    w.verdicts.remove(bad)
    now = w.assess()
    decision = decide(all_findings(w), now)
    assert decision.word == "pass"  # within one revision nothing can tell
    (finding,) = vanished(now, base)
    assert (finding.code, finding.node, finding.message) == (
        "GTE-008",
        "EV-1",
        f"the sealed record {bad.path} has been removed",
    )
    assert with_findings(decision, [finding]).word == "blocked"
    assert vanished(base, now) == ()
