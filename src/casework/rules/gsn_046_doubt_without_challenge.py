"""A residual doubt is accepted about something that challenges nothing here.

## What it does
Looks up the challenger of each residual doubt: it must exist, and must challenge the element that accepts the doubt.

## Why it matters
Accepting a doubt that nobody raised leaves the raised one open, and the picture shows it as settled.

## Bad
```yaml
- type: goal
  id: G-1
  statement: Stop signs are reported
  supported_by: [SN-1]
  residual_doubts:
    - {challenger: SN-1, accepted_by: ann, role: safety-manager, reason: Stickers are rare.}
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

## Good
```yaml
- type: goal
  id: G-1
  statement: Stop signs are reported
  supported_by: [SN-1]
  residual_doubts:
    - {challenger: CG-1, accepted_by: ann, role: safety-manager, reason: Stickers are rare.}
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
GSN v3 1:6.3.7, 2:11.4.2.
"""

from __future__ import annotations

from collections.abc import Iterator

from casework.graph.case import Case
from casework.model.finding import Finding
from casework.rules.gsn_argument import elements
from casework.rules.rule import Rule

RULE = Rule(
    "GSN-046",
    "doubt-without-challenge",
    "error",
    "Name the element that challenges this one, or drop the doubt.",
    "case",
)


def check(case: Case) -> Iterator[Finding]:
    """Yield a finding for each residual doubt whose challenger does not challenge the element."""
    for key, node in elements(case):
        if not node.residual_doubts:
            continue
        challengers = {e.source for e in case.into(key, "challenges")}
        for index, doubt in enumerate(node.residual_doubts):
            found = case.resolve(case.entries[key], doubt.challenger)
            if found in challengers:
                continue
            said = "which does not challenge it" if found else "which is not defined"
            yield RULE.at(
                key, ("residual_doubts", index, "challenger"), f"{key} accepts a doubt of {doubt.challenger}, {said}"
            )
