"""Practices, tools, indicators, and the acts of persons: reviews and waivers."""

from typing import Annotated, ClassVar, Literal

from pydantic import Field

from casework.model.node import Day, Link, LinkId, Node, Sha256, Text, Value
from casework.model.standards import Tcl, tcl_of


class Practice(Node):
    """A base practice or checklist item, with the answer to it."""

    type: Literal["practice"]
    practice: Annotated[
        str, Field(min_length=1, description="Identifier in its source, such as `MLE.4.BP5` (Automotive SPICE 4.0).")
    ]
    answer: Annotated[Text | None, Field(description="How the project meets it.")] = None
    applicable: Annotated[bool, Field(description="False where it does not apply; say why in the answer.")] = True
    satisfied_by: Annotated[
        tuple[LinkId, ...],
        Link.to("requirement", "evidence", "dataset", "model_card", "goal", "odd", "review", "safety_goal", "hazardous_event", "tool"),
        Field(strict=False, description="Work products that show it."),
    ] = ()  # fmt: skip


class PotentialError(Value):
    """A way in which a tool may mislead its user, and what detects it."""

    id: Annotated[str, Field(min_length=1, description="Id within the tool, such as `PE-1`.")]
    description: Annotated[Text, Field(description="What the tool might do wrong.")]
    effect: Annotated[Text | None, Field(description="What it would lead to.")] = None
    detected_by: Annotated[
        tuple[str, ...], Field(strict=False, description="Tests (`path::name`) or requirement ids that detect or prevent it.")
    ] = ()  # fmt: skip


class UseCase(Value):
    """One use of a tool in the project (ISO 26262-8:2018, 11.4.4)."""

    id: Annotated[str, Field(min_length=1, description="Id within the tool, such as `UC-1`.")]
    description: Annotated[Text, Field(description="What the tool is used for.")]
    potential_errors: Annotated[tuple[PotentialError, ...], Field(strict=False, description="What may go wrong.")] = ()


class Tool(Node):
    """A software tool used: impact and error detection; its confidence level is computed."""

    type: Literal["tool"]
    statement: Annotated[Text, Field(description="What the tool is and what it is used for.")]
    version: Annotated[str, Field(min_length=1, description="Version in use, as text.")]
    ti: Annotated[Literal["TI1", "TI2"], Field(description="Tool impact (ISO 26262-8:2018, 11.4.5.2).")]
    td: Annotated[Literal["TD1", "TD2", "TD3"], Field(description="Tool error detection (11.4.5.2).")]
    rationale: Annotated[Text | None, Field(description="Why this impact and this detection.")] = None
    use_cases: Annotated[
        tuple[UseCase, ...], Field(strict=False, description="Its uses and their potential errors.")
    ] = ()
    qualified_by: Annotated[
        tuple[LinkId, ...], Link.to("requirement", "evidence", "review"),
        Field(strict=False, description="Validation of the tool: requirements verified by tests, evidence, reviews."),
    ] = ()  # fmt: skip

    light: ClassVar[tuple[str, ...]] = ("ti", "td")

    @property
    def tcl(self) -> Tcl:
        """The tool confidence level by ISO 26262-8:2018, Table 3."""
        return tcl_of(self.ti, self.td)


class Indicator(Node):
    """Safety performance indicator (UL 4600): a runtime metric whose threshold conditions a claim."""

    type: Literal["indicator"]
    statement: Annotated[Text, Field(description="What is watched and why.")]
    metric: Annotated[str, Field(min_length=1, description="Runtime metric.")]
    op: Annotated[Literal[">=", "<=", ">", "<"], Field(description="How the metric must compare with the threshold.")]
    threshold: Annotated[float, Field(allow_inf_nan=False, description="The threshold, in the unit given.")]
    unit: Annotated[str | None, Field(description="Unit of the threshold.")] = None
    monitors: Annotated[
        tuple[LinkId, ...], Link.to("goal"), Field(strict=False, min_length=1, description="Goals that it conditions.")
    ]
    state: Annotated[Literal["not_measured", "within", "violated"], Field(description="Last known state.")] = (
        "not_measured"
    )

    light: ClassVar[tuple[str, ...]] = ("state",)


class Review(Node):
    """A person's sign-off of nodes at their fingerprints; written by `casework review`."""

    type: Literal["review"]
    of: Annotated[
        tuple[LinkId, ...],
        Link.to(
            "requirement", "hazardous_event", "safety_goal", "threat", "odd", "model_card", "dataset", "evidence", "goal", "strategy",
            "solution", "context", "assumption", "justification", "practice", "tool", "indicator",
        ),
        Field(strict=False, min_length=1, description="Nodes signed off."),
    ]  # fmt: skip
    fingerprints: Annotated[
        dict[str, Sha256],
        Field(description="Fingerprint of each node signed off, and of each node that they link to, as it was seen."),
    ] = {}
    by: Annotated[str, Field(min_length=1, description="Person (id in the trust policy).")]
    role: Annotated[str | None, Field(description="Role in which the person signs.")] = None
    on: Annotated[Day, Field(description="Date of the sign-off, YYYY-MM-DD.")]
    meaning: Annotated[Literal["reviewed", "approved", "rejected"], Field(description="What the signature means.")] = (
        "reviewed"
    )
    remarks: Annotated[Text | None, Field(description="What the reviewer has to say.")] = None
    retires: Annotated[
        tuple[str, ...], Field(strict=False, description="Ids of nodes whose removal this review confirms.")
    ] = ()

    light: ClassVar[tuple[str, ...]] = ("fingerprints", "by", "on", "meaning", "retires")


class Waiver(Node):
    """A deviation that a named person answers for until a date; never rescues a failed test."""

    type: Literal["waiver"]
    of: Annotated[
        str, Field(pattern=r"^[A-Z]{3}-[0-9]{3}$", description="Code of the finding that is waived, such as `DAT-009`.")
    ]
    node: Annotated[LinkId, Link.to("*"), Field(description="Node whose finding is waived.")]
    by: Annotated[str | None, Field(description="Person (id in the trust policy) who answers for it.")] = None
    role: Annotated[str | None, Field(description="Role in which the person answers for it.")] = None
    on: Annotated[Day | None, Field(description="Date of the waiver, YYYY-MM-DD.")] = None
    reason: Annotated[
        Text | None, Field(description="Why the deviation is acceptable, and what is done meanwhile.")
    ] = None
    expires: Annotated[Day | None, Field(description="Last day on which it holds, YYYY-MM-DD.")] = None

    light: ClassVar[tuple[str, ...]] = ("of", "by", "role", "on", "reason", "expires")
