"""A requirement says several things at once.

## What it does
Counts the word `shall` in the statement of each requirement and safety goal.

## Why it matters
Of two promises in one requirement, a test or a child that keeps one seems to keep both: the other has no trace of its
own.

## Bad
```yaml
- type: requirement
  id: REQ-1
  level: stakeholder
  statement: The system shall report stop signs, and it shall log them.
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
- type: requirement
  id: REQ-2
  level: stakeholder
  statement: The system shall log stop signs.
  rationale: Asked for by the operator.
  verified_by: [tests/test_x.py::test_z]
```

## References
ISO 26262-8:2018, 6.4.2.4 (atomic requirements); ISO/IEC/IEEE 29148:2018, 5.2.5 (singular).
"""

from __future__ import annotations

from collections.abc import Iterable

from casework.model.finding import Finding
from casework.model.node import Node
from casework.model.requirement import Requirement
from casework.rules.req_wording import shalls
from casework.rules.rule import Rule

RULE = Rule(
    "REQ-002",
    "several-shalls",
    "error",
    "Split it into one requirement for each `shall`.",
    "node",
    ("requirement", "safety_goal"),
)


def check(key: str, node: Node) -> Iterable[Finding]:
    """Return a finding if the statement has more than one `shall`."""
    count = shalls(getattr(node, "statement", ""))
    if count < 2 or (isinstance(node, Requirement) and node.status == "retired"):
        return ()
    return (RULE.at(key, ("statement",), f"{key} says `shall` {count} times"),)
