"""The domain excludes what it does not have.

## What it does
Looks up each dimension and value of the exclusions of an operational design domain among its own dimensions.

## Why it matters
An exclusion that matches nothing excludes nothing: the combination stays inside the domain, and evidence for it stays
due, or is taken to be inside by everybody else.

## Bad
```yaml
- type: odd
  id: ODD-1
  statement: Rural roads by day.
  dimensions:
    - {name: light, values: [day, dusk]}
    - {name: distance, values: [near, far]}
  exclusions:
    - {when: {light: night, distance: far}, reason: Too few images; the system is off by then.}
- type: practice
  id: PR-1
  practice: MLE.1.BP4
  answer: The operating environment is described by its dimensions.
  satisfied_by: [ODD-1]
```

## Good
```yaml
- type: odd
  id: ODD-1
  statement: Rural roads by day.
  dimensions:
    - {name: light, values: [day, dusk]}
    - {name: distance, values: [near, far]}
  exclusions:
    - {when: {light: dusk, distance: far}, reason: Too few images; the system is off by then.}
- type: practice
  id: PR-1
  practice: MLE.1.BP4
  answer: The operating environment is described by its dimensions.
  satisfied_by: [ODD-1]
```

## References
ISO 34503:2023 (taxonomy of operational design domains); SAE J3016:2021, 3.21.
"""

from __future__ import annotations

from collections.abc import Iterable

from casework.model.finding import Finding
from casework.model.hazard import Odd
from casework.model.node import Node
from casework.rules.rule import Rule

RULE = Rule(
    "ODD-001",
    "unknown-exclusion",
    "error",
    "Name a dimension and a value of this domain, or add them to `dimensions`.",
    "node",
    ("odd",),
)


def check(key: str, node: Node) -> Iterable[Finding]:
    """Return a finding for each excluded dimension or value that the domain does not have."""
    if not isinstance(node, Odd):
        return ()
    values: dict[str, set[str]] = {}
    for dimension in node.dimensions:
        values.setdefault(dimension.name, set()).update(dimension.values)
    found: list[Finding] = []
    for index, exclusion in enumerate(node.exclusions):
        for name, value in exclusion.when.items():
            route = ("exclusions", index, "when", name)
            if name not in values:
                found.append(RULE.at(key, route, f"{key} excludes {name}={value}, and has no dimension {name}"))
            elif value not in values[name]:
                known = ", ".join(sorted(values[name]))
                found.append(RULE.at(key, route, f"{key} excludes {name}={value}, and {name} has only {known}"))
    return found
