"""A requirement derives from one of the wrong level.

## What it does
Compares the level of each requirement with that of each parent. A child must stand below its parent: stakeholder,
then system (or tool), software, ml, data. It is a warning where the link skips a level. No skip are: system to ml,
since requirements are allocated to the ML component directly; and the two parts of a decomposed requirement, which
may stand at the level of their parent.

| level | may derive from |
|---|---|
| system, tool | stakeholder, safety goal |
| software | system, tool |
| ml | system, software |
| data | ml |

## Why it matters
A link that skips a level leaves out the reasoning in between, and the level in between looks covered when it is not.
A link upwards is a circle in waiting.

## Bad
```yaml
- type: requirement
  id: REQ-1
  level: stakeholder
  statement: The operator shall be told of stop signs.
  rationale: Asked for by the operator.
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
  level: stakeholder
  statement: The operator shall be told of stop signs.
  rationale: Asked for by the operator.
- type: requirement
  id: REQ-3
  level: system
  statement: The system shall report stop signs.
  derives_from: [REQ-1]
- type: requirement
  id: REQ-2
  level: software
  statement: The software shall report stop signs.
  derives_from: [REQ-3]
  verified_by: [tests/test_x.py::test_y]
```

## References
ISO 26262-8:2018, 6.4.3.1 (hierarchical structure); ISO 26262-4:2018, clause 6; AMLAS v1.1, stage 2 (ML safety
requirements come from those allocated to the component).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from casework.graph.case import Case, Edge
from casework.model.finding import Finding
from casework.rules.rule import Rule
from casework.rules.trc_levels import PARENTS, level_of, notable, rank_of

RULE = Rule(
    "TRC-007",
    "wrong-level",
    "error",
    "Derive it from a requirement one level up, or mend the level of one of the two.",
    "case",
)


def check(case: Case) -> Iterator[Finding]:
    """Yield a finding for each derivation between levels that do not follow each other."""
    for edge in notable(case):
        level, above = level_of(case, edge.source), level_of(case, edge.target)
        if level is not None and above is not None and above not in PARENTS[level]:
            finding = _judge(case, edge, level, above)
            if finding:
                yield finding


def _judge(case: Case, edge: Edge, level: str, above: str) -> Finding | None:
    route = ("derives_from", edge.index)
    words = above.replace("_", " ")
    if rank_of(above) < rank_of(level):
        wanted = " or ".join(sorted(PARENTS[level])).replace("_", " ")
        skip = f"the link skips a level, {level} derives from {wanted}"
        message = f"{edge.source} ({level}) derives from {edge.target} ({words}): {skip}"
        finding = RULE.at(edge.source, route, message, "Put the requirement in between, and derive from that.")
        return replace(finding, severity="warning")
    decomposed = "(" in str(case.entries[edge.source].light.get("asil") or "")
    if (decomposed and level == above) or edge.source in case.upstream(edge.target, "derives_from"):
        return None  # a part of a decomposed requirement; or on a circle, which TRC-004 reports as a whole
    return RULE.at(
        edge.source, route, f"{edge.source} ({level}) derives from {edge.target} ({words}), which is not above it"
    )
