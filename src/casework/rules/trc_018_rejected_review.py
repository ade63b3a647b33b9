"""A node's latest review rejects it.

## What it does
Takes the latest review of each node, by date and then by id, and reports those that mean `rejected`.

## Why it matters
Somebody looked and said no. Until they, or another reviewer, say yes, nothing may rest on it.

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
    REQ-1: "9a264b55bc045157ad718bfed465c4a1b71f2ace3ad6e0a9ac12bf61dde8107b"
  by: ann
  on: 2026-01-15
  meaning: rejected
  remarks: Says nothing of how early the sign has to be reported.
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
  meaning: rejected
  remarks: Says nothing of how early the sign has to be reported.
- type: review
  id: RV-2
  of: [REQ-1]
  fingerprints:
    REQ-1: "9a264b55bc045157ad718bfed465c4a1b71f2ace3ad6e0a9ac12bf61dde8107b"
  by: ann
  on: 2026-01-20
  meaning: approved
  remarks: Said elsewhere, in the requirement on latency.
```

## References
ISO 26262-2:2018, 6.4.9 (confirmation measures); ISO 26262-8:2018, clause 9.
"""

from __future__ import annotations

from collections.abc import Iterator

from casework.graph.case import Case
from casework.graph.suspect import latest
from casework.model.finding import Finding
from casework.rules.rule import Rule

RULE = Rule("TRC-018", "rejected-review", "error", "Mend what the remarks say, and have it reviewed again.", "case")


def check(case: Case) -> Iterator[Finding]:
    """Yield a finding for each node whose latest review rejects it."""
    for key, review in latest(case).items():
        if review.meaning == "rejected":
            yield RULE.at(key, (), f"{key} was rejected by {review.by} on {review.on} ({review.review})")
