"""Assurance claim points (GSN v3 1:5): the confidence argued there is a link, and part of what the claim rests on."""

from __future__ import annotations

from datetime import date

import pytest

from casework.graph.assessment import Assessment, Today
from casework.graph.status import blame, statuses
from casework.rules import trc_001_dangling_link
from casework.store.tree import case_from_texts

TEXT = """\
- {type: goal, id: G1, statement: The data suffice., supported_by: [SN1], acps: [{id: ACP1, on: SN1, argued_by: G2}]}
- {type: solution, id: SN1, statement: Results, cites: [REQ-1]}
- {type: requirement, id: REQ-1, level: stakeholder, statement: It shall., verified_by: ["t.py::test_a"]}
- {type: goal, id: G2, statement: The results can be trusted., %s}
"""


def status_of(tail: str) -> tuple[str, tuple[str, ...]]:
    case, findings = case_from_texts({"a.yaml": TEXT % tail})
    assert findings == []
    found = statuses(Assessment(case, Today(date(2026, 1, 1)), tests={"t.py": frozenset({"test_a"})}))
    return found["G1"].word, blame(found, "G1")


@pytest.mark.parametrize(("tail", "word"), [("supported_by: [SN1]", "supported"), ("undeveloped: true", "open")])
def test_a_claim_rests_on_the_confidence_argued_for_it(tail: str, word: str) -> None:
    got, path = status_of(tail)
    assert got == word
    assert ("G2" in path) == (word == "open")


def test_a_claim_point_argued_by_nothing_is_a_dangling_link_at_its_place() -> None:
    case, _ = case_from_texts({"a.yaml": (TEXT % "supported_by: [SN1]").replace("argued_by: G2", "argued_by: G9")})
    (found,) = trc_001_dangling_link.check(case)
    assert (found.node, found.field) == ("G1", ("acps", 0))
