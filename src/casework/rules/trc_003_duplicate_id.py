"""Two nodes have one id.

## What it does
Reports every node whose id is already taken in its module, and names the place of the first.

## Why it matters
Links to the id mean whichever node was read first. When two branches both create REQ-42 and merge, one of the two
requirements loses its evidence, or worse, gains that of the other.

## Bad
```yaml
- type: requirement
  id: REQ-1
  level: stakeholder
  statement: The system shall report stop signs.
  rationale: Asked for by the operator.
  verified_by: [tests/test_x.py::test_y]
- type: requirement
  id: REQ-1
  level: stakeholder
  statement: The system shall report yield signs.
  rationale: Asked for by the operator.
  verified_by: [tests/test_x.py::test_z]
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
  statement: The system shall report yield signs.
  rationale: Asked for by the operator.
  verified_by: [tests/test_x.py::test_z]
```

## References
ISO 26262-8:2018, 6.4.2.5 (unique identification of safety requirements); GSN v3 1:2.1.2, 1:4.2.2.
"""

from __future__ import annotations

from collections.abc import Iterator

from casework.graph.case import Case
from casework.model.finding import Finding
from casework.rules.rule import Rule

RULE = Rule(
    "TRC-003",
    "duplicate-id",
    "error",
    "Give one of the two nodes another id, and check which of them each link means.",
    "case",
)


def check(case: Case) -> Iterator[Finding]:
    """Yield a finding for each node whose key another node had before."""
    for first, second in case.duplicates:
        place = f"node {first.position + 1} of {first.file}"
        yield RULE.at(second.key, ("id",), f"{second.key} is defined again: it is already {place}")
