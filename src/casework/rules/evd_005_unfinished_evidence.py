"""The newest record says itself that it has no result.

## What it does
Looks at the status of the record that counts: `inconclusive`, `error` or `not_evaluable` is no result. A newer run
without a result counts before an older one with a result.

## Why it matters
A run that ended early may have ended because of what it would have shown.

## Bad
The newest record has the status `error` and the reason `the model file cannot be opened`.

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
The newest record has the status `complete`.

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
AMLAS v1.1, artefact AA (verification log).
"""

from __future__ import annotations

from collections.abc import Iterator

from casework.graph.assessment import Assessment
from casework.model.finding import Finding
from casework.rules import evidence_records as records
from casework.rules.rule import Rule

RULE = Rule(
    "EVD-005", "unfinished-evidence", "error", "Remove the cause that the record names, and run it again.", "assessment"
)


def check(assessment: Assessment) -> Iterator[Finding]:
    """Yield a finding for each piece of evidence whose record has no result."""
    for key, appraisal in records.appraised(assessment, "unfinished"):
        yield RULE.at(key, (), f"{key} has no result: {'; '.join(appraisal.reasons)}")
