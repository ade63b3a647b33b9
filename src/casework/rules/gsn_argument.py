"""What the rules on the argument share: how support and context flow, and which goals are at the top."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Final

from casework.graph.case import Case, Edge
from casework.model.argument import ANY_ELEMENT, CONTEXTUAL, GOAL_SUPPORT, STRATEGY_SUPPORT, Element

SUPPORT: Final[dict[str, frozenset[str]]] = {"goal": frozenset(GOAL_SUPPORT), "strategy": frozenset(STRATEGY_SUPPORT)}
"""Types that may support a type (GSN v3, Tables 1:2-1 and 1:4-2)."""

CONTEXT: Final[frozenset[str]] = frozenset(CONTEXTUAL)
"""Types that may stand in `in_context_of`."""

AWAY: Final = ("away_goal", "away_solution", "away_context", "away_assumption", "away_justification")


def supports(case: Case, key: str) -> list[Edge]:
    """Return the links that a claim rests on: `supported_by`, and from an away element to its source."""
    return case.out(key, "supported_by", "away")


def way(case: Case, start: str, goal: str, step: Callable[[str], list[Edge]]) -> list[str]:
    """Return the shortest way along the given links, both ends included; empty if there is none."""
    came = case.reach([start], lambda key: (e.target for e in step(key)))
    if goal not in came:
        return []
    path = [goal]
    while path[-1] != start or len(path) == 1:
        path.append(came[path[-1]])
    return path[::-1]


def elements(case: Case) -> Iterator[tuple[str, Element]]:
    """Yield (key, full node) of every valid element of the argument."""
    yield from case.nodes(Element, *ANY_ELEMENT)


def top_goals(case: Case) -> list[str]:
    """Return the goals that nothing rests on, sorted.

    Left out are challengers, goals that another module relies on, goals of modules that a module reference stands for,
    and goals that argue the confidence at an assurance claim point.
    """
    confidence: set[str] = set()
    modules: set[str] = set()
    for key, node in elements(case):
        entry = case.entries[key]
        confidence.update(k for acp in node.acps if acp.argued_by and (k := case.resolve(entry, acp.argued_by)))
        modules.add(getattr(node, "refers_to_module", ""))
    modules.discard("")
    return [
        key
        for key in case.keys("goal")
        if key not in confidence
        and case.entries[key].module not in modules
        and not case.into(key, "supported_by", "in_context_of", "away")
        and not case.out(key, "challenges")
    ]
