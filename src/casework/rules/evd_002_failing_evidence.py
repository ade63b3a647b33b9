"""A measured figure is outside the bound of its requirement.

## What it does
Judges every acceptance criterion by every current record that verifies the requirement. The bound, the operator and
the confidence are the requirement's; the record gives counts and intervals only. Reported where the estimate itself
is outside.

## Why it matters
The requirement is not met. This is what the whole case exists to notice, and it cannot be waived.

## Bad
The record measured `recall` 0.93 (930 of 1000).

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
The record measured `recall` 0.985 (985 of 1000), at least 0.976 at 95 % confidence.

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
ISO 26262-8:2018, 9.4.3; ISO/PAS 8800:2024, clause 12; Clopper and Pearson, Biometrika 26 (1934).
"""

from __future__ import annotations

from collections.abc import Iterator

from casework.graph.assessment import Assessment
from casework.model.finding import Finding
from casework.rules import evidence_records as records
from casework.rules.rule import Rule

RULE = Rule(
    "EVD-002",
    "failing-evidence",
    "error",
    "Mend the model or the data, or change the requirement and have it reviewed; it cannot be waived.",
    "assessment",
)


def check(assessment: Assessment) -> Iterator[Finding]:
    """Yield a finding for each criterion that a record does not meet, at the criterion."""
    for result, _criterion, _metric in records.judged(assessment, "not_met"):
        yield RULE.at(result.requirement, ("acceptance", result.index), records.told(result))
