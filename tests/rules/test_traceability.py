"""Levels, inheritance, decomposition and reviews beyond what the pages show."""

from __future__ import annotations

import pytest
from inspection import assess, look, places, told

from casework.model.policy import TrustPolicy
from casework.model.project import Project, Review

KEY = "-----BEGIN PUBLIC KEY-----\nMCowBQYDK2VwAyEA\n-----END PUBLIC KEY-----\n"
POLICY = TrustPolicy.model_validate(
    {
        "schema": "casework/trust-policy/v1",
        "name": "test",
        "version": 1,
        "expires": "2027-01-01",
        "root": {"threshold": 1, "keys": ["root"]},
        "keys": {"root": {"public_key_pem": KEY, "person": "ann", "valid_from": "2026-01-01"}},
        "persons": {
            "ann": {"name": "Ann", "roles": ["safety-manager"]},
            "ben": {"name": "Ben", "roles": ["developer"]},
            "ci": {"name": "Runner", "roles": ["safety-manager"], "machine": True},
        },
        "roles": {"safety-manager": ["root"]},
        "evidence_types": {"*": {"require": {"safety-manager": 1}}},
    }
)


def requirement(
    key: str, level: str, *parents: str, asil: str = "", rationale: str = "Asked for.", extra: str = ""
) -> str:
    made = f"- type: requirement\n  id: {key}\n  level: {level}\n  statement: It shall report signs.\n"
    made += f"  rationale: {rationale}\n" if rationale else ""
    made += f"  asil: {asil}\n" if asil else ""
    made += f"  derives_from: [{', '.join(parents)}]\n" if parents else ""
    return made + (extra or "  verified_by: [tests/test_x.py::test_y]\n")


@pytest.mark.parametrize(
    ("above", "below", "severity"),
    [
        ("stakeholder", "system", None),
        ("stakeholder", "tool", None),
        ("stakeholder", "software", "warning"),
        ("stakeholder", "ml", "warning"),
        ("stakeholder", "data", "warning"),
        ("system", "software", None),
        ("system", "ml", None),
        ("system", "data", "warning"),
        ("tool", "software", None),
        ("software", "ml", None),
        ("software", "data", "warning"),
        ("ml", "data", None),
        ("system", "stakeholder", "error"),
        ("system", "system", "error"),
        ("system", "tool", "error"),
        ("data", "ml", "error"),
    ],
)
def test_levels_follow_each_other(above: str, below: str, severity: str | None) -> None:
    _case, found = look(requirement("R-1", above) + requirement("R-2", below, "R-1"))
    levels = [f for f in found if f.code == "TRC-007"]
    assert [f.severity for f in levels] == ([severity] if severity else []), told(found)
    assert all(f.node == "R-2" and f.field == ("derives_from", 0) and above in f.message for f in levels)


def test_a_cycle_beside_a_node_that_names_itself_is_still_found() -> None:
    text = requirement("R-1", "system", "R-1", "R-2") + requirement("R-2", "software", "R-1")
    _case, found = look(text)
    assert places(found) == [("TRC-004", "R-1", "derives_from[1]"), ("TRC-010", "R-1", "derives_from[0]")], told(found)


def test_a_long_cycle_on_one_level_is_one_finding() -> None:
    text = "".join(requirement(f"R-{i}", "software", f"R-{(i + 1) % 500}") for i in range(500))
    _case, found = look(text)
    assert [f.code for f in found] == ["TRC-004"], told(found)[:500]
    assert found[0].message.count(" -> ") == 500


PARENT = {"D": "D", "C": "C", "B": "B", "A": "A", "B(D)": "B(D)"}


