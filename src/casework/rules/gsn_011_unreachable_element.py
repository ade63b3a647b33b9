"""An element hangs on nothing.

## What it does
Looks for strategies, solutions, contexts, assumptions, justifications, away elements and references that no element
names, neither as support nor as context. Goals may stand at the top, and challengers hang on what they challenge. Of
a loose branch only its upper end is reported.

## Why it matters
Nobody who reads the argument from the top will ever see it. Usually the link that should lead to it was lost.

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
- type: context
  id: C-1
  statement: Rural roads by day
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
GSN v3 2:7.4.2.2.
"""

from __future__ import annotations

from collections.abc import Iterator

from casework.graph.case import Case
from casework.model.argument import ANY_ELEMENT
from casework.model.finding import Finding
from casework.rules.rule import Rule
from casework.rules.trc_links import names

RULE = Rule(
    "GSN-011", "unreachable-element", "warning", "Name it in the element that it belongs to, or remove it.", "case"
)


def check(case: Case) -> Iterator[Finding]:
    """Yield a finding for each element other than a goal that nothing leads to."""
    for key in case.keys(*ANY_ELEMENT):
        entry = case.entries[key]
        if (
            entry.type == "goal"
            or case.into(key, "supported_by", "in_context_of", "away")
            or names(entry, "challenges")
        ):
            continue
        yield RULE.at(key, (), f"{key}, a {entry.type.replace('_', ' ')}, is part of no argument: no element names it")
