"""What the rules on levels share: one pass over all derivations that keeps only those that may be wrong.

In a healthy case nearly every derivation goes one level down and keeps the integrity level. The rules on circles,
levels and inheritance look at the others only, which at 100,000 requirements is the difference between a quarter of a
second and one.
"""

from __future__ import annotations

from typing import Final
from weakref import WeakKeyDictionary

from casework.graph.case import Case, Edge
from casework.model.requirement import LEVEL_RANK

PARENTS: Final[dict[str, frozenset[str]]] = {
    "stakeholder": frozenset(),
    "system": frozenset({"stakeholder", "safety_goal"}),
    "tool": frozenset({"stakeholder", "safety_goal"}),
    "software": frozenset({"system", "tool"}),
    "ml": frozenset({"system", "software"}),
    "data": frozenset({"ml"}),
}
"""Levels that a requirement of a level may derive from without skipping one."""

_found: WeakKeyDictionary[Case, list[Edge]] = WeakKeyDictionary()


def level_of(case: Case, key: str) -> str | None:
    """Return the level of a requirement, or `safety_goal`; None for anything else and for invalid nodes."""
    entry = case.entries[key]
    if entry.type == "safety_goal":
        return entry.type
    level = entry.light.get("level") if entry.type == "requirement" and entry.valid else None
    return level if isinstance(level, str) else None


def rank_of(level: str) -> int:
    """Return how far down a level stands; safety goals stand beside the stakeholders."""
    return LEVEL_RANK.get(level, 0)


def notable(case: Case) -> list[Edge]:
    """Return the derivations of valid requirements that change the ASIL or SIL, skip a level, or do not go down.

    Links to safety goals are always among them, links of a node to itself (TRC-010) never.
    """
    found = _found.get(case)
    if found is None:
        found = _found[case] = _pass(case)
    return found


def _pass(case: Case) -> list[Edge]:
    found: list[Edge] = []
    entries = case.entries
    for key, entry in entries.items():
        if entry.type != "requirement" or not entry.links or not entry.valid:
            continue
        light = entry.light
        near, asil, sil = PARENTS[light["level"]], light.get("asil"), light.get("sil")
        for edge in case.out(key):
            if edge.field == "derives_from":
                parent = entries[edge.target]
                above = parent.light
                usual = parent.type == "requirement" and parent.valid and above["level"] in near
                if not (usual and above.get("asil") == asil and above.get("sil") == sil) and edge.target != key:
                    found.append(edge)
    return found
