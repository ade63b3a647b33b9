"""A record cannot be believed, and nothing else says why.

## What it does
Reports records that verification did not accept, and records that lack the signature of a role in `signed_by`.
Where verification itself has said why (SIG, PRS, BND and their like), nothing is repeated here.

## Why it matters
A result that nobody answers for could have been written by anybody.

## Bad
The record is signed by a developer's key only.

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
  signed_by: [verifier]
```

## Good
The record is signed by a key with the role `verifier`.

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
  signed_by: [verifier]
```

## References
in-toto attestation framework v1; ISO 26262-2:2018, 6.4.9 (independence).
"""

from __future__ import annotations

from collections.abc import Iterator

from casework.graph.assessment import Assessment
from casework.model.finding import Finding
from casework.rules import evidence_records as records
from casework.rules.rule import Rule

RULE = Rule(
    "EVD-004",
    "unverifiable-evidence",
    "error",
    "Have the record sealed and signed in the roles that the plan and the trust policy ask for.",
    "assessment",
)


def check(assessment: Assessment) -> Iterator[Finding]:
    """Yield a finding for each record that is not verified for no given reason, and for each role that lacks."""
    for verdict in sorted(assessment.verdicts, key=lambda v: v.path):
        explained = any(finding.severity == "error" for finding in verdict.findings)
        if not (verdict.verified and verdict.statement is not None) and not explained:
            yield _finding(assessment, verdict.evidence, f"{verdict.path} is not verified")
    for key, appraisal in records.appraised(assessment, "unverifiable"):
        if appraisal.verdict is not None and appraisal.verdict.verified:
            yield _finding(assessment, key, f"{key} cannot be relied on: {'; '.join(appraisal.reasons)}")


def _finding(assessment: Assessment, key: str, message: str) -> Finding:
    return RULE.at(key if key in assessment.case else "", (), message)
