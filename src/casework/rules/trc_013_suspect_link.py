"""A node was signed off, and what it links to has changed since.

## What it does
A review records the fingerprint of every node that the reviewed one links to. Where the far node's fingerprint is
another one today, the link is suspect. The latest review of a node decides. Fingerprints cover all fields with a
meaning; the layout of the YAML, `title`, `tags` and `notes` have none.

## Why it matters
A requirement was found right under a parent that has meanwhile been tightened. Nothing in it has changed, and it may
be wrong.

## Bad
```yaml
- type: requirement
  id: REQ-1
  level: system
  statement: The system shall report stop signs.
  rationale: Asked for by the operator.
- type: requirement
  id: REQ-2
  level: software
  statement: The software shall report stop signs.
  derives_from: [REQ-1]
  verified_by: [tests/test_x.py::test_y]
- type: review
  id: RV-1
  of: [REQ-2]
  fingerprints:
    REQ-1: "0000000000000000000000000000000000000000000000000000000000000000"
    REQ-2: "824b6c4874ffefba825c9ffd2c5624ddb75c69707f167466afd6d7d1ac7da0b2"
  by: ann
  on: 2026-01-15
```

## Good
```yaml
- type: requirement
  id: REQ-1
  level: system
  statement: The system shall report stop signs.
  rationale: Asked for by the operator.
- type: requirement
  id: REQ-2
  level: software
  statement: The software shall report stop signs.
  derives_from: [REQ-1]
  verified_by: [tests/test_x.py::test_y]
- type: review
  id: RV-1
  of: [REQ-2]
  fingerprints:
    REQ-1: "77c47b496592b9774bc0247b1aaf1d3b36fca3385ec13eacd3b8b00908aa6d4d"
    REQ-2: "824b6c4874ffefba825c9ffd2c5624ddb75c69707f167466afd6d7d1ac7da0b2"
  by: ann
  on: 2026-01-15
```

## References
ISO 26262-8:2018, clause 8 (change management) and 6.4.3; Automotive SPICE 4.0, MLE.1.BP5.
"""

from __future__ import annotations

from collections.abc import Iterator

from casework.graph.case import Case
from casework.graph.suspect import suspects
from casework.model.finding import Finding
from casework.rules.rule import Rule
from casework.rules.trc_links import route

RULE = Rule(
    "TRC-013", "suspect-link", "error", "Look at both nodes again, then sign off with `casework review`.", "case"
)


def check(case: Case) -> Iterator[Finding]:
    """Yield a finding for each suspect link, at the link."""
    for suspect in suspects(case):
        link, review = suspect.link, suspect.sign_off
        seen = f"{link.source} was {review.meaning} by {review.by} on {review.on} ({review.review})"
        yield RULE.at(
            link.source,
            route(link),
            f"{link.target} has changed since {seen}; it is {case.fingerprint(link.target)[:8]} now",
        )
