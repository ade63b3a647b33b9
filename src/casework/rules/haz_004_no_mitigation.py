"""No requirement in force averts a hazardous event.

## What it does
Looks for hazardous events with an ASIL of A to D without an agreed requirement that mitigates them, directly or below
a safety goal that addresses them. Events without a goal are HAZ-003, and goals that nothing refines are HAZ-007.

## Why it matters
A hazard whose requirements are all drafts, or all retired, is as open as one without any, and looks closed in the
table.

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
  status: draft
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
ISO 26262-3:2018, 7.4.2 (functional safety requirements for each safety goal).
"""

from __future__ import annotations

from collections.abc import Iterator

from casework.graph.case import Case
from casework.graph.coverage import event_asil
from casework.model.finding import Finding
from casework.rules.haz_levels import needs_asil
from casework.rules.rule import Rule

RULE = Rule(
    "HAZ-004",
    "no-mitigation",
    "error",
    "Agree on a requirement that averts it, and derive it from the safety goal or name the event in mitigates.",
    "case",
)


def check(case: Case) -> Iterator[Finding]:
    """Yield a finding for each event with an ASIL that no agreed requirement mitigates."""
    for key in case.keys("hazardous_event"):
        asil = event_asil(case.entries[key])
        if not needs_asil(asil) or _mitigated(case, key):
            continue
        goals = [e.source for e in case.into(key, "addresses")]
        if any(case.into(goal, "derives_from") for goal in goals):
            below = f"no requirement below {', '.join(goals)} is agreed"
            yield RULE.at(key, (), f"{key} (ASIL {asil}): {below}, and none mitigates it directly")


def _mitigated(case: Case, key: str) -> bool:
    below: list[str] = [e.source for e in case.into(key, "mitigates")]
    for edge in case.into(key, "addresses"):
        below.extend(case.downstream(edge.source, "derives_from"))
    entries = (case.entries[k] for k in below)
    return any(e.type == "requirement" and e.light.get("status", "agreed") == "agreed" for e in entries)
