"""Judging by the base: each setting that decides, and records that are the same under another file."""

from __future__ import annotations

from typing import Any

import pytest

from casework.gate.origin import altered, gone_records, judging, void_waivers
from casework.model.project import Project

PIN = "a" * 64
SETTINGS = [
    ("severity", {"severity": {"warning": ["TRC-006"]}}),
    ("review", {"review": {"types": []}}),
    ("review", {"review": {"independent": False}}),
    ("top_goals", {"top_goals": 0}),
    ("trust.root_sha256", {"trust": {"root_sha256": "b" * 64}}),
]


def project(**changes: Any) -> Project:
    value = {"schema": "casework/v1", "name": "Lab", "top_goals": 2, "trust": {"root_sha256": PIN}} | changes
    return Project.model_validate(value)


@pytest.mark.parametrize(("name", "changes"), SETTINGS)
def test_a_setting_that_the_change_alters_is_that_of_the_base_and_is_told(name: str, changes: dict[str, Any]) -> None:
    base, now = project(), project(**changes)
    assert judging(now, base) == base
    (told,) = altered(now, base, "main", "casework.yaml")
    assert (told.code, told.field) == ("GTE-013", tuple(name.split(".")))
    assert list(altered(base, base, "main", "casework.yaml")) == []


def test_where_things_lie_is_as_the_change_says() -> None:
    now = project(roots=["case"], evidence="proof")
    assert (judging(now, project()).roots, judging(now, project()).evidence) == (("case",), "proof")


def test_a_pin_that_the_base_lacks_is_kept() -> None:
    assert judging(project(), project(trust={})).trust.root_sha256 == PIN


def test_a_record_in_another_file_is_the_same_and_one_that_is_gone_is_told() -> None:
    base = {"1" * 64: "evidence/EV-1/x.dsse.json", "2" * 64: "evidence/mod__EV-2/y.dsse.json"}
    assert list(gone_records(["2" * 64, "1" * 64], base)) == []
    (gone,) = gone_records(["1" * 64, "3" * 64], base)
    assert (gone.code, gone.severity, gone.node) == ("GTE-008", "error", "mod::EV-2")


def test_a_new_or_altered_waiver_counts_only_with_its_seal() -> None:
    now, base = {"W-1": "a", "W-2": "b", "W-3": "c", "W-4": "d"}, {"W-1": "a", "W-2": "z"}
    assert void_waivers(now, base, frozenset()) == {"W-2", "W-3", "W-4"}
    assert void_waivers(now, base, frozenset({"W-2", "W-3"})) == {"W-4"}
