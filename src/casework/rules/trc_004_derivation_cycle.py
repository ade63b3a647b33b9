"""Requirements derive from one another in a circle.

## What it does
Follows `derives_from` and reports every circle with all ids on it, in order. A requirement that names itself is
TRC-010.

## Why it matters
In a circle every requirement has a parent and none has an origin: it can't be traced to a hazard or to anybody's
wish.

## Bad
```yaml
- type: requirement
  id: REQ-1
  level: system
  statement: The system shall report stop signs.
  derives_from: [REQ-2]
  verified_by: [tests/test_x.py::test_y]
- type: requirement
  id: REQ-2
  level: software
  statement: The software shall report stop signs.
  derives_from: [REQ-1]
  verified_by: [tests/test_x.py::test_y]
```

## Good
```yaml
- type: requirement
  id: REQ-1
  level: system
  statement: The system shall report stop signs.
  rationale: Asked for by the operator.
- type: requirement
  id: REQ-2
  level: software
  statement: The software shall report stop signs.
  derives_from: [REQ-1]
  verified_by: [tests/test_x.py::test_y]
```

## References
ISO 26262-8:2018, 6.4.3.1 (hierarchical structure of safety requirements).
"""

from __future__ import annotations

from collections.abc import Iterator

from casework.graph.case import Case, Edge
from casework.graph.cycles import strongly_connected
from casework.model.finding import Finding
from casework.rules.rule import Rule
from casework.rules.trc_levels import level_of, notable, rank_of

RULE = Rule(
    "TRC-004",
    "derivation-cycle",
    "error",
    "Drop the link that points from a higher requirement down to a lower one.",
    "case",
)


def check(case: Case) -> Iterator[Finding]:
    """Yield a finding for each circle of derivations, at its smallest id."""
    if all(_descends(case, edge) for edge in notable(case)):
        return  # a circle has to climb somewhere
    adjacency: dict[str, list[str]] = {}
    for key in case.keys("requirement"):
        targets = [e.target for e in case.out(key) if e.field == "derives_from" and e.target != key]
        if targets:
            adjacency[key] = targets
    for cycle in strongly_connected(adjacency):
        following = cycle[1 % len(cycle)]
        edge = next(e for e in case.out(cycle[0], "derives_from") if e.target == following)
        path = " -> ".join((*cycle, cycle[0]))
        yield RULE.at(cycle[0], ("derives_from", edge.index), f"{cycle[0]} derives from itself: {path}")


def _descends(case: Case, edge: Edge) -> bool:
    child, parent = level_of(case, edge.source), level_of(case, edge.target)
    return child is not None and parent is not None and rank_of(parent) < rank_of(child)
