"""An element is marked undeveloped and has support.

## What it does
Looks for goals and strategies that are marked `undeveloped` and name what supports them.

## Why it matters
The diamond says that the argument stops here. Either it does, or the mark was forgotten and hides finished work.

## Bad
```yaml
- type: goal
  id: G-1
  statement: Stop signs are reported
  undeveloped: true
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
GSN v3 1:2.1.4, Table 1:2-1.
"""

from __future__ import annotations

from collections.abc import Iterable

from casework.model.argument import Goal, Strategy
from casework.model.finding import Finding
from casework.model.node import Node
from casework.rules.rule import Rule

RULE = Rule(
    "GSN-009", "undeveloped-with-support", "error", "Drop the mark, or the support.", "node", ("goal", "strategy")
)


def check(key: str, node: Node) -> Iterable[Finding]:
    """Return a finding for an undeveloped element with support."""
    if not isinstance(node, Goal | Strategy) or not node.undeveloped or not node.supported_by:
        return ()
    return (
        RULE.at(
            key, ("undeveloped",), f"{key} is marked undeveloped and is supported by {', '.join(node.supported_by)}"
        ),
    )
