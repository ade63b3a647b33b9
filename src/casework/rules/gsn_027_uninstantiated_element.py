"""A piece of a pattern was never filled in.

## What it does
Looks for elements that are marked `uninstantiated`, whose statement still holds a {token}, or whose relations still
carry the pattern's decorations (multiplicity, choice, optional).

## Why it matters
A pattern is not an argument: it claims something of {model} and of nothing that exists.

## Bad
```yaml
- type: goal
  id: G-1
  statement: "{sign class} are reported"
  uninstantiated: true
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
GSN v3 1:3.1.3.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final

from casework.model.argument import ANY_ELEMENT, Element, Goal, Strategy
from casework.model.finding import Finding
from casework.model.node import Node
from casework.rules.rule import Rule

RULE = Rule(
    "GSN-027",
    "uninstantiated-element",
    "error",
    "Fill in the tokens, drop the mark and the decorations.",
    "node",
    ANY_ELEMENT,
)

_TOKEN: Final = re.compile(r"\{[^{}]+\}")


def check(key: str, node: Node) -> Iterable[Finding]:
    """Return a finding for an element that is still part of a pattern."""
    if not isinstance(node, Element):
        return ()
    tokens = _TOKEN.findall(node.statement) if "{" in node.statement else []
    if tokens:
        return (RULE.at(key, ("statement",), f"{key} is not instantiated: it still holds {', '.join(tokens)}"),)
    if node.uninstantiated:
        return (RULE.at(key, ("uninstantiated",), f"{key} is marked uninstantiated"),)
    if isinstance(node, Goal | Strategy) and node.decorations:
        far = ", ".join(d.to for d in node.decorations)
        return (
            RULE.at(key, ("decorations",), f"{key} still carries the pattern's decorations on its relations to {far}"),
        )
    return ()
