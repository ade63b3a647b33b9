"""The census: nodes whose removal nothing within one revision would miss, because all that names them can go too.

A requirement that is needed, or evidence that is planned, leaves a gap. A hazard, a threat, a challenge, an indicator, a review
that rejects or a requirement that nothing is derived from leaves none, nor does a whole argument with its top goal. A plan
of evidence whose run has failed takes the failure along. Waivers are not watched: to remove one helps nobody.
"""

from __future__ import annotations

from typing import Final

from casework.graph.case import Case

_TYPES: Final = ("evidence", "hazardous_event", "indicator", "requirement", "review", "safety_goal", "threat")


def census(case: Case) -> tuple[tuple[str, str], ...]:
    """Return (type, key) of every node that is watched, sorted: of the types above, elements that challenge others, and top goals."""
    watched = {(case.entries[key].type, key) for key in case.keys(*_TYPES)}
    watched |= {(case.entries[key].type, key) for key in case.keys("goal", "solution") if case.out(key, "challenges")}
    watched |= {("top_goal", key) for key in tops(case)}
    return tuple(sorted(watched))


def tops(case: Case) -> tuple[str, ...]:
    """Return the keys of the goals that support no other element and challenge none."""
    goals = case.keys("goal")
    return tuple(key for key in goals if not case.into(key, "supported_by", "acps") and not case.out(key, "challenges"))


def missing(now: Case, base: Case) -> tuple[tuple[str, str], ...]:
    """Return (type, key) of every watched node of a base that is gone, or is something else now; sorted.

    A top goal that has come to support another goal is not gone.
    """
    here = frozenset(census(now))
    goals = frozenset(now.keys("goal"))
    return tuple(one for one in census(base) if one not in here and not (one[0] == "top_goal" and one[1] in goals))


def retirements(case: Case, among: frozenset[str] | None = None) -> frozenset[str]:
    """Return the keys of nodes whose removal reviews confirm; only by the given reviews, where some are given."""
    reviews = (key for key in case.keys("review") if among is None or key in among)
    return frozenset(name for key in reviews for name in case.entries[key].light.get("retires") or ())
