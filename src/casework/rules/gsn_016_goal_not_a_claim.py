"""A goal asks or demands instead of claiming.

## What it does
Looks for goals that end in a question mark or say `shall`.

## Why it matters
A goal is a proposition that is true or false. A demand cannot be supported by evidence, only met.

## Bad
```yaml
- type: goal
  id: G-1
  statement: The system shall report stop signs
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
GSN v3 1:2.3.1, 2:5.2.1.
"""

from __future__ import annotations

from collections.abc import Iterable

from casework.model.argument import Goal
from casework.model.finding import Finding
from casework.model.node import Node
from casework.rules.req_wording import shalls
from casework.rules.rule import Rule

RULE = Rule(
    "GSN-016", "goal-not-a-claim", "info", "Write what is the case, as `Stop signs are reported`.", "node", ("goal",)
)


def check(key: str, node: Node) -> Iterable[Finding]:
    """Return a finding for a goal that is a question or a demand."""
    if not isinstance(node, Goal):
        return ()
    if node.statement.rstrip().endswith("?"):
        return (RULE.at(key, ("statement",), f"{key} asks a question"),)
    if shalls(node.statement):
        return (RULE.at(key, ("statement",), f"{key} says `shall`: it demands, and a goal claims"),)
    return ()
