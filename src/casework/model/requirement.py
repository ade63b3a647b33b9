"""Requirements and their machine-checked acceptance criteria."""

from typing import Annotated, ClassVar, Literal

from pydantic import Field

from casework.model.node import Link, LinkId, Node, Text, Value
from casework.model.standards import Sil

Level = Literal["stakeholder", "system", "software", "ml", "data", "tool"]
Operator = Literal[">=", "<=", ">", "<", "=="]
AsilText = Literal[
    "QM", "A", "B", "C", "D", "C(D)", "A(D)", "B(D)", "D(D)", "QM(D)", "B(C)", "A(C)", "C(C)", "QM(C)", "A(B)", "B(B)", "QM(B)",
    "A(A)", "QM(A)",
]  # fmt: skip

LEVEL_RANK: dict[str, int] = {"stakeholder": 0, "system": 1, "software": 2, "ml": 3, "data": 4, "tool": 1}


class Criterion(Value):
    """One measurable acceptance criterion: metric, slice, bound, confidence.

    The gate judges the measured value by its one-sided confidence bound, never by the point estimate.
    """

    metric: Annotated[str, Field(description="Name of a metric that a generator yields, such as `recall`.")]
    slice: Annotated[
        str,
        Field(
            description="`all` (inside the ODD), or `dimension=value` pairs joined by commas, such as `distance=near`."
        ),
    ] = "all"
    op: Annotated[Operator, Field(description="How the measured value must compare with the bound.")]
    bound: Annotated[float, Field(allow_inf_nan=False, description="The limit, in the unit given.")]
    unit: Annotated[str | None, Field(description="Unit of the bound: ratio, pp, ms, MB, dB, count, 1/image.")] = None
    confidence: Annotated[
        float | None,
        Field(
            ge=0.5,
            lt=1,
            description="One-sided confidence at which the bound must hold, such as 0.95; omit for exact counts.",
        ),
    ] = None
    min_samples: Annotated[int | None, Field(ge=1, description="Smallest sample that is accepted at all.")] = None


class Requirement(Node):
    """A requirement at one level of the development."""

    type: Literal["requirement"]
    level: Annotated[Level, Field(description="stakeholder, system, software, ml, data, or tool (of a software tool).")]
    statement: Annotated[Text, Field(description="The requirement itself: one `shall`.")]
    asil: Annotated[AsilText | None, Field(description="ISO 26262 level; `B(D)` for a part of a decomposed one.")] = (
        None
    )
    sil: Annotated[Sil | None, Field(description="IEC 61508 level.")] = None
    derives_from: Annotated[
        tuple[LinkId, ...], Link.to("requirement", "safety_goal"),
        Field(strict=False, description="Parents: requirements or safety goals that this one refines."),
    ] = ()  # fmt: skip
    mitigates: Annotated[
        tuple[LinkId, ...], Link.to("hazardous_event", "threat"),
        Field(strict=False, description="Hazardous events or threats that this requirement mitigates."),
    ] = ()  # fmt: skip
    allocated_to: Annotated[
        tuple[LinkId, ...], Link.to("model_card", "dataset", "tool"),
        Field(strict=False, description="What must fulfil it: a model, a dataset, a tool."),
    ] = ()  # fmt: skip
    acceptance: Annotated[
        tuple[Criterion, ...], Field(strict=False, description="Measurable criteria; all must hold.")
    ] = ()
    verified_by: Annotated[
        tuple[str, ...],
        Field(strict=False, description="Tests that verify it, as `path/to/test_file.py::test_name`; evidence names the requirement."),
    ] = ()  # fmt: skip
    implemented_by: Annotated[
        tuple[str, ...], Field(strict=False, description="Source files that implement it, relative to the case's root.")
    ] = ()
    rationale: Annotated[
        Text | None, Field(description="Why the requirement is as it is; the source of each number.")
    ] = None
    status: Annotated[Literal["draft", "agreed", "retired"], Field(description="Where it stands in its life.")] = (
        "agreed"
    )

    light: ClassVar[tuple[str, ...]] = ("level", "asil", "sil", "status", "verified_by", "implemented_by", "acceptance")
