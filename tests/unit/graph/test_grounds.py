"""On what claims rest: signed results, named tests, both, neither."""

from __future__ import annotations

from datetime import date

from casework.graph.assessment import Assessment, Today
from casework.graph.challenges import answers, is_accepted
from casework.graph.grounds import Grounds, grounds
from casework.model.acceptance import Judgement
from casework.model.verdict import CriterionResult
from casework.store.tree import case_from_texts

TEXT = """
- {type: goal, id: G1, statement: Both are good., supported_by: [G2, G3]}
- {type: goal, id: G2, statement: The model is good., supported_by: [SN2], acps: [{id: ACP1, argued_by: G4}]}
- {type: goal, id: G3, statement: The tool is good., supported_by: [SN3]}
- {type: goal, id: G4, statement: The data are trusted., supported_by: [SN3]}
- {type: solution, id: SN2, statement: Figures., cites: [R1]}
- {type: solution, id: SN3, statement: Tests., cites: [R2]}
- {type: requirement, id: R1, level: ml, statement: It shall., acceptance: [{metric: items, op: ">=", bound: 1}]}
- {type: requirement, id: R2, level: tool, statement: It shall., verified_by: ["t.py::test_a"]}
- {type: goal, id: LOOSE, statement: It is so., undeveloped: true}
"""


def grounds_of(text: str, outcome: str = "met", evidence: str = "EV") -> Grounds:
    case, findings = case_from_texts({"a.yaml": text})
    assert findings == []
    judgement = Judgement(outcome, "items >= 1", "2 count", "exact")  # type: ignore[arg-type]
    results = {"R1": (CriterionResult("R1", 0, evidence, judgement),)}
    return grounds(Assessment(case, Today(date(2026, 1, 1)), results=results))


def test_grounds_reach_all_that_rests_on_them_also_through_claim_points() -> None:
    found = grounds_of(TEXT)
    assert found.results == {"R1", "SN2", "G2", "G1"}
    assert found.tests == {"R2", "SN3", "G3", "G4", "G2", "G1"}
    assert [key for key in ("G1", "G2", "G3", "G4", "R1", "R2", "LOOSE") if found.only_tests(key)] == ["G3", "G4", "R2"]


def test_a_criterion_that_no_evidence_was_judged_by_is_no_result() -> None:
    assert grounds_of(TEXT, "missing", "").results == frozenset()


def test_circles_end() -> None:
    text = TEXT.replace(
        "id: LOOSE, statement: It is so., undeveloped: true", "id: LOOSE, statement: So., supported_by: [LOOSE, G3]"
    )
    assert grounds_of(text).only_tests("LOOSE")


CHALLENGED = """
- type: goal
  id: G1
  statement: It is safe.
  undeveloped: true
  residual_doubts: [{challenger: C1, accepted_by: a, role: r, reason: So be it.}]
- {type: goal, id: G2, statement: It is quick., undeveloped: true}
- {type: goal, id: C1, statement: It may not be., undeveloped: true, challenges: [%s]}
- {type: goal, id: C2, statement: It is., undeveloped: true, challenges: [C1]}
"""


def test_a_challenge_is_accepted_only_where_all_that_it_challenges_accept_it() -> None:
    case, _ = case_from_texts({"a.yaml": CHALLENGED % "G1"})
    assert [is_accepted(case, key) for key in ("C1", "C2", "G1")] == [True, False, False]
    assert [answers(case, key) for key in ("C1", "C2", "G1")] == [False, True, False]
    case, _ = case_from_texts({"a.yaml": CHALLENGED % "G1, G2"})
    assert not is_accepted(case, "C1")
