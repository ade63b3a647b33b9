"""A criterion asks for a metric that nothing yields.

## What it does
Looks up the metric of each acceptance criterion among those that the evidence generators yield (`casework try --help`
lists them).

## Why it matters
No evidence can ever hold the figure, so the requirement can never be shown, and looks as if it only waited for a run.

## Bad
```yaml
- type: requirement
  id: REQ-1
  level: stakeholder
  statement: The system shall report stop signs.
  rationale: Asked for by the operator; the bound is that of the contract.
  acceptance:
    - {metric: true_positive_rate, op: ">=", bound: 0.95, unit: ratio, confidence: 0.95}
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
ISO 26262-8:2018, 6.4.2.4 (feasible, verifiable).
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable

from casework.model.catalogue import GENERATORS, metric_spec
from casework.model.finding import Finding
from casework.model.node import Node
from casework.model.requirement import Requirement
from casework.rules.rule import Rule

RULE = Rule("REQ-005", "unknown-metric", "error", "Name a metric that a generator yields.", "node", ("requirement",))


def check(key: str, node: Node) -> Iterable[Finding]:
    """Return a finding for each criterion whose metric no generator yields."""
    if not isinstance(node, Requirement) or not node.acceptance:
        return ()
    return tuple(
        RULE.at(
            key, ("acceptance", i, "metric"), f"{key} asks for {c.metric}, which no generator yields", _fix(c.metric)
        )
        for i, c in enumerate(node.acceptance)
        if metric_spec(c.metric) is None
    )


def _fix(metric: str) -> str:
    known = sorted({name for generator in GENERATORS.values() for name in generator.metrics})
    near = difflib.get_close_matches(metric, known, 1)
    return f"Write {near[0]}." if near else f"Name one of: {', '.join(known)}."
