"""A criterion is judged by nothing.

## What it does
Looks for acceptance criteria for which no current record holds the figure: no evidence verifies the requirement, no
planned generator yields the metric, or the records hold it for other slices or in another unit. Where a record that
should hold it is missing or stale, that is reported instead.

## Why it matters
A criterion that nobody measures is green in every report that counts failures only.

## Bad
The record holds `recall` of `all` only.

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
The record holds `recall` of `distance=far` as well.

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
ISO 26262-8:2018, 9.4; ISO/PAS 8800:2024, clause 12.
"""

from __future__ import annotations

from collections.abc import Iterator

from casework.graph.assessment import Assessment
from casework.model.catalogue import GENERATORS
from casework.model.finding import Finding
from casework.model.requirement import Criterion
from casework.model.verdict import CriterionResult
from casework.rules import evidence_records as records
from casework.rules.rule import Rule

RULE = Rule(
    "EVD-007",
    "criterion-without-evidence",
    "error",
    "Plan evidence whose generator yields the metric on that slice, or name the slice and unit that it reports.",
    "assessment",
)


def check(assessment: Assessment) -> Iterator[Finding]:
    """Yield a finding for each criterion that nothing judges, at the criterion."""
    for result, criterion, metric in records.judged(assessment, "missing"):
        if result.evidence and metric is None:
            continue  # the record holds the figure twice: NUM-006
        message = _why(assessment, result, criterion)
        if message:
            yield RULE.at(result.requirement, ("acceptance", result.index), message)


def _why(assessment: Assessment, result: CriterionResult, criterion: Criterion) -> str:
    key, asked = result.requirement, f"{result.requirement} asks for {records.named(criterion)}"
    if result.evidence:
        return f"{asked}; in {result.evidence} {result.judgement.reason}"
    sources = sorted({edge.source for edge in assessment.case.into(key, "verifies")})
    if not sources:
        return f"{asked}, and no evidence verifies {key}"
    if any(records.generator(assessment, k) not in GENERATORS for k in sources):
        return ""  # EVD-008
    able = [k for k in sources if records.yields(assessment, k, criterion)]
    if not able:
        return f"{asked}, which no generator of {', '.join(sources)} yields"
    if all(k in assessment.appraisals and assessment.appraisals[k].state == "current" for k in able):
        return f"{asked}, which the record of {', '.join(able)} does not hold"
    return ""
