"""Structural importance: the evidence on which a top goal hangs, as sets; never a weight."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import combinations
from typing import Final

from casework.graph.assessment import Assessment
from casework.graph.case import Case
from casework.graph.fixed_point import solve
from casework.graph.network import Network, network_of

_MOST_ALTERNATIVES: Final = 24
"""Beyond so many pieces of evidence in alternative answers to challenges, pairs of them are not searched."""


def importance(assessment: Assessment) -> dict[str, tuple[tuple[str, ...], ...]]:
    """Return for each top goal the minimal sets of evidence whose loss would leave it unsupported; never a weight.

    As support is a conjunction, nearly every set is a single point. Sets of two arise only where a challenge is
    answered in more than one way; they are found by losing the evidence in turn, for a goal that is supported, and
    among at most 24 pieces of evidence.

    Returns:
        Key of each top goal (a goal that supports nothing and challenges nothing) to its sets, singles first.
    """
    case, network = assessment.case, network_of(assessment)
    for edge in (e for key in case.keys("evidence") for e in case.out(key, "verifies")):
        network.shown_by.setdefault(edge.target, []).append(edge.source)
    supported, _ = solve(network, frozenset())
    made: dict[str, tuple[tuple[str, ...], ...]] = {}
    for goal in case.keys("goal"):
        if not case.into(goal, "supported_by") and not case.out(goal, "challenges"):
            single = _evidence_below(case, network, goal, through_challenges=False)
            other = (
                _evidence_below(case, network, goal, through_challenges=True) - single if goal in supported else set()
            )
            made[goal] = (*((key,) for key in sorted(single)), *_alternatives(case, network, goal, sorted(other)))
    return {goal: tuple(sorted(sets, key=lambda s: (len(s), s))) for goal, sets in made.items()}


def _evidence_below(case: Case, network: Network, goal: str, *, through_challenges: bool) -> set[str]:
    def step(key: str) -> Iterator[str]:
        yield from network.rests_on.get(key, ())
        yield from network.shown_by.get(key, ())
        if through_challenges:
            yield from network.attackers.get(key, ())

    return {key for key in case.reach([goal], step) if case.entries[key].type == "evidence"}


def _alternatives(case: Case, network: Network, goal: str, candidates: list[str]) -> Iterator[tuple[str, ...]]:
    def loses(*keys: str) -> bool:
        verified = (edge.target for key in keys for edge in case.out(key, "verifies"))
        return goal not in solve(network, frozenset((*keys, *verified)))[0]

    singles = [key for key in candidates if loses(key)]
    yield from ((key,) for key in singles)
    rest = [key for key in candidates if key not in singles]
    if len(rest) <= _MOST_ALTERNATIVES:
        yield from (pair for pair in combinations(rest, 2) if loses(*pair))
