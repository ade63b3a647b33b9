"""The project's configuration, `casework.yaml` at the root of a case."""

from typing import Annotated, Literal

from pydantic import Field

from casework.model.node import RelPath, Sha256, Value

DEFAULT_REVIEW_TYPES = ("requirement", "safety_goal", "hazardous_event")


class Trust(Value):
    """Where trust comes from: a signed policy and the pinned key of its root."""

    policy: Annotated[RelPath, Field(description="Trust policy (DSSE), relative to the case's root.")] = (
        "evidence/trust/policy.dsse.json"
    )
    root_key: Annotated[RelPath, Field(description="Public key (PEM) that must have signed the policy.")] = (
        "evidence/trust/root.pub"
    )
    model_key: Annotated[
        RelPath | None,
        Field(description="Public key (PEM) that must have signed the model files (OpenSSF model signing)."),
    ] = None
    root_sha256: Annotated[Sha256 | None, Field(description="Pinned SHA-256 of the root key's file.")] = None


class Review(Value):
    """What the project wants signed off."""

    types: Annotated[tuple[str, ...], Field(strict=False, description="Node types that need a sign-off.")] = (
        DEFAULT_REVIEW_TYPES
    )
    independent: Annotated[bool, Field(description="True where the reviewer must not be the node's owner.")] = True


class Severities(Value):
    """Changes to the severity of rules; a code may be lowered to a warning or raised to an error, never switched off."""

    warning: Annotated[tuple[str, ...], Field(strict=False, description="Codes reported as warnings.")] = ()
    error: Annotated[tuple[str, ...], Field(strict=False, description="Codes reported as errors.")] = ()


class Project(Value):
    """Configuration of a case."""

    schema_: Annotated[Literal["casework/v1"], Field(alias="schema", description="Version of this format.")] = (
        "casework/v1"
    )
    name: Annotated[str, Field(min_length=1, description="Name of the case, for titles.")] = "Safety case"
    component: Annotated[
        str | None, Field(description="The ML component and the system that it is part of, for reports.")
    ] = None
    version: Annotated[str | None, Field(description="Version of the case, as text.")] = None
    roots: Annotated[
        tuple[RelPath, ...], Field(strict=False, min_length=1, description="Folders that hold the nodes.")
    ] = ("requirements",)
    evidence: Annotated[RelPath, Field(description="Folder that holds the sealed evidence.")] = "evidence"
    trust: Trust = Trust()
    review: Review = Review()
    severity: Severities = Severities()
    top_goals: Annotated[int | None, Field(ge=0, description="How many top goals the argument has.")] = None
