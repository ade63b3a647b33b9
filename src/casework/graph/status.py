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

from collections.abc import Mapping
from typing import Final

from casework.graph.assessment import Assessment
from casework.graph.case import Case
from casework.graph.fixed_point import solve
from casework.graph.network import INHERITED, Network, network_of, reverse
from casework.model.verdict import Status, StatusWord

RANK: Final[dict[StatusWord, int]] = {"supported": 0, "doubted": 1, "open": 2, "defeated": 3}
"""From best to worst."""

_HOLDS: Final = Status("supported", "all that it rests on holds")
_UNSHOWN: Final = Status("open", "it is not shown to hold")


def statuses(assessment: Assessment) -> dict[str, Status]:
    """Return the status of every argument element, requirement, hazard, goal, piece of evidence and what they cite.

    Returns:
        Node key to status, sorted by key. A status that is not `supported` names in `because` the node next on the path
        to its cause; a leaf of such a path has an empty `because`, or names a node without status (an indicator).
    """
    case, network = assessment.case, network_of(assessment)
    supported, rebutted = solve(network, frozenset())
    final: dict[str, Status] = {}
    dependents = reverse(network.rests_on)
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


def _faults(network: Network, word: StatusWord) -> dict[str, Status]:
    made: dict[str, Status] = {}
    for key, faults in network.faults.items():
        found = [f for f in faults if f.word == word]
        if found:
            made[key] = min(found, key=lambda f: (f.because, f.reason))
    return made


def _defeats(network: Network, supported: set[str]) -> dict[str, Status]:
    made = _faults(network, "defeated")
    for key, challengers in network.attackers.items():
        standing = sorted(c for c in challengers if c in supported)
        if standing and key not in made:
            made[key] = Status("defeated", f"it is challenged by {standing[0]}, which stands", standing[0])
    return made


def _openings(network: Network, supported: set[str], dependents: Mapping[str, list[str]]) -> dict[str, Status]:
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


def _doubts(case: Case, network: Network, supported: set[str], rebutted: set[str]) -> dict[str, Status]:
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
        handed_down = [t for t in failed if case.entries[t].type in INHERITED]
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
    network = network_of(assessment)
    supported, rebutted = solve(network, frozenset())
    pairs = ((target, c) for target, challengers in network.attackers.items() for c in challengers)
    return tuple(sorted((target, c, c in supported) for target, c in pairs if c not in rebutted))
