"""A strategy does not say how it argues.

## What it does
Looks for strategies whose statement does not begin with `Argument` (by, over, across ...).

## Why it matters
A strategy speaks of the argument: how the sub-goals make up the goal. One that speaks of the design, or that claims
something, hides the inference.

## Bad
```yaml
- type: goal
  id: G-1
  statement: Stop signs are reported
  supported_by: [S-1]
- type: strategy
  id: S-1
  statement: Near and far signs are handled by two heads
  supported_by: [G-2, G-3]
- type: goal
  id: G-2
  statement: Near stop signs are reported
  supported_by: [SN-1]
- type: goal
  id: G-3
  statement: Far stop signs are reported
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

## Good
```yaml
- type: goal
  id: G-1
  statement: Stop signs are reported
  supported_by: [S-1]
- type: strategy
  id: S-1
  statement: Argument over near and far signs
  supported_by: [G-2, G-3]
- type: goal
  id: G-2
  statement: Near stop signs are reported
  supported_by: [SN-1]
- type: goal
  id: G-3
  statement: Far stop signs are reported
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
GSN v3 1:2.3.3, 2:6.3.
"""

from __future__ import annotations

from collections.abc import Iterable

from casework.model.argument import Strategy
from casework.model.finding import Finding
from casework.model.node import Node
from casework.rules.rule import Rule

RULE = Rule(
    "GSN-018",
    "strategy-not-an-argument",
    "info",
    "Begin it with `Argument by`, `Argument over` or the like.",
    "node",
    ("strategy",),
)


def check(key: str, node: Node) -> Iterable[Finding]:
    """Return a finding for a strategy that does not begin with `Argument`."""
    if not isinstance(node, Strategy) or node.statement.lstrip().lower().startswith("argument"):
        return ()
    return (RULE.at(key, ("statement",), f"{key} does not say how it argues"),)
