"""A number, or a safety requirement without a parent, comes without its reason.

## What it does
Asks for a `rationale` where a requirement has acceptance criteria, and where one with an ASIL or a SIL derives from
nothing. What TRC-005 reports is left out.

## Why it matters
Bounds without a source are the first that an assessor asks about, and the first that are loosened when a model misses
them.

## Bad
```yaml
- type: requirement
  id: REQ-1
  level: stakeholder
  statement: The system shall report stop signs.
  acceptance:
    - {metric: recall, op: ">=", bound: 0.95, unit: ratio, confidence: 0.95}
  verified_by: [tests/test_x.py::test_y]
```

## Good
```yaml
- type: requirement
  id: REQ-1
  level: stakeholder
  statement: The system shall report stop signs.
  rationale: Asked for by the operator; the bound is that of the contract.
  acceptance:
    - {metric: recall, op: ">=", bound: 0.95, unit: ratio, confidence: 0.95}
  verified_by: [tests/test_x.py::test_y]
```

## References
ISO 26262-8:2018, 6.4.2.5 (attributes of safety requirements); ISO/IEC/IEEE 29148:2018, 5.2.8 (rationale).
"""

from __future__ import annotations

from collections.abc import Iterable

from casework.model.finding import Finding
from casework.model.node import Node
from casework.model.requirement import Requirement
from casework.rules.rule import Rule

RULE = Rule(
    "REQ-011",
    "missing-rationale",
    "warning",
    "State in `rationale` where it, or its number, comes from.",
    "node",
    ("requirement",),
)


def check(key: str, node: Node) -> Iterable[Finding]:
    """Return a finding for a bound or an underived safety requirement without a rationale."""
    if not isinstance(node, Requirement) or node.rationale or node.status == "retired":
        return ()
    if node.acceptance:
        return (RULE.at(key, ("acceptance", 0, "bound"), f"{key} states a bound and no reason for it"),)
    if (node.asil or node.sil) and not node.derives_from and (node.level == "stakeholder" or node.mitigates):
        return (
            RULE.at(
                key,
                ("rationale",),
                f"{key} has a level ({node.asil or node.sil}), derives from nothing, and gives no reason",
            ),
        )
    return ()