@pytest.mark.parametrize(
    ("parent", "children", "codes"),
    [
        ("D", ["C(D)", "A(D)"], []),
        ("D", ["B(D)", "B(D)"], []),
        ("D", ["D(D)", "QM(D)"], []),
        ("C", ["B(C)", "A(C)"], []),
        ("C", ["C(C)", "QM(C)"], []),
        ("B", ["A(B)", "A(B)"], []),
        ("B", ["B(B)", "QM(B)"], []),
        ("A", ["A(A)", "QM(A)"], []),
        ("D", ["B(D)", "B(D)", "D"], []),
        ("D", ["B(D)"], ["TRC-009"]),
        ("D", ["B(D)", "A(D)"], ["TRC-009"]),
        ("D", ["QM(D)", "QM(D)"], ["TRC-009"]),
        ("D", ["B(D)", "B(D)", "B(D)"], ["TRC-009"]),
        ("C", ["B(D)", "B(D)"], ["TRC-009", "TRC-009"]),
        ("D", ["C(D)", "A(D)", "C"], ["TRC-008"]),
        ("D", ["C"], ["TRC-008"]),
        ("B(D)", ["A(D)", "A(D)"], []),
        ("B(D)", ["B(D)"], []),
        ("B(D)", ["B(D)", "B(D)"], []),
        ("B(D)", ["B(D)", "QM(D)"], []),
        ("B(D)", ["QM(D)"], ["TRC-009"]),
        ("B(D)", ["A(D)"], ["TRC-009"]),
        ("B(D)", ["A"], ["TRC-008"]),
        ("B(D)", ["B"], []),
        ("A", ["D"], []),
        ("QM", [""], []),
    ],
)
def test_decomposition_follows_the_table(parent: str, children: list[str], codes: list[str]) -> None:
    above = "D" if "(" in parent else ""
    text = requirement("R-0", "stakeholder", asil=above) if above else ""
    if above:  # the parent is itself one part of a legal pair
        text += requirement("P-2", "system", "R-0", asil="B(D)")
    text += requirement("P-1", "system", *(["R-0"] if above else []), asil=parent)
    for index, asil in enumerate(children):
        text += requirement(f"R-{index + 1}", "software", "P-1", asil=asil)
    _case, found = look(text)
    assert sorted(f.code for f in found) == codes, told(found)


def test_a_decomposition_without_a_word_on_independence_is_found() -> None:
    text = requirement("P-1", "system", asil="D")
    _case, found = look(
        text + "".join(requirement(f"R-{i}", "software", "P-1", asil="B(D)", rationale="") for i in (1, 2))
    )
    assert places(found) == [("TRC-009", "R-1", "rationale")], told(found)


def test_the_asil_of_a_safety_goal_is_inherited_from_the_highest_of_its_events() -> None:
    event = (
        "- type: hazardous_event\n  id: {0}\n  hazard: Missed sign.\n  situation: Crossing.\n  severity: {{level: {1}, rationale: x}}\n"
        "  exposure: {{level: E4, rationale: x}}\n  controllability: {{level: C3, rationale: x}}\n"
    )
    goal = "- type: safety_goal\n  id: SG-1\n  statement: It shall miss none.\n  addresses: [HE-1, HE-2]\n  safe_state: Off.\n  ftti: 1 s\n"
    text = event.format("HE-1", "S1") + event.format("HE-2", "S3") + goal  # B and D
    assert not look(text + requirement("R-1", "system", "SG-1", asil="D"))[1]
    _case, found = look(text + requirement("R-1", "system", "SG-1", asil="C"))
    assert places(found) == [("TRC-008", "R-1", "asil")], told(found)
    assert "SG-1 is ASIL D" in found[0].message


def test_a_lower_sil_is_found() -> None:
    parent = requirement("R-1", "system", extra="  sil: SIL3\n")
    for sil, codes in (
        ("sil: SIL3", []),
        ("sil: SIL4", []),
        ("sil: SIL2", ["TRC-008"]),
        ("status: agreed", ["TRC-008"]),
    ):
        child = requirement("R-2", "software", "R-1", extra=f"  {sil}\n  verified_by: [tests/test_x.py::test_y]\n")
        assert [f.code for f in look(parent + child)[1]] == codes, sil


def test_a_retired_child_covers_nothing_and_a_retired_parent_is_no_parent() -> None:
    text = requirement("R-1", "system", extra=" ").rstrip(" ") + requirement(
        "R-2", "software", "R-1", extra="  status: retired\n"
    )
    assert places(look(text)[1]) == [("TRC-006", "R-1", "")]
    text = requirement("R-1", "system", asil="D", extra="  status: retired\n") + requirement("R-2", "software", "R-1")
    assert places(look(text)[1]) == [("TRC-011", "R-2", "derives_from[0]")]


def signed(case_text: str, *reviews: tuple[str, str, str, str]) -> str:
    case, _found = look(case_text)
    text = case_text
    for key, day, person, meaning in reviews:
        text += f"- type: review\n  id: {key}\n  of: [R-1]\n  fingerprints: {{R-1: {case.fingerprint('R-1')!r}}}\n"
        text += f"  by: {person}\n  on: {day}\n  meaning: {meaning}\n"
    return text


def test_the_latest_review_decides_by_date_and_then_by_id() -> None:
    text = requirement("R-1", "system")
    assert not look(signed(text, ("RV-2", "2026-01-01", "ann", "rejected"), ("RV-1", "2026-01-02", "ann", "approved")))[
        1
    ]
    _case, found = look(
        signed(text, ("RV-1", "2026-01-02", "ann", "approved"), ("RV-2", "2026-01-02", "ann", "rejected"))
    )
    assert places(found) == [("TRC-018", "R-1", "")]
    assert "RV-2" in found[0].message


