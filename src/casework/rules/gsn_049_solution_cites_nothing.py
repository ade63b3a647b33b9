"""A solution without evidence.

## What it does
Looks for solutions with an empty `cites`. Uninstantiated ones are GSN-027.

## Why it matters
The circle at the bottom of the argument is what everything above it stands on. If it refers to nothing, nothing is
there.

## Bad
```yaml
- type: goal
  id: G-1
  statement: Stop signs are reported
  supported_by: [SN-1]
- type: solution
  id: SN-1
  statement: Test of the reports
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
GSN v3 1:2.1.3, 2:7.4.5.
"""

from __future__ import annotations

from collections.abc import Iterable

from casework.model.argument import Solution
from casework.model.finding import Finding
from casework.model.node import Node
from casework.rules.rule import Rule

RULE = Rule(
    "GSN-049",
    "solution-cites-nothing",
    "error",
    "Name the evidence, review, practice or tested requirement in `cites`.",
    "node",
    ("solution",),
)


def check(key: str, node: Node) -> Iterable[Finding]:
    """Return a finding for a solution that cites nothing."""
    if not isinstance(node, Solution) or node.cites or node.uninstantiated:
        return ()
    return (RULE.at(key, ("cites",), f"{key} cites nothing"),)
