"""A record gives the same figure twice.

## What it does
Looks for two figures of one metric and one slice in each current record. Such a figure is judged as if there were
none.

## Why it matters
Whoever picks one of two figures picks the result.

## Bad
A record holds:

```json
[{"name": "recall", "slice": "all", "value": 0.98, "unit": "ratio", "n": 1000, "k": 980},
 {"name": "recall", "slice": "all", "value": 0.91, "unit": "ratio", "n": 1000, "k": 910}]
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
[{"name": "recall", "slice": "all", "value": 0.98, "unit": "ratio", "n": 1000, "k": 980}]
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
ISO 26262-8:2018, 9.4.3 (evaluation of verification results).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from casework.graph.assessment import Assessment
from casework.model.finding import Finding
from casework.rules import evidence_records as records
from casework.rules.rule import Rule

RULE = Rule(
    "NUM-006",
    "figure-twice",
    "error",
    "Mend the generator, raise its version, and run the evidence again; a sealed record is never edited.",
    "assessment",
)


def check(assessment: Assessment) -> Iterator[Finding]:
    """Yield a finding for each figure that a record gives more than once."""
    for key, record in records.current(assessment):
        counts = Counter(records.figure(metric) for metric in record.metrics)
        for name, count in sorted(counts.items()):
            if count > 1:
                yield RULE.at(key, (), f"the record of {key} gives {name} {count} times")
