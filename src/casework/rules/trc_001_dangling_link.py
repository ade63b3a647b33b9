"""A link names a node that does not exist.

## What it does
Looks up every link of every node: first in the node's own module, then in the root module, or as `module::id`.

## Why it matters
A link to nothing is trace that is not there: a requirement that seems derived, a goal that seems supported.

## Bad
```yaml
- type: requirement
  id: REQ-1
  level: system
  statement: The system shall report each stop sign.
  derives_from: [SG-1]
  rationale: Asked for by the operator.
  verified_by: [tests/test_x.py::test_y]
```

## Good
```yaml
- type: requirement
  id: REQ-1
  level: stakeholder
  statement: The system shall report each stop sign.
  rationale: Asked for by the operator.
  verified_by: [tests/test_x.py::test_y]
```

## References
ISO 26262-8:2018, 6.4.3 (traceability of safety requirements); GSN v3 2:9.4.2.
"""

from __future__ import annotations

from collections.abc import Iterator

from casework.graph.case import Case
from casework.graph.census import retirements
from casework.model.finding import Finding
from casework.rules.rule import Rule

RULE = Rule("TRC-001", "dangling-link", "error", "Define the missing node, or drop the link.", "case")


def check(case: Case) -> Iterator[Finding]:
    """Yield a finding for each link whose target does not exist."""
    retired = retirements(case)
    for link in case.dangling:
        if link.target in retired and case.entries[link.source].type == "review":
            continue  # what was signed off then stands as it was
        many = case.data(link.source).get(link.field)
        route = (link.field, link.index) if isinstance(many, list) else (link.field,)
        yield RULE.at(link.source, route, f"{link.source} links to {link.target}, which is not defined")
