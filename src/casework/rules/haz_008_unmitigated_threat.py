"""A threat that nothing mitigates.

## What it does
Looks for threats that name no requirement in `mitigated_by` and that no requirement names in `mitigates`.

## Why it matters
Whoever wrote the threat down knew of it. Without a measure, the case documents that it was known and left.

## Bad
```yaml
- type: threat
  id: T-1
  statement: Somebody could put stickers on a stop sign, so that it is missed.
  owasp: ML01:2023
- type: requirement
  id: REQ-1
  level: system
  statement: The system shall report stop signs with stickers.
  rationale: Stickers are the cheapest attack.
  verified_by: [tests/test_x.py::test_y]
```

## Good
```yaml
- type: threat
  id: T-1
  statement: Somebody could put stickers on a stop sign, so that it is missed.
  owasp: ML01:2023
  mitigated_by: [REQ-1]
- type: requirement
  id: REQ-1
  level: system
  statement: The system shall report stop signs with stickers.
  rationale: Stickers are the cheapest attack.
  verified_by: [tests/test_x.py::test_y]
```

## References
ISO/SAE 21434:2021, clause 9 (cybersecurity goals for threat scenarios); OWASP Machine Learning Security Top 10
(2023).
"""

from __future__ import annotations

from collections.abc import Iterator

from casework.graph.case import Case
from casework.model.finding import Finding
from casework.rules.rule import Rule
from casework.rules.trc_links import names

RULE = Rule(
    "HAZ-008", "unmitigated-threat", "error", "Name the requirements that mitigate it in `mitigated_by`.", "case"
)


def check(case: Case) -> Iterator[Finding]:
    """Yield a finding for each threat without a mitigation."""
    for key in case.keys("threat"):
        entry = case.entries[key]
        if entry.valid and not names(entry, "mitigated_by") and not case.into(key, "mitigates"):
            yield RULE.at(key, ("mitigated_by",), f"no requirement mitigates {key}")
