"""A bound on an estimate does not say how sure one must be.

## What it does
Looks for criteria on metrics that are estimated from a sample (recall, miss rate, accuracy, a drop) without
`confidence`. Counts, and what a generator finds by looking at everything, are exact and need none.

## Why it matters
Without a confidence the point estimate is judged: 19 of 20 meets a recall of 0.95 and shows no more than 0.78 at 95
%. Luck would pass the gate.

## Bad
```yaml
- type: requirement
  id: REQ-1
  level: stakeholder
  statement: The system shall report stop signs.
  rationale: Asked for by the operator; the bound is that of the contract.
  acceptance:
    - {metric: recall, op: ">=", bound: 0.95, unit: ratio}
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
C. J. Clopper and E. S. Pearson, Biometrika 26 (1934); ISO/PAS 8800:2024, clause 12; UL 4600, clause 16.
"""

from __future__ import annotations

from collections.abc import Iterable

from casework.model.catalogue import STATISTICAL
from casework.model.finding import Finding
from casework.model.node import Node
from casework.model.requirement import Requirement
from casework.rules.rule import Rule

RULE = Rule(
    "REQ-008",
    "missing-confidence",
    "error",
    "Add the one-sided confidence, such as `confidence: 0.95`.",
    "node",
    ("requirement",),
)


def check(key: str, node: Node) -> Iterable[Finding]:
    """Return a finding for each criterion on an estimate without a confidence."""
    if not isinstance(node, Requirement) or not node.acceptance:
        return ()
    return tuple(
        RULE.at(
            key, ("acceptance", i), f"{key}: {c.metric} is estimated from a sample, and its bound has no confidence"
        )
        for i, c in enumerate(node.acceptance)
        if c.confidence is None and c.metric in STATISTICAL
    )
