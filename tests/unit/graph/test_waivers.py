"""Which codes can be waived: an exact list of groups, so that a new group of codes is a decision."""

from __future__ import annotations

from casework.graph.waivers import waivable
from casework.rules import registry


def test_the_groups_that_can_be_waived() -> None:
    groups: dict[str, set[bool]] = {}
    for module in registry.modules():
        groups.setdefault(module.RULE.code[:3], set()).add(waivable(module.RULE.code))
    assert {name for name, found in groups.items() if found == {True}} == {"HAZ", "ODD", "GSN"} & set(groups)
    assert {name for name, found in groups.items() if found == {True, False}} == {
        "TRC",
        "REQ",
        "MDL",
        "DAT",
        "GTE",
        "TQK",
    }
