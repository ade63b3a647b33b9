"""The rate of misses is not one minus the recall of the same slice.

## What it does
Compares `fnr` and `recall` of each slice of each current record: what is not found is missed, so they add up to 1.

## Why it matters
A published report gives a recall of 97.1 % and a rate of misses of 0.8 %. Only one of them can be true.

## Bad
A record holds:

```json
[{"name": "recall", "slice": "all", "value": 0.971, "unit": "ratio", "n": 1000, "k": 971},
 {"name": "fnr", "slice": "all", "value": 0.008, "unit": "ratio", "n": 1000, "k": 8}]
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
[{"name": "recall", "slice": "all", "value": 0.971, "unit": "ratio", "n": 1000, "k": 971},
 {"name": "fnr", "slice": "all", "value": 0.029, "unit": "ratio", "n": 1000, "k": 29}]
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
Fawcett, Pattern Recognition Letters 27 (2006), 861-874.
"""

from __future__ import annotations

from collections.abc import Iterator
from math import isclose

from casework.graph.assessment import Assessment
from casework.model.finding import Finding
from casework.rules import evidence_records as records
from casework.rules.rule import Rule

RULE = Rule(
    "NUM-004",
    "fnr-differs-from-recall",
    "error",
    "Mend the generator, raise its version, and run the evidence again; a sealed record is never edited.",
    "assessment",
)


def check(assessment: Assessment) -> Iterator[Finding]:
    """Yield a finding for each slice whose misses and finds do not add up."""
    for key, record in records.current(assessment):
        for metric in (m for m in record.metrics if m.name == "fnr"):
            recalls = [m.value for m in record.metrics if m.name == "recall" and m.slice == metric.slice]
            found = recalls[0] if len(recalls) == 1 else None  # NUM-006 reports a figure that is given twice
            if found is not None and not isclose(metric.value, 1 - found, rel_tol=0, abs_tol=1e-6):
                told = f"fnr {metric.value:.6g} and recall {found:.6g} do not add up to 1"
                yield RULE.at(key, (), f"{metric.slice} in the record of {key}: {told}")
