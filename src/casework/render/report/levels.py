"""Levels as reports show them: computed from the hazard analysis, never typed."""

from __future__ import annotations

from casework.graph.case import Case
from casework.model.hazard import HazardousEvent
from casework.model.standards import ASIL_RANK


def goal_asil(case: Case, key: str) -> str:
    """Return the ASIL of a safety goal: the highest of the hazardous events it addresses, or `?` if one is unknown.

    Source: ISO 26262-3:2018, 6.4.4.2.
    """
    levels: list[str] = []
    for edge in case.out(key, "addresses"):
        if not case.entries[edge.target].valid:
            return "?"
        node = case.node(edge.target)
        if isinstance(node, HazardousEvent):
            levels.append(node.asil)
    return max(levels, key=ASIL_RANK.__getitem__, default="?")
