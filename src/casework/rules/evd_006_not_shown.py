"""The estimate is inside the bound, but the sample does not show it.

## What it does
Judges the one-sided confidence limit of the figure, not its estimate: at the requirement's confidence the limit
must be inside the bound. Also reported where the sample is smaller than `min_samples`, or where the record has no
interval that is confident enough. Says how large a sample without any failure would have to be.

## Why it matters
Twenty signs found of twenty do not show a recall of 0.95: with a true recall of 0.87 this happens once in sixteen
times. Zero failures in n show no rate of failure below about 3/n at 95 %.

## Bad
The record measured `recall` 1 (20 of 20), at least 0.861 at 95 % confidence.

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
Clopper and Pearson, Biometrika 26 (1934); ISO 21448:2022, annex C (validation targets).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from casework.graph.assessment import Assessment
from casework.model.acceptance import number
from casework.model.catalogue import GENERATORS, file_role
from casework.model.finding import Finding
from casework.model.interval import zero_failure_samples
from casework.model.requirement import Criterion
from casework.model.result import Metric
from casework.model.verdict import CriterionResult
from casework.rules import evidence_records as records
from casework.rules.rule import Rule

RULE = Rule(
    "EVD-006",
    "not-shown",
    "error",
    "Measure on a larger sample, or set a bound that the sample can show, and have it reviewed.",
    "assessment",
)


def check(assessment: Assessment) -> Iterator[Finding]:
    """Yield a finding for each criterion that the sample of a record does not show, at the criterion."""
    for result, criterion, metric in records.judged(assessment, "not_shown"):
        short = shortfall(criterion, metric)
        fix = _OF_A_LIST if _listed(assessment, result) else None
        yield RULE.at(
            result.requirement, ("acceptance", result.index), f"{_told(result, criterion, metric)}{short}", fix
        )


_OF_A_LIST: Final = (
    "Rates of faults that a file gives have no interval. Bound what became of them by a count (metric listed_sdc or listed_due, unit "
    "count), or draw the faults by seed."
)


_GIVEN: Final = frozenset(file_role(name) for name in GENERATORS["fault-injection"].files)


def _listed(assessment: Assessment, result: CriterionResult) -> bool:
    """Return True where the faults of a record were not drawn but given by a file."""
    appraisal = assessment.appraisals.get(result.evidence)
    record = appraisal.record if appraisal else None
    return record is not None and not _GIVEN.isdisjoint(record.digests)


def _told(result: CriterionResult, criterion: Criterion, metric: Metric | None) -> str:
    """Say what was measured and the one limit that was judged; the record's own interval is another, and would confuse."""
    judgement = result.judgement
    if metric is None or judgement.low is None or judgement.high is None:
        return records.told(result)
    counts = "" if metric.n is None else f" ({f'{metric.k} of ' if metric.k is not None else 'n = '}{metric.n})"
    limit = {">=": judgement.low, ">": judgement.low, "<=": judgement.high, "<": judgement.high}.get(criterion.op)
    shown = f"from {number(judgement.low)} to {number(judgement.high)}"
    if limit is not None:
        shown = f"{criterion.op} {number(limit)}"
    return (
        f"{result.requirement} asks for {judgement.expected}; {result.evidence} measured {number(metric.value)} "
        f"{metric.unit}{counts} and so shows only {shown}"
    )


def shortfall(criterion: Criterion, metric: Metric | None) -> str:
    """Say how many trials without a failure would show the bound, where there were fewer; empty for other figures."""
    if criterion.confidence is None or metric is None or metric.k is None or metric.n is None or metric.unit != "ratio":
        return ""
    rate = 1 - criterion.bound if criterion.op in (">=", ">") else criterion.bound
    if not 0 < rate < 1:
        return ""
    needed = max(zero_failure_samples(rate, criterion.confidence), criterion.min_samples or 0)
    if metric.n >= needed:
        return f"; {metric.n} trials are too few at this rate of failures"
    return f"; even without any failure it takes {needed} trials, and there were {metric.n}"
