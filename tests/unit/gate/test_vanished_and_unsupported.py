"""What no rule within one revision would miss: nodes that vanish (GTE-011), and a top goal that is not supported (GTE-012)."""

from __future__ import annotations

from datetime import date

from casework.gate.decide import decide
from casework.gate.ratchet import vanished_nodes
from casework.graph.assessment import Assessment, Today
from casework.graph.case import Case
from casework.graph.status import statuses
from casework.model.decision import Decision
from casework.store.tree import case_from_texts

BASE = """\
- {type: goal, id: G1, statement: The claim holds., supported_by: [SN1]}
- {type: solution, id: SN1, statement: Results, cites: [REQ-1]}
- {type: requirement, id: REQ-1, level: stakeholder, statement: It shall., rationale: R., verified_by: ["t.py::test_a"]}
"""
CHALLENGE = "- {type: goal, id: CG1, statement: The results mislead., challenges: [G1], undeveloped: true}\n"
INDICATOR = "- {type: indicator, id: SPI-1, statement: Misses., metric: m, op: '<=', threshold: 1, monitors: [G1]}\n"
RETIRED = "- {type: review, id: RV-1, of: [G1], by: s.tanaka, on: '2026-01-01', retires: [CG1]}\n"


def case_of(text: str) -> Case:
    case, findings = case_from_texts({"a.yaml": text})
    assert findings == []
    return case


def decided(text: str, tests: frozenset[str]) -> Decision:
    found = Assessment(case_of(text), Today(date(2026, 1, 1)), tests={"t.py": tests})
    return decide([], Assessment(found.case, found.today, tests=found.tests, statuses=statuses(found)))


def test_a_challenge_or_indicator_that_is_gone_is_missed() -> None:
    now, base = case_of(BASE), case_of(BASE + CHALLENGE + INDICATOR)
    assert [(f.code, f.node) for f in vanished_nodes(now, base)] == [("GTE-011", "CG1"), ("GTE-011", "SPI-1")]
    assert vanished_nodes(base, base) == ()


def test_a_review_may_retire_it() -> None:
    assert vanished_nodes(case_of(BASE + RETIRED), case_of(BASE + CHALLENGE)) == ()


def test_a_review_that_is_gone_is_missed() -> None:
    assert [f.node for f in vanished_nodes(case_of(BASE), case_of(BASE + RETIRED))] == ["RV-1"]


def test_a_pass_needs_every_top_goal_supported_though_no_rule_complains() -> None:
    assert decided(BASE, frozenset({"test_a"})).word == "pass"
    blocked = decided(BASE, frozenset())
    assert blocked.word == "blocked"
    assert [(f.code, f.node) for f in blocked.findings] == [("GTE-012", "G1")]
    assert "test_a" in blocked.findings[0].message
