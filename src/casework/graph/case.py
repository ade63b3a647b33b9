"""`Case`: nodes by key, links, and the questions that need nothing but adjacency."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any, TypeVar

from casework.graph.cycles import strongly_connected

if TYPE_CHECKING:
    import networkx as nx

    from casework.model.node import Node

N = TypeVar("N", bound="Node")

UPWARD = ("derives_from",)
"""Link fields that climb the levels of requirements."""

ARGUMENT = ("supported_by", "in_context_of")
"""Link fields of the GSN argument."""


@dataclass(slots=True, eq=False)
class Entry:
    """One node as the graph sees it; the full node is built on demand.

    Attributes:
        key: Module-qualified id: `id` in the root module, `module::id` elsewhere.
        type: Node type.
        id: Id within the module.
        module: Module, or an empty string.
        title: Title, or an empty string.
        file: File, relative to the case's root.
        position: Index of the node in its file.
        light: The fields named by the type's `light`, as plain data.
        links: (field, index in the field, target as written).
        valid: False where the node did not validate; it still exists, so that nothing reports it missing.
    """

    key: str
    type: str
    id: str
    module: str
    title: str
    file: str
    position: int
    light: dict[str, Any]
    links: tuple[tuple[str, int, str], ...]
    valid: bool = True


@dataclass(frozen=True, slots=True)
class Edge:
    """A resolved link: `source` names `target` in `field[index]`."""

    source: str
    field: str
    index: int
    target: str


@dataclass(frozen=True, slots=True)
class Dangling:
    """A link whose target does not exist."""

    source: str
    field: str
    index: int
    target: str


_NONE: list[Edge] = []

Loader = Callable[[Entry], "Node"]
Data = Callable[[Entry], dict[str, Any]]


@dataclass(slots=True, eq=False)
class _Adjacency:
    out: dict[str, list[Edge]] = field(default_factory=dict)
    into: dict[str, list[Edge]] = field(default_factory=dict)
    dangling: list[Dangling] = field(default_factory=list)


class Case:
    """All nodes of a case and their links.

    Args:
        entries: Every node found, in a stable order; of two with one key the first counts and the other is a duplicate.
        load: Builds the full, validated node of an entry.
        data: Returns the authored fields of an entry as plain data (for fingerprints and for showing).
    """

    def __init__(self, entries: Iterable[Entry], load: Loader, data: Data) -> None:
        self.entries: dict[str, Entry] = {}
        self.duplicates: list[tuple[Entry, Entry]] = []
        for entry in entries:
            first = self.entries.setdefault(entry.key, entry)
            if first is not entry:
                self.duplicates.append((first, entry))
        self._load = load
        self._data = data
        self._nodes: dict[str, Node] = {}
        self._fingerprints: dict[str, str] = {}
        self.interfaces: dict[str, str] = {}
        """Digests of what model cards say of the use of their models, once they have been asked for; a case never changes."""

    def __len__(self) -> int:
        return len(self.entries)

    def __contains__(self, key: object) -> bool:
        return key in self.entries

    @cached_property
    def _adjacency(self) -> _Adjacency:
        made = _Adjacency()
        entries, out, into = self.entries, made.out, made.into
        for key, entry in entries.items():
            if not entry.links:
                continue
            edges: list[Edge] = []
            for name, index, raw in entry.links:
                target = self.resolve(entry, raw)
                if target is None:
                    made.dangling.append(Dangling(key, name, index, raw))
                    continue
                edge = Edge(key, name, index, target)
                edges.append(edge)
                found = into.get(target)
                if found is None:
                    into[target] = [edge]
                else:
                    found.append(edge)
            out[key] = edges
        return made

    def resolve(self, entry: Entry, raw: str) -> str | None:
        """Return the key that a link means, or None: `module::id`, else the own module, else the root module."""
        if entry.module and "::" not in raw:
            own = f"{entry.module}::{raw}"
            if own in self.entries:
                return own
        return raw if raw in self.entries else None

    def node(self, key: str) -> Node:
        """Return the full node of a key. Raises KeyError for an unknown key, ValueError for an invalid node."""
        found = self._nodes.get(key)
        if found is None:
            found = self._nodes[key] = self._load(self.entries[key])
        return found

    def data(self, key: str) -> dict[str, Any]:
        """Return the authored fields of a node as plain data."""
        return self._data(self.entries[key])

    @cached_property
    def by_type(self) -> Mapping[str, tuple[str, ...]]:
        """Keys by node type, sorted."""
        made: dict[str, list[str]] = {}
        for key, entry in self.entries.items():
            made.setdefault(entry.type, []).append(key)
        return {name: tuple(sorted(keys)) for name, keys in made.items()}

    def keys(self, *types: str) -> Iterator[str]:
        """Yield the keys of the given types, sorted within each type."""
        for name in types:
            yield from self.by_type.get(name, ())

    def nodes(self, cls: type[N], *types: str) -> Iterator[tuple[str, N]]:
        """Yield (key, full node) of the given types; invalid nodes are left out, their findings speak for them."""
        for key in self.keys(*types):
            if self.entries[key].valid:
                found = self.node(key)
                if isinstance(found, cls):
                    yield key, found

    def out(self, key: str, *fields: str) -> list[Edge]:
        """Return the links that a node makes, in the order written; only those of the given fields if any are given."""
        edges = self._adjacency.out.get(key, _NONE)
        return [e for e in edges if e.field in fields] if fields and edges else edges

    def into(self, key: str, *fields: str) -> list[Edge]:
        """Return the links that name a node; only those of the given fields if any are given."""
        edges = self._adjacency.into.get(key, _NONE)
        return [e for e in edges if e.field in fields] if fields and edges else edges

    @property
    def dangling(self) -> list[Dangling]:
        """Links whose target does not exist."""
        return self._adjacency.dangling

    def cycles(self, *fields: str) -> list[tuple[str, ...]]:
        """Return the cycles over the given link fields: each as its keys, smallest first, in the order of the links."""
        adjacency = {
            key: [e.target for e in edges if e.field in fields] for key, edges in self._adjacency.out.items()
        }  # fmt: skip
        return strongly_connected(adjacency)

    def reach(self, start: Iterable[str], step: Callable[[str], Iterable[str]]) -> dict[str, str]:
        """Return every node reached from the start by a step function, with the node that it was reached from.

        The start itself is not part of the answer unless a cycle leads back to it. Breadth first, so each path is shortest.
        """
        came: dict[str, str] = {}
        front = list(start)
        while front:
            following: list[str] = []
            for key in front:
                for target in step(key):
                    if target not in came:
                        came[target] = key
                        following.append(target)
            front = following
        return came

    def upstream(self, key: str, *fields: str) -> dict[str, str]:
        """Return everything that a node depends on, through the given fields (all if none)."""
        return self.reach([key], lambda k: (e.target for e in self.out(k, *fields)))

    def downstream(self, key: str, *fields: str) -> dict[str, str]:
        """Return everything that depends on a node, through the given fields (all if none)."""
        return self.reach([key], lambda k: (e.source for e in self.into(k, *fields)))

    @cached_property
    def network(self) -> nx.MultiDiGraph[str]:
        """The graph as networkx sees it: nodes with `type`, `title`, `file`; edges (source depends on target) with `field`."""
        import networkx as nx

        made: nx.MultiDiGraph[str] = nx.MultiDiGraph()
        for key in sorted(self.entries):
            entry = self.entries[key]
            made.add_node(key, type=entry.type, title=entry.title, file=entry.file)
        for key in sorted(self.entries):
            for edge in self.out(key):
                made.add_edge(edge.source, edge.target, key=f"{edge.field}[{edge.index}]", field=edge.field)
        return made

    def fingerprint(self, key: str) -> str:
        """Return the SHA-256 fingerprint of a node's meaning; see `casework.graph.fingerprint`."""
        found = self._fingerprints.get(key)
        if found is None:
            from casework.graph.fingerprint import fingerprint

            found = self._fingerprints[key] = fingerprint(self.data(key))
        return found
