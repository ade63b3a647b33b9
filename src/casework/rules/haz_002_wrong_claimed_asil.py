"""A claimed ASIL is not the computed one.

## What it does
Computes the ASIL of each hazardous event from severity, exposure and controllability, and of each safety goal as the
highest of the events that it addresses, and compares it with `claimed_asil`.

## Why it matters
A level that is too low takes away measures that are due; one that is too high hides that nobody computed it. Levels
are computed here and never typed; a claimed one is only compared.

## Bad
```yaml
- type: hazardous_event
  id: HE-1
  hazard: The stop sign is not reported, and the driver drives on.
  situation: Approach to a crossing on a rural road.
  severity: {level: S3, rationale: Side collision at more than 50 km/h.}
  exposure: {level: E3, rationale: Each trip has few such crossings.}
  controllability: {level: C2, rationale: Most drivers see the sign themselves.}
  claimed_asil: C
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

## Good
```yaml
- type: hazardous_event
  id: HE-1
  hazard: The stop sign is not reported, and the driver drives on.
  situation: Approach to a crossing on a rural road.
  severity: {level: S3, rationale: Side collision at more than 50 km/h.}
  exposure: {level: E3, rationale: Each trip has few such crossings.}
  controllability: {level: C2, rationale: Most drivers see the sign themselves.}
  claimed_asil: B
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
ISO 26262-3:2018, 6.4.3.10 with Table 4 (determination of the ASIL) and 6.4.4.2 (safety goals take the highest).
"""

from __future__ import annotations

from collections.abc import Iterator

from casework.graph.case import Case
from casework.graph.coverage import event_asil, goal_asil
from casework.model.finding import Finding
from casework.model.hazard import HazardousEvent, SafetyGoal
from casework.rules.rule import Rule

RULE = Rule("HAZ-002", "wrong-claimed-asil", "error", "Mend the ratings, or claim the computed level.", "case")


def check(case: Case) -> Iterator[Finding]:
    """Yield a finding for each claimed level that is not the computed one."""
    for key, event in case.nodes(HazardousEvent, "hazardous_event"):
        if event.claimed_asil not in (None, event.asil):
            ratings = f"{event.severity.level}, {event.exposure.level}, {event.controllability.level}"
            yield RULE.at(
                key, ("claimed_asil",), f"{key} claims ASIL {event.claimed_asil}; {ratings} give {event.asil}"
            )
    for key, goal in case.nodes(SafetyGoal, "safety_goal"):
        edges = case.out(key, "addresses")
        complete = len(edges) == len(goal.addresses) and all(event_asil(case.entries[e.target]) for e in edges)
        asil = goal_asil(case, key)
        if goal.claimed_asil not in (None, asil) and complete:
            events = ", ".join(f"{e.target} {event_asil(case.entries[e.target])}" for e in edges)
            yield RULE.at(
                key, ("claimed_asil",), f"{key} claims ASIL {goal.claimed_asil}; its events give {asil} ({events})"
            )
