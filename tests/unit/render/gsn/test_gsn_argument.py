"""From a case to its picture: the order in which people read it."""

from dataclasses import replace
from datetime import date

import pytest

from casework.graph.assessment import Assessment, Today
from casework.graph.status import statuses
from casework.model.project import Project
from casework.render.argument import argument_of
from casework.render.gsn import draw, index_svg, paginate
from casework.store.tree import case_from_texts

TEXTS = {
    "requirements/argument/10-tools.yaml": """
- {type: goal, id: A-TOOLS, statement: Errors of tools are found., supported_by: [Sn-9]}
- {type: solution, id: Sn-9, statement: Report}
""",
    "requirements/argument/2-system.yaml": """
- {type: goal, id: Z-TOP, statement: The system is safe., supported_by: [S-1], in_context_of: [C-1]}
- {type: strategy, id: S-1, statement: Argument over parts, supported_by: [G-2, G-1]}
- {type: context, id: C-1, statement: The system}
- {type: goal, id: G-1, statement: Part one is safe., undeveloped: true}
- {type: goal, id: G-2, statement: Part two is safe., undeveloped: true}
- {type: goal, id: B-TOP, statement: The data suffice., undeveloped: true}
- {type: goal, id: A-DOUBT, statement: Part two was not tested., challenges: [G-2], undeveloped: true}
""",
}


@pytest.fixture(scope="module")
def assessment() -> Assessment:
    case, findings = case_from_texts(TEXTS)
    assert findings == [], findings
    return Assessment(case=case, today=Today(date(2026, 3, 2)), project=Project(name="Example"))


def test_top_goals_come_by_their_place_in_the_files_and_challenges_after_what_they_challenge(assessment):
    order = [e.id for e in argument_of(assessment).elements]
    assert order == ["Z-TOP", "C-1", "S-1", "G-2", "A-DOUBT", "G-1", "B-TOP", "A-TOOLS", "Sn-9"]


def test_the_picture_starts_at_the_first_top_goal(assessment):
    page = paginate(argument_of(assessment))[0]
    assert page.heading == "Z-TOP: The system is safe."
    assert page.breadcrumb == (("Z-TOP", 1),)


def test_a_part_starts_at_its_goal(assessment):
    argument = argument_of(assessment, "G-2")
    assert [e.id for e in argument.elements] == ["G-2", "A-DOUBT"]
    with pytest.raises(KeyError):
        argument_of(assessment, "G-9")


DOUBTED = """
- type: goal
  id: G-1
  statement: It is safe.
  supported_by: [SN-1]
  residual_doubts: %s
- {type: solution, id: SN-1, statement: Report, cites: [R-1]}
- {type: requirement, id: R-1, level: tool, statement: It shall., verified_by: ["t.py::test_a"]}
- {type: goal, id: C-1, statement: The report is old., challenges: [G-1], %s}
- {type: goal, id: C-2, statement: The report was renewed., challenges: [%s], supported_by: [SN-1]}
"""
ACCEPTED = "[{challenger: C-1, accepted_by: a, role: r, reason: It is read anew.}]"


@pytest.mark.parametrize(
    ("doubts", "support", "answered", "drawn"),
    [
        ("[]", "supported_by: [SN-1]", "C-9", ("defeated", "challenge holds")),
        (ACCEPTED, "supported_by: [SN-1]", "C-9", ("supported", "doubt accepted")),
        (ACCEPTED, "undeveloped: true", "C-9", ("supported", "doubt accepted")),
        ("[]", "undeveloped: true", "C-9", ("doubted", "open")),
        ("[]", "supported_by: [SN-1]", "C-1", ("supported", "defeated")),
    ],
)
def test_a_challenge_that_stands_is_not_drawn_like_a_claim_that_does(doubts, support, answered, drawn):
    case, _ = case_from_texts({"a.yaml": DOUBTED % (doubts, support, answered)})
    known = Assessment(case=case, today=Today(date(2026, 3, 2)), tests={"t.py": frozenset({"test_a"})})
    argument = argument_of(replace(known, statuses=statuses(known)))
    found = {e.id: e.status for e in argument.elements}
    assert (found["G-1"], found["C-1"]) == drawn
    page = paginate(argument)[0]
    assert drawn[1] in draw(page)
    assert drawn[1] in index_svg([page])


def test_a_root_that_argues_confidence_says_in_what():
    text = """
- type: goal
  id: G-1
  statement: It is safe.
  supported_by: [G-2]
  acps: [{id: ACP1, on: G-2, argued_by: G-3}, {id: ACP2, argued_by: G-3}, {id: ACP3}, {id: ACP4, argued_by: G-4}]
- {type: goal, id: G-2, statement: Its parts are., undeveloped: true}
- {type: goal, id: G-3, statement: The parts are known., undeveloped: true}
- {type: goal, id: G-4, statement: The parts are all., undeveloped: true}
"""
    case, findings = case_from_texts({"a.yaml": text})
    assert findings == []
    argument = argument_of(Assessment(case=case, today=Today(date(2026, 3, 2))))
    notes = {e.id: e.annotations for e in argument.elements}
    assert notes["G-3"] == ("argues ACP1 at G-1 to G-2", "argues ACP2 at G-1")
    assert notes["G-4"] == ("argues ACP4 at G-1",)
    assert notes["G-1"] == notes["G-2"] == ()
    assert "argues ACP4 at G-1" in draw(paginate(argument)[0])
