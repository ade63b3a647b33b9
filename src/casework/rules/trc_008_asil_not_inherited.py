"""A requirement has a lower integrity level than its parent.

## What it does
Compares the ASIL (or SIL) of each requirement with the highest of its parents. Safety goals have the highest computed
ASIL of the hazardous events that they address. A child must have at least its parents' level, unless it is a part of
a decomposition such as `B(D)`, which TRC-009 judges. A child that states no level at all has none.

## Why it matters
A requirement developed at QM cannot keep the promise of one with ASIL B: the measures that make it trustworthy were
never due.

## Bad
```yaml
- type: requirement
  id: REQ-1
  level: system
  asil: B
  statement: The system shall report stop signs.
  rationale: Asked for by the operator; B as the item's safety goal.
- type: requirement
  id: REQ-2
  level: software
  asil: A
  statement: The software shall report stop signs.
  derives_from: [REQ-1]
  verified_by: [tests/test_x.py::test_y]
```

## Good
```yaml
- type: requirement
  id: REQ-1
  level: system
  asil: B
  statement: The system shall report stop signs.
  rationale: Asked for by the operator; B as the item's safety goal.
- type: requirement
  id: REQ-2
  level: software
  asil: B
  statement: The software shall report stop signs.
  derives_from: [REQ-1]
  verified_by: [tests/test_x.py::test_y]
```

## References
ISO 26262-8:2018, 6.4.2.5 and ISO 26262-4:2018, 6.4.2 (inheritance of the ASIL); ISO 26262-9:2018, clause 5
(decomposition); IEC 61508-1:2010, 7.6.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from casework.graph.case import Case, Edge
from casework.model.finding import Finding
from casework.model.standards import ASIL_RANK, asil_level, asil_origin
from casework.rules.haz_levels import goal_asil
from casework.rules.rule import Rule
from casework.rules.trc_links import retired

RULE = Rule(
    "TRC-008",
    "asil-not-inherited",
    "error",
    "Give it at least the level of its parent, or decompose the parent's level and say so, as `B(D)`.",
    "case",
)


def check(case: Case) -> Iterator[Finding]:
    """Yield a finding for each requirement whose level is below that of one of its parents."""
    asils, sils = _levels(case)
    if not asils and not sils:
        return
    entries = case.entries
    for key in case.keys("requirement"):
        entry = entries[key]
        if not entry.valid or retired(entry):
            continue
        edges = [e for e in case.out(key) if e.field == "derives_from" and e.target != key]
        if edges:
            finding = _asil(key, entry.light, edges, asils) or _sil(key, entry.light, edges, sils)
            if finding:
                yield finding


def _levels(case: Case) -> tuple[dict[str, str], dict[str, str]]:
    """Return the ASIL and the SIL of every possible parent that has one."""
    asils: dict[str, str] = {}
    sils: dict[str, str] = {}
    for key in case.keys("safety_goal"):
        level = goal_asil(case, key)
        if level:
            asils[key] = level
    for key in case.keys("requirement"):
        entry = case.entries[key]
        if entry.valid and not retired(entry):
            if entry.light.get("asil"):
                asils[key] = entry.light["asil"]
            if entry.light.get("sil"):
                sils[key] = entry.light["sil"]
    return asils, sils


def _asil(key: str, light: dict[str, Any], edges: list[Edge], asils: dict[str, str]) -> Finding | None:
    own = light.get("asil")
    rank = ASIL_RANK[asil_level(own)] if own else 0
    worst: str | None = None
    worst_rank = rank
    origins = set()
    for edge in edges:
        parent = asils.get(edge.target)
        if parent is None:
            continue
        origins.add(asil_origin(parent))
        if ASIL_RANK[asil_level(parent)] > worst_rank and not (
            own and "(" in own and asil_origin(own) == asil_origin(parent)
        ):
            worst, worst_rank = edge.target, ASIL_RANK[asil_level(parent)]
    if worst is None or (own and "(" in own and asil_origin(own) not in origins):
        return None  # in the second case the decomposition names a level that no parent has: TRC-009
    said = f"is ASIL {own}" if own else "has no ASIL"
    return RULE.at(key, ("asil",), f"{key} {said}, and its parent {worst} is ASIL {asils[worst]}")


def _sil(key: str, light: dict[str, Any], edges: list[Edge], sils: dict[str, str]) -> Finding | None:
    own = light.get("sil") or ""
    worst = max((e.target for e in edges if sils.get(e.target, "") > own), key=lambda t: sils[t], default=None)
    if worst is None:
        return None
    said = f"is {own}" if own else "has no SIL"
    return RULE.at(key, ("sil",), f"{key} {said}, and its parent {worst} is {sils[worst]}")
