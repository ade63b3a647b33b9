"""Rules on hazards and on the argument beyond what the pages show."""

from __future__ import annotations

import pytest
from inspection import assess, look, places, told

from casework.model.project import Project

REQ = (
    "- {type: requirement, id: R-1, level: stakeholder, statement: It shall report signs., rationale: x, "
    "verified_by: ['tests/t.py::test_y']}\n"
)
SN = "- {type: solution, id: SN-1, statement: Tests, cites: [R-1]}\n"


def goal(key: str, *support: str, extra: str = "") -> str:
    supported = f", supported_by: [{', '.join(support)}]" if support else ""
    return f"- {{type: goal, id: {key}, statement: Signs are reported{supported}{extra}}}\n"


def event(key: str, extra: str = "", level: str = "S3") -> str:
    ratings = "".join(
        f", {n}: {{level: {v}, rationale: x}}"
        for n, v in (("severity", level), ("exposure", "E3"), ("controllability", "C2"))
    )
    return f"- {{type: hazardous_event, id: {key}, hazard: Missed., situation: Crossing.{ratings}{extra}}}\n"


def safety_goal(key: str, *events: str, extra: str = "") -> str:
    return f"- {{type: safety_goal, id: {key}, statement: It shall miss none., addresses: [{', '.join(events)}], safe_state: Off., ftti: 1 s{extra}}}\n"


def derived(key: str, *parents: str, extra: str = "") -> str:
    return (
        f"- {{type: requirement, id: {key}, level: system, asil: B, statement: It shall report signs., derives_from: [{', '.join(parents)}], "
        f"verified_by: ['tests/t.py::test_y']{extra}}}\n"
    )


def codes(text: str) -> list[tuple[str, str]]:
    return sorted((f.code, f.node) for f in look(text)[1])


def test_a_qm_event_needs_neither_goal_nor_mitigation() -> None:
    assert not codes(event("HE-1", level="S0"))
    assert not codes(event("HE-1", ", claimed_asil: QM", level="S0"))
    assert codes(event("HE-1", ", claimed_asil: A", level="S0")) == [("HAZ-002", "HE-1")]


def test_an_event_without_goal_or_requirement_is_one_finding() -> None:
    assert codes(event("HE-1")) == [("HAZ-003", "HE-1")]
    assert codes(event("HE-1") + safety_goal("SG-1", "HE-1")) == [("HAZ-007", "SG-1")]
    assert codes(event("HE-1") + safety_goal("SG-1", "HE-1") + derived("R-2", "SG-1")) == []


def test_a_direct_mitigation_counts_and_a_retired_one_does_not() -> None:
    text = event("HE-1") + safety_goal("SG-1", "HE-1") + derived("R-2", "SG-1", extra=", status: draft")
    assert codes(text) == [("HAZ-004", "HE-1")]
    direct = "- {type: requirement, id: R-3, level: system, statement: It shall stop., rationale: x, mitigates: [HE-1], verified_by: ['t::t']%s}\n"
    assert codes(text + direct % "") == []
    assert codes(text + direct % ", status: retired") == [("HAZ-004", "HE-1")]


@pytest.mark.parametrize(
    ("ftti", "found"), [("500 ms", False), ("0.5s", False), ("2 min", False), ("soon", True), ("500", True)]
)
def test_an_interval_needs_a_number_and_a_unit(ftti: str, *, found: bool) -> None:
    text = event("HE-1") + safety_goal("SG-1", "HE-1").replace("ftti: 1 s", f"ftti: '{ftti}'") + derived("R-2", "SG-1")
    assert codes(text) == ([("HAZ-006", "SG-1")] if found else [])


def test_the_claim_of_a_goal_is_not_judged_while_an_event_is_unknown() -> None:
    text = event("HE-1") + safety_goal("SG-1", "HE-1", "HE-9", extra=", claimed_asil: D") + derived("R-2", "SG-1")
    assert codes(text) == [("TRC-001", "SG-1")]


