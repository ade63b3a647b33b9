"""A requirement does not say what shall be.

## What it does
Looks for the word `shall` in the statement of each requirement and safety goal.

## Why it matters
Without `shall` it stays open whether the sentence binds, describes, or hopes: nobody can say whether it is fulfilled.

## Bad
```yaml
- type: requirement
  id: REQ-1
  level: stakeholder
  statement: The system reports stop signs.
  rationale: Asked for by the operator.
  verified_by: [tests/test_x.py::test_y]
```

## Good
```yaml
- type: requirement
  id: REQ-1
  level: stakeholder
  statement: The system shall report stop signs.
  rationale: Asked for by the operator.
  verified_by: [tests/test_x.py::test_y]
```

## References
ISO 26262-8:2018, 6.4.2.4 (characteristics of safety requirements); ISO/IEC/IEEE 29148:2018, 5.2.4 (`shall` marks what
binds).
"""

from __future__ import annotations

from collections.abc import Iterable

from casework.model.finding import Finding
from casework.model.node import Node
from casework.model.requirement import Requirement
from casework.rules.req_wording import shalls
from casework.rules.rule import Rule

RULE = Rule(
    "REQ-001", "no-shall", "error", "Write who shall do what, with one `shall`.", "node", ("requirement", "safety_goal")
)


def check(key: str, node: Node) -> Iterable[Finding]:
    """Return a finding if the statement has no `shall`."""
    statement: str = getattr(node, "statement", "")
    if shalls(statement) or (isinstance(node, Requirement) and node.status == "retired"):
        return ()
    return (RULE.at(key, ("statement",), f"{key} does not say what shall be"),)
