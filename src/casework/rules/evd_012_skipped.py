"""Something that counts was left out: a self-check was skipped, or a judged figure rests on no sample.

## What it does
Looks in each current record for self-checks that were skipped, and at each figure that a criterion asks for: a
sample of none (n = 0) shows nothing.

## Why it matters
Skipped looks like passed in most reports. Here it is a value with a reason, and it blocks.

## Bad
The record says: `recall` of `distance=far`, n = 0.

```yaml needs=evidence
- type: requirement
  id: REQ-1
  level: system
  statement: The system shall report stop signs.
  rationale: Asked for by the operator; the bound is that of the contract.
  acceptance:
    - {metric: recall, slice: distance=far, op: ">=", bound: 0.95, unit: ratio, confidence: 0.95}
- type: evidence
  id: EV-1
  generator: validation
  subject: MC-1
  data: DS-1
  split: test
  verifies: [REQ-1]
```

## Good
The record says: `recall` of `distance=far`, 600 of 610.

```yaml needs=evidence
- type: requirement
  id: REQ-1
  level: system
  statement: The system shall report stop signs.
  rationale: Asked for by the operator; the bound is that of the contract.
  acceptance:
    - {metric: recall, slice: distance=far, op: ">=", bound: 0.95, unit: ratio, confidence: 0.95}
- type: evidence
  id: EV-1
  generator: validation
  subject: MC-1
  data: DS-1
  split: test
  verifies: [REQ-1]
```

## References
AMLAS v1.1, artefact AA (verification log); ISO 26262-8:2018, 9.4.3.
"""

from __future__ import annotations

from collections.abc import Iterator

from casework.graph.assessment import Assessment
from casework.model.acceptance import find_metric
from casework.model.finding import Finding
from casework.model.requirement import Requirement
from casework.model.result import ResultRecord
from casework.model.verdict import CriterionResult
from casework.rules import evidence_records as records
from casework.rules.rule import Rule

RULE = Rule(
    "EVD-012",
    "skipped",
    "error",
    "Run it with what was left out, or drop the criterion that asks for it and have that reviewed.",
    "assessment",
)


def check(assessment: Assessment) -> Iterator[Finding]:
    """Yield a finding for each self-check that was skipped, and for each judged figure without a sample."""
    for key, record in records.current(assessment):
        for made in record.self_checks:
            if made.outcome == "skipped":
                yield RULE.at(key, (), f"the self-check `{made.name}` of {key} was skipped: {made.detail}")
    for key in sorted(assessment.results):
        for result in assessment.results[key]:
            appraisal = assessment.appraisals.get(result.evidence)
            yield from _unsampled(assessment, result, appraisal.record if appraisal else None)


def _unsampled(assessment: Assessment, result: CriterionResult, record: ResultRecord | None) -> Iterator[Finding]:
    requirement = assessment.case.node(result.requirement)
    if record is None or not isinstance(requirement, Requirement):
        return
    criterion = requirement.acceptance[result.index]
    metric = find_metric(record.metrics, criterion)
    if records.empty(metric):
        message = f"{result.requirement} asks for {records.named(criterion)}, and {result.evidence} had no sample of it"
        yield RULE.at(result.requirement, ("acceptance", result.index), message)
