"""The least fixed point of support; see `casework.graph.status` for what it means.

Everything is linear in nodes and links, iterative, and independent of the order of the files.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from casework.graph.network import SCOPE, Network, reverse


def solve(network: Network, lost: frozenset[str]) -> tuple[set[str], set[str]]:
    """Return the supported and the rebutted nodes, where the `lost` ones are taken to fail."""
    needs: dict[str, int] = {}
    awaiting: dict[str, list[str]] = {}
    for key in (*network.rests_on, *network.scopes):
        wanted = [*_wanted(network, key)]
        needs[key] = len(wanted) + len(network.attackers.get(key, ())) + (key in network.faults or key in lost)
        for target in wanted:
            awaiting.setdefault(target, []).append(key)
    attacked, dependents = reverse(network.attackers), reverse(network.rests_on) if network.attackers else {}
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


def _wanted(network: Network, key: str) -> Iterator[str]:
    if key in network.scopes:
        yield from network.scopes[key]
        return
    yield from network.rests_on[key]
    yield from network.contexts.get(key, ())
    if SCOPE + key in network.scopes:
        yield SCOPE + key


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
