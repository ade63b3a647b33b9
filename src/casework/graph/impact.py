"""What a change touches: suspect requirements, goals whose ground moves, evidence to run again, reviews voided.

Suspicion climbs from what is named to whoever names it: from a requirement to those that derive from it, to the goals
that state it, to the goals that these support. A challenge and an indicator work the other way round, since they name
what they throw doubt on. Evidence is bound by digest and fingerprint, so it has to be run again only where something
that it is bound to has itself changed: its subject, its data, its reference, a requirement that it verifies, or the
domain of its dataset.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final

from casework.graph.case import Case
from casework.graph.suspect import latest
from casework.model.vocabulary import GSN_TYPES

CLIMBS: Final[frozenset[str]] = frozenset(
    (
        *("derives_from", "mitigates", "mitigated_by", "addresses", "endangers"),
        *("supported_by", "in_context_of", "states", "cites", "refers_to", "away", "acps"),
        *("trained_on", "derived_from", "covers", "satisfied_by", "qualified_by"),
    )
)
"""Link fields along which a change of the far node touches the near one."""

FALLS: Final[frozenset[str]] = frozenset({"challenges", "monitors"})
"""Link fields along which a change of the near node touches the far one."""

BINDS: Final[frozenset[str]] = frozenset({"subject", "data", "against", "verifies"})
"""Link fields that evidence is bound by."""


@dataclass(frozen=True, slots=True)
class Affected:
    """A node that a change touches.

    Attributes:
        key: Its key.
        type: Its node type.
        path: Keys from the changed node to this one, both included.
    """

    key: str
    type: str
    path: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Impact:
    """What a change touches; each tuple is sorted by key, and the changed nodes themselves are only in `changed`.

    Attributes:
        changed: Keys of the changed nodes.
        requirements: Requirements, safety goals and threats that become suspect.
        goals: Elements of the argument whose ground has moved.
        evidence: Evidence to run again.
        reviews: Reviews that no longer hold, since a node or what it links to has changed.
        others: Models, datasets, practices, tools that are touched.
    """

    changed: tuple[str, ...]
    requirements: tuple[Affected, ...]
    goals: tuple[Affected, ...]
    evidence: tuple[Affected, ...]
    reviews: tuple[Affected, ...]
    others: tuple[Affected, ...]


def impact(case: Case, changed: Iterable[str]) -> Impact:
    """Return what a change of the given nodes touches.

    Args:
        case: The graph as it is now; for removed nodes, hand in the graph that still has them.
        changed: Keys of the changed nodes; keys that the case does not have are left out.
    """
    start = tuple(sorted({key for key in changed if key in case}))
    came = _spread(case, start)
    groups: dict[str, list[Affected]] = {"requirements": [], "goals": [], "evidence": [], "others": []}
    for key in sorted(came):
        node_type = case.entries[key].type
        groups[_group(node_type)].append(Affected(key, node_type, _path(came, key)))
    return Impact(
        changed=start,
        requirements=tuple(groups["requirements"]),
        goals=tuple(groups["goals"]),
        evidence=tuple(groups["evidence"]),
        reviews=_voided(case, start),
        others=tuple(groups["others"]),
    )


def _spread(case: Case, start: tuple[str, ...]) -> dict[str, str]:
    """Return every touched node with the node that it is touched by, breadth first, so that each path is shortest."""
    first = set(start)
    domains = {key for key in start if case.entries[key].type == "odd"}
    came: dict[str, str] = {}
    front = list(start)
    while front:
        following: list[str] = []
        for key in front:
            bound = key in first or came.get(key) in domains
            for target in _touched(case, key, bound=bound):
                if target not in came and target not in first:
                    came[target] = key
                    following.append(target)
        front = sorted(following)
    return came


def _touched(case: Case, key: str, *, bound: bool) -> Iterator[str]:
    for edge in case.into(key):
        if edge.field in CLIMBS or (bound and edge.field in BINDS):
            yield edge.source
    for edge in case.out(key):
        if edge.field in FALLS:
            yield edge.target


def _path(came: dict[str, str], key: str) -> tuple[str, ...]:
    path = [key]
    while path[-1] in came:
        path.append(came[path[-1]])
    return tuple(reversed(path))


def _group(node_type: str) -> str:
    match node_type:
        case "requirement" | "safety_goal" | "threat":
            return "requirements"
        case "evidence":
            return "evidence"
        case _:
            return "goals" if node_type in GSN_TYPES else "others"


def _voided(case: Case, start: tuple[str, ...]) -> tuple[Affected, ...]:
    """Return the latest reviews of changed nodes and of nodes that link to them."""
    first = set(start)
    found: dict[str, Affected] = {}
    for node, sign_off in latest(case).items():
        if node in first:
            path: tuple[str, ...] = (node, sign_off.review)
        else:
            seen = sorted(e.target for e in case.out(node) if e.target in first and e.target in sign_off.fingerprints)
            if not seen:
                continue
            path = (seen[0], node, sign_off.review)
        before = found.get(sign_off.review)
        if before is None or len(path) < len(before.path):
            found[sign_off.review] = Affected(sign_off.review, "review", path)
    return tuple(found[key] for key in sorted(found))
