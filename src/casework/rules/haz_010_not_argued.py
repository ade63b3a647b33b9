"""A safety goal is missing from the argument.

## What it does
Where the case has GSN goals at all, looks for safety goals that no GSN goal states.

## Why it matters
The argument may be sound and still leave out the one goal that matters. Readers of the picture would never know.

## Bad
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
- type: goal
  id: G-1
  statement: Stop signs are not missed
  supported_by: [SN-1]
- type: solution
  id: SN-1
  statement: Test of the reports
  cites: [REQ-1]
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
- type: goal
  id: G-1
  statement: Stop signs are not missed
  states: [SG-1]
  supported_by: [SN-1]
- type: solution
  id: SN-1
  statement: Test of the reports
  cites: [REQ-1]
```

## References
ISO 26262-2:2018, 6.4.8 (the safety case argues that the safety goals are met); GSN v3 2:7.4.4.
"""

from __future__ import annotations

from collections.abc import Iterator

from casework.graph.case import Case
from casework.model.finding import Finding
from casework.rules.rule import Rule

RULE = Rule("HAZ-010", "not-argued", "warning", "Let a goal of the argument name it in `states`.", "case")


def check(case: Case) -> Iterator[Finding]:
    """Yield a finding for each safety goal that no goal of the argument states."""
    if not case.by_type.get("goal"):
        return
    for key in case.keys("safety_goal"):
        if not case.into(key, "states"):
            yield RULE.at(key, (), f"no goal of the argument states {key}")
