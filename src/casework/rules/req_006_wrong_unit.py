"""A bound has no unit, or not that of its metric.

## What it does
Compares the unit of each criterion with the unit in which generators yield the metric.

## Why it matters
A drop of 2 may be 2 percentage points or 2 %; a recall of 95 may be a ratio or a slip. Casework never converts: it
judges a bound only in the unit in which the figure was measured.

## Bad
```yaml
- type: requirement
  id: REQ-1
  level: stakeholder
  statement: The system shall report stop signs.
  rationale: Asked for by the operator; the bound is that of the contract.
  acceptance:
    - {metric: recall, op: ">=", bound: 0.95, confidence: 0.95}
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
ISO 26262-8:2018, 6.4.2.4 (unambiguous, complete).
"""

from __future__ import annotations

from collections.abc import Iterable

from casework.model.catalogue import metric_spec
from casework.model.finding import Finding
from casework.model.node import Node
from casework.model.requirement import Requirement
from casework.rules.rule import Rule

RULE = Rule(
    "REQ-006",
    "wrong-unit",
    "error",
    "Write the bound in the metric's unit, and name the unit.",
    "node",
    ("requirement",),
)


def check(key: str, node: Node) -> Iterable[Finding]:
    """Return a finding for each criterion without the unit of its metric."""
    if not isinstance(node, Requirement) or not node.acceptance:
        return ()
    found: list[Finding] = []
    for index, criterion in enumerate(node.acceptance):
        spec = metric_spec(criterion.metric)
        if spec is None or criterion.unit == spec.unit:
            continue
        said = f"is in {criterion.unit}" if criterion.unit else "has no unit"
        message = f"{key}: the bound of {criterion.metric} {said}, and {criterion.metric} is measured in {spec.unit}"
        found.append(RULE.at(key, ("acceptance", index, "unit" if criterion.unit else "bound"), message))
    return found
