"""What a case's statuses follow from: each node's support, faults, challengers and inherited contexts, as plain adjacency."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Final

from casework.graph.assessment import Assessment
from casework.graph.case import Case
from casework.graph.challenges import accepted_challengers
from casework.graph.support import PARTS, REFERENCES, module_tops
from casework.model.verdict import Status

INHERITED: Final = frozenset({"context", "assumption", "away_context", "away_assumption"})
"""Contexts and assumptions are inherited downward, justifications are not (GSN v3 1:2.2.11 to 1:2.2.14)."""

_RESTING: Final = frozenset(
    {"supported_by", "acps", "states", "cites", "away", "satisfied_by", "qualified_by", "mitigated_by"}
)
SCOPE: Final = "\0"
"""Prefix of the virtual node that stands for all inherited contexts and assumptions of an element."""


@dataclass(slots=True)
class Network:
    """All that statuses follow from, as plain adjacency.

    Attributes:
        rests_on: Node to the nodes that must hold.
        faults: What is wrong with a node itself.
        attackers: Node to its challengers, without those whose doubt a person has accepted.
        contexts: Element to the contexts that may fail.
        scopes: Virtual scope of an element to the contexts and outer scopes that it consists of.
        shown_by: Requirement to the evidence that verifies it.
    """

    rests_on: dict[str, list[str]] = field(default_factory=dict)
    faults: dict[str, list[Status]] = field(default_factory=dict)
    attackers: dict[str, list[str]] = field(default_factory=dict)
    contexts: dict[str, list[str]] = field(default_factory=dict)
    scopes: dict[str, list[str]] = field(default_factory=dict)
    shown_by: dict[str, list[str]] = field(default_factory=dict)


def network_of(assessment: Assessment) -> Network:
    """Return the network of a case: every node that has a status, and what that follows from."""
    case, network = assessment.case, Network()
    for node_type, part in PARTS.items():
        for key in case.keys(node_type):
            if not case.entries[key].valid:
                network.rests_on[key] = []
                network.faults[key] = [Status("open", f"{key} does not validate")]
                continue
            network.rests_on[key], faults = part(assessment, key)
            if faults:
                network.faults[key] = faults
    for key in case.keys("goal", "strategy", "solution", "context"):
        network.rests_on[key] += [edge.target for edge in case.out(key, "acps")]  # GSN v3 1:5: confidence in the claim
    _add_modules(case, network)
    for key, targets in network.rests_on.items():
        network.rests_on[key] = [t for t in targets if t in network.rests_on]
    for link in case.dangling:
        if link.field in _RESTING:
            fault = Status("open", f"{link.source} rests on {link.target}, which is not defined")
            network.faults.setdefault(link.source, []).append(fault)
    _add_challenges(case, network)
    _add_indicators(case, network)
    _add_scopes(case, network)
    return network


def _add_indicators(case: Case, network: Network) -> None:
    violated = [key for key in case.keys("indicator") if case.entries[key].light.get("state") == "violated"]
    for edge in (e for key in violated for e in case.out(key, "monitors")):
        fault = Status("doubted", f"the indicator {edge.source} is violated", edge.source)
        network.faults.setdefault(edge.target, []).append(fault)


def _add_modules(case: Case, network: Network) -> None:
    keys = [k for k in case.keys(*REFERENCES) if case.entries[k].valid]
    tops = module_tops(case) if keys else {}
    for key in keys:
        name = str(case.data(key).get("refers_to_module", ""))
        network.rests_on[key] = tops.get(name, [])
        if not network.rests_on[key]:
            network.faults[key] = [Status("open", f"the module {name} that {key} refers to has no top goal")]


def _add_challenges(case: Case, network: Network) -> None:
    for key in case.keys("goal", "solution"):
        for edge in case.out(key, "challenges"):
            if edge.target in network.rests_on and key not in accepted_challengers(case, edge.target):
                network.attackers.setdefault(edge.target, []).append(key)


def _add_scopes(case: Case, network: Network) -> None:
    """Note the contexts that can fail, and the scopes in which they are inherited; a healthy case has none of them."""
    front: list[str] = []
    for key in case.keys("goal", "strategy"):
        named = [e.target for e in case.out(key, "in_context_of") if _fragile(network, e.target)]
        if named:
            network.contexts[key] = named
            if any(case.entries[t].type in INHERITED for t in named):
                front.append(key)
    region = set(front) | set(case.reach(front, lambda k: (e.target for e in case.out(k, "supported_by"))))
    for key in region & network.rests_on.keys():
        own = [t for t in network.contexts.get(key, ()) if case.entries[t].type in INHERITED]
        outer = [SCOPE + e.source for e in case.into(key, "supported_by") if e.source in region]
        network.scopes[SCOPE + key] = own + outer


def _fragile(network: Network, key: str) -> bool:
    return bool(network.rests_on.get(key)) or key in network.faults or key in network.attackers


def reverse(adjacency: Mapping[str, Iterable[str]]) -> dict[str, list[str]]:
    """Return the links the other way round: target to its sources, in the order of the sources."""
    made: dict[str, list[str]] = {}
    for source, targets in adjacency.items():
        for target in targets:
            made.setdefault(target, []).append(source)
    return made
