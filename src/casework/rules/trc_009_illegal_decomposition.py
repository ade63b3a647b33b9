"""An ASIL is decomposed in a way that the standard does not allow.

## What it does
Looks at each parent of which a child is marked as a part of a decomposition, such as `B(D)`. The marked children must
be exactly two, and their levels must be one of the pairs that ISO 26262-9 allows for the level of the parent; the
level in brackets must be that from which the parent itself comes; and one of the two must say in its `rationale` why
they are independent.

| parent | pairs |
|---|---|
| D | C and A, B and B, D and QM |
| C | B and A, C and QM |
| B | A and A, B and QM |
| A | A and QM |

## Why it matters
Two lower levels only make up for a higher one where both are there, are high enough, and cannot fail together. A lone
`B(D)` is an ASIL D requirement developed at B.

## Bad
```yaml
- type: requirement
  id: REQ-1
  level: system
  asil: D
  statement: The system shall stop before the crossing.
  rationale: Asked for by the operator; D as the item's safety goal.
- type: requirement
  id: REQ-2
  level: software
  asil: B(D)
  statement: The software shall command a stop before the crossing.
  derives_from: [REQ-1]
  rationale: Independent of any other channel, since it runs on a processor of its own.
  verified_by: [tests/test_x.py::test_y]
```

## Good
```yaml
- type: requirement
  id: REQ-1
  level: system
  asil: D
  statement: The system shall stop before the crossing.
  rationale: Asked for by the operator; D as the item's safety goal.
- type: requirement
  id: REQ-2
  level: software
  asil: B(D)
  statement: The software shall command a stop before the crossing.
  derives_from: [REQ-1]
  rationale: Independent of REQ-3, since it runs on a processor of its own.
  verified_by: [tests/test_x.py::test_y]
- type: requirement
  id: REQ-3
  level: software
  asil: B(D)
  statement: The monitor shall command a stop before the crossing.
  derives_from: [REQ-1]
  verified_by: [tests/test_x.py::test_z]
```

## References
ISO 26262-9:2018, clause 5 (allowed decompositions; independence of the parts).
"""

from __future__ import annotations

from collections.abc import Iterator

from casework.graph.case import Case
from casework.graph.coverage import goal_asil
from casework.model.finding import Finding
from casework.model.standards import DECOMPOSITIONS, asil_level, asil_origin
from casework.rules.rule import Rule
from casework.rules.trc_links import retired

RULE = Rule(
    "TRC-009",
    "illegal-decomposition",
    "error",
    "Decompose into one allowed pair of independent requirements, each marked with the level it comes from.",
    "case",
)


def check(case: Case) -> Iterator[Finding]:
    """Yield a finding for each misfit of a decomposition, at the first of its parts."""
    parts = [
        k
        for k in case.keys("requirement")
        if "(" in str(case.entries[k].light.get("asil") or "") and case.entries[k].valid
    ]
    parents: dict[str, None] = {}
    for key in parts:
        if retired(case.entries[key]):
            continue
        found = [e.target for e in case.out(key, "derives_from") if _asil(case, e.target)]
        own = case.entries[key].light["asil"]
        if not any(asil_origin(str(_asil(case, t))) == asil_origin(own) for t in found) and _complete(case, key):
            above = ", ".join(f"{t} is {_asil(case, t)}" for t in found) or "it has no parent with an ASIL"
            yield RULE.at(
                key, ("asil",), f"{key} is {own}, but nothing above it comes from ASIL {asil_origin(own)}: {above}"
            )
            continue
        parents.update(dict.fromkeys(t for t in found if asil_origin(str(_asil(case, t))) == asil_origin(own)))
    for parent in parents:
        yield from _pair(case, parent)


def _complete(case: Case, key: str) -> bool:
    """Return True if every parent is there and valid, so that its level is known."""
    known = case.out(key, "derives_from")
    written = sum(1 for link in case.entries[key].links if link[0] == "derives_from")
    return len(known) == written and all(case.entries[e.target].valid for e in known)


def _asil(case: Case, key: str) -> str | None:
    entry = case.entries[key]
    if entry.type == "safety_goal":
        return goal_asil(case, key)
    asil = entry.light.get("asil") if entry.type == "requirement" and entry.valid and not retired(entry) else None
    return asil if isinstance(asil, str) else None


def _pair(case: Case, parent: str) -> Iterator[Finding]:
    level = str(_asil(case, parent))
    marked = {
        e.source: _asil(case, e.source)
        for e in case.into(parent, "derives_from")
        if "(" in (_asil(case, e.source) or "")
    }
    parts = sorted(k for k, asil in marked.items() if asil and asil_origin(asil) == asil_origin(level))
    if "(" in level and all(marked[k] == level for k in parts):
        return  # children of a part that have its very level inherit it
    pair = tuple(sorted(asil_level(str(marked[k])) for k in parts))
    listed = ", ".join(f"{k} {marked[k]}" for k in parts)
    allowed = DECOMPOSITIONS.get(asil_level(level), ())
    if pair not in {tuple(sorted(p)) for p in allowed}:
        pairs = "; ".join(f"{a} and {b}" for a, b in allowed) or "none"
        yield RULE.at(
            parts[0], ("asil",), f"{parent} (ASIL {level}) is decomposed into {listed}; allowed is one pair of: {pairs}"
        )
    elif not any(case.data(k).get("rationale") for k in parts):
        message = f"neither {parts[0]} nor {parts[1]} says why the parts of {parent} (ASIL {level}) are independent"
        yield RULE.at(
            parts[0], ("rationale",), message, "State in the rationale of one of them why both cannot fail together."
        )
