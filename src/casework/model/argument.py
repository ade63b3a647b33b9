"""GSN elements (GSN Community Standard v3, SCSC-141C): core, modular, pattern, confidence and dialectic parts."""

from typing import Annotated, ClassVar, Literal

from pydantic import Field

from casework.model.node import Link, LinkId, Node, Text, Value

CONTEXTUAL = (
    "context",
    "assumption",
    "justification",
    "away_context",
    "away_assumption",
    "away_justification",
    "away_goal",
    "module_reference",
)
GOAL_SUPPORT = ("goal", "strategy", "solution", "away_goal", "away_solution", "module_reference", "contract_reference")
STRATEGY_SUPPORT = ("goal", "away_goal", "module_reference")
ANY_ELEMENT = (
    "goal", "strategy", "solution", "context", "assumption", "justification", "away_goal", "away_solution", "away_context",
    "away_assumption", "away_justification", "module_reference", "contract_reference",
)  # fmt: skip


class Multiplicity(Value):
    """Pattern decoration of one relation (GSN v3 1:3)."""

    to: Annotated[LinkId, Field(description="Far end of the relation.")]
    optional: Annotated[bool, Field(description="True where the instance may leave it out.")] = False
    count: Annotated[str | None, Field(description="How many instances, such as `n` or `1..3`.")] = None
    choice: Annotated[
        str | None, Field(description="Name of the choice that the relation belongs to, such as `1 of 2`.")
    ] = None


class Acp(Value):
    """Assurance claim point (GSN v3 1:5): where a confidence argument is attached."""

    id: Annotated[str, Field(min_length=1, description="Unique id, such as `ACP1`.")]
    on: Annotated[
        str | None, Field(description="Far end of the relation it sits on; omit where it sits on this element.")
    ] = None
    argued_by: Annotated[LinkId | None, Field(description="Goal or module reference that argues the confidence.")] = (
        None
    )


class ResidualDoubt(Value):
    """A challenge whose doubt a named person accepts (GSN v3 2:11.4.2)."""

    challenger: Annotated[LinkId, Field(description="Challenging element.")]
    accepted_by: Annotated[
        str, Field(min_length=1, description="Person (id in the trust policy) who accepts the doubt.")
    ]
    role: Annotated[str, Field(min_length=1, description="Role in which the person accepts it.")]
    reason: Annotated[Text, Field(description="Why it is acceptable.")]


class Element(Node):
    """What every GSN element has."""

    statement: Annotated[Text, Field(description="The words in the symbol.")]
    uninstantiated: Annotated[bool, Field(description="Pattern element with {tokens} still open.")] = False
    public: Annotated[bool, Field(description="Visible to other modules (GSN v3 1:4).")] = False
    acps: Annotated[
        tuple[Acp, ...], Link.to("goal", "module_reference", support=True, key="argued_by"),
        Field(strict=False, description="Assurance claim points; the confidence argued there is part of what the element rests on."),
    ] = ()  # fmt: skip
    residual_doubts: Annotated[
        tuple[ResidualDoubt, ...], Field(strict=False, description="Challenges accepted as residual doubt.")
    ] = ()


class Goal(Element):
    """A claim."""

    type: Literal["goal"]
    supported_by: Annotated[
        tuple[LinkId, ...], Link.to(*GOAL_SUPPORT, support=True), Field(strict=False, description="What supports the claim.")
    ] = ()  # fmt: skip
    in_context_of: Annotated[
        tuple[LinkId, ...],
        Link.to(*CONTEXTUAL),
        Field(strict=False, description="Context, assumptions, justifications."),
    ] = ()
    states: Annotated[
        tuple[LinkId, ...], Link.to("requirement", "safety_goal"),
        Field(strict=False, description="Requirement or safety goal whose fulfilment the goal claims."),
    ] = ()  # fmt: skip
    challenges: Annotated[
        tuple[LinkId, ...], Link.to(*ANY_ELEMENT), Field(strict=False, description="Elements it challenges.")
    ] = ()
    undeveloped: Annotated[bool, Field(description="True where support is still to be developed.")] = False
    supported_by_contract: Annotated[bool, Field(description="To be supported by contract (GSN v3 1:4.3.2).")] = False
    decorations: Annotated[
        tuple[Multiplicity, ...], Field(strict=False, description="Pattern decorations of relations.")
    ] = ()

    light: ClassVar[tuple[str, ...]] = ("undeveloped", "supported_by_contract", "residual_doubts", "public")


