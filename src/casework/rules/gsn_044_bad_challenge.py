"""An element challenges itself.

## What it does
Looks for elements that name themselves in `challenges`. Targets that do not exist are TRC-001, and targets outside
the argument TRC-002.

## Why it matters
It defeats itself, so it says nothing, and counts among the doubts that were considered.

## Bad
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
- type: goal
  id: CG-1
  statement: Signs with stickers are missed
  undeveloped: true
  challenges: [CG-1]
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
- type: goal
  id: CG-1
  statement: Signs with stickers are missed
  undeveloped: true
  challenges: [G-1]
```

## References
GSN v3 1:6.2, Table 1:6-2.
"""

from __future__ import annotations

from collections.abc import Iterator

from casework.graph.case import Case
from casework.model.finding import Finding
from casework.rules.rule import Rule

RULE = Rule("GSN-044", "bad-challenge", "error", "Name the element that is challenged.", "case")


def check(case: Case) -> Iterator[Finding]:
    """Yield a finding for each challenge of an element to itself."""
    for key in case.keys("goal", "solution"):
        for edge in case.out(key, "challenges"):
            if edge.target == key:
                yield RULE.at(key, ("challenges", edge.index), f"{key} challenges itself")
