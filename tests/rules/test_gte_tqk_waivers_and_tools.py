"""Waivers, tools, and what requirements name: by whom, until when, and whether it exists."""

from __future__ import annotations

from datetime import date

import pytest
from sealed import World, all_findings, found_in, world

from casework.model.verdict import FileFact


def waived(**changes: str | None) -> World:
    """Return a world whose training data have no licence, with a waiver of it."""
    fields: dict[str, str | None] = {
        "of": "DAT-009", "node": "DS-T", "by": "rosa", "role": "safety-manager", "on": "2026-01-01", "reason": "Being asked for.",
        "expires": "2026-06-30",
    }  # fmt: skip
    fields |= changes
    w = world()
    head, tail = w.text.split("  licence: Apache-2.0\n", 1)
    w.text = head + tail
    w.more = "- type: waiver\n  id: W-1\n" + "".join(f"  {name}: {value}\n" for name, value in fields.items() if value)
    return w


BARE = "DAT-009 DS-T"
WAIVERS = {
    "holds": ({}, [BARE]),
    "GTE-001 nobody answers": ({"by": None}, [BARE, "GTE-001 W-1"]),
    "GTE-001 no role": ({"role": None}, [BARE, "GTE-001 W-1"]),
    "GTE-001 no reason": ({"reason": None}, [BARE, "GTE-001 W-1"]),
    "GTE-001 no end": ({"expires": None}, [BARE, "GTE-001 W-1"]),
    "last day": ({"expires": "2026-03-01"}, [BARE]),
    "GTE-002 a day late": ({"expires": "2026-02-28"}, [BARE, "GTE-002 W-1 expires"]),
    "GTE-003 a failed test": ({"of": "EVD-002"}, [BARE, "GTE-003 W-1 of"]),
    "GTE-003 a missing file": ({"of": "DAT-006"}, [BARE, "GTE-003 W-1 of"]),
    "GTE-005 no such role": ({"role": "verifier"}, [BARE, "GTE-005 W-1 role"]),
    "GTE-005 a machine": ({"by": "robot"}, [BARE, "GTE-005 W-1 by"]),
    "TRC-017 nobody knows": ({"by": "zoe"}, [BARE, "TRC-017 W-1 by"]),
}


@pytest.mark.parametrize("name", WAIVERS)
def test_waivers(name: str) -> None:
    changes, expected = WAIVERS[name]
    assert found_in(waived(**changes)) == expected


def test_nobody_waives_what_they_own() -> None:
    w = waived()
    w.edit("  id: DS-T\n", "  id: DS-T\n  owner: rosa\n")
    assert found_in(w) == [BARE, "GTE-005 W-1 by"]


def test_without_a_policy_the_policy_is_to_blame_where_there_is_evidence() -> None:
    w = waived()
    w.policy = None
    assert found_in(w) == [BARE]
    w = World(
        text="",
        more=w.more.replace("node: DS-T", "node: ODD-1")
        + "- {type: odd, id: ODD-1, statement: s, dimensions: [{name: d, values: [a]}]}\n",
    )
    w.policy = None
    assert "GTE-005 W-1 by" in found_in(w)


def test_an_expired_waiver_remembers_the_day() -> None:
    w = waived()
    assessment = w.assess()
    from casework.rules import gte_002_expired_waiver as rule

    assert list(rule.check(assessment)) == []
    assert date(2026, 6, 30) in assessment.today.ahead


TOOL = """
- type: tool
  id: T-1
  statement: Runs the checks.
  version: "1"
  ti: TI2
  td: TD1
  rationale: A gap could stay.
  use_cases:
    - {id: UC-1, description: Blocks, potential_errors: [{id: PE-1, description: Does not block, detected_by: ["tests/test_a.py::test_a", REQ-1]}]}
"""
ROUTE = "use_cases[0].potential_errors[0].detected_by"


