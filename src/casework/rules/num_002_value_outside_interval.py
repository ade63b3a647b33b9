"""A figure lies outside its own interval.

## What it does
Compares `value` with `ci_low` and `ci_high` of each figure of each current record, and the two limits with each
other.

## Why it matters
An interval around something else than the estimate was made from other data, or by another formula.

## Bad
A record holds:

```json
{"name": "map50", "slice": "all", "value": 0.99, "unit": "ratio", "n": 1000, "ci_low": 0.95, "ci_high": 0.97}
```

of this plan:

```yaml needs=evidence
- type: requirement
  id: REQ-1
  level: system
  statement: The system shall report stop signs.
  rationale: Asked for by the operator; the bound is that of the contract.
  acceptance:
    - {metric: recall, slice: all, op: ">=", bound: 0.95, unit: ratio, confidence: 0.95}
- type: evidence
  id: EV-1
  generator: validation
  subject: MC-1
  data: DS-1
  split: test
  verifies: [REQ-1]
```

## Good
A record holds:

```json
{"name": "map50", "slice": "all", "value": 0.96, "unit": "ratio", "n": 1000, "ci_low": 0.95, "ci_high": 0.97}
```

of this plan:

```yaml needs=evidence
- type: requirement
  id: REQ-1
  level: system
  statement: The system shall report stop signs.
  rationale: Asked for by the operator; the bound is that of the contract.
  acceptance:
    - {metric: recall, slice: all, op: ">=", bound: 0.95, unit: ratio, confidence: 0.95}
- type: evidence
  id: EV-1
  generator: validation
  subject: MC-1
  data: DS-1
  split: test
  verifies: [REQ-1]
```

## References
Efron and Tibshirani, An Introduction to the Bootstrap (1993), chapter 13.
"""

from __future__ import annotations

from collections.abc import Iterator
from math import inf

from casework.graph.assessment import Assessment
from casework.model.finding import Finding
from casework.rules import evidence_records as records
from casework.rules.rule import Rule

RULE = Rule(
    "NUM-002",
    "value-outside-interval",
    "error",
    "Mend the generator, raise its version, and run the evidence again; a sealed record is never edited.",
    "assessment",
)


def check(assessment: Assessment) -> Iterator[Finding]:
    """Yield a finding for each figure outside its interval."""
    for key, record in records.current(assessment):
        for metric in record.metrics:
            low = -inf if metric.ci_low is None else metric.ci_low
            high = inf if metric.ci_high is None else metric.ci_high
            slack = 1e-9 * max(1.0, abs(metric.value))
            if not low - slack <= metric.value <= high + slack:
                told = f"{metric.value:.6g} lies outside its interval {low:.6g} to {high:.6g}"
                yield RULE.at(key, (), f"{records.figure(metric)} in the record of {key}: {told}")
