"""Each planted fault is found at the right place, and by one finding only."""

from __future__ import annotations

import pytest
from inspection import look, places, told

CLEAN = """
- type: hazardous_event
  id: HE-1
  hazard: The stop sign is not reported, and the driver drives on.
  situation: Approach to a crossing.
  severity: {level: S3, rationale: Side collision.}
  exposure: {level: E3, rationale: Few such crossings.}
  controllability: {level: C2, rationale: Most drivers see the sign.}
- type: safety_goal
  id: SG-1
  statement: The system shall not miss stop signs.
  addresses: [HE-1]
  safe_state: The driver is told.
  ftti: 500 ms
- type: requirement
  id: SYS-1
  level: system
  asil: B
  statement: The system shall report stop signs.
  derives_from: [SG-1]
- type: requirement
  id: SYS-2
  level: system
  asil: B
  statement: The system shall tell the driver of lost frames.
  derives_from: [SG-1]
- type: requirement
  id: SW-1
  level: software
  asil: B
  statement: The software shall report each detected sign.
  derives_from: [SYS-1, SYS-2]
  verified_by: [tests/test_x.py::test_a]
- type: requirement
  id: SW-2
  level: software
  asil: B
  statement: The software shall count lost frames.
  derives_from: [SYS-2]
  verified_by: [tests/test_x.py::test_b]
- type: goal
  id: G-1
  statement: Stop signs are not missed
  states: [SG-1]
  supported_by: [S-1]
  in_context_of: [C-1]
- type: strategy
  id: S-1
  statement: Argument over reports and losses
  supported_by: [G-2, G-3]
- type: goal
  id: G-2
  statement: Signs are reported
  supported_by: [SN-1]
- type: goal
  id: G-3
  statement: Losses are told
  supported_by: [SN-2]
- type: solution
  id: SN-1
  statement: Tests of the reports
  cites: [SW-1]
- type: solution
  id: SN-2
  statement: Tests of the counter
  cites: [SW-2]
- type: context
  id: C-1
  statement: Rural roads by day
"""


def review(node: str, **fingerprints: str) -> str:
    lines = "".join(f'    {key}: "{digest}"\n' for key, digest in fingerprints.items())
    return f"- type: review\n  id: RV-1\n  of: [{node}]\n  fingerprints:\n{lines}  by: ann\n  on: 2026-01-15\n"


def test_the_clean_case_has_no_finding() -> None:
    _case, found = look(CLEAN)
    assert not found, told(found)


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        pytest.param("derives_from: [SYS-1, SYS-2]", "derives_from: [SYS-1, SYS-9]", ("TRC-001", "SW-1", "derives_from[1]"), id="dangling"),
        pytest.param("derives_from: [SYS-1, SYS-2]", "derives_from: [SYS-1, C-1]", ("TRC-002", "SW-1", "derives_from[1]"), id="wrong-type"),
        pytest.param("derives_from: [SYS-1, SYS-2]", "derives_from: [SYS-1, SG-1]", ("TRC-007", "SW-1", "derives_from[1]"), id="skip"),
        pytest.param("derives_from: [SYS-2]\n", "derives_from: [SYS-2, SW-1]\n", ("TRC-007", "SW-2", "derives_from[1]"), id="same-level"),
        pytest.param("derives_from: [SYS-1, SYS-2]", "derives_from: [SYS-1, SYS-1]", ("TRC-010", "SW-1", "derives_from[1]"), id="twice"),
        pytest.param("derives_from: [SYS-1, SYS-2]", "derives_from: [SYS-1, SW-1]", ("TRC-010", "SW-1", "derives_from[1]"), id="itself"),
        pytest.param("  derives_from: [SYS-2]\n", "", ("TRC-005", "SW-2", "derives_from"), id="no-parent"),
        pytest.param("  verified_by: [tests/test_x.py::test_b]\n", "", ("TRC-006", "SW-2", ""), id="gap"),
        pytest.param("id: SW-2\n  level: software\n  asil: B", "id: SW-2\n  level: software\n  asil: A", ("TRC-008", "SW-2", "asil"), id="asil"),
        pytest.param("id: SW-2\n  level: software\n  asil: B", "id: SW-2\n  level: software", ("TRC-008", "SW-2", "asil"), id="no-asil"),
        pytest.param("{level: S3, rationale: Side collision.}", "{level: S3}", ("HAZ-001", "HE-1", "severity"), id="no-rationale"),
        pytest.param("addresses: [HE-1]", "addresses: [HE-1]\n  claimed_asil: D", ("HAZ-002", "SG-1", "claimed_asil"), id="claimed"),
        pytest.param("  states: [SG-1]\n", "", ("HAZ-010", "SG-1", ""), id="not-argued"),
        pytest.param("  supported_by: [SN-2]\n", "  supported_by: [SN-2, C-1]\n", ("GSN-003", "G-3", "supported_by[1]"), id="context-supports"),
        pytest.param("  supported_by: [SN-2]\n", "  supported_by: [SN-2, SW-2]\n", ("GSN-003", "G-3", "supported_by[1]"), id="requirement-supports"),
        pytest.param("in_context_of: [C-1]", "in_context_of: [C-1, SN-1]", ("GSN-004", "G-1", "in_context_of[1]"), id="solution-as-context"),
        pytest.param("supported_by: [SN-2]", "supported_by: [SN-2, G-1]", ("GSN-005", "G-1", "supported_by[0]"), id="support-cycle"),
        pytest.param("supported_by: [SN-2]", "supported_by: [SN-2, G-3]", ("TRC-010", "G-3", "supported_by[1]"), id="supports-itself"),
        pytest.param("supported_by: [SN-2]", "supported_by: [SN-2, SN-9]", ("TRC-001", "G-3", "supported_by[1]"), id="dangling-support"),
        pytest.param("  cites: [SW-2]\n", "", ("GSN-049", "SN-2", "cites"), id="solution-cites-nothing"),
        pytest.param("  in_context_of: [C-1]\n", "", ("GSN-011", "C-1", ""), id="loose-context"),
        pytest.param("Losses are told", "Losses of {camera} are told", ("GSN-027", "G-3", "statement"), id="token"),
    ],
)  # fmt: skip
def test_one_fault_gives_one_finding(old: str, new: str, expected: tuple[str, str, str]) -> None:
    assert CLEAN.count(old) == 1, "the fault must be planted once"
    _case, found = look(CLEAN.replace(old, new))
    assert places(found) == [expected], told(found)


