"""Reads a text and lets every node and case rule look at it, as a check does."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from types import ModuleType

from casework.graph.assessment import Assessment, Today
from casework.graph.case import Case
from casework.model.finding import Finding
from casework.model.node import Node
from casework.model.policy import TrustPolicy
from casework.model.project import Project
from casework.rules import registry
from casework.store.tree import case_from_texts


def look(text: str | Mapping[str, str]) -> tuple[Case, list[Finding]]:
    """Return the case and everything that reading, the node rules and the case rules find."""
    by_type: dict[str, list[ModuleType]] = {}
    for module in registry.of_scope("node"):
        for node_type in module.RULE.types:
            by_type.setdefault(node_type, []).append(module)

    def inspect(key: str, node: Node) -> list[Finding]:
        return [finding for module in by_type.get(node.type, ()) for finding in module.check(key, node)]

    case, found = case_from_texts({"requirements/page.yaml": text} if isinstance(text, str) else text, inspect)
    for module in registry.of_scope("case"):
        found.extend(module.check(case))
    return case, found


def assess(code: str, text: str, project: Project | None = None, policy: TrustPolicy | None = None) -> list[Finding]:
    """Return what one assessment rule finds."""
    case, found = look(text)
    assert not [f for f in found if f.code.startswith("FMT")], told(found)
    module = next(m for m in registry.of_scope("assessment") if m.RULE.code == code)
    return list(module.check(Assessment(case, Today(date(2026, 1, 31)), project=project or Project(), policy=policy)))


def places(findings: list[Finding]) -> list[tuple[str, str, str]]:
    """Return (code, node, field path) of each finding, sorted."""
    return sorted((f.code, f.node, f.field_path) for f in findings)


def told(findings: list[Finding]) -> str:
    """Return findings in words, for failing tests."""
    return "\n".join(f"{f.code} {f.node} {f.field_path}: {f.message}" for f in findings) or "nothing"
