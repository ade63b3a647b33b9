"""A node has changed since it was signed off.

## What it does
Compares the fingerprint of each node with the one that its latest review recorded. A review that holds no fingerprint
of the node has signed off nothing in particular, and is reported as well.

## Why it matters
The signature is under another text than the one that stands there now.

## Bad
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
    REQ-1: "0000000000000000000000000000000000000000000000000000000000000000"
  by: ann
  on: 2026-01-15
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
ISO 26262-8:2018, clause 8 (change management) and 6.4.3; ISO 26262-2:2018, 6.4.9 (confirmation reviews).
"""

from __future__ import annotations

from collections.abc import Iterator

from casework.graph.case import Case
from casework.graph.suspect import changed
from casework.model.finding import Finding
from casework.rules.rule import Rule

RULE = Rule(
    "TRC-014", "changed-since-review", "error", "Look at it again, then sign off with `casework review`.", "case"
)


def check(case: Case) -> Iterator[Finding]:
    """Yield a finding for each node that differs from what was signed off."""
    for review in changed(case):
        if review.node in review.fingerprints:
            seen = f"{review.meaning} by {review.by} on {review.on} ({review.review})"
            message = f"{review.node} has changed since it was {seen}; it is {case.fingerprint(review.node)[:8]} now"
        else:
            message = f"{review.review} signs off {review.node} without recording its fingerprint"
        yield RULE.at(review.node, (), message)
