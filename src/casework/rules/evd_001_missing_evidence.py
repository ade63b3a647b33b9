"""A planned piece of evidence has no sealed record.

## What it does
Looks in `evidence/<key>/` for the sealed records of each evidence node; there is none. Records that are stale or
cannot be verified are reported by EVD-003 and EVD-004 instead.

## Why it matters
A plan is a promise. Without a record nothing has been measured, and the requirements that it verifies are open.

## Bad
`evidence/EV-1/` is empty or does not exist.

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
`evidence/EV-1/` holds a verified record.

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
AMLAS v1.1, artefact Z (verification results); ISO 26262-8:2018, 9.4.3.
"""

from __future__ import annotations

from collections.abc import Iterator

from casework.graph.assessment import Assessment
from casework.model.finding import Finding
from casework.rules import evidence_records as records
from casework.rules.rule import Rule

RULE = Rule(
    "EVD-001", "missing-evidence", "error", "Run `casework run` for it and commit the sealed record.", "assessment"
)


def check(assessment: Assessment) -> Iterator[Finding]:
    """Yield a finding for each piece of evidence of which there is no record."""
    for key, _appraisal in records.appraised(assessment, "missing"):
        yield RULE.at(key, (), f"{key} has no sealed record", f"Run `casework run {key}` and commit the sealed record.")
