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

from casework.graph.case import Case
from casework.graph.coverage import goal_asil
from casework.model.finding import Finding
from casework.model.standards import ASIL_RANK, asil_level, asil_origin
from casework.rules.rule import Rule
from casework.rules.trc_levels import notable
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
    entries = case.entries
    for key in dict.fromkeys(edge.source for edge in notable(case)):
        if retired(entries[key]):
            continue
        edges = [e for e in case.out(key, "derives_from") if e.target != key]
        asils = {e.target: level for e in edges if (level := _level(case, e.target, "asil"))}
        sils = {e.target: level for e in edges if (level := _level(case, e.target, "sil"))}
        finding = _asil(key, entries[key].light, asils) or _sil(key, entries[key].light, sils)
        if finding:
            yield finding


def _level(case: Case, key: str, name: str) -> str | None:
    """Return the ASIL or SIL of a parent; None where it has none, is retired, or is invalid."""
    entry = case.entries[key]
    if entry.type == "safety_goal":
        return goal_asil(case, key) if name == "asil" else None
    if entry.type != "requirement" or not entry.valid or retired(entry):
        return None
    level: str | None = entry.light.get(name)
    return level


def _asil(key: str, light: dict[str, Any], parents: dict[str, str]) -> Finding | None:
    own = light.get("asil")
    origin = asil_origin(own) if own and "(" in own else None
    if origin is not None and origin not in {asil_origin(p) for p in parents.values()}:
        return None  # the decomposition names a level that no parent has: TRC-009
    rank = ASIL_RANK[asil_level(own)] if own else 0
    higher = {t: r for t, p in parents.items() if (r := ASIL_RANK[asil_level(p)]) > rank and asil_origin(p) != origin}
    if not higher:
        return None
    worst = max(higher, key=higher.__getitem__)
    said = f"is ASIL {own}" if own else "has no ASIL"
    return RULE.at(key, ("asil",), f"{key} {said}, and its parent {worst} is ASIL {parents[worst]}")


def _sil(key: str, light: dict[str, Any], parents: dict[str, str]) -> Finding | None:
    own = light.get("sil") or ""
    higher = {target: level for target, level in parents.items() if level > own}
    if not higher:
        return None
    worst = max(higher, key=higher.__getitem__)
    said = f"is {own}" if own else "has no SIL"
    return RULE.at(key, ("sil",), f"{key} {said}, and its parent {worst} is {parents[worst]}")
