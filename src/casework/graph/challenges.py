"""Challenges to the argument: which elements challenge, which answer a challenge, and whose doubt a person accepts."""

from __future__ import annotations

from casework.graph.case import Case
from casework.model.argument import Element


def accepted_challengers(case: Case, key: str) -> set[str | None]:
    """Return the challengers of an element whose doubt a named person accepts (GSN v3 2:11.4.2)."""
    entry = case.entries[key]
    node = case.node(key) if entry.valid else None
    doubts = node.residual_doubts if isinstance(node, Element) else ()
    return {case.resolve(entry, doubt.challenger) for doubt in doubts}


def answers(case: Case, key: str) -> bool:
    """Tell whether an element challenges a challenge, and so answers it."""
    return any(case.out(edge.target, "challenges") for edge in case.out(key, "challenges"))


def is_accepted(case: Case, key: str) -> bool:
    """Tell whether an element challenges others, and each of them accepts its doubt."""
    challenged = case.out(key, "challenges")
    return bool(challenged) and all(key in accepted_challengers(case, edge.target) for edge in challenged)
