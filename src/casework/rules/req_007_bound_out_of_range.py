"""A bound that cannot be missed, cannot be met, or points the wrong way.

## What it does
Compares each criterion with what its metric can be: the bound must lie within the metric's range; it must not be one
that every value meets (recall >= 0) or none does (recall > 1); and the operator must bound the metric from the side
that hurts (a recall from below, a miss rate from above).

## Why it matters
A bound that every model meets is no requirement, and the gate would call it met. `recall <= 0.95` forbids good models
and allows blind ones.

## Bad
```yaml
- type: requirement
  id: REQ-1
  level: stakeholder
  statement: The system shall report stop signs.
  rationale: Asked for by the operator; the bound is that of the contract.
  acceptance:
    - {metric: recall, op: "<=", bound: 0.95, unit: ratio, confidence: 0.95}
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

from collections.abc import Iterable

from casework.model.acceptance import number
from casework.model.catalogue import MetricSpec, metric_spec
from casework.model.finding import Finding
from casework.model.node import Node
from casework.model.requirement import Criterion, Requirement
from casework.rules.rule import Rule

RULE = Rule("REQ-007", "bound-out-of-range", "error", "Mend the operator or the bound.", "node", ("requirement",))


def check(key: str, node: Node) -> Iterable[Finding]:
    """Return a finding for each criterion whose operator or bound makes no sense for its metric."""
    if not isinstance(node, Requirement) or not node.acceptance:
        return ()
    found: list[Finding] = []
    for index, criterion in enumerate(node.acceptance):
        spec = metric_spec(criterion.metric)
        if spec is None:
            continue
        name, op, said = criterion.metric, criterion.op, f"{criterion.metric} {criterion.op} {number(criterion.bound)}"
        if (spec.better == "higher" and op in ("<=", "<")) or (spec.better == "lower" and op in (">=", ">")):
            message = f"{key} demands {said}, and a {spec.better} {name} is the better one"
            found.append(RULE.at(key, ("acceptance", index, "op"), message))
        elif criterion.unit == spec.unit:
            problem = _problem(criterion, spec)
            if problem:
                found.append(RULE.at(key, ("acceptance", index, "bound"), f"{key} demands {said}, {problem}"))
    return found


def _problem(criterion: Criterion, spec: MetricSpec) -> str:
    """Return what is wrong with a bound, or an empty string. Ranges are closed: a ratio can be 0 and can be 1."""
    bound, op, low, high = criterion.bound, criterion.op, spec.low, spec.high
    where = f"and {criterion.metric} lies between {_end(low)} and {_end(high)}"
    if (low is not None and bound < low) or (high is not None and bound > high):
        return where
    if (op == ">=" and bound == low) or (op == "<=" and bound == high):
        return f"which every value meets: {criterion.metric} lies between {_end(low)} and {_end(high)}"
    if (op == ">" and bound == high) or (op == "<" and bound == low):
        return f"which no value meets: {criterion.metric} lies between {_end(low)} and {_end(high)}"
    return ""


def _end(value: float | None) -> str:
    return "any number" if value is None else number(value)
