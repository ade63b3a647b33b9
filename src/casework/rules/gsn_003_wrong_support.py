"""An element is supported by one of a type that cannot support it.

## What it does
Compares each link of `supported_by` with the connections that the notation allows: a goal is supported by goals,
strategies and solutions (and away goals, away solutions, module and contract references); a strategy by goals, away
goals and module references.

## Why it matters
A strategy that leads to a solution leaves out the claim that the solution is to prove. A goal that names evidence
directly leaves out what the evidence is taken to show.

## Bad
```yaml
- type: goal
  id: G-1
  statement: Stop signs are reported
  supported_by: [S-1]
- type: strategy
  id: S-1
  statement: Argument over near and far signs
  supported_by: [G-2, SN-1]
- type: goal
  id: G-2
  statement: Near stop signs are reported
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

## Good
```yaml
- type: goal
  id: G-1
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
```

## References
GSN v3 1:2.2.2, Table 1:2-1 and Table 1:4-2.
"""

from __future__ import annotations

from collections.abc import Iterator

from casework.graph.case import Case
from casework.model.finding import Finding
from casework.model.vocabulary import NODE_TYPES
from casework.rules.gsn_argument import SUPPORT
from casework.rules.rule import Rule

RULE = Rule(
    "GSN-003",
    "wrong-support",
    "error",
    "Put the missing goal in between, or use the field meant for this node.",
    "case",
)


def check(case: Case) -> Iterator[Finding]:
    """Yield a finding for each link of supported_by that the notation does not allow."""
    for key in case.keys(*SUPPORT):
        allowed = SUPPORT[case.entries[key].type]
        for edge in case.out(key, "supported_by"):
            found = case.entries[edge.target].type
            if found not in allowed and found in NODE_TYPES:
                words = found.replace("_", " ")
                message = f"{key}, a {case.entries[key].type}, cannot be supported by {edge.target}, a {words}"
                yield RULE.at(key, ("supported_by", edge.index), message)
