"""A safety goal with an ASIL has no safe state.

## What it does
Looks for safety goals with a computed ASIL of A to D without `safe_state`.

## Why it matters
When the component fails, somebody or something has to go somewhere safe. If nobody wrote where, each part of the
system will go somewhere else. Where the goal can only be kept by carrying on, that operating mode is the safe state:
say so.

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
  ftti: 500 ms
- type: requirement
  id: REQ-1
  level: system
  asil: B
  statement: The system shall report stop signs.
  derives_from: [SG-1]
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
ISO 26262-3:2018, 6.4.4 and 7.4.2 (safe states).
"""

from __future__ import annotations

from collections.abc import Iterator

from casework.graph.case import Case
from casework.graph.coverage import goal_asil
from casework.model.finding import Finding
from casework.model.hazard import SafetyGoal
from casework.rules.haz_levels import needs_asil
from casework.rules.rule import Rule

RULE = Rule(
    "HAZ-005",
    "no-safe-state",
    "error",
    "State the operating mode that is safe when the goal cannot be kept otherwise.",
    "case",
)


def check(case: Case) -> Iterator[Finding]:
    """Yield a finding for each safety goal with an ASIL and without a safe state."""
    for key, goal in case.nodes(SafetyGoal, "safety_goal"):
        asil = goal_asil(case, key)
        if needs_asil(asil) and not goal.safe_state:
            yield RULE.at(key, ("safe_state",), f"{key} (ASIL {asil}) has no safe state")
