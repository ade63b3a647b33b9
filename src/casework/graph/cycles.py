"""Cycles in plain adjacency, without recursion and without importing networkx on the hot path."""

from __future__ import annotations

from collections.abc import Mapping, Sequence


def strongly_connected(adjacency: Mapping[str, Sequence[str]]) -> list[tuple[str, ...]]:
    """Return the strongly connected components that hold a cycle, each rotated to start at its smallest key, sorted.

    First nodes that cannot lie on a cycle are peeled off (Kahn), which in a healthy case is all of them; what is left goes
    to networkx.
    """
    remaining = _peel(adjacency)
    if not remaining:
        return []
    import networkx as nx

    graph = nx.DiGraph()
    for source in sorted(remaining):
        for target in adjacency.get(source, ()):
            if target in remaining:
                graph.add_edge(source, target)
    found: list[tuple[str, ...]] = []
    for component in nx.strongly_connected_components(graph):
        first = min(component)
        if len(component) == 1 and not graph.has_edge(first, first):
            continue
        found.append(_walk(graph.subgraph(component), first))
    return sorted(found)


def _peel(adjacency: Mapping[str, Sequence[str]]) -> set[str]:
    """Return the keys that are left after all nodes without incoming links are removed, again and again."""
    indegree: dict[str, int] = dict.fromkeys(adjacency, 0)
    for targets in adjacency.values():
        for target in targets:
            indegree[target] = indegree.get(target, 0) + 1
    ready = [key for key, count in indegree.items() if count == 0]
    removed = 0
    while ready:
        key = ready.pop()
        removed += 1
        for target in adjacency.get(key, ()):
            indegree[target] -= 1
            if indegree[target] == 0:
                ready.append(target)
    return {key for key, count in indegree.items() if count > 0} if removed < len(indegree) else set()


def _walk(graph: object, first: str) -> tuple[str, ...]:
    import networkx as nx

    cycle = nx.find_cycle(graph, first)
    keys = [edge[0] for edge in cycle]
    start = keys.index(min(keys))
    return tuple(keys[start:] + keys[:start])
