"""An away element does not say what its source says.

## What it does
Compares each away goal, solution, context, assumption and justification with its source: the statement must be the
same (white space aside), the source must be `public`, and it must lie in another module.

## Why it matters
Readers of this module believe the copy. If the source was changed, or was never meant for others, this module rests
on something that nobody argues.

## Bad
```yaml
- type: goal
  id: G-1
  statement: Stop signs are reported
  supported_by: [A-1]
- type: away_goal
  id: A-1
  statement: Frames never arrive late
  away: camera::G-7
- type: goal
  module: camera
  id: G-7
  public: true
  statement: Frames arrive in time
  supported_by: [SN-1]
- type: solution
  module: camera
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
  supported_by: [A-1]
- type: away_goal
  id: A-1
  statement: Frames arrive in time
  away: camera::G-7
- type: goal
  module: camera
  id: G-7
  public: true
  statement: Frames arrive in time
  supported_by: [SN-1]
- type: solution
  module: camera
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
GSN v3 1:4.2.3, Table 1:4-1; 2:5.2.7.
"""

from __future__ import annotations

from collections.abc import Iterator

from casework.graph.case import Case
from casework.model.argument import Element
from casework.model.finding import Finding
from casework.rules.gsn_argument import AWAY
from casework.rules.rule import Rule

RULE = Rule(
    "GSN-032",
    "away-element-differs",
    "error",
    "Copy the statement of the source, or have its module make it public.",
    "case",
)


def check(case: Case) -> Iterator[Finding]:
    """Yield a finding for each away element that differs from its source, or whose source is not for others."""
    for key, node in case.nodes(Element, *AWAY):
        for edge in case.out(key, "away"):
            entry = case.entries[edge.target]
            if f"away_{entry.type}" != node.type or not entry.valid:
                continue  # TRC-002, or what reading found
            source = case.node(edge.target)
            if not isinstance(source, Element):
                continue
            if entry.module == case.entries[key].module:
                yield RULE.at(
                    key,
                    ("away",),
                    f"{key} is an away element, and {edge.target} lies in the same module",
                    "Link to it directly.",
                )
            elif not source.public:
                yield RULE.at(key, ("away",), f"{key} relies on {edge.target}, which its module does not make public")
            elif source.statement.split() != node.statement.split():
                yield RULE.at(key, ("statement",), f"{key} does not say what {edge.target} says")
