"""A claim is its own context.

## What it does
Follows each link of `in_context_of` onwards, through support, context and away elements, and reports where it leads
back to the element that it started from.

## Why it matters
A claim that is to be read under the condition that it is true says nothing.

## Bad
```yaml
- type: goal
  id: G-1
  public: true
  statement: Stop signs are reported
  supported_by: [G-2]
- type: goal
  id: G-2
  statement: Far stop signs are reported
  supported_by: [SN-1]
  in_context_of: [track::A-1]
- type: away_goal
  module: track
  id: A-1
  statement: Stop signs are reported
  away: G-1
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
  public: true
  statement: Stop signs are reported
  supported_by: [G-2]
- type: goal
  id: G-2
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
GSN v3 1:2.2.2, 1:2.2.11.
"""

from __future__ import annotations

from collections.abc import Iterator

from casework.graph.case import Case, Edge
from casework.model.finding import Finding
from casework.rules.gsn_argument import CONTEXT, way
from casework.rules.rule import Rule

RULE = Rule("GSN-006", "context-cycle", "error", "Drop the link that makes the claim its own context.", "case")


def check(case: Case) -> Iterator[Finding]:
    """Yield a finding for each circle that goes through a link of in_context_of."""
    seen: set[frozenset[str]] = set()
    for key in case.keys("goal", "strategy"):
        for edge in case.out(key, "in_context_of"):
            if edge.target == key or case.entries[edge.target].type not in CONTEXT:
                continue  # TRC-010 and GSN-004
            path = way(case, edge.target, key, lambda k: _onwards(case, k))
            if path and frozenset(path) not in seen:
                seen.add(frozenset(path))
                message = f"{key} is its own context: {' -> '.join((key, *path))}"
                yield RULE.at(key, ("in_context_of", edge.index), message)


def _onwards(case: Case, key: str) -> list[Edge]:
    return case.out(key, "supported_by", "in_context_of", "away")
