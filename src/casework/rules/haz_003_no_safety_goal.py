"""A hazardous event with an ASIL has no safety goal.

## What it does
Looks for hazardous events with a computed ASIL of A to D that no safety goal addresses.

## Why it matters
Without a goal nothing follows from the hazard: no requirement, no test, no claim. It is a known danger that was
filed.

## Bad
```yaml
- type: hazardous_event
  id: HE-1
  hazard: The stop sign is not reported, and the driver drives on.
  situation: Approach to a crossing on a rural road.
  severity: {level: S3, rationale: Side collision at more than 50 km/h.}
  exposure: {level: E3, rationale: Each trip has few such crossings.}
  controllability: {level: C2, rationale: Most drivers see the sign themselves.}
- type: requirement
  id: REQ-1
  level: system
  asil: B
  statement: The system shall report stop signs.
  mitigates: [HE-1]
  rationale: Averts the event directly.
  verified_by: [tests/test_x.py::test_y]
```

## Good
```yaml
- type: hazardous_event
  id: HE-1
  hazard: The stop sign is not reported, and the driver drives on.
  situation: Approach to a crossing on a rural road.
  severity: {level: S3, rationale: Side collision at more than 50 km/h.}
  exposure: {level: E3, rationale: Each trip has few such crossings.}
  controllability: {level: C2, rationale: Most drivers see the sign themselves.}
- type: safety_goal
  id: SG-1
  statement: The system shall not miss stop signs.
  addresses: [HE-1]
  safe_state: The driver is told that signs are not reported.
  ftti: 500 ms
- type: requirement
  id: REQ-1
  level: system
  asil: B
  statement: The system shall report stop signs.
  derives_from: [SG-1]
  verified_by: [tests/test_x.py::test_y]
```

## References
ISO 26262-3:2018, 6.4.4.1 (a safety goal for each hazardous event with an ASIL).
"""

from __future__ import annotations

from collections.abc import Iterator

from casework.graph.case import Case
from casework.graph.coverage import event_asil
from casework.model.finding import Finding
from casework.rules.haz_levels import needs_asil
from casework.rules.rule import Rule

RULE = Rule("HAZ-003", "no-safety-goal", "error", "Write a safety goal that addresses it.", "case")


def check(case: Case) -> Iterator[Finding]:
    """Yield a finding for each event with an ASIL that no safety goal addresses."""
    for key in case.keys("hazardous_event"):
        asil = event_asil(case.entries[key])
        if needs_asil(asil) and not case.into(key, "addresses"):
            yield RULE.at(key, (), f"{key} (ASIL {asil}) is addressed by no safety goal")
