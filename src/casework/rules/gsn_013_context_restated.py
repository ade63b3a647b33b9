"""A context is stated again below an element that passes it on.

## What it does
Looks for contexts and assumptions that an element names although an element above it names them already. Contexts and
assumptions are inherited by everything below; justifications are not.

## Why it matters
Stated twice, it seems to hold only where it is stated. When it changes, one of the two places is forgotten.

## Bad
```yaml
- type: goal
  id: G-1
  in_context_of: [C-1]
  statement: Stop signs are reported
  supported_by: [S-1]
- type: strategy
  id: S-1
  statement: Argument over near and far signs
  supported_by: [G-2, G-3]
- type: goal
  id: G-2
  in_context_of: [C-1]
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
- type: context
  id: C-1
  statement: Rural roads by day
```

## Good
```yaml
- type: goal
  id: G-1
  in_context_of: [C-1]
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
- type: context
  id: C-1
  statement: Rural roads by day
```

## References
GSN v3 1:2.2.11 to 1:2.2.13; 1:2.2.14 and 1:2.2.19 (justifications are local).
"""

from __future__ import annotations

from collections.abc import Iterator

from casework.graph.case import Case
from casework.model.finding import Finding
from casework.rules.rule import Rule

RULE = Rule("GSN-013", "context-restated", "warning", "Drop the lower link: the context is inherited.", "case")

_INHERITED = ("context", "assumption", "away_context", "away_assumption")


def check(case: Case) -> Iterator[Finding]:
    """Yield a finding for each link to a context that is inherited already."""
    for context in case.keys(*_INHERITED):
        users = case.into(context, "in_context_of")
        if len(users) < 2:
            continue
        for edge in users:
            above = case.downstream(edge.source, "supported_by")
            if edge.source in above:
                continue  # a circle, GSN-005
            giver = next((e.source for e in users if e.source in above), None)
            if giver is not None:
                message = f"{edge.source} names {context}, which it inherits from {giver}"
                yield RULE.at(edge.source, ("in_context_of", edge.index), message)
