"""A rating of a hazardous event has no reason.

## What it does
Asks of each hazardous event for the rationale of its severity, its exposure and its controllability.

## Why it matters
The ASIL is computed from three ratings, so a rating without a reason is an ASIL without a reason. It is the first
thing that an assessor asks.

## Bad
```yaml
- type: hazardous_event
  id: HE-1
  hazard: The stop sign is not reported, and the driver drives on.
  situation: Approach to a crossing on a rural road.
  severity: {level: S3, rationale: Side collision at more than 50 km/h.}
  exposure: {level: E3}
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
ISO 26262-3:2018, 6.4.3 (ratings on the basis of a defined rationale).
"""

from __future__ import annotations

from collections.abc import Iterable

from casework.model.finding import Finding
from casework.model.hazard import HazardousEvent
from casework.model.node import Node
from casework.rules.rule import Rule

RULE = Rule(
    "HAZ-001", "missing-rating-rationale", "error", "Say why this level and no other.", "node", ("hazardous_event",)
)


def check(key: str, node: Node) -> Iterable[Finding]:
    """Return a finding for each rating without a rationale."""
    if not isinstance(node, HazardousEvent):
        return ()
    ratings = (("severity", node.severity), ("exposure", node.exposure), ("controllability", node.controllability))
    return tuple(
        RULE.at(key, (name,), f"{key} rates the {name} {rating.level} without a reason")
        for name, rating in ratings
        if not rating.rationale
    )
