from __future__ import annotations

from typing import Any

import pytest

from casework.graph.fingerprint import fingerprint, meaning
from casework.store.tree import case_from_texts

NODE: dict[str, Any] = {
    "type": "requirement",
    "id": "R-1",
    "level": "ml",
    "statement": "It shall report signs.",
    "derives_from": ["A", "B"],
    "acceptance": [{"metric": "recall", "op": ">=", "bound": 0.9, "unit": "ratio", "confidence": 0.95}],
}


def changed(**fields: Any) -> dict[str, Any]:
    return {**NODE, **fields}


@pytest.mark.parametrize(
    "same",
    [
        changed(title="Signs", tags=["x"], notes="later"),
        changed(statement="It  shall\nreport signs. "),
        changed(derives_from=["B", "A"]),
        changed(status="agreed"),
        changed(mitigates=[], rationale=None),
        dict(reversed(NODE.items())),
    ],
)
def test_what_has_no_meaning_changes_nothing(same: dict[str, Any]) -> None:
    assert fingerprint(same) == fingerprint(NODE)


@pytest.mark.parametrize(
    "other",
    [
        changed(statement="It shall report stop signs."),
        changed(derives_from=["A"]),
        changed(status="draft"),
        changed(owner="ann"),
        changed(asil="B"),
        changed(acceptance=[{**NODE["acceptance"][0], "bound": 0.91}]),
        changed(acceptance=[{**NODE["acceptance"][0], "confidence": 0.9}]),
        changed(acceptance=[{**NODE["acceptance"][0], "slice": "distance=near"}]),
        changed(verified_by=["tests/t.py::test_b", "tests/t.py::test_a"]),
    ],
)
def test_what_has_meaning_changes_it(other: dict[str, Any]) -> None:
    assert fingerprint(other) != fingerprint(NODE)


def test_one_and_one_point_zero_are_one_number() -> None:
    one = [{"metric": "items", "op": ">=", "bound": 1, "unit": "count"}]
    assert fingerprint(changed(acceptance=one)) == fingerprint(changed(acceptance=[{**one[0], "bound": 1.0}]))


def test_the_order_of_lists_that_are_no_links_counts() -> None:
    assert meaning(changed(verified_by=["b", "a"]))["verified_by"] == ["b", "a"]
    assert meaning(changed(derives_from=["B", "A"]))["derives_from"] == ["A", "B"]


def test_layout_of_the_yaml_has_no_meaning() -> None:
    flow = "{type: requirement, id: R-1, level: system, statement: It shall report signs., derives_from: [A, B]}\n"
    block = (
        "# a comment\n- id: R-1\n  type: requirement\n  statement: >-\n    It shall report\n    signs.\n  level: system\n"
        "  derives_from:\n    - B\n    - A\n"
    )
    assert case_from_texts({"a.yaml": flow})[0].fingerprint("R-1") == case_from_texts({"a.yaml": block})[0].fingerprint(
        "R-1"
    )
    assert case_from_texts({"a.yaml": block.replace("\n", "\r\n")})[0].fingerprint("R-1") == case_from_texts(
        {"a.yaml": block}
    )[0].fingerprint("R-1")
