"""An element is in the context of one that is no context.

## What it does
Compares each link of `in_context_of` with the connections that the notation allows: contexts, assumptions and
justifications (and away ones, away goals, and module references).

## Why it matters
A claim or a piece of evidence in the place of context is believed without being argued.

## Bad
```yaml
- type: goal
  id: G-1
  statement: Stop signs are reported
  supported_by: [SN-1]
  in_context_of: [SN-2]
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
- type: solution
  id: SN-2
  statement: Test of the reports
  cites: [REQ-1]
```

## Good
```yaml
- type: goal
  id: G-1
  statement: Stop signs are reported
  supported_by: [SN-1]
  in_context_of: [C-1]
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
- type: context
  id: C-1
  statement: Rural roads by day
```

## References
GSN v3 1:2.2.3, Table 1:2-1 and Table 1:4-2; 2:6.2.
"""

from __future__ import annotations

from collections.abc import Iterator

from casework.graph.case import Case
from casework.model.finding import Finding
from casework.model.vocabulary import NODE_TYPES
from casework.rules.gsn_argument import CONTEXT
from casework.rules.rule import Rule

RULE = Rule(
    "GSN-004",
    "wrong-context",
    "error",
    "Name a context, an assumption or a justification, or move the link to supported_by.",
    "case",
)


def check(case: Case) -> Iterator[Finding]:
    """Yield a finding for each link of in_context_of that the notation does not allow."""
    for key in case.keys("goal", "strategy"):
        for edge in case.out(key, "in_context_of"):
            found = case.entries[edge.target].type
            if found not in CONTEXT and found in NODE_TYPES:
                message = f"{key} cannot be in the context of {edge.target}, a {found.replace('_', ' ')}"
                yield RULE.at(key, ("in_context_of", edge.index), message)