def test_a_cycle_names_its_ids_in_order_and_is_one_finding() -> None:
    text = CLEAN.replace(
        "statement: The system shall report stop signs.\n  derives_from: [SG-1]",
        "statement: The system shall report stop signs.\n  derives_from: [SG-1, SW-1]",
    )
    _case, found = look(text)
    assert places(found) == [("TRC-004", "SW-1", "derives_from[0]")], told(found)
    assert "SW-1 -> SYS-1 -> SW-1" in found[0].message


def test_a_duplicate_id_is_reported_at_the_second_with_the_place_of_the_first() -> None:
    twin = CLEAN[CLEAN.index("- type: requirement\n  id: SW-2") : CLEAN.index("- type: goal\n  id: G-1")]
    _case, found = look({"requirements/a.yaml": CLEAN, "requirements/b.yaml": twin})
    assert places(found) == [("TRC-003", "SW-2", "id")], told(found)
    assert "node 6 of requirements/a.yaml" in found[0].message


def test_one_id_in_two_modules_is_no_duplicate() -> None:
    twin = "- type: context\n  id: C-2\n  statement: Rural roads by day\n"
    goal = "- type: goal\n  id: G-{0}\n  module: {0}\n  statement: Signs are reported\n  undeveloped: true\n  in_context_of: [C-2]\n"
    _case, found = look(
        goal.format("a")
        + twin.replace("C-2", "C-2\n  module: a")
        + goal.format("b")
        + twin.replace("C-2", "C-2\n  module: b")
    )
    assert not found, told(found)


def test_a_changed_parent_makes_the_link_suspect_and_a_reformatted_one_does_not() -> None:
    case, _found = look(CLEAN)
    signed = CLEAN + review("SW-2", **{key: case.fingerprint(key) for key in ("SW-2", "SYS-2")})
    assert not look(signed)[1]
    reformatted = signed.replace(
        "statement: The system shall tell the driver of lost frames.",
        "statement: >\n    The system shall   tell the\n    driver of lost frames.",
    )
    assert reformatted != signed
    assert not look(reformatted)[1], told(look(reformatted)[1])
    _case, found = look(signed.replace("tell the driver of lost frames", "tell the driver of ten lost frames"))
    assert places(found) == [("TRC-013", "SW-2", "derives_from[0]")], told(found)
    assert "RV-1" in found[0].message
    assert "SYS-2" in found[0].message


def test_a_changed_node_is_said_at_the_node() -> None:
    case, _found = look(CLEAN)
    signed = CLEAN + review("SW-2", **{key: case.fingerprint(key) for key in ("SW-2", "SYS-2")})
    _case, found = look(signed.replace("shall count lost frames", "shall count late frames exactly"))
    assert [f.code for f in found if f.code.startswith("TRC")] == ["TRC-014"], told(found)


def test_the_gap_of_a_qm_requirement_is_a_warning_and_that_of_an_asil_an_error() -> None:
    text = "- {type: requirement, id: R-1, level: stakeholder, statement: Signs shall be reported., rationale: Asked for.}\n"
    _case, found = look(text)
    assert [(f.code, f.severity) for f in found] == [("TRC-006", "warning")]
    for level in ("asil: A", 'asil: "B(D)"', "sil: SIL1"):
        _case, found = look(text.replace("level:", f"{level}, level:"))
        assert ("TRC-006", "error") in [(f.code, f.severity) for f in found], level


def test_a_node_that_does_not_validate_is_reported_by_nobody_else() -> None:
    _case, found = look(
        CLEAN.replace("  id: SYS-2\n  level: system\n", "  id: SYS-2\n  level: [system]\n  colour: red\n")
    )
    assert {f.code[:3] for f in found} == {"FMT"}, told(found)
    _case, found = look(CLEAN.replace("severity: {level: S3, rationale: Side collision.}", "severity: S3"))
    assert {f.code[:3] for f in found} == {"FMT"}, told(found)
