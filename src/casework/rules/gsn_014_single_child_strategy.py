"""A strategy has a single sub-goal.

## What it does
Looks for strategies that exactly one element supports. Strategies with pattern decorations, or uninstantiated, are
left out.

## Why it matters
A strategy says how several claims together make one. Over a single claim it argues nothing: either sub-goals are
missing, or the goal rests on the other goal directly.

## Bad
```yaml
- type: goal
  id: G-1
  statement: Stop signs are reported
  supported_by: [S-1]
- type: strategy
  id: S-1
  statement: Argument over near and far signs
  supported_by: [G-2]
- type: goal
  id: G-2
  statement: Near stop signs are reported
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
GSN v3 2:5.2.4.
"""

from __future__ import annotations

from collections.abc import Iterable

from casework.model.argument import Strategy
from casework.model.finding import Finding
from casework.model.node import Node
from casework.rules.rule import Rule

RULE = Rule(
    "GSN-014",
    "single-child-strategy",
    "warning",
    "Add the missing sub-goals, or let the goal rest on the sub-goal directly.",
    "node",
    ("strategy",),
)


def check(key: str, node: Node) -> Iterable[Finding]:
    """Return a finding for a strategy with one sub-goal."""
    if not isinstance(node, Strategy) or len(node.supported_by) != 1:
        return ()
    if node.uninstantiated or node.decorations or node.undeveloped:
        return ()
    return (RULE.at(key, ("supported_by",), f"{key} has a single sub-goal, {node.supported_by[0]}"),)
