"""Status of every claim: supported, open, doubted or defeated; never a score.

Support is a conjunction (GSN v3 1:2.2.4). A node is SUPPORTED if and only if it belongs to the least fixed point of

    S(x)  if  x has no fault of its own, and S(y) for all y that x rests on, and S(a) for every assumption and context
              in whose scope x lies, and D(c) for every challenger c of x whose doubt nobody has accepted;
    D(c)  if  S(d) for some challenger d of c, or D(y) for some y that c rests on.

This is the grounded semantics of abstract argumentation (Dung, Artificial Intelligence 77, 1995), with support. All of
it is positive: taking away evidence, or making a record worse, can only take nodes out of S. So a challenger is
answered by an undefeated counter-challenge or by a person, never by the failure of its own evidence. Circles are not in
the least fixed point: what supports itself is open.

What is not supported gets the gravest word that reaches it: defeated, then open, then doubted. Everything is linear in
nodes and links, iterative, and independent of the order of the files.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import combinations
from typing import Final

from casework.graph.assessment import Assessment
from casework.graph.case import Case
from casework.graph.support import PARTS, REFERENCES, module_tops
from casework.model.argument import Element
from casework.model.verdict import Status, StatusWord

RANK: Final[dict[StatusWord, int]] = {"supported": 0, "doubted": 1, "open": 2, "defeated": 3}
"""From best to worst."""

_HOLDS: Final = Status("supported", "all that it rests on holds")
_UNSHOWN: Final = Status("open", "it is not shown to hold")
_INHERITED: Final = frozenset({"context", "assumption", "away_context", "away_assumption"})
"""Contexts and assumptions are inherited downward, justifications are not (GSN v3 1:2.2.11 to 1:2.2.14)."""

_RESTING: Final = frozenset(
    {"supported_by", "acps", "states", "cites", "away", "satisfied_by", "qualified_by", "mitigated_by"}
)
_SCOPE: Final = "\0"
"""Prefix of the virtual node that stands for all inherited contexts and assumptions of an element."""

_MOST_ALTERNATIVES: Final = 24
"""Beyond so many pieces of evidence in alternative answers to challenges, pairs of them are not searched."""


@dataclass(slots=True)
class _Network:
    """All that statuses follow from, as plain adjacency.

    Attributes:
        rests_on: Node to the nodes that must hold.
        faults: What is wrong with a node itself.
        attackers: Node to its challengers, without those whose doubt a person has accepted.
        contexts: Element to the contexts that may fail.
        scopes: Virtual scope of an element to the contexts and outer scopes that it consists of.
        shown_by: Requirement to the evidence that verifies it.
    """

    rests_on: dict[str, list[str]] = field(default_factory=dict)
    faults: dict[str, list[Status]] = field(default_factory=dict)
    attackers: dict[str, list[str]] = field(default_factory=dict)
    contexts: dict[str, list[str]] = field(default_factory=dict)
    scopes: dict[str, list[str]] = field(default_factory=dict)
    shown_by: dict[str, list[str]] = field(default_factory=dict)


def statuses(assessment: Assessment) -> dict[str, Status]:
    """Return the status of every argument element, requirement, hazard, goal, piece of evidence and what they cite.

    Returns:
        Node key to status, sorted by key. A status that is not `supported` names in `because` the node next on the path
        to its cause; a leaf of such a path has an empty `because`, or names a node without status (an indicator).
    """
    case, network = assessment.case, _network(assessment)
    supported, rebutted = _solve(network, frozenset())
    final: dict[str, Status] = {}
    dependents = _reverse(network.rests_on)
    _spread("defeated", _defeats(network, supported), dependents, final)
    _spread("open", _openings(network, supported, dependents), dependents, final)
    _spread("doubted", _doubts(case, network, supported, rebutted), dependents, final)
    made = {}
    for key in sorted(network.rests_on):
        made[key] = final.get(key) or (_HOLDS if key in supported else _UNSHOWN)
    return made


def blame(found: Mapping[str, Status], key: str) -> tuple[str, ...]:
    """Return the path from a node to what causes its status: the node itself first, the cause last."""
    path = {key: None}
    while key in found:
        key = found[key].because
        if not key or key in path:
            break
        path[key] = None
    return tuple(path)


def _network(assessment: Assessment) -> _Network:
    case, network = assessment.case, _Network()
    for node_type, part in PARTS.items():
        for key in case.keys(node_type):
            if not case.entries[key].valid:
                network.rests_on[key] = []
                network.faults[key] = [Status("open", f"{key} does not validate")]
                continue
            network.rests_on[key], faults = part(assessment, key)
            if faults:
                network.faults[key] = faults
    for key in case.keys("goal", "strategy", "solution", "context"):
        network.rests_on[key] += [edge.target for edge in case.out(key, "acps")]  # GSN v3 1:5: confidence in the claim
    _add_modules(case, network)
    for key, targets in network.rests_on.items():
        network.rests_on[key] = [t for t in targets if t in network.rests_on]
    for link in case.dangling:
        if link.field in _RESTING:
            fault = Status("open", f"{link.source} rests on {link.target}, which is not defined")
            network.faults.setdefault(link.source, []).append(fault)
    _add_challenges(case, network)
    _add_indicators(case, network)
    _add_scopes(case, network)
    return network


def _add_indicators(case: Case, network: _Network) -> None:
    violated = [key for key in case.keys("indicator") if case.entries[key].light.get("state") == "violated"]
    for edge in (e for key in violated for e in case.out(key, "monitors")):
        fault = Status("doubted", f"the indicator {edge.source} is violated", edge.source)
        network.faults.setdefault(edge.target, []).append(fault)


def _add_modules(case: Case, network: _Network) -> None:
    keys = [k for k in case.keys(*REFERENCES) if case.entries[k].valid]
    tops = module_tops(case) if keys else {}
    for key in keys:
        name = str(case.data(key).get("refers_to_module", ""))
        network.rests_on[key] = tops.get(name, [])
        if not network.rests_on[key]:
            network.faults[key] = [Status("open", f"the module {name} that {key} refers to has no top goal")]


def _add_challenges(case: Case, network: _Network) -> None:
    for key in case.keys("goal", "solution"):
        for edge in case.out(key, "challenges"):
            if edge.target in network.rests_on and key not in _accepted(case, edge.target):
                network.attackers.setdefault(edge.target, []).append(key)


def _accepted(case: Case, key: str) -> set[str | None]:
    """Return the challengers of an element whose doubt a named person accepts (GSN v3 2:11.4.2)."""
    entry = case.entries[key]
    node = case.node(key) if entry.valid else None
    doubts = node.residual_doubts if isinstance(node, Element) else ()
    return {case.resolve(entry, doubt.challenger) for doubt in doubts}


def _add_scopes(case: Case, network: _Network) -> None:
    """Note the contexts that can fail, and the scopes in which they are inherited; a healthy case has none of them."""
    front: list[str] = []
    for key in case.keys("goal", "strategy"):
        named = [e.target for e in case.out(key, "in_context_of") if _fragile(network, e.target)]
        if named:
            network.contexts[key] = named
            if any(case.entries[t].type in _INHERITED for t in named):
                front.append(key)
    region = set(front) | set(case.reach(front, lambda k: (e.target for e in case.out(k, "supported_by"))))
    for key in region & network.rests_on.keys():
        own = [t for t in network.contexts.get(key, ()) if case.entries[t].type in _INHERITED]
        outer = [_SCOPE + e.source for e in case.into(key, "supported_by") if e.source in region]
        network.scopes[_SCOPE + key] = own + outer


def _fragile(network: _Network, key: str) -> bool:
    return bool(network.rests_on.get(key)) or key in network.faults or key in network.attackers


def _reverse(adjacency: Mapping[str, Iterable[str]]) -> dict[str, list[str]]:
    made: dict[str, list[str]] = {}
    for source, targets in adjacency.items():
        for target in targets:
            made.setdefault(target, []).append(source)
    return made


# The least fixed point


def _solve(network: _Network, lost: frozenset[str]) -> tuple[set[str], set[str]]:
    """Return the supported and the rebutted nodes, where the `lost` ones are taken to fail."""
    needs: dict[str, int] = {}
    awaiting: dict[str, list[str]] = {}
    for key in (*network.rests_on, *network.scopes):
        wanted = [*_wanted(network, key)]
        needs[key] = len(wanted) + len(network.attackers.get(key, ())) + (key in network.faults or key in lost)
        for target in wanted:
            awaiting.setdefault(target, []).append(key)
    attacked, dependents = _reverse(network.attackers), _reverse(network.rests_on) if network.attackers else {}
    supported: set[str] = set()
    rebutted: set[str] = set()
    ready = [key for key, count in needs.items() if count == 0]
    while ready:
        key = ready.pop()
        supported.add(key)
        freed = list(awaiting.get(key, ()))
        for answered in _newly_rebutted(attacked.get(key, ()), dependents, rebutted):
            freed.extend(attacked.get(answered, ()))
        for waiting in freed:
            needs[waiting] -= 1
            if needs[waiting] == 0:
                ready.append(waiting)
    return supported, rebutted


def _wanted(network: _Network, key: str) -> Iterator[str]:
    if key in network.scopes:
        yield from network.scopes[key]
        return
    yield from network.rests_on[key]
    yield from network.contexts.get(key, ())
    if _SCOPE + key in network.scopes:
        yield _SCOPE + key


def _newly_rebutted(start: Iterable[str], dependents: Mapping[str, list[str]], rebutted: set[str]) -> list[str]:
    """Add what an undefeated challenger rebuts, and all that rests on it; return what was added."""
    added: list[str] = []
    front = list(start)
    while front:
        key = front.pop()
        if key not in rebutted:
            rebutted.add(key)
            added.append(key)
            front.extend(dependents.get(key, ()))
    return added


# Words for what is not supported


def _spread(
    word: StatusWord, sources: Mapping[str, Status], dependents: Mapping[str, list[str]], final: dict[str, Status]
) -> None:
    """Give a word to its sources and to all that rests on them, unless they have a graver one; shortest blame first."""
    front = sorted(key for key in sources if key not in final)
    final.update((key, sources[key]) for key in front)
    while front:
        following: list[str] = []
        for key in front:
            for above in dependents.get(key, ()):
                if above not in final:
                    final[above] = Status(word, f"it rests on {key}, which is {word}", key)
                    following.append(above)
        front = sorted(following)


def _faults(network: _Network, word: StatusWord) -> dict[str, Status]:
    made: dict[str, Status] = {}
    for key, faults in network.faults.items():
        found = [f for f in faults if f.word == word]
        if found:
            made[key] = min(found, key=lambda f: (f.because, f.reason))
    return made


def _defeats(network: _Network, supported: set[str]) -> dict[str, Status]:
    made = _faults(network, "defeated")
    for key, challengers in network.attackers.items():
        standing = sorted(c for c in challengers if c in supported)
        if standing and key not in made:
            made[key] = Status("defeated", f"it is challenged by {standing[0]}, which stands", standing[0])
    return made


def _openings(network: _Network, supported: set[str], dependents: Mapping[str, list[str]]) -> dict[str, Status]:
    made = _faults(network, "open")
    circle = _circular({k for k in network.rests_on if k not in supported}, network.rests_on, dependents)
    for key in circle:
        following = min(t for t in network.rests_on[key] if t in circle)
        made.setdefault(key, Status("open", f"it rests on itself, in a circle through {following}", following))
    return made


def _circular(
    unsupported: set[str], rests_on: Mapping[str, list[str]], dependents: Mapping[str, list[str]]
) -> set[str]:
    """Return the nodes on circles and on paths between circles: what is left when leaves and tops are peeled off.

    Whatever lies on a circle is unsupported, so only the unsupported nodes are looked at.
    """
    left = _peel(unsupported, rests_on, dependents)
    return _peel(left, dependents, rests_on) if left else left


def _peel(keys: set[str], ahead: Mapping[str, list[str]], behind: Mapping[str, list[str]]) -> set[str]:
    count = {key: sum(1 for t in ahead.get(key, ()) if t in keys) for key in keys}
    ready = [key for key, number in count.items() if number == 0]
    left = set(keys)
    while ready:
        key = ready.pop()
        left.discard(key)
        for source in behind.get(key, ()):
            if source in count:
                count[source] -= 1
                if count[source] == 0:
                    ready.append(source)
    return left


def _doubts(case: Case, network: _Network, supported: set[str], rebutted: set[str]) -> dict[str, Status]:
    made = _faults(network, "doubted")
    for key, challengers in network.attackers.items():
        unanswered = sorted(c for c in challengers if c not in supported and c not in rebutted)
        if unanswered:
            made.setdefault(key, Status("doubted", f"the challenge by {unanswered[0]} is unanswered", unanswered[0]))
    inherited: dict[str, str] = {}
    for key in sorted(network.contexts):
        failed = sorted(t for t in network.contexts[key] if t not in supported)
        if failed:
            made.setdefault(key, Status("doubted", f"it is made in the context of {failed[0]}, which fails", failed[0]))
        handed_down = [t for t in failed if case.entries[t].type in _INHERITED]
        if handed_down:
            inherited[key] = handed_down[0]
    for key, cause in _inherit(case, inherited).items():
        made.setdefault(key, Status("doubted", f"it lies in the scope of {cause}, which fails", cause))
    return made


def _inherit(case: Case, start: Mapping[str, str]) -> dict[str, str]:
    """Carry failed contexts and assumptions down the argument; each element gets the nearest, smallest key first."""
    found = dict(start)
    front = sorted(start)
    while front:
        following: list[str] = []
        for key in front:
            for edge in case.out(key, "supported_by"):
                if edge.target not in found:
                    found[edge.target] = found[key]
                    following.append(edge.target)
        front = sorted(following)
    return found


def main_argument(case: Case) -> set[str]:
    """Return the elements of the argument: the top goals, what supports them, and the contexts of both.

    A top goal supports nothing and challenges nothing; the argument of a challenger does not belong here.
    """
    tops = [key for key in case.keys("goal") if not case.into(key, "supported_by") and not case.out(key, "challenges")]
    return {
        *tops,
        *case.reach(tops, lambda k: (e.target for e in case.out(k, "supported_by", "away", "in_context_of"))),
    }


def open_challenges(assessment: Assessment) -> tuple[tuple[str, str, bool], ...]:
    """Return the challenges that are neither answered nor accepted: target, challenger, and whether it stands; sorted."""
    case = assessment.case
    if not any(edge.field == "challenges" for key in case.keys("goal", "solution") for edge in case.out(key)):
        return ()
    network = _network(assessment)
    supported, rebutted = _solve(network, frozenset())
    pairs = ((target, c) for target, challengers in network.attackers.items() for c in challengers)
    return tuple(sorted((target, c, c in supported) for target, c in pairs if c not in rebutted))


# Structural importance


def importance(assessment: Assessment) -> dict[str, tuple[tuple[str, ...], ...]]:
    """Return for each top goal the minimal sets of evidence whose loss would leave it unsupported; never a weight.

    As support is a conjunction, nearly every set is a single point. Sets of two arise only where a challenge is
    answered in more than one way; they are found by losing the evidence in turn, for a goal that is supported, and
    among at most 24 pieces of evidence.

    Returns:
        Key of each top goal (a goal that supports nothing and challenges nothing) to its sets, singles first.
    """
    case, network = assessment.case, _network(assessment)
    for edge in (e for key in case.keys("evidence") for e in case.out(key, "verifies")):
        network.shown_by.setdefault(edge.target, []).append(edge.source)
    supported, _ = _solve(network, frozenset())
    made: dict[str, tuple[tuple[str, ...], ...]] = {}
    for goal in case.keys("goal"):
        if not case.into(goal, "supported_by") and not case.out(goal, "challenges"):
            single = _evidence_below(case, network, goal, through_challenges=False)
            other = (
                _evidence_below(case, network, goal, through_challenges=True) - single if goal in supported else set()
            )
            made[goal] = (*((key,) for key in sorted(single)), *_alternatives(case, network, goal, sorted(other)))
    return {goal: tuple(sorted(sets, key=lambda s: (len(s), s))) for goal, sets in made.items()}


def _evidence_below(case: Case, network: _Network, goal: str, *, through_challenges: bool) -> set[str]:
    def step(key: str) -> Iterator[str]:
        yield from network.rests_on.get(key, ())
        yield from network.shown_by.get(key, ())
        if through_challenges:
            yield from network.attackers.get(key, ())

    return {key for key in case.reach([goal], step) if case.entries[key].type == "evidence"}


def _alternatives(case: Case, network: _Network, goal: str, candidates: list[str]) -> Iterator[tuple[str, ...]]:
    def loses(*keys: str) -> bool:
        verified = (edge.target for key in keys for edge in case.out(key, "verifies"))
        return goal not in _solve(network, frozenset((*keys, *verified)))[0]

    singles = [key for key in candidates if loses(key)]
    yield from ((key,) for key in singles)
    rest = [key for key in candidates if key not in singles]
    if len(rest) <= _MOST_ALTERNATIVES:
        yield from (pair for pair in combinations(rest, 2) if loses(*pair))
