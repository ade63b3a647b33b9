"""A claim supports itself.

## What it does
Follows `supported_by`, and from each away goal to its source in the other module, and reports every circle with all
ids on it, in order. An element that names itself is TRC-010.

## Why it matters
Claims that circle back on themselves look supported at every step and rest on nothing.

## Bad
```yaml
- type: goal
  id: G-1
  statement: Stop signs are reported
  supported_by: [G-2]
- type: goal
  id: G-2
  statement: No stop sign is missed
  supported_by: [G-1]
```

## Good
```yaml
- type: goal
  id: G-1
  statement: Stop signs are reported
  supported_by: [G-2]
- type: goal
  id: G-2
  statement: No stop sign is missed
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
GSN v3 1:2.2.2, 1:4.5.2.
"""

from __future__ import annotations

from collections.abc import Iterator

from casework.graph.case import Case
from casework.graph.cycles import strongly_connected
from casework.model.argument import ANY_ELEMENT
from casework.model.finding import Finding
from casework.rules.gsn_argument import supports
from casework.rules.rule import Rule
from casework.rules.trc_links import route

RULE = Rule("GSN-005", "support-cycle", "error", "Drop the link that leads back up.", "case")


def check(case: Case) -> Iterator[Finding]:
    """Yield a finding for each circle of support, at its smallest id."""
    adjacency = {key: [e.target for e in supports(case, key) if e.target != key] for key in case.keys(*ANY_ELEMENT)}
    for cycle in strongly_connected(adjacency):
        edge = next(e for e in supports(case, cycle[0]) if e.target == cycle[1])
        yield RULE.at(cycle[0], route(edge), f"{cycle[0]} supports itself: {' -> '.join((*cycle, cycle[0]))}")
