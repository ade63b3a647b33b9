"""The words of the case: every node type, its class, and its links."""

from __future__ import annotations

from functools import cache
from typing import Final

from casework.model import argument, hazard, learning, process, requirement
from casework.model.node import Link, Node

NODE_TYPES: Final[dict[str, type[Node]]] = {
    "requirement": requirement.Requirement,
    "hazardous_event": hazard.HazardousEvent,
    "safety_goal": hazard.SafetyGoal,
    "threat": hazard.Threat,
    "odd": hazard.Odd,
    "model_card": learning.ModelCard,
    "dataset": learning.Dataset,
    "evidence": learning.Evidence,
    "goal": argument.Goal,
    "strategy": argument.Strategy,
    "solution": argument.Solution,
    "context": argument.Context,
    "assumption": argument.Assumption,
    "justification": argument.Justification,
    "away_goal": argument.AwayGoal,
    "away_solution": argument.AwaySolution,
    "away_context": argument.AwayContext,
    "away_assumption": argument.AwayAssumption,
    "away_justification": argument.AwayJustification,
    "module_reference": argument.ModuleReference,
    "contract_reference": argument.ContractReference,
    "practice": process.Practice,
    "tool": process.Tool,
    "indicator": process.Indicator,
    "review": process.Review,
    "waiver": process.Waiver,
}

GSN_TYPES: Final[frozenset[str]] = frozenset(argument.ANY_ELEMENT)


@cache
def links_of(node_type: str) -> dict[str, Link]:
    """Return the link fields of a node type, by field name, in the order of declaration."""
    found: dict[str, Link] = {}
    for name, info in NODE_TYPES[node_type].model_fields.items():
        for mark in info.metadata:
            if isinstance(mark, Link):
                found[name] = mark
    return found