@pytest.mark.parametrize(
    ("old", "new", "tests", "expected"),
    [
        ("", "", {"tests/test_a.py": {"test_a"}}, []),
        ("", "", {"tests/test_a.py": {"test_b"}}, [f"TQK-002 T-1 {ROUTE}[0]"]),
        ("", "", {}, [f"TQK-002 T-1 {ROUTE}[0]"]),
        ("REQ-1]", "REQ-7]", {"tests/test_a.py": {"test_a"}}, [f"TQK-002 T-1 {ROUTE}[1]"]),
        ("REQ-1]", "EV-1]", {"tests/test_a.py": {"test_a"}}, [f"TQK-002 T-1 {ROUTE}[1]"]),
        ('"tests/test_a.py::test_a", ', "", {}, []),
        ("TD1", "TD3", {"tests/test_a.py": {"test_a"}}, ["TQK-003 T-1"]),
        ("td: TD1", "td: TD2", {"tests/test_a.py": {"test_a"}}, ["TQK-003 T-1"]),
        ("ti: TI2", "ti: TI1", {"tests/test_a.py": {"test_a"}}, []),
        ("rationale: A gap could stay.", "notes: none", {"tests/test_a.py": {"test_a"}}, ["TQK-006 T-1"]),
        ('["tests/test_a.py::test_a", REQ-1]', "[]", {}, ["TQK-001 T-1 use_cases[0].potential_errors[0]"]),
    ],
)
def test_tools(old: str, new: str, tests: dict[str, set[str]], expected: list[str]) -> None:
    w = world()
    w.more = TOOL.replace(old, new) if old else TOOL
    w.tests = {path: frozenset(names) for path, names in tests.items()}
    assert found_in(w) == expected


def named(extra: str) -> World:
    w = world()
    w.edit("  rationale: Budget of the system.\n", f"  rationale: Budget of the system.\n{extra}")
    w.verdicts.pop(1)
    w.seal("EV-2")
    return w


@pytest.mark.parametrize(
    ("tests", "expected"),
    [
        ({"tests/test_a.py": {"test_a", "TestB::test_c"}}, []),
        ({"tests/test_a.py": {"test_a"}}, ["TQK-004 REQ-2 verified_by[1]"]),
        ({}, ["TQK-004 REQ-2 verified_by[0]", "TQK-004 REQ-2 verified_by[1]"]),
    ],
)
def test_tests_that_requirements_name(tests: dict[str, set[str]], expected: list[str]) -> None:
    w = named("  verified_by: ['tests/test_a.py::test_a', 'tests/test_a.py::TestB::test_c']\n")
    w.tests = {path: frozenset(names) for path, names in tests.items()}
    assert found_in(w) == expected


def test_a_test_file_without_the_name_of_a_test_is_no_test() -> None:
    w = named("  verified_by: ['tests/test_a.py']\n")
    w.tests = {"tests/test_a.py": frozenset({"test_a"})}
    assert found_in(w) == ["TQK-004 REQ-2 verified_by[0]"]


def test_sources_that_requirements_name() -> None:
    w = named("  implemented_by: [src/a.c, src/b.c]\n")
    w.files["src/a.c"] = FileFact("src/a.c", exists=True, size=1, sha256="0" * 64)
    w.files["src/b.c"] = FileFact("src/b.c", exists=False)
    assert found_in(w) == ["TQK-005 REQ-2 implemented_by[1]"]
    assert next(f.message for f in all_findings(w)) == "the source src/b.c of REQ-2 does not exist"


ARGUMENT = {
    "undeveloped": ("  supported_by: [SN-2]\n", "  supported_by: []\n  undeveloped: true\n", "", ["GTE-009 G-3 undeveloped"]),
    "by contract": ("  supported_by: [SN-2]\n", "  supported_by: []\n  supported_by_contract: true\n", "", ["GTE-009 G-3 supported_by_contract"]),
    "challenge that stands": ("", "", "- {type: goal, id: CG-1, statement: It is so, challenges: [G-3], states: [REQ-1]}\n", ["GTE-010 G-3"]),
    "challenge undeveloped": ("", "", "- {type: goal, id: CG-1, statement: It is so, challenges: [G-3], undeveloped: true}\n", ["GTE-010 G-3"]),
    "answered": (
        "", "", "- {type: goal, id: CG-1, statement: It is so, challenges: [G-3], states: [REQ-1]}\n"
        "- {type: goal, id: CG-2, statement: It is not, challenges: [CG-1], states: [REQ-1]}\n", [],
    ),
    "failed assumption": ("", "", "", ["GTE-010 A-1 holds"]),
    "violated indicator": (
        "", "", "- {type: indicator, id: I-1, statement: Misses a day., metric: misses, op: '<=', threshold: 1.0, monitors: [G-2], state: violated}\n",
        ["GTE-010 I-1 state"],
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", ARGUMENT)
def test_what_leaves_the_argument_open_or_in_doubt_blocks(name: str) -> None:
    old, new, more, expected = ARGUMENT[name]
    w = world()
    if name == "failed assumption":
        w.edit("statement: The camera is clean.", "statement: The camera is clean.\n  holds: failed")
    if old:
        w.edit(old, new)
    w.more = more
    assert [f for f in found_in(w) if f.startswith("GTE")] == expected
