from __future__ import annotations

import pytest

from casework.graph.coverage import Coverage, coverage, share
from casework.store.tree import case_from_texts


def built(text: str) -> Coverage:
    return coverage(case_from_texts({"a.yaml": text})[0])


def requirement(key: str, level: str, *parents: str, tested: bool = False, status: str = "agreed") -> str:
    test = ", verified_by: ['tests/t.py::test_y']" if tested else ""
    return f"- {{type: requirement, id: {key}, level: {level}, statement: It shall., status: {status}, derives_from: [{', '.join(parents)}]{test}}}\n"


@pytest.mark.parametrize(
    ("part", "whole", "text"),
    [
        (0, 0, "-"),
        (0, 3, "0.0 %"),
        (1, 3, "33.3 %"),
        (2, 3, "66.6 %"),
        (999, 1000, "99.9 %"),
        (9_999, 10_000, "99.9 %"),
        (99_999, 100_000, "99.9 %"),
        (10**15 - 1, 10**15, "99.9 %"),
        (1, 100_000, "0.0 %"),
        (3, 3, "100 %"),
    ],
)
def test_a_share_is_never_rounded_up(part: int, whole: int, text: str) -> None:
    assert share(part, whole) == text


CASE = (
    requirement("SYS-1", "system")
    + requirement("SYS-2", "system")
    + requirement("SYS-3", "system")
    + requirement("SW-1", "software", "SYS-1", tested=True)
    + requirement("SW-2", "software", "SYS-1", "SYS-2", tested=True)
    + requirement("SW-3", "software", "SYS-2")
)


def test_shallow_and_deep_coverage_are_told_apart() -> None:
    found = built(CASE)
    rows = {row.key: row for row in found.rows}
    assert [(k, r.shallow, r.deep) for k, r in rows.items()] == [
        ("SYS-1", True, True),
        ("SYS-2", True, False),
        ("SYS-3", False, False),
        ("SW-1", True, True),
        ("SW-2", True, True),
        ("SW-3", False, False),
    ]
    system, software = found.levels
    assert (system.total, system.shallow, system.deep) == (3, 2, 1)
    assert (software.by_tests, software.by_children, software.by_evidence) == (2, 0, 0)


def test_gaps_are_rows_with_their_reason() -> None:
    assert [(row.key, row.gap) for row in built(CASE).gaps] == [
        ("SYS-2", "not covered below: SW-3"),
        ("SYS-3", "nothing derives from it, no evidence verifies it, and it names no test"),
        ("SW-3", "nothing derives from it, no evidence verifies it, and it names no test"),
    ]


def test_own_tests_do_not_make_up_for_an_uncovered_child() -> None:
    found = built(requirement("SYS-1", "system", tested=True) + requirement("SW-1", "software", "SYS-1"))
    assert [row.deep for row in found.rows] == [False, False]


def test_a_circle_is_never_deeply_covered() -> None:
    found = built(requirement("A", "system", "B", tested=True) + requirement("B", "system", "A", tested=True))
    assert [row.deep for row in found.rows] == [False, False]


def test_retired_requirements_neither_count_nor_cover() -> None:
    found = built(
        requirement("SYS-1", "system") + requirement("SW-1", "software", "SYS-1", tested=True, status="retired")
    )
    assert [(row.key, row.shallow) for row in found.rows] == [("SYS-1", False)]


def test_hazards_goals_and_threats_are_rows_with_computed_levels() -> None:
    text = (
        "- {type: hazardous_event, id: HE-1, hazard: h., situation: s., severity: {level: S3}, exposure: {level: E3}, controllability: {level: C2}}\n"
        "- {type: hazardous_event, id: HE-2, hazard: h., situation: s., severity: {level: S0}, exposure: {level: E3}, controllability: {level: C2}}\n"
        "- {type: safety_goal, id: SG-1, statement: It shall., addresses: [HE-1]}\n"
        "- {type: threat, id: T-1, statement: Stickers., mitigated_by: [SYS-1]}\n"
        "- {type: goal, id: G-1, statement: No sign is missed, states: [SG-1], undeveloped: true}\n"
    ) + requirement("SYS-1", "system", "SG-1", tested=True)
    rows = {row.key: row for row in built(text).rows}
    assert list(rows) == ["HE-1", "HE-2", "T-1", "SG-1", "SYS-1"]
    assert [(r.asil, r.deep) for r in rows.values()] == [("B", True), ("QM", True), ("", True), ("B", True), ("", True)]
    assert rows["SG-1"].above == ("HE-1",)
    assert rows["SG-1"].stated_by == ("G-1",)
    assert rows["SYS-1"].above == ("SG-1", "T-1")
    assert rows["T-1"].below == ("SYS-1",)


def test_the_way_back_names_every_origin() -> None:
    text = CASE.replace(
        "id: SYS-2, level: system, statement: It shall., status: agreed, derives_from: []",
        "id: SYS-2, level: system, statement: It shall., mitigates: [T-1]",
    )
    text += "- {type: threat, id: T-1, statement: Stickers.}\n"
    text += "- {type: evidence, id: EV-1, generator: validation, subject: MC-1, verifies: [SW-3]}\n"
    text += "- {type: evidence, id: EV-2, generator: validation, subject: MC-1}\n"
    back = {(row.kind, row.end): row for row in built(text).back}
    assert back["evidence", "EV-1"].verifies == ("SW-3",)
    assert back["evidence", "EV-1"].requirements == ("SW-3", "SYS-2")
    assert back["evidence", "EV-1"].origins == ("T-1",)
    assert back["evidence", "EV-2"].verifies == ()
    assert back["test", "tests/t.py::test_y"].verifies == ("SW-1", "SW-2")
    assert back["test", "tests/t.py::test_y"].requirements == ("SW-1", "SW-2", "SYS-1", "SYS-2")


def test_a_deep_chain_needs_no_recursion() -> None:
    text = "".join(
        requirement(f"R-{i:04d}", "software", *([f"R-{i - 1:04d}"] if i else []), tested=i == 2999) for i in range(3000)
    )
    assert all(row.deep for row in built(text).rows)
