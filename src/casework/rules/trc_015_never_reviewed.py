"""A node that needs a sign-off has none.

## What it does
Looks for nodes of the types in `review.types` of `casework.yaml` (requirements, safety goals and hazardous events
unless changed) that no review names. Drafts and retired requirements are left out. Where no node of a type has ever
been signed off, that is said once, at the first of them.

## Why it matters
What only its author has read is as good as the author's best day.

## Bad
```yaml
- type: requirement
  id: REQ-1
  level: stakeholder
  statement: The system shall report stop signs.
  rationale: Asked for by the operator.
  verified_by: [tests/test_x.py::test_y]
```

## Good
```yaml
- type: requirement
  id: REQ-1
  level: stakeholder
  statement: The system shall report stop signs.
  rationale: Asked for by the operator.
  verified_by: [tests/test_x.py::test_y]
- type: review
  id: RV-1
  of: [REQ-1]
  fingerprints:
    REQ-1: "9a264b55bc045157ad718bfed465c4a1b71f2ace3ad6e0a9ac12bf61dde8107b"
  by: ann
  on: 2026-01-15
```

## References
ISO 26262-8:2018, clause 9 (verification); ISO 26262-2:2018, 6.4.9 (confirmation measures).
"""

from __future__ import annotations

from collections.abc import Iterator

from casework.graph.assessment import Assessment
from casework.graph.suspect import sign_offs
from casework.model.finding import Finding
from casework.rules.rule import Rule

RULE = Rule(
    "TRC-015",
    "never-reviewed",
    "error",
    "Have somebody who did not write it sign it off with `casework review`.",
    "assessment",
)


def check(assessment: Assessment) -> Iterator[Finding]:
    """Yield a finding for each node without a sign-off, or one for a type of which none has any."""
    case = assessment.case
    signed = {s.node for s in sign_offs(case)}
    for node_type in sorted(set(assessment.project.review.types)):
        due = [
            key for key in case.keys(node_type)
            if case.entries[key].valid and case.entries[key].light.get("status", "agreed") == "agreed"
        ]  # fmt: skip
        unsigned = [key for key in due if key not in signed]
        words = node_type.replace("_", " ")
        if len(unsigned) == len(due) and len(due) > 1:
            yield RULE.at(due[0], (), f"no {words} has been signed off by anybody, beginning with {due[0]}")
        else:
            for key in unsigned:
                yield RULE.at(key, (), f"{key}, a {words}, has not been signed off by anybody")
