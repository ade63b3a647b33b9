"""A figure is outside its possible range, or in another unit than its metric.

## What it does
Compares each figure of each current record with the catalogue: a ratio lies from 0 to 1, a count is not negative,
and each metric has one unit.

## Why it matters
A recall of 1e308 meets every bound that asks for at least so much.

## Bad
A record holds:

```json
{"name": "recall", "slice": "all", "value": 97.1, "unit": "ratio", "n": 1000}
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
in-toto attestation framework v1 (claims are judged, not believed).
"""

from __future__ import annotations

from collections.abc import Iterator

from casework.graph.assessment import Assessment
from casework.model.catalogue import GENERATORS, MetricSpec
from casework.model.finding import Finding
from casework.model.result import Metric
from casework.rules import evidence_records as records
from casework.rules.rule import Rule

RULE = Rule(
    "NUM-003",
    "figure-out-of-range",
    "error",
    "Mend the generator, raise its version, and run the evidence again; a sealed record is never edited.",
    "assessment",
)


def check(assessment: Assessment) -> Iterator[Finding]:
    """Yield a finding for each figure that its metric cannot have."""
    for key, record in records.current(assessment):
        for metric in record.metrics:
            spec = GENERATORS[record.generator.name].metrics.get(metric.name)
            fault = _fault(metric, spec) if spec else ""
            if fault:
                yield RULE.at(key, (), f"{records.figure(metric)} in the record of {key}: {fault}")


def _fault(metric: Metric, spec: MetricSpec) -> str:
    if metric.unit != spec.unit:
        return f"it is in {metric.unit}, and the metric is in {spec.unit}"
    if spec.low is not None and metric.value < spec.low:
        return f"{metric.value:.6g} is less than {spec.low:.6g}, the least that it can be"
    if spec.high is not None and metric.value > spec.high:
        return f"{metric.value:.6g} is more than {spec.high:.6g}, the most that it can be"
    return ""
