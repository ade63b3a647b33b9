"""What a picture shows: elements, connectors and the argument they form (GSN Community Standard v3, SCSC-141C).

Plain values that know nothing of the case they were taken from; the caller fills them in.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

__all__ = [
    "Annotation",
    "Argument",
    "Connector",
    "Decorator",
    "Element",
    "Kind",
    "Relation",
    "Status",
    "connector_name",
]

Annotation = str | tuple[str, str]
"""A short line below the statement; as a pair, its text and the address it links to."""


class Kind(StrEnum):
    """The element symbols (Tables 1:2-1 and 1:4-1)."""

    GOAL = "goal"
    STRATEGY = "strategy"
    SOLUTION = "solution"
    CONTEXT = "context"
    ASSUMPTION = "assumption"
    JUSTIFICATION = "justification"
    AWAY_GOAL = "away_goal"
    AWAY_SOLUTION = "away_solution"
    AWAY_CONTEXT = "away_context"
    AWAY_ASSUMPTION = "away_assumption"
    AWAY_JUSTIFICATION = "away_justification"
    MODULE = "module"
    CONTRACT = "contract"

    @property
    def is_away(self) -> bool:
        """Whether the element is declared in another module."""
        return self.value.startswith("away_")


class Relation(StrEnum):
    """The connectors (Tables 1:2-2 and 1:6-2)."""

    SUPPORTED_BY = "supported_by"
    IN_CONTEXT_OF = "in_context_of"
    CHALLENGES = "challenges"


class Decorator(StrEnum):
    """What may be attached to an element (Tables 1:2-1, 1:3-2, 1:4-1 and 1:6-1)."""

    UNDEVELOPED = "undeveloped"
    UNINSTANTIATED = "uninstantiated"
    PUBLIC = "public"
    CONTRACT = "contract"
    DEFEATED = "defeated"


class Status(StrEnum):
    """What the gate judged of an element; of a challenge that is not refuted, what that means for its target."""

    SUPPORTED = "supported"
    OPEN = "open"
    DOUBTED = "doubted"
    DEFEATED = "defeated"
    ACCEPTED = "doubt accepted"
    HOLDS = "challenge holds"


@dataclass(frozen=True, slots=True)
class Element:
    """One GSN element.

    Attributes:
        id: unique in its argument (of a modular argument: qualified where modules use the same id).
        kind: a value of `Kind`.
        text: the statement, drawn in full.
        title: optional heading, drawn in bold beside the id.
        status: a value of `Status`, or None to draw none.
        status_reason: why it has that status; the tooltip of the picture.
        module: of an away element, the module it is declared in; of any other, the module it stands in.
        href: where a click on the element leads. Only http, https and relative addresses are kept.
        decorators: values of `Decorator`; `contract` stands for "to be supported by contract".
        acps: ids of assurance claim points on the element (Table 1:5-2).
        annotations: short lines such as evidence ids, drawn small.
        label: the id as drawn, where it differs from `id`: an away element repeats the id of its original
            (Table 1:4-1), while `id` must tell the two apart.
    """

    id: str
    kind: str
    text: str
    title: str = ""
    status: str | None = None
    status_reason: str = ""
    module: str = ""
    href: str = ""
    decorators: frozenset[str] = frozenset()
    acps: tuple[str, ...] = ()
    annotations: tuple[Annotation, ...] = ()
    label: str = ""

    @property
    def name(self) -> str:
        """The id as drawn."""
        return self.label or self.id


@dataclass(frozen=True, slots=True)
class Connector:
    """One GSN relation; the arrow points from source to target.

    Attributes:
        source: id of the element it leaves.
        target: id of the element it enters; of `challenges` also a connector's name, `A->B`.
        kind: a value of `Relation`.
        optional: drawn with a hollow ball (Table 1:3-1).
        multiplicity: label of the solid ball; with `optional`, of the hollow one. `1..*` draws a ball without label.
        choice: label of the solid diamond; connectors of one source with the same label form one choice.
        defeated: drawn with a cross (Table 1:6-2).
        acps: ids of assurance claim points on the relation (Table 1:5-1).
    """

    source: str
    target: str
    kind: str
    optional: bool = False
    multiplicity: str = ""
    choice: str = ""
    defeated: bool = False
    acps: tuple[str, ...] = ()


def connector_name(connector: Connector) -> str:
    """The name by which a challenge targets this connector."""
    return f"{connector.source}->{connector.target}"


@dataclass(frozen=True, slots=True)
class Argument:
    """A whole argument, to be split into pages.

    Attributes:
        elements: in reading order; the first that nothing points at is the top goal.
        connectors: in reading order.
        title: heads every page.
        subtitle: below the title.
        footer: version, date and digest of the input, as they shall be printed.

    Raises:
        ValueError: an id is empty or doubled, a word is unknown, or a connector names what the argument lacks.
    """

    elements: tuple[Element, ...]
    connectors: tuple[Connector, ...]
    title: str
    subtitle: str = ""
    footer: str = ""

    def __post_init__(self) -> None:
        ids = _element_ids(self.elements)
        names = {connector_name(connector) for connector in self.connectors}
        for connector in self.connectors:
            _check_connector(connector, ids, names)


def _element_ids(elements: tuple[Element, ...]) -> set[str]:
    ids: set[str] = set()
    for element in elements:
        if not element.id:
            message = "an element has no id"
            raise ValueError(message)
        if element.id in ids:
            message = f"two elements have the id {element.id!r}"
            raise ValueError(message)
        ids.add(element.id)
        Kind(element.kind)
        if element.status is not None:
            Status(element.status)
        for word in sorted(element.decorators):
            Decorator(word)
    return ids


def _check_connector(connector: Connector, ids: set[str], names: set[str]) -> None:
    relation = Relation(connector.kind)
    if connector.source not in ids:
        message = (
            f"the connector {connector_name(connector)!r} leaves {connector.source!r}, which is not in the argument"
        )
        raise ValueError(message)
    challenge = relation is Relation.CHALLENGES and connector.target in names
    if connector.target not in ids and not challenge:
        message = (
            f"the connector {connector_name(connector)!r} enters {connector.target!r}, which is not in the argument"
        )
        raise ValueError(message)
