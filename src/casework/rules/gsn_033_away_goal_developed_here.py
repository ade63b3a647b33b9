"""A module develops the goal of another.

## What it does
Looks for away goals whose source is supported, in its own module, directly by elements of the module that refers to
it.

## Why it matters
An away goal is relied on because another module argues it. If the argument lies here, this module relies on itself by
a detour, and the other is not complete without it.

## Bad
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
  supported_by: [SN-1, G-8]
- type: goal
  id: G-8
  statement: The bus is not overloaded
  undeveloped: true
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
GSN v3 1:4.3.2.
"""

from __future__ import annotations

from collections.abc import Iterator

from casework.graph.case import Case
from casework.model.argument import ANY_ELEMENT
from casework.model.finding import Finding
from casework.rules.rule import Rule

RULE = Rule(
    "GSN-033",
    "away-goal-developed-here",
    "error",
    "Support the goal in its own module, through away elements where needed.",
    "case",
)


def check(case: Case) -> Iterator[Finding]:
    """Yield a finding for each away goal that elements of the referring module develop."""
    for key in case.keys("away_goal"):
        here = case.entries[key].module
        for away in case.out(key, "away"):
            if case.entries[away.target].module == here:
                continue  # GSN-032
            own = [
                e.target for e in case.out(away.target, "supported_by")
                if case.entries[e.target].module == here and case.entries[e.target].type in ANY_ELEMENT
            ]  # fmt: skip
            if own:
                message = f"{key} relies on {away.target}, which {', '.join(own)} of this very module supports"
                yield RULE.at(key, ("away",), message)
