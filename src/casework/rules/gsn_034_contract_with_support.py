"""A goal is to be supported by contract and is developed as well.

## What it does
Looks for goals with `supported_by_contract` that also name support or are marked undeveloped.

## Why it matters
The mark says that another module will support the goal, under a contract. Where support is named here, nobody knows
which of the two is meant to hold.

## Bad
```yaml
- type: goal
  id: G-1
  statement: Stop signs are reported
  supported_by_contract: true
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
  supported_by_contract: true
- type: requirement
  id: REQ-1
  level: stakeholder
  statement: The system shall report stop signs.
  rationale: Asked for by the operator.
  verified_by: [tests/test_x.py::test_y]
```

## References
GSN v3 1:4.3.2, Table 1:4-1.
"""

from __future__ import annotations

from collections.abc import Iterable

from casework.model.argument import Goal
from casework.model.finding import Finding
from casework.model.node import Node
from casework.rules.rule import Rule

RULE = Rule("GSN-034", "contract-with-support", "error", "Drop the mark, or what contradicts it.", "node", ("goal",))


def check(key: str, node: Node) -> Iterable[Finding]:
    """Return a finding for a goal that is to be supported by contract and is developed here as well."""
    if not isinstance(node, Goal) or not node.supported_by_contract:
        return ()
    if node.supported_by:
        message = f"{key} is to be supported by contract, and is supported by {', '.join(node.supported_by)}"
        return (RULE.at(key, ("supported_by_contract",), message),)
    if node.undeveloped:
        return (
            RULE.at(
                key, ("supported_by_contract",), f"{key} is to be supported by contract, and is marked undeveloped"
            ),
        )
    return ()
