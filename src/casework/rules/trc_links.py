"""What the traceability rules share: the route to a link as it stands in the file, and which entries count."""

from __future__ import annotations

from typing import Final, get_origin

from casework.graph.case import Edge, Entry
from casework.model.finding import Route
from casework.model.vocabulary import NODE_TYPES, links_of

SINGLE: Final[frozenset[str]] = frozenset(
    name
    for node_type, cls in NODE_TYPES.items()
    for name in links_of(node_type)
    if get_origin(cls.model_fields[name].annotation) is not tuple
)
"""Link fields that hold one id instead of a list."""


def route(edge: Edge) -> Route:
    """Return the route to a link: `derives_from[1]`, or just `subject` where the field holds one id."""
    return (edge.field,) if edge.field in SINGLE else (edge.field, edge.index)


def retired(entry: Entry) -> bool:
    """Return True for a requirement that is no longer in force."""
    return entry.light.get("status") == "retired"


def names(entry: Entry, *fields: str) -> bool:
    """Return True if the entry has a link in one of the fields, whether or not its target exists."""
    return any(link[0] in fields for link in entry.links)
