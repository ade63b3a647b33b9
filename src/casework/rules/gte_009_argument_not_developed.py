"""A part of the argument is still to be developed.

## What it does
Looks for goals and strategies that are `undeveloped`, or to be supported by a contract, and that a top goal rests
on. The argument under a challenge is left out: while it is undeveloped, the challenge itself is open.

## Why it matters
An undeveloped goal is legal notation and an open promise. The top goal is not supported while one of them is left.

## Bad
```yaml
- type: goal
  id: G-1
  statement: The sign detector is acceptably safe on rural roads.
  supported_by: [G-2]
- type: goal
  id: G-2
  statement: Stop signs are reported.
  undeveloped: true
- type: requirement
  id: REQ-1
  level: system
  statement: The system shall report stop signs.
  rationale: Asked for by the operator.
  verified_by: [tests/test_x.py::test_y]
```

## Good
```yaml
- type: goal
  id: G-1
  statement: The sign detector is acceptably safe on rural roads.
  supported_by: [G-2]
- type: goal
  id: G-2
  statement: Stop signs are reported.
  supported_by: [SN-1]
- type: solution
  id: SN-1
  statement: Test results.
  cites: [REQ-1]
- type: requirement
  id: REQ-1
  level: system
  statement: The system shall report stop signs.
  rationale: Asked for by the operator.
  verified_by: [tests/test_x.py::test_y]
```

## References
GSN Community Standard v3, 1:2.1.4 and 1:4.3.2.
"""

from __future__ import annotations

from collections.abc import Iterator

from casework.graph.assessment import Assessment
from casework.graph.status import main_argument
from casework.model.finding import Finding
from casework.rules.rule import Rule

RULE = Rule(
    "GTE-009",
    "argument-not-developed",
    "error",
    "Develop it, or have it waived until a day by a person who answers for it.",
    "assessment",
)


_OPEN = {"undeveloped": "undeveloped", "supported_by_contract": "still to be supported by a contract"}


def check(assessment: Assessment) -> Iterator[Finding]:
    """Yield a finding for each undeveloped element below a top goal."""
    case = assessment.case
    marked = [k for k in case.keys("goal", "strategy") if any(case.entries[k].light.get(name) for name in _OPEN)]
    if not marked:
        return
    argument = main_argument(case)
    for key in marked:
        if key in argument and case.entries[key].valid:
            name = next(n for n in _OPEN if case.entries[key].light.get(n))
            yield RULE.at(key, (name,), f"{key} is {_OPEN[name]}")
