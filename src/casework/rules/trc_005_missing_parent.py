"""A requirement comes from nowhere.

## What it does
Asks of each requirement below the stakeholders' level for a parent (`derives_from`) or for what it averts
(`mitigates`). A requirement of the system or of a tool may instead give a `rationale`. Retired requirements are left
out.

## Why it matters
A requirement without an origin is either something that nobody asked for, or a safety requirement whose link to its
hazard was lost: nobody will notice when the hazard changes.

## Bad
```yaml
- type: requirement
  id: REQ-2
  level: software
  statement: The software shall report stop signs.
  verified_by: [tests/test_x.py::test_y]
```

## Good
```yaml
- type: requirement
  id: REQ-1
  level: system
  statement: The system shall report stop signs.
  rationale: Asked for by the operator.
- type: requirement
  id: REQ-2
  level: software
  statement: The software shall report stop signs.
  derives_from: [REQ-1]
  verified_by: [tests/test_x.py::test_y]
```

## References
ISO 26262-8:2018, 6.4.3.2 (each safety requirement traces to its source at the upper level); Automotive SPICE 4.0,
MLE.1.BP5.
"""

from __future__ import annotations

from collections.abc import Iterable

from casework.model.finding import Finding
from casework.model.node import Node
from casework.model.requirement import Requirement
from casework.rules.rule import Rule

RULE = Rule(
    "TRC-005",
    "missing-parent",
    "error",
    "Name the requirement or safety goal that it refines in derives_from, or what it averts in mitigates.",
    "node",
    ("requirement",),
)


def check(key: str, node: Node) -> Iterable[Finding]:
    """Return a finding if the requirement names neither a parent nor what it mitigates."""
    if not isinstance(node, Requirement) or node.derives_from or node.level == "stakeholder":
        return ()
    if node.mitigates or node.status == "retired":
        return ()
    if node.level in ("system", "tool"):
        if node.rationale:
            return ()
        return (
            RULE.at(
                key, ("derives_from",), f"{key} ({node.level}) has no parent, and no rationale says where it comes from"
            ),
        )
    return (RULE.at(key, ("derives_from",), f"{key} ({node.level}) derives from nothing and mitigates nothing"),)
