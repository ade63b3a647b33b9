"""The ids of two nodes differ only in upper and lower case.

## What it does
Compares the keys of all nodes without regard to case.

## Why it matters
People read them as one. On systems whose file names know no case, evidence of the two lies in one folder, and one of the two
loses its records.

## Bad
```yaml
- type: requirement
  id: REQ-1
  level: stakeholder
  statement: The system shall report stop signs.
  rationale: Asked for by the operator.
  verified_by: [tests/test_x.py::test_y]
- type: requirement
  id: Req-1
  level: stakeholder
  statement: The system shall report yield signs.
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
  statement: The system shall report yield signs.
  rationale: Asked for by the operator.
  verified_by: [tests/test_x.py::test_y]
```

## References
ISO 26262-8:2018, 6.4.2.2 (unique identification of requirements).
"""

from __future__ import annotations

from collections.abc import Iterator

from casework.graph.case import Case
from casework.model.finding import Finding
from casework.rules.rule import Rule

RULE = Rule("TRC-019", "twin-ids", "error", "Give one of them another id.", "case")


def check(case: Case) -> Iterator[Finding]:
    """Yield a finding for each node whose key another one has too, but for case; at the later one."""
    first: dict[str, str] = {}
    for key in sorted(case.entries):
        other = first.setdefault(key.lower(), key)
        if other != key:
            yield RULE.at(key, ("id",), f"{key} and {other} differ only in case")
