"""The order behind a page: which element hangs below which, who stands beside whom, and which layer each is in.

Any directed graph is accepted. An element with several parents hangs below the middle one of its deepest parents; the
other relations are drawn as routed lines. In a cycle, the relation that closes it is set aside and drawn upwards.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass

from casework.render.gsn.picture import Connector, Relation, connector_name


@dataclass(frozen=True, slots=True)
class Edge:
    """A step down (1 layer) or to the side (0 layers) in the skeleton."""

    parent: str
    child: str
    drop: int
    connector: Connector


@dataclass(frozen=True, slots=True)
class Skeleton:
    """What the layout works on.

    Attributes:
        roots: ids without a tree parent, in reading order.
        below: tree edges of one layer, by parent, in reading order.
        beside: tree edges of no layer (challengers, developed context), by parent.
        contexts: context connectors drawn in the block of their source, by source.
        layer: number of each element that is not in a block.
        loose: connectors that need a routed line.
        order: ids of elements not in a block, parents before children.
    """

    roots: tuple[str, ...]
    below: dict[str, list[Edge]]
    beside: dict[str, list[Edge]]
    contexts: dict[str, list[Connector]]
    layer: dict[str, int]
    loose: tuple[Connector, ...]
    order: tuple[str, ...]


def blocked(connectors: tuple[Connector, ...]) -> dict[str, Connector]:
    """Context elements that stand in the block of one element, with the connector that brings them there."""
    busy = {c.source for c in connectors} | {c.target for c in connectors if c.kind == Relation.SUPPORTED_BY}
    owned: dict[str, Connector] = {}
    for connector in connectors:
        if connector.kind == Relation.IN_CONTEXT_OF and connector.target not in busy:
            owned.setdefault(connector.target, connector)
    return owned


def steps(connectors: tuple[Connector, ...], owned: dict[str, Connector]) -> list[Edge]:
    """All relations but those to context in a block, as steps down or to the side."""
    named = {connector_name(c): c for c in reversed(connectors)}
    edges = []
    for connector in connectors:
        if connector.kind == Relation.SUPPORTED_BY:
            edges.append(Edge(connector.source, connector.target, 1, connector))
        elif connector.kind == Relation.IN_CONTEXT_OF:
            if connector.target not in owned:
                edges.append(Edge(connector.source, connector.target, 0, connector))
        else:
            host = _host(connector.target, named, owned, depth=len(named))
            if host:
                edges.append(Edge(host, connector.source, 0, connector))
    return [edge for edge in edges if edge.parent != edge.child]


def _host(target: str, named: dict[str, Connector], owned: dict[str, Connector], depth: int) -> str:
    """The element beside which the challenger of `target` is placed."""
    for _ in range(depth + 1):
        if target in owned:
            return owned[target].source
        if target not in named:
            return target
        connector = named[target]
        target = connector.source if connector.kind != Relation.SUPPORTED_BY else connector.target
    return ""


def forward(ids: list[str], edges: list[Edge]) -> tuple[list[Edge], list[str]]:
    """The edges without those that close a cycle, and the ids sorted parents first."""
    outgoing: dict[str, list[Edge]] = defaultdict(list)
    entered = {edge.child for edge in edges}
    for edge in edges:
        outgoing[edge.parent].append(edge)
    state: dict[str, int] = {}
    kept: list[Edge] = []
    finished: list[str] = []
    for start in [i for i in ids if i not in entered] + ids:
        if start in state:
            continue
        state[start] = 1
        stack = [(start, iter(outgoing[start]))]
        while stack:
            here, rest = stack[-1]
            step = next(rest, None)
            if step is None:
                state[here] = 2
                finished.append(here)
                stack.pop()
            elif state.get(step.child) != 1:
                kept.append(step)
                if step.child not in state:
                    state[step.child] = 1
                    stack.append((step.child, iter(outgoing[step.child])))
    return kept, finished[::-1]


def layers(order: list[str], edges: list[Edge]) -> dict[str, int]:
    """Longest distance from a root, so that every parent stands above its children."""
    outgoing: dict[str, list[Edge]] = defaultdict(list)
    for edge in edges:
        outgoing[edge.parent].append(edge)
    layer = dict.fromkeys(order, 0)
    for here in order:
        for edge in outgoing[here]:
            layer[edge.child] = max(layer[edge.child], layer[here] + edge.drop)
    return layer


def skeleton(ids: tuple[str, ...], connectors: tuple[Connector, ...]) -> Skeleton:
    """Order elements and connectors of one page for drawing.

    Args:
        ids: element ids in reading order.
        connectors: connectors whose ends are on the page.
    """
    owned = blocked(connectors)
    spine = [i for i in ids if i not in owned]
    rank = {i: n for n, i in enumerate(ids)}
    edges, order = forward(spine, steps(connectors, owned))
    layer = layers(order, edges)
    tree: dict[str, Edge] = {}
    position = {id(connector): n for n, connector in enumerate(connectors)}
    candidates: dict[str, list[Edge]] = defaultdict(list)
    for edge in sorted(edges, key=lambda e: (-e.drop, position[id(e.connector)])):
        if layer[edge.parent] + edge.drop == layer[edge.child]:
            candidates[edge.child].append(edge)
    for child, found in candidates.items():
        # Below the middle one of its parents an element is near all of them.
        level = [edge for edge in found if edge.drop == found[0].drop]
        tree[child] = level[(len(level) - 1) // 2]
    below: dict[str, list[Edge]] = defaultdict(list)
    beside: dict[str, list[Edge]] = defaultdict(list)
    for edge in sorted(tree.values(), key=lambda e: position[id(e.connector)]):
        (below if edge.drop else beside)[edge.parent].append(edge)
    contexts: dict[str, list[Connector]] = defaultdict(list)
    for connector in owned.values():
        contexts[connector.source].append(connector)
    drawn = {id(e.connector) for e in tree.values() if e.drop} | {id(c) for c in owned.values()}
    loose = tuple(c for c in connectors if id(c) not in drawn)
    roots = tuple(sorted((i for i in spine if i not in tree), key=rank.__getitem__))
    return Skeleton(roots, dict(below), dict(beside), dict(contexts), layer, loose, tuple(order))
