"""A link names a requirement that is retired.

## What it does
Looks at every link to a requirement whose status is `retired`. Reviews, waivers and retired requirements may name
them.

## Why it matters
What rests on a retired requirement is traced to something that no longer holds: the trace looks whole and is not.

## Bad
```yaml
- type: requirement
  id: REQ-1
  level: system
  statement: The system shall report stop signs.
  rationale: Asked for by the operator.
  status: retired
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
  status: retired
- type: requirement
  id: REQ-2
  level: software
  statement: The software shall report stop signs.
  derives_from: [REQ-1]
  status: retired
```

## References
ISO 26262-8:2018, 6.4.3 (management of safety requirements) and clause 8 (change management).
"""

from __future__ import annotations

from collections.abc import Iterator

from casework.graph.case import Case
from casework.model.finding import Finding
from casework.rules.rule import Rule
from casework.rules.trc_links import retired, route

RULE = Rule(
    "TRC-011",
    "retired-target",
    "error",
    "Name the requirement that took its place, or retire this node as well.",
    "case",
)


def check(case: Case) -> Iterator[Finding]:
    """Yield a finding for each link of a living node to a retired requirement."""
    entries = case.entries
    for key in case.keys("requirement"):
        if entries[key].light.get("status") != "retired":
            continue
        for edge in case.into(key):
            source = entries[edge.source]
            if source.type not in ("review", "waiver") and not retired(source) and edge.source != key:
                yield RULE.at(
                    edge.source, route(edge), f"{edge.source} names {key} in {edge.field}, and {key} is retired"
                )
