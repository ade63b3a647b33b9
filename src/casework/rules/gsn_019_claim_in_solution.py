"""A solution makes a claim.

## What it does
Looks for solutions with a verb that claims (is, are, shows, proves, meets, demonstrates ...).

## Why it matters
A solution names evidence. What the evidence is taken to show is a claim, and belongs in the goal, where it can be
supported and challenged.

## Bad
```yaml
- type: goal
  id: G-1
  statement: Stop signs are reported
  supported_by: [SN-1]
- type: solution
  id: SN-1
  statement: The test shows that signs are reported
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
GSN v3 1:2.3.4, 2:5.3.2.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final

from casework.model.argument import Solution
from casework.model.finding import Finding
from casework.model.node import Node
from casework.rules.rule import Rule

RULE = Rule(
    "GSN-019",
    "claim-in-solution",
    "info",
    "Name the evidence only, and put the claim in a goal above.",
    "node",
    ("solution",),
)

_CLAIM: Final = re.compile(
    r"\b(?:is|are|was|were|has|have|shows?|showed|proves?|proved|demonstrates?|demonstrated|meets|satisfies|fulfils|confirms?|confirmed|passes|passed|ensures?)\b",
    re.IGNORECASE,
)


def check(key: str, node: Node) -> Iterable[Finding]:
    """Return a finding for a solution that holds a verb of claiming."""
    found = _CLAIM.search(node.statement) if isinstance(node, Solution) else None
    if found is None:
        return ()
    return (RULE.at(key, ("statement",), f"{key} makes a claim (`{found.group()}`)"),)
