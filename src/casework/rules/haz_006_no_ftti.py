"""A safety goal with an ASIL has no fault tolerant time interval.

## What it does
Looks for safety goals with a computed ASIL of A to D without `ftti`, or with one that is not a number with a unit of
time.

## Why it matters
The interval is where every latency bound comes from. Without it nobody can say whether 80 ms an image is safe.

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
ISO 26262-1:2018, 3.61 (fault tolerant time interval); ISO 26262-3:2018, 7.4.2.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from casework.graph.case import Case
from casework.graph.coverage import goal_asil
from casework.model.finding import Finding
from casework.model.hazard import SafetyGoal
from casework.rules.haz_levels import needs_asil
from casework.rules.rule import Rule

RULE = Rule("HAZ-006", "no-ftti", "error", "State it as a number with its unit, such as `500 ms`.", "case")

_INTERVAL: Final = re.compile(r"\d+(?:\.\d+)?\s*(?:us|µs|μs|ms|s|min|h)", re.ASCII)


def check(case: Case) -> Iterator[Finding]:
    """Yield a finding for each safety goal with an ASIL and without a usable interval."""
    for key, goal in case.nodes(SafetyGoal, "safety_goal"):
        asil = goal_asil(case, key)
        if not needs_asil(asil):
            continue
        if not goal.ftti:
            yield RULE.at(key, ("ftti",), f"{key} (ASIL {asil}) has no fault tolerant time interval")
        elif not _INTERVAL.fullmatch(goal.ftti.strip()):
            yield RULE.at(
                key, ("ftti",), f"{key} (ASIL {asil}): the interval `{goal.ftti}` is not a number with a unit of time"
            )
