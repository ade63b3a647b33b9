"""A field names the same node twice, or the node names itself.

## What it does
Looks for two links of one field to one node, and for links of a node to itself.

## Why it matters
A doubled link is usually a slip: the second id was meant to be another one. A node that supports or derives from
itself stands on nothing.

## Bad
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
  derives_from: [REQ-1, REQ-1]
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
GSN v3 1:2.2.2 (no element supports itself); ISO 26262-8:2018, 6.4.3.1 (no duplication).
"""

from __future__ import annotations

from collections.abc import Iterator

from casework.graph.case import Case, Edge, Entry
from casework.model.finding import Finding
from casework.model.vocabulary import links_of
from casework.rules.rule import Rule
from casework.rules.trc_links import route

RULE = Rule("TRC-010", "duplicate-link", "error", "Drop the link, or name the node that was meant.", "case")


def check(case: Case) -> Iterator[Finding]:
    """Yield a finding for each doubled link and each link of a node to itself."""
    for key, entry in case.entries.items():
        links = entry.links
        if not links:
            continue
        edges = case.out(key)
        if len(edges) > 1:
            yield from _doubled(edges)
        for edge in edges:
            if edge.target == key and _speaks(entry, edge):
                yield RULE.at(key, route(edge), f"{key} names itself in {edge.field}")


def _speaks(entry: Entry, edge: Edge) -> bool:
    # A challenge to itself is GSN-044; a field that cannot hold this type at all is TRC-002, GSN-003 or GSN-004.
    link = links_of(entry.type)[edge.field]
    return edge.field != "challenges" and (entry.type in link.targets or "*" in link.targets)


def _doubled(edges: list[Edge]) -> Iterator[Finding]:
    seen: set[tuple[str, str]] = set()
    for edge in edges:
        mark = (edge.field, edge.target)
        if mark in seen:
            yield RULE.at(edge.source, route(edge), f"{edge.source} names {edge.target} more than once in {edge.field}")
        seen.add(mark)
