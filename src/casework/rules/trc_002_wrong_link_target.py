"""A link names a node of a type that the field cannot hold.

## What it does
Compares the type of each link's target with the types that the field may name. The connections of the argument
(`supported_by`, `in_context_of`) have rules of their own, GSN-003 and GSN-004.

## Why it matters
A link of the wrong type is a line in the picture without a meaning: a requirement cannot be derived from a dataset,
and evidence cannot verify a hazard. Every question asked of the graph would silently miss it.

## Bad
```yaml
- type: requirement
  id: REQ-1
  level: stakeholder
  statement: The system shall report stop signs.
  rationale: Asked for by the operator.
  derives_from: [T-1]
  verified_by: [tests/test_x.py::test_y]
- type: threat
  id: T-1
  statement: Somebody could put stickers on a stop sign, so that it is missed.
  mitigated_by: [REQ-1]
```

## Good
```yaml
- type: requirement
  id: REQ-1
  level: stakeholder
  statement: The system shall report stop signs.
  rationale: Asked for by the operator.
  mitigates: [T-1]
  verified_by: [tests/test_x.py::test_y]
- type: threat
  id: T-1
  statement: Somebody could put stickers on a stop sign, so that it is missed.
  mitigated_by: [REQ-1]
```

## References
ISO 26262-8:2018, 6.4.3 (traceability of safety requirements).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from casework.graph.case import Case
from casework.model.finding import Finding
from casework.model.vocabulary import NODE_TYPES, links_of
from casework.rules.rule import Rule
from casework.rules.trc_links import route

RULE = Rule(
    "TRC-002",
    "wrong-link-target",
    "error",
    "Name a node of a type that the field takes, or use the field meant for this one.",
    "case",
)

_ELSEWHERE: Final = frozenset({"supported_by", "in_context_of"})
_ALLOWED: Final[dict[tuple[str, str], frozenset[str]]] = {
    (node_type, name): frozenset(link.targets)
    for node_type in NODE_TYPES
    for name, link in links_of(node_type).items()
    if name not in _ELSEWHERE and "*" not in link.targets
}


def check(case: Case) -> Iterator[Finding]:
    """Yield a finding for each resolved link whose target is of a type that the field cannot hold."""
    entries = case.entries
    for key, entry in entries.items():
        if not entry.links:
            continue
        for edge in case.out(key):
            allowed = _ALLOWED.get((entry.type, edge.field))
            found = entries[edge.target].type
            if allowed is not None and found not in allowed and found in NODE_TYPES:
                takes = " or ".join(links_of(entry.type)[edge.field].targets)
                yield RULE.at(
                    key, route(edge), f"{key} names {edge.target}, a {found}, in {edge.field}, which takes {takes}"
                )
