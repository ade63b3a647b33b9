"""A goal or a strategy has no support.

## What it does
Looks for goals and strategies that nothing supports and that are neither marked `undeveloped` nor, for goals, to be
supported by contract. Elements that are still uninstantiated are GSN-027.

## Why it matters
A claim without support is an assertion. It is legal to leave one for later, but then the diamond says so, and the
status is open.

## Bad
```yaml
- type: goal
  id: G-1
  statement: Stop signs are reported
- type: requirement
  id: REQ-1
  level: stakeholder
  statement: The system shall report stop signs.
  rationale: Asked for by the operator.
  verified_by: [tests/test_x.py::test_y]
```

## Good
```yaml
- type: goal
  id: G-1
  statement: Stop signs are reported
  supported_by: [SN-1]
- type: solution
  id: SN-1
  statement: Test of the reports
  cites: [REQ-1]
- type: requirement
  id: REQ-1
  level: stakeholder
  statement: The system shall report stop signs.
  rationale: Asked for by the operator.
  verified_by: [tests/test_x.py::test_y]
```

## References
GSN v3 1:2.1.4, 2:7.4.2.1.
"""

from __future__ import annotations

from collections.abc import Iterable

from casework.model.argument import Goal, Strategy
from casework.model.finding import Finding
from casework.model.node import Node
from casework.rules.rule import Rule

RULE = Rule(
    "GSN-008",
    "unsupported-goal",
    "error",
    "Name what supports it, or mark it `undeveloped: true`.",
    "node",
    ("goal", "strategy"),
)


def check(key: str, node: Node) -> Iterable[Finding]:
    """Return a finding for a goal or strategy without support that does not say so."""
    if not isinstance(node, Goal | Strategy) or node.supported_by or node.undeveloped or node.uninstantiated:
        return ()
    if isinstance(node, Goal) and node.supported_by_contract:
        return ()
    return (RULE.at(key, ("supported_by",), f"{key}, a {node.type}, has no support and is not marked undeveloped"),)