class Strategy(Element):
    """An inference from sub-goals to a goal."""

    type: Literal["strategy"]
    supported_by: Annotated[
        tuple[LinkId, ...], Link.to(*STRATEGY_SUPPORT, support=True), Field(strict=False, description="Sub-goals.")
    ] = ()  # fmt: skip
    in_context_of: Annotated[
        tuple[LinkId, ...],
        Link.to(*CONTEXTUAL),
        Field(strict=False, description="Context, assumptions, justifications."),
    ] = ()
    undeveloped: Annotated[bool, Field(description="True where support is still to be developed.")] = False
    decorations: Annotated[
        tuple[Multiplicity, ...], Field(strict=False, description="Pattern decorations of relations.")
    ] = ()

    light: ClassVar[tuple[str, ...]] = ("undeveloped", "residual_doubts", "public")


class Solution(Element):
    """A reference to evidence."""

    type: Literal["solution"]
    cites: Annotated[
        tuple[LinkId, ...], Link.to("evidence", "review", "practice", "requirement", "hazardous_event", "tool", support=True),
        Field(strict=False, description="Evidence (or review, practice, requirement verified by tests) that it refers to."),
    ] = ()  # fmt: skip
    challenges: Annotated[
        tuple[LinkId, ...], Link.to(*ANY_ELEMENT), Field(strict=False, description="Elements it challenges.")
    ] = ()

    light: ClassVar[tuple[str, ...]] = ("residual_doubts", "public")


class Context(Element):
    """Information that a claim or inference is to be read in; inherited by everything below (GSN v3 1:2.2.11)."""

    type: Literal["context"]
    refers_to: Annotated[
        tuple[LinkId, ...], Link.to("odd", "dataset", "model_card", "requirement", "safety_goal", "hazardous_event", "tool", "threat"),
        Field(strict=False, description="Nodes that hold the information."),
    ] = ()  # fmt: skip


class Assumption(Element):
    """An unsubstantiated statement; inherited by everything below."""

    type: Literal["assumption"]
    holds: Annotated[
        Literal["assumed", "confirmed", "failed"],
        Field(description="What is known of it; `failed` throws doubt on its scope."),
    ] = "assumed"

    light: ClassVar[tuple[str, ...]] = ("holds",)


class Justification(Element):
    """Why a claim or inference is appropriate; not inherited (GSN v3 1:2.2.14)."""

    type: Literal["justification"]


class AwayGoal(Element):
    """A goal of another module that is relied on here (GSN v3 1:4)."""

    type: Literal["away_goal"]
    away: Annotated[LinkId, Link.to("goal", support=True), Field(description="The goal relied on, as `module::id`.")]


class AwaySolution(Element):
    """A solution of another module."""

    type: Literal["away_solution"]
    away: Annotated[
        LinkId, Link.to("solution", support=True), Field(description="The solution relied on, as `module::id`.")
    ]


class AwayContext(Element):
    """A context of another module."""

    type: Literal["away_context"]
    away: Annotated[LinkId, Link.to("context"), Field(description="The context meant, as `module::id`.")]


class AwayAssumption(Element):
    """An assumption of another module."""

    type: Literal["away_assumption"]
    away: Annotated[LinkId, Link.to("assumption"), Field(description="The assumption meant, as `module::id`.")]


class AwayJustification(Element):
    """A justification of another module."""

    type: Literal["away_justification"]
    away: Annotated[LinkId, Link.to("justification"), Field(description="The justification meant, as `module::id`.")]


class ModuleReference(Element):
    """A reference to a whole module of the argument."""

    type: Literal["module_reference"]
    refers_to_module: Annotated[str, Field(min_length=1, description="Name of the module.")]


class ContractReference(Element):
    """A reference to a contract between modules."""

    type: Literal["contract_reference"]
    refers_to_module: Annotated[str, Field(min_length=1, description="Name of the contract module.")]
