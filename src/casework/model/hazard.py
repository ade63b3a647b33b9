"""Hazard analysis: hazardous events, safety goals, security threats and the operational design domain."""

from typing import Annotated, ClassVar, Literal

from pydantic import Field

from casework.model.node import Link, LinkId, Node, Text, Value
from casework.model.standards import Asil, asil_of


class SeverityRating(Value):
    """Severity with the reason for it (ISO 26262-3:2018, Table 1)."""

    level: Annotated[Literal["S0", "S1", "S2", "S3"], Field(description="Severity of harm.")]
    rationale: Annotated[Text | None, Field(description="Why this level.")] = None


class ExposureRating(Value):
    """Probability of exposure with the reason for it (ISO 26262-3:2018, Table 2)."""

    level: Annotated[Literal["E0", "E1", "E2", "E3", "E4"], Field(description="Probability of the situation.")]
    rationale: Annotated[Text | None, Field(description="Why this level.")] = None


class ControllabilityRating(Value):
    """Controllability with the reason for it (ISO 26262-3:2018, Table 3)."""

    level: Annotated[Literal["C0", "C1", "C2", "C3"], Field(description="How well those involved can avert harm.")]
    rationale: Annotated[Text | None, Field(description="Why this level.")] = None


class ResidualRisk(Value):
    """A risk that remains after mitigation, accepted by a named person in a named role."""

    description: Annotated[Text, Field(description="What remains.")]
    accepted_by: Annotated[str, Field(min_length=1, description="Person (id in the trust policy) who accepts it.")]
    role: Annotated[str, Field(min_length=1, description="Role in which the person accepts it.")]
    reason: Annotated[Text, Field(description="Why it is acceptable.")]


class HazardousEvent(Node):
    """One row of the hazard analysis and risk assessment; its ASIL is computed."""

    type: Literal["hazardous_event"]
    hazard: Annotated[Text, Field(description="The malfunctioning behaviour and the harm it may do.")]
    situation: Annotated[Text, Field(description="The operational situation in which it matters.")]
    severity: SeverityRating
    exposure: ExposureRating
    controllability: ControllabilityRating
    claimed_asil: Annotated[
        Asil | None, Field(description="Level claimed elsewhere; checked against the computed one.")
    ] = None
    residual_risk: Annotated[ResidualRisk | None, Field(description="What remains and who accepts it.")] = None

    light: ClassVar[tuple[str, ...]] = ("severity", "exposure", "controllability")

    @property
    def asil(self) -> Asil:
        """The ASIL by ISO 26262-3:2018, Table 4."""
        return asil_of(self.severity.level, self.exposure.level, self.controllability.level)


class SafetyGoal(Node):
    """A top-level safety requirement that answers hazardous events; its ASIL is the highest of theirs."""

    type: Literal["safety_goal"]
    statement: Annotated[Text, Field(description="The goal: one `shall`.")]
    addresses: Annotated[
        tuple[LinkId, ...], Link.to("hazardous_event"), Field(strict=False, min_length=1, description="Hazardous events it answers.")
    ]  # fmt: skip
    safe_state: Annotated[Text | None, Field(description="Operating mode without unreasonable risk.")] = None
    ftti: Annotated[str | None, Field(description="Fault tolerant time interval with its unit, such as `500 ms`.")] = (
        None
    )
    claimed_asil: Annotated[
        Asil | None, Field(description="Level claimed elsewhere; checked against the computed one.")
    ] = None
    rationale: Annotated[Text | None, Field(description="Why the goal averts the harm.")] = None


class Threat(Node):
    """A security threat to the model or its data, with its OWASP ML id."""

    type: Literal["threat"]
    statement: Annotated[Text, Field(description="Who could do what, and what it would cause.")]
    owasp: Annotated[
        str | None,
        Field(pattern=r"^ML(0[1-9]|10):2023$", description="OWASP ML Top 10 id, `ML01:2023` to `ML10:2023`."),
    ] = None
    endangers: Annotated[
        tuple[LinkId, ...], Link.to("model_card", "dataset", "safety_goal", "tool"),
        Field(strict=False, description="What the threat endangers."),
    ] = ()  # fmt: skip
    mitigated_by: Annotated[
        tuple[LinkId, ...], Link.to("requirement"), Field(strict=False, description="Requirements that mitigate it.")
    ] = ()


class Dimension(Value):
    """One dimension of the operational design domain."""

    name: Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$", description="Name used in slices, such as `light`.")]
    values: Annotated[tuple[str, ...], Field(strict=False, min_length=1, description="The values it may take.")]
    description: Annotated[str | None, Field(description="What it means and how it is measured.")] = None


class Exclusion(Value):
    """Conditions that the domain leaves out, with the reason."""

    when: Annotated[dict[str, str], Field(min_length=1, description="Dimension to value; all together are excluded.")]
    reason: Annotated[Text, Field(description="Why it is outside, and what keeps the system out of it.")]


class Odd(Node):
    """Operational design domain: named dimensions, their values, and what is excluded (SAE J3016, ISO 34503)."""

    type: Literal["odd"]
    statement: Annotated[Text, Field(description="The domain in words.")]
    dimensions: Annotated[tuple[Dimension, ...], Field(strict=False, min_length=1, description="Its dimensions.")]
    exclusions: Annotated[tuple[Exclusion, ...], Field(strict=False, description="Combinations left out.")] = ()
