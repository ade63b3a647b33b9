"""A count exceeds its sample, or a rate is not its count by its sample.

## What it does
Compares `value`, `k` and `n` of each figure of each current record: a ratio has k of at most n, and a value of k /
n.

## Why it matters
The gate computes limits from the counts, and people read the value. If the two differ, one of them is wrong.

## Bad
A record holds:

```json
{"name": "recall", "slice": "all", "value": 0.992, "unit": "ratio", "n": 1000, "k": 971}
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
{"name": "recall", "slice": "all", "value": 0.971, "unit": "ratio", "n": 1000, "k": 971}
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
Clopper and Pearson, Biometrika 26 (1934).
"""

from __future__ import annotations

from collections.abc import Iterator
from math import isclose

from casework.graph.assessment import Assessment
from casework.model.finding import Finding
from casework.model.result import Metric
from casework.rules import evidence_records as records
from casework.rules.rule import Rule

RULE = Rule(
    "NUM-001",
    "count-exceeds-sample",
    "error",
    "Mend the generator, raise its version, and run the evidence again; a sealed record is never edited.",
    "assessment",
)


def check(assessment: Assessment) -> Iterator[Finding]:
    """Yield a finding for each figure that contradicts its counts."""
    for key, record in records.current(assessment):
        for metric in record.metrics:
            fault = _fault(metric)
            if fault:
                yield RULE.at(key, (), f"{records.figure(metric)} in the record of {key}: {fault}")


def _fault(metric: Metric) -> str:
    if metric.k is None or metric.n is None or metric.unit not in ("ratio", "1/image"):
        return ""
    if metric.unit == "ratio" and metric.k > metric.n:
        return f"{metric.k} events in a sample of {metric.n}"
    if metric.n and not isclose(metric.value, metric.k / metric.n, rel_tol=1e-6, abs_tol=1e-9):
        return f"the value is {metric.value:.6g}, and {metric.k} of {metric.n} is {metric.k / metric.n:.6g}"
    return ""
