"""The smallest sample that a criterion accepts cannot show its bound.

## What it does
Computes how many trials without any failure it takes to show the bound at the confidence, and compares it with
`min_samples`. A bound of exactly 0 on a rate (or 1 on a recall) is reported always: no finite sample shows it.

## Why it matters
Zero failures in n trials show no rate below about 3 / n at 95 %. A requirement that accepts 100 samples for a miss
rate of 0.1 % was written without asking what its evidence can say.

## Bad
```yaml
- type: requirement
  id: REQ-1
  level: stakeholder
  statement: The system shall report stop signs.
  rationale: Asked for by the operator; the bound is that of the contract.
  acceptance:
    - {metric: fnr, op: "<=", bound: 0.01, unit: ratio, confidence: 0.95, min_samples: 100}
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
    - {metric: fnr, op: "<=", bound: 0.01, unit: ratio, confidence: 0.95, min_samples: 299}
  verified_by: [tests/test_x.py::test_y]
```

## References
C. J. Clopper and E. S. Pearson, Biometrika 26 (1934); B. D. Jovanovic and P. S. Levy, The American Statistician 51
(1997) (rule of three).
"""

from __future__ import annotations

from collections.abc import Iterable

from casework.model.acceptance import describe, number
from casework.model.finding import Finding
from casework.model.node import Node
from casework.model.requirement import Criterion, Requirement
from casework.rules.req_criteria import samples_needed, tolerated_rate
from casework.rules.rule import Rule

RULE = Rule(
    "REQ-009",
    "sample-cannot-support-bound",
    "error",
    "Raise min_samples, or loosen the bound or the confidence, and say why.",
    "node",
    ("requirement",),
)


def check(key: str, node: Node) -> Iterable[Finding]:
    """Return a finding for each criterion whose smallest sample cannot show its bound."""
    if not isinstance(node, Requirement) or not node.acceptance:
        return ()
    found = (_finding(key, i, c) for i, c in enumerate(node.acceptance))
    return tuple(f for f in found if f)


def _finding(key: str, index: int, criterion: Criterion) -> Finding | None:
    rate = tolerated_rate(criterion)
    if rate == 0:
        message = f"{key}: no finite sample shows {describe(criterion)}"
        return RULE.at(key, ("acceptance", index, "bound"), message, "State the rate that is tolerable.")
    needed = samples_needed(criterion)
    if needed is None or criterion.min_samples is None or criterion.min_samples >= needed:
        return None
    message = (
        f"{key} accepts {criterion.min_samples} samples for {describe(criterion)}; "
        f"it takes {needed} without a single failure to show a rate of {number(rate or 0)}"
    )
    return RULE.at(key, ("acceptance", index, "min_samples"), message, f"Raise min_samples to {needed} at least.")
