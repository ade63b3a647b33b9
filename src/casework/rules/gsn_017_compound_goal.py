"""A goal makes several claims at once.

## What it does
Looks for goals in which `and`, `or` or a semicolon joins two verb phrases.

## Why it matters
Support for one of two claims looks like support for both, and a challenge to one brings down both.

## Bad
```yaml
- type: goal
  id: G-1
  statement: Stop signs are reported and false reports are rare
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
GSN v3 2:5.2.1, 2:5.3.2.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final

from casework.model.argument import Goal
from casework.model.finding import Finding
from casework.model.node import Node
from casework.rules.rule import Rule

RULE = Rule("GSN-017", "compound-goal", "info", "Split it into one goal for each claim.", "node", ("goal",))

_VERB: Final = re.compile(
    r"(?<!that )(?<!which )(?<!who )\b(?:is|are|was|were|has|have|does|do|can|cannot|will|"
    r"meets?|satisf(?:y|ies)|holds?|keeps?|remains?|fulfils?|detects?|finds?|reports?|covers?|stays?|works?)\b",
    re.IGNORECASE,
)
_JOINT: Final = re.compile(r"\b(?:and|or)\b|;", re.IGNORECASE)


def _is_compound(statement: str) -> bool:
    """Tell whether a verb is joined with a later one; step by step, for one pattern over a long text takes its square."""
    first = _VERB.search(statement)
    joint = _JOINT.search(statement, first.end()) if first else None
    return joint is not None and _VERB.search(statement, joint.end()) is not None


def check(key: str, node: Node) -> Iterable[Finding]:
    """Return a finding for a goal with two joined verb phrases."""
    if not isinstance(node, Goal) or not _is_compound(node.statement):
        return ()
    return (RULE.at(key, ("statement",), f"{key} seems to make several claims at once"),)
