"""Predicate `act/v1`: a person seals a review or a waiver, so that nobody else can write it in their name.

The node says what is meant; the seal says that the person meant it. It is bound to the node's fingerprint, so a node that is
changed later is no longer sealed.
"""

from typing import Annotated, Final, Literal

from pydantic import Field

from casework.model.node import LINK_PATTERN, Sha256, Value
from casework.model.policy import Name

ACT_PREDICATE_TYPE: Final = "https://casework.dev/act/v1"


class ActRecord(Value):
    """What a person seals."""

    kind: Annotated[Literal["review", "waiver"], Field(description="Kind of act: the type of the node.")]
    node: Annotated[str, Field(pattern=LINK_PATTERN, description="Key of the review or waiver node.")]
    fingerprint: Annotated[Sha256, Field(description="Fingerprint of that node, over all its fields with meaning.")]
    by: Annotated[Name, Field(description="Person (id in the trust policy) in whose name the node speaks.")]
    role: Annotated[Name | None, Field(description="Role in which the person acts, as the node says.")] = None
    retires: Annotated[
        tuple[str, ...], Field(strict=False, description="Keys of nodes whose removal is confirmed (reviews only).")
    ] = ()
    signed: Annotated[
        str,
        Field(
            pattern=r"^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}Z$",
            description="Time of sealing as its maker states it, UTC, RFC 3339.",
        ),
    ]


class ActSubject(Value):
    """in-toto resource descriptor of the node that is sealed."""

    name: Annotated[str, Field(min_length=1, description="Key of the node.")]
    digest: Annotated[dict[Literal["sha256"], Sha256], Field(min_length=1, max_length=1)]


class ActStatement(Value):
    """in-toto Statement v1 with the predicate `act/v1`."""

    type_: Annotated[Literal["https://in-toto.io/Statement/v1"], Field(alias="_type")]
    subject: Annotated[tuple[ActSubject, ...], Field(strict=False, min_length=1, max_length=1)]
    predicate_type: Annotated[Literal["https://casework.dev/act/v1"], Field(alias="predicateType")]
    predicate: ActRecord