def test_a_review_without_the_fingerprint_signs_off_nothing() -> None:
    text = requirement("R-1", "system") + "- {type: review, id: RV-1, of: [R-1], by: ann, on: 2026-01-01}\n"
    _case, found = look(text)
    assert places(found) == [("TRC-014", "R-1", "")]
    assert "without recording its fingerprint" in found[0].message


def test_never_reviewed_is_said_once_while_nothing_is_reviewed() -> None:
    text = (
        requirement("R-1", "system")
        + requirement("R-2", "system")
        + requirement("R-3", "system", extra="  status: draft\n")
    )
    assert [f.node for f in assess("TRC-015", text)] == ["R-1"]
    text += requirement("R-4", "system")
    assert [f.node for f in assess("TRC-015", signed(text, ("RV-1", "2026-01-01", "ann", "reviewed")))] == [
        "R-2",
        "R-4",
    ]
    assert not assess("TRC-015", text, Project(review=Review(types=("odd",))))


def test_independence_can_be_turned_off_and_looks_at_the_latest_review_only() -> None:
    text = requirement("R-1", "system", extra="  owner: ann\n  verified_by: [tests/test_x.py::test_y]\n")
    own = signed(text, ("RV-1", "2026-01-01", "ann", "reviewed"))
    assert [(f.node, f.field_path) for f in assess("TRC-016", own)] == [("RV-1", "by")]
    assert not assess("TRC-016", own, Project(review=Review(independent=False)))
    assert not assess(
        "TRC-016", signed(text, ("RV-1", "2026-01-01", "ann", "reviewed"), ("RV-2", "2026-01-02", "ben", "reviewed"))
    )


def test_persons_unknown_to_the_policy_are_found_wherever_they_stand() -> None:
    """TRC-017, whose page cannot hold a policy."""
    text = signed(requirement("R-1", "system", extra="  owner: anne\n"), ("RV-1", "2026-01-01", "bea", "reviewed"))
    text += (
        "- type: goal\n  id: G-1\n  statement: Signs are reported\n  undeveloped: true\n  owner: ann\n  residual_doubts:\n"
        "    - {challenger: G-2, accepted_by: cyd, role: r, reason: r}\n"
        "- type: goal\n  id: G-2\n  statement: Signs are missed\n  undeveloped: true\n  challenges: [G-1]\n"
    )
    found = assess("TRC-017", text, policy=POLICY)
    assert places(found) == [
        ("TRC-017", "G-1", "residual_doubts[0].accepted_by"),
        ("TRC-017", "R-1", "owner"),
        ("TRC-017", "RV-1", "by"),
    ]
    assert not assess("TRC-017", text)


def test_only_a_person_in_the_role_accepts_a_residual_risk() -> None:
    """HAZ-009, whose page cannot hold a policy."""
    text = (
        "- type: hazardous_event\n  id: HE-1\n  hazard: Missed sign.\n  situation: Crossing.\n  severity: {{level: S1, rationale: x}}\n"
        "  exposure: {{level: E1, rationale: x}}\n  controllability: {{level: C1, rationale: x}}\n"
        "  residual_risk: {{description: Some., accepted_by: {0}, role: safety-manager, reason: Rare.}}\n"
    )
    assert not assess("HAZ-009", text.format("ann"), policy=POLICY)
    assert [f.field_path for f in assess("HAZ-009", text.format("ben"), policy=POLICY)] == ["residual_risk.role"]
    assert [f.field_path for f in assess("HAZ-009", text.format("ci"), policy=POLICY)] == ["residual_risk.accepted_by"]
    assert not assess("HAZ-009", text.format("dan"), policy=POLICY)
    assert [f.code for f in assess("TRC-017", text.format("dan"), policy=POLICY)] == ["TRC-017"]


def test_every_orphan_is_found_and_a_waiver_does_not_adopt_it() -> None:
    odd = "- type: odd\n  id: ODD-1\n  statement: Roads.\n  dimensions: [{name: light, values: [day]}]\n"
    tool = '- type: tool\n  id: TL-1\n  statement: A compiler.\n  version: "1"\n  ti: TI1\n  td: TD1\n  rationale: x\n'
    waiver = "- {type: waiver, id: W-1, of: DAT-009, node: ODD-1, by: ann, role: r, on: 2026-01-01, reason: r, expires: 2026-12-31}\n"
    found = [f for f in look(odd + tool + waiver)[1] if f.code == "TRC-012"]
    assert sorted(f.node for f in found) == ["ODD-1", "TL-1"]