def test_a_support_cycle_through_another_module_is_found() -> None:
    text = (
        goal("G-1", "A-1", extra=", public: true")
        + "- {type: away_goal, id: A-1, statement: Signs are reported, away: 'b::G-2'}\n"
        + "- {type: goal, id: G-2, module: b, public: true, statement: Signs are reported, supported_by: [A-2]}\n"
        + "- {type: away_goal, id: A-2, module: b, statement: Signs are reported, away: G-1}\n"
    )
    _case, found = look(text)
    assert [f.code for f in found] == ["GSN-005"], told(found)
    assert "A-1 -> b::G-2 -> b::A-2 -> G-1 -> A-1" in found[0].message


def test_a_context_cycle_is_one_finding_and_names_its_way() -> None:
    text = (
        goal("G-1", "S-1", extra=", public: true")
        + "- {type: strategy, id: S-1, statement: Argument over ranges, supported_by: [G-2, G-3], in_context_of: ['b::A-1']}\n"
        + goal("G-2", "SN-1") + goal("G-3", "SN-1")
        + "- {type: away_goal, id: A-1, module: b, statement: Signs are reported, away: G-1}\n" + SN + REQ
    )  # fmt: skip
    _case, found = look(text)
    assert places(found) == [("GSN-006", "S-1", "in_context_of[0]")], told(found)
    assert "S-1 -> b::A-1 -> G-1 -> S-1" in found[0].message


@pytest.mark.parametrize(
    ("extra", "expected"),
    [
        ("", ["GSN-008"]),
        (", undeveloped: true", []),
        (", supported_by_contract: true", []),
        (", undeveloped: true, supported_by_contract: true", ["GSN-034"]),
        (", uninstantiated: true", ["GSN-027"]),
        (", supported_by: [SN-9]", ["TRC-001"]),
        (", supported_by: [SN-1], undeveloped: true", ["GSN-009"]),
        (", supported_by: [SN-1], supported_by_contract: true", ["GSN-034"]),
        (", supported_by: [SN-1], decorations: [{to: SN-1, optional: true}]", ["GSN-027"]),
    ],
)
def test_development_of_a_goal(extra: str, expected: list[str]) -> None:
    text = goal("G-1", extra=extra) + goal("G-0", "SN-1") + SN + REQ
    assert [code for code, _node in codes(text)] == expected


def test_only_the_upper_end_of_a_loose_branch_is_reported_and_challengers_hang_on_their_target() -> None:
    text = goal("G-1", "SN-1") + SN + REQ
    loose = (
        "- {type: strategy, id: S-1, statement: Argument over ranges, supported_by: [G-2, G-3]}\n"
        + goal("G-2", "SN-2")
        + goal("G-3", "SN-2")
    )
    loose += "- {type: solution, id: SN-2, statement: More tests, cites: [R-1]}\n"
    assert codes(text + loose) == [("GSN-011", "S-1")]
    assert (
        codes(text + "- {type: solution, id: SN-3, statement: Field report, cites: [R-1], challenges: [G-1]}\n") == []
    )


def test_context_is_inherited_over_several_steps_and_justifications_are_not() -> None:
    tree = (
        goal("G-1", "G-2", extra=", in_context_of: [X-1]")
        + goal("G-2", "G-3")
        + goal("G-3", "SN-1", extra=", in_context_of: [X-1]")
        + SN
        + REQ
    )
    for node_type, expected in (
        ("context", [("GSN-013", "G-3")]),
        ("assumption", [("GSN-013", "G-3")]),
        ("justification", []),
    ):
        assert codes(tree + f"- {{type: {node_type}, id: X-1, statement: Roads are dry}}\n") == expected
    beside = (
        goal("G-1", "G-2", "G-3")
        + goal("G-2", "SN-1", extra=", in_context_of: [X-1]")
        + goal("G-3", "SN-1", extra=", in_context_of: [X-1]")
    )
    assert codes(beside + SN + REQ + "- {type: context, id: X-1, statement: Roads are dry}\n") == []


