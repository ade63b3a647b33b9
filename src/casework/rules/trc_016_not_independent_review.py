"""Somebody signed off their own work.

## What it does
Compares the person of each node's latest review with the node's `owner`. It is judged where `review.independent` of
`casework.yaml` is true, as it is unless changed.

## Why it matters
Authors do not see their own mistakes: that is why the standards ask for another pair of eyes.

## Bad
```yaml
- type: requirement
  id: REQ-1
  level: stakeholder
  owner: ann
  statement: The system shall report stop signs.
  rationale: Asked for by the operator.
  verified_by: [tests/test_x.py::test_y]
- type: review
  id: RV-1
  of: [REQ-1]
  fingerprints:
    REQ-1: "dd9acd72938b34480f82d9abdf2cf23d1ee0f2f30a24c5186f1e3adf0962dea3"
  by: ann
  on: 2026-01-15
```

## Good
```yaml
- type: requirement
  id: REQ-1
  level: stakeholder
  owner: ann
  statement: The system shall report stop signs.
  rationale: Asked for by the operator.
  verified_by: [tests/test_x.py::test_y]
- type: review
  id: RV-1
  of: [REQ-1]
  fingerprints:
    REQ-1: "dd9acd72938b34480f82d9abdf2cf23d1ee0f2f30a24c5186f1e3adf0962dea3"
  by: ben
  on: 2026-01-15
```

## References
ISO 26262-2:2018, 6.4.9 and Table 1 (independence of confirmation measures).
"""

from __future__ import annotations

from collections.abc import Iterator

from casework.graph.assessment import Assessment
from casework.graph.suspect import latest
from casework.model.finding import Finding
from casework.rules.rule import Rule

RULE = Rule(
    "TRC-016", "not-independent-review", "error", "Have another person than the owner sign it off.", "assessment"
)


def check(assessment: Assessment) -> Iterator[Finding]:
    """Yield a finding for each review that its node's owner signed, at the review."""
    if not assessment.project.review.independent:
        return
    own: dict[str, list[str]] = {}
    for key, sign_off in latest(assessment.case).items():
        if assessment.case.data(key).get("owner") == sign_off.by:
            own.setdefault(sign_off.review, []).append(key)
    for review, keys in sorted(own.items()):
        person = assessment.case.entries[review].light["by"]
        yield RULE.at(
            review,
            ("by",),
            f"{review}: {person} signed off {', '.join(keys)}, and owns {'it' if len(keys) == 1 else 'them'}",
        )
