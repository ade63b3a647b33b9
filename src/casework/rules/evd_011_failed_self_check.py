"""The generator's check of itself failed in a record that counts.

## What it does
Looks at the self-checks of each current record: reference runs, gradient checks, noise controls. One of them
failed.

## Why it matters
A measuring device that fails its own check measures nothing, and its good figures are as void as its bad ones.

## Bad
The record says: self-check `reference run`, failed, `recall 0.91, 0.98 is known`.

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
The record says: self-check `reference run`, passed.

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
ISO 26262-8:2018, 11.4.9 (validation of a software tool).
"""

from __future__ import annotations

from collections.abc import Iterator

from casework.graph.assessment import Assessment
from casework.model.finding import Finding
from casework.rules import evidence_records as records
from casework.rules.rule import Rule

RULE = Rule(
    "EVD-011",
    "failed-self-check",
    "error",
    "Find out why the generator does not trust its own run, and run it again.",
    "assessment",
)


def check(assessment: Assessment) -> Iterator[Finding]:
    """Yield a finding for each self-check that failed."""
    for key, record in records.current(assessment):
        for made in record.self_checks:
            if made.outcome == "failed":
                yield RULE.at(key, (), f"the self-check `{made.name}` of {key} failed: {made.detail}")
