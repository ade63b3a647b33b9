"""The tree along which an argument is cut into pages: for every element the one parent whose page is its home."""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass, field, replace

from casework.render.gsn.picture import Argument, Connector, Kind, Relation, connector_name
from casework.render.gsn.skeleton import Edge, blocked, forward, layers, steps


@dataclass(slots=True)
class Spanning:
    """A spanning forest of an argument.

    Attributes:
        order: ids of elements that are not context of one element only, parents before children.
        below: children that support or are context, by parent, in reading order.
        beside: challengers, by what they challenge.
        contexts: context connectors drawn beside their source, by source.
        parent: parent in the forest, by child.
        supporters: how many elements each element supports.
    """

    order: tuple[str, ...]
    below: dict[str, list[str]] = field(default_factory=lambda: defaultdict(list))
    beside: dict[str, list[str]] = field(default_factory=lambda: defaultdict(list))
    contexts: dict[str, list[Connector]] = field(default_factory=lambda: defaultdict(list))
    parent: dict[str, str] = field(default_factory=dict)
    supporters: dict[str, int] = field(default_factory=lambda: defaultdict(int))


def spanning(argument: Argument) -> Spanning:
    """Choose a home for every element that supports several others.

    A page shall be a sub-argument that can be read alone. So an element belongs to the strategy that argues over it,
    rather than to a goal that also refers to it; a claim to the goal that is argued over most of its like; and a
    solution to where most of those stand that refer to it.
    """
    connectors = _moved(argument)
    owned = blocked(connectors)
    spine = [e.id for e in argument.elements if e.id not in owned]
    edges, order = forward(spine, steps(connectors, owned))
    found: dict[str, list[Edge]] = defaultdict(list)
    for edge in edges:
        found[edge.child].append(edge)
    tree = Spanning(tuple(order))
    chosen: dict[str, Edge] = {}
    choice = _Choice(argument, layers(order, edges), tree.parent)
    for child in order:
        if found[child]:
            chosen[child] = choice.best(child, found[child])
            tree.parent[child] = chosen[child].parent
    position = {id(connector): n for n, connector in enumerate(connectors)}
    for edge in sorted(chosen.values(), key=lambda e: position[id(e.connector)]):
        (tree.below if edge.drop else tree.beside)[edge.parent].append(edge.child)
    for connector in owned.values():
        tree.contexts[connector.source].append(connector)
    for connector in argument.connectors:
        if connector.kind == Relation.SUPPORTED_BY:
            tree.supporters[connector.target] += 1
    return tree


@dataclass(slots=True)
class _Choice:
    argument: Argument
    layer: dict[str, int]
    parent: dict[str, str]
    kinds: dict[str, str] = field(init=False)
    degree: Counter[str] = field(init=False)
    modules: dict[str, str] = field(init=False)

    def __post_init__(self) -> None:
        self.kinds = {e.id: e.kind for e in self.argument.elements}
        support = [c for c in self.argument.connectors if c.kind == Relation.SUPPORTED_BY]
        self.degree = Counter(c.source for c in support)
        self.modules = {e.id: e.module for e in self.argument.elements}

    def best(self, child: str, found: list[Edge]) -> Edge:
        """The edge to the parent that is the element's home; of equals the middle one."""
        if len(found) == 1:
            return found[0]
        families: dict[str, int] = defaultdict(int)
        for edge in found:
            families[self.parent.get(edge.parent, "")] += 1

        leaf = not self.degree[child]

        def worth(edge: Edge) -> tuple[bool, int, bool, int, int]:
            here = edge.parent
            return (
                self.modules[here] == self.modules[child],
                edge.drop,
                self.kinds[here] == Kind.STRATEGY,
                families[self.parent.get(here, "")] if leaf else self.degree[here],
                self.layer[here],
            )

        most = max(map(worth, found))
        equals = [edge for edge in found if worth(edge) == most]
        return equals[(len(equals) - 1) // 2]


def _moved(argument: Argument) -> tuple[Connector, ...]:
    """The connectors, with challengers of a SupportedBy line moved to its source: the page that draws the line."""
    ids = {e.id for e in argument.elements}
    names = {connector_name(c): c for c in reversed(argument.connectors) if connector_name(c) not in ids}
    moved: list[Connector] = []
    for connector in argument.connectors:
        target = names.get(connector.target)
        challenge = connector.kind == Relation.CHALLENGES and target is not None
        moved.append(replace(connector, target=target.source) if challenge and target else connector)
    return tuple(moved)
