"""A percentage of a drop does not say of what.

## What it does
Looks in the statement of each requirement for a percentage beside a drop, loss, decrease, degradation, reduction,
change, increase or gain without a word that says whether percentage points or a relative change is meant.

## Why it matters
From a recall of 0.90, a drop of 2 % ends at 0.88 or at 0.882. Whoever runs the test chooses, and chooses after seeing
the figure.

## Bad
```yaml
- type: requirement
  id: REQ-1
  level: stakeholder
  statement: The drop in accuracy by quantisation shall stay below 2 %.
  rationale: Asked for by the operator.
  verified_by: [tests/test_x.py::test_y]
```

## Good
```yaml
- type: requirement
  id: REQ-1
  level: stakeholder
  statement: The drop in accuracy by quantisation shall stay below 2 percentage points.
  rationale: Asked for by the operator.
  verified_by: [tests/test_x.py::test_y]
```

## References
ISO 26262-8:2018, 6.4.2.4 (unambiguous).
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final

from casework.model.finding import Finding
from casework.model.node import Node
from casework.model.requirement import Requirement
from casework.rules.rule import Rule

RULE = Rule(
    "REQ-013",
    "ambiguous-metric-unit",
    "warning",
    "Say `percentage points`, or `relative to` what; in a criterion, use the unit pp.",
    "node",
    ("requirement",),
)

_CHANGE: Final = re.compile(
    r"\b(?:drop|drops|loss|losses|decrease|decreases|degradation|degrade|degrades|reduction|reduce|reduces|decline|change|increase|increases|gain|gains|improvement|deterioration)\b",
    re.IGNORECASE,
)
_PERCENT: Final = re.compile(r"\d\s*(?:%|percent\b(?!age))", re.IGNORECASE)
_CLEAR: Final = re.compile(
    r"\bpp\b|percentage[ -]points?|%[ -]points?|percent[ -]points?|\brelative|\babsolute", re.IGNORECASE
)


def check(key: str, node: Node) -> Iterable[Finding]:
    """Return a finding if the statement holds a percentage of a change and does not say of what."""
    statement: str = getattr(node, "statement", "")
    if "%" not in statement and "ercent" not in statement:
        return ()
    change, percent = _CHANGE.search(statement), _PERCENT.search(statement)
    if change is None or percent is None or _CLEAR.search(statement):
        return ()
    if isinstance(node, Requirement) and node.status == "retired":
        return ()
    message = (
        f"{key}: the {change.group().lower()} is in percent, which may mean percentage points or a relative change"
    )
    return (RULE.at(key, ("statement",), message),)
