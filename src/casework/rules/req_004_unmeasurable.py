"""A safety requirement on the model or its data has nothing to be measured by.

## What it does
Looks at requirements of the levels ml and data with an ASIL of A to D or a SIL, and asks for an acceptance criterion
or for a test. Drafts and retired ones are left out.

## Why it matters
What a learned model does can only be known by measuring it. Without a metric, a bound and a confidence, evidence for
the requirement is a matter of taste.

## Bad
```yaml
- type: threat
  id: T-1
  statement: Somebody could feed the model stickers that it was never taught.
  mitigated_by: [REQ-1]
- type: requirement
  id: REQ-1
  level: ml
  asil: B
  statement: The model shall find signs with stickers.
  mitigates: [T-1]
  allocated_to: [TL-1]
  rationale: Stickers are the cheapest attack.
- type: requirement
  id: REQ-2
  level: data
  asil: B
  statement: The verification data shall hold signs with stickers.
  derives_from: [REQ-1]
  verified_by: [tests/test_x.py::test_y]
- type: tool
  id: TL-1
  statement: The network that is trained.
  version: "1.0"
  ti: TI1
  td: TD1
  rationale: Stands in for a model here.
```

## Good
```yaml
- type: threat
  id: T-1
  statement: Somebody could feed the model stickers that it was never taught.
  mitigated_by: [REQ-1]
- type: requirement
  id: REQ-1
  level: ml
  asil: B
  statement: The model shall find signs with stickers.
  mitigates: [T-1]
  allocated_to: [TL-1]
  acceptance:
    - {metric: recall, slice: class=sticker, op: ">=", bound: 0.9, unit: ratio, confidence: 0.95}
  rationale: At 0.9 the plausibility check of the system still averts the harm.
- type: requirement
  id: REQ-2
  level: data
  asil: B
  statement: The verification data shall hold signs with stickers.
  derives_from: [REQ-1]
  verified_by: [tests/test_x.py::test_y]
- type: tool
  id: TL-1
  statement: The network that is trained.
  version: "1.0"
  ti: TI1
  td: TD1
  rationale: Stands in for a model here.
```

## References
ISO 26262-8:2018, 6.4.2.4 (verifiable); ISO/PAS 8800:2024, clause 9; AMLAS v1.1, stage 2.
"""

from __future__ import annotations

from collections.abc import Iterable

from casework.model.finding import Finding
from casework.model.node import Node
from casework.model.requirement import Requirement
from casework.rules.rule import Rule

RULE = Rule(
    "REQ-004",
    "unmeasurable",
    "error",
    "Add an acceptance criterion: metric, slice, bound and confidence.",
    "node",
    ("requirement",),
)


def check(key: str, node: Node) -> Iterable[Finding]:
    """Return a finding for a safety requirement on a model or its data without criterion and without test."""
    if not isinstance(node, Requirement) or node.acceptance or node.level not in ("ml", "data"):
        return ()
    critical = node.sil is not None or (node.asil is not None and not node.asil.startswith("QM"))
    if not critical or node.verified_by or node.status != "agreed":
        return ()
    level = f"ASIL {node.asil}" if node.asil else node.sil
    return (
        RULE.at(key, ("acceptance",), f"{key} ({node.level}, {level}) has no acceptance criterion and names no test"),
    )
