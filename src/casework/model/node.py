"""The base of every node, ids, and typed links.

A node is `type`, `id`, and the fields of its type. A link is a field that names other nodes; the one that *depends* names
the other, so the reverse direction is computed and never typed.
"""

from dataclasses import dataclass
from datetime import date
from typing import Annotated, ClassVar, Final, Self

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

ID_PATTERN = r"^[A-Za-z][A-Za-z0-9_.\-]{0,99}$"
LINK_PATTERN = r"^([A-Za-z][A-Za-z0-9_.\-]{0,99}::)?[A-Za-z][A-Za-z0-9_.\-]{0,99}$"
SHA256_PATTERN = r"^[0-9a-f]{64}$"

PRESENTATION: frozenset[str] = frozenset({"title", "tags", "notes"})
"""Fields that carry no meaning for a fingerprint: changing them makes nothing suspect or stale."""

NodeId = Annotated[str, StringConstraints(pattern=ID_PATTERN)]
LinkId = Annotated[str, StringConstraints(pattern=LINK_PATTERN)]
Sha256 = Annotated[str, StringConstraints(pattern=SHA256_PATTERN)]
Text = Annotated[str, StringConstraints(min_length=1, max_length=20_000)]
REL_PATH_PATTERN: Final = r"^[^\\\x00-\x1f]+$"
LONGEST_PATH: Final = 400
RelPath = Annotated[str, StringConstraints(pattern=REL_PATH_PATTERN, max_length=LONGEST_PATH)]
Day = Annotated[date, Field(strict=False)]


@dataclass(frozen=True, slots=True)
class Link:
    """Marks a field as a link: the node types that it may name.

    Attributes:
        targets: Node types allowed at the far end.
        support: True where the near node's claim rests on the far node (support flows from target to source).
        key: Where the field is a list of mappings: the key in each that holds the link.
    """

    targets: tuple[str, ...]
    support: bool = False
    key: str = ""

    @classmethod
    def to(cls, *targets: str, support: bool = False, key: str = "") -> Self:
        """Build a link marker from type names."""
        return cls(targets, support, key)


class Value(BaseModel):
    """A frozen, strict, closed value: unknown fields are refused, `"1"` is no number and `yes` is no boolean."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, defer_build=True)


class Node(Value):
    """What every node of a case has."""

    type: str
    id: Annotated[NodeId, Field(description="Unique in its module. Letters, digits, dot, dash, underscore.")]
    module: Annotated[NodeId | None, Field(description="Module that the id is unique in (GSN v3 1:4.2.2).")] = None
    title: Annotated[str | None, Field(description="Short name for tables and pictures; carries no meaning.")] = None
    tags: Annotated[tuple[str, ...], Field(strict=False, description="Free words to filter by; carry no meaning.")] = ()
    owner: Annotated[
        str | None, Field(description="Person (id in the trust policy) who authored and maintains it.")
    ] = None
    notes: Annotated[str | None, Field(description="Remarks for colleagues; carry no meaning.")] = None

    light: ClassVar[tuple[str, ...]] = ()
    """Fields that questions about the whole graph need without building the node."""