def away(statement: str = "Frames arrive", module: str = "b", public: str = "true", target: str = "goal") -> str:
    where = f", module: {module}" if module else ""
    raw = f"{module}::G-2" if module else "G-2"
    extra = ", undeveloped: true" if target == "goal" else ""
    return (
        goal("G-1", "A-1") + f"- {{type: away_goal, id: A-1, statement: {statement}, away: '{raw}'}}\n"
        f"- {{type: {target}, id: G-2{where}, public: {public}, statement: Frames arrive{extra}}}\n"
    )


def test_away_elements() -> None:
    assert codes(away()) == []
    assert places(look(away(statement="Frames  arrive"))[1]) == []
    assert places(look(away(statement="Frames come"))[1]) == [("GSN-032", "A-1", "statement")]
    assert places(look(away(public="false"))[1]) == [("GSN-032", "A-1", "away")]
    assert places(look(away(module=""))[1]) == [("GSN-032", "A-1", "away")]
    assert ("TRC-002", "A-1") in codes(away(target="context"))
    assert ("GSN-032", "A-1") not in codes(away(target="context"))


@pytest.mark.parametrize(
    ("statement", "code"),
    [
        ("Stop signs are reported", None),
        ("Are stop signs reported?", "GSN-016"),
        ("The system shall report signs", "GSN-016"),
        ("Signs are reported and losses are told", "GSN-017"),
        ("Signs are reported or the driver is told", "GSN-017"),
        ("Stop and yield signs are reported", None),
        ("Signs that are wet and signs that are dry are reported", None),
        ("The hazard of missed and of false reports is averted", None),
    ],
)
def test_wording_of_goals(statement: str, code: str | None) -> None:
    text = goal("G-1", "SN-1").replace("Signs are reported", f'"{statement}"') + SN + REQ
    _case, found = look(text)
    assert [(f.code, f.severity) for f in found] == ([(code, "info")] if code else []), told(found)


def test_a_residual_doubt_about_an_unknown_node_says_so() -> None:
    text = (
        goal("G-1", "SN-1", extra=", residual_doubts: [{challenger: CG-9, accepted_by: ann, role: r, reason: r}]")
        + SN
        + REQ
    )
    _case, found = look(text)
    assert places(found) == [("GSN-046", "G-1", "residual_doubts[0].challenger")]
    assert "not defined" in found[0].message


def test_what_a_goal_states_must_be_shown_below_it() -> None:
    two = REQ + REQ.replace("R-1", "R-2")
    child = "- {type: requirement, id: R-3, level: system, statement: It shall report signs., derives_from: [R-2], verified_by: ['t::t']}\n"
    assert codes(goal("G-1", "SN-1", extra=", states: [R-1]") + SN + two) == []
    assert codes(goal("G-1", "SN-1", extra=", states: [R-2]") + SN + two) == [("GSN-051", "G-1")]
    assert codes(goal("G-1", "SN-1", extra=", states: [R-2]") + SN.replace("[R-1]", "[R-3]") + two + child) == []
    assert (
        codes(goal("G-1", "SN-1", "G-2", extra=", states: [R-2]") + goal("G-2", extra=", undeveloped: true") + SN + two)
        == []
    )
    assert codes(
        goal("G-1", "SN-1", "SN-2", extra=", states: [R-2]")
        + SN
        + "- {type: solution, id: SN-2, statement: More}\n"
        + two
    ) == [("GSN-049", "SN-2")]


@pytest.mark.parametrize(("expected", "route"), [(None, None), (1, None), (2, ("top_goals",)), (0, ())])
def test_the_number_of_top_goals_is_the_projects_to_say(expected: int | None, route: tuple[str, ...] | None) -> None:
    """GSN-012, whose page cannot hold a casework.yaml."""
    text = (
        goal("G-1", "G-2", extra=", acps: [{id: ACP1, argued_by: G-9}]") + goal("G-2", "SN-1") + goal("G-9", "SN-1")
        + "- {type: goal, id: CG-1, statement: Signs are missed, undeveloped: true, challenges: [G-2]}\n" + SN + REQ
    )  # fmt: skip
    found = assess("GSN-012", text, Project(top_goals=expected))
    assert [f.field for f in found] == ([] if route is None else [route])
    assert all("G-1" in f.message for f in found)
