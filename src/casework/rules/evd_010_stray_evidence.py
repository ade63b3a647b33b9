"""A sealed record belongs to no evidence node.

## What it does
Looks for sealed files below `evidence/` whose folder is not the key of an evidence node (`::` in a key is written
`__`).

## Why it matters
It judges nothing, and a reader may take it for part of the case. Often the node was renamed, or was removed because
the record is a bad one.

## Bad
The file lies in `evidence/EV-7/`, and no node has this id.

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
The file lies in `evidence/EV-1/`.

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
GSN Community Standard v3, 2:7.4.4.2 (relevance of evidence).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from casework.graph.assessment import Assessment
from casework.model.finding import Finding
from casework.rules.rule import Rule

RULE = Rule(
    "EVD-010",
    "stray-evidence",
    "warning",
    "Add the evidence node, or move the file out of the evidence folder after a review.",
    "assessment",
)


def check(assessment: Assessment) -> Iterator[Finding]:
    """Yield a finding for each sealed file that no evidence node stands for."""
    folders = {key.replace("::", "__", 1) for key in assessment.case.keys("evidence")}
    for verdict in sorted(assessment.verdicts, key=lambda v: v.path):
        if verdict.evidence.replace("::", "__", 1) not in folders:
            message = f"{verdict.path} belongs to {verdict.evidence}, which is no evidence node"
            yield replace(RULE.at("", (), message), file=verdict.path)
