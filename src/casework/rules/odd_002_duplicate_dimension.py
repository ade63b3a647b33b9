"""A dimension, or one of its values, is there twice.

## What it does
Looks for two dimensions of one name in an operational design domain, and for doubled values of one dimension.

## Why it matters
Coverage counts combinations of values. A doubled one counts twice, and two lists of values for one name leave open
which is meant.

## Bad
```yaml
- type: odd
  id: ODD-1
  statement: Rural roads by day.
  dimensions:
    - {name: light, values: [day, dusk]}
    - {name: distance, values: [near, near, far]}
  exclusions:
    - {when: {light: dusk, distance: far}, reason: Too few images; the system is off by then.}
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
ISO 34503:2023 (taxonomy of operational design domains).
"""

from __future__ import annotations

from collections.abc import Iterable

from casework.model.finding import Finding
from casework.model.hazard import Odd
from casework.model.node import Node
from casework.rules.rule import Rule

RULE = Rule(
    "ODD-002", "duplicate-dimension", "error", "Drop one of the two, or give it its own name.", "node", ("odd",)
)


def check(key: str, node: Node) -> Iterable[Finding]:
    """Return a finding for each doubled dimension and each doubled value."""
    if not isinstance(node, Odd):
        return ()
    found: list[Finding] = []
    names: set[str] = set()
    for index, dimension in enumerate(node.dimensions):
        if dimension.name in names:
            found.append(RULE.at(key, ("dimensions", index, "name"), f"{key} has the dimension {dimension.name} twice"))
        names.add(dimension.name)
        values: set[str] = set()
        for place, value in enumerate(dimension.values):
            if value in values:
                route = ("dimensions", index, "values", place)
                found.append(RULE.at(key, route, f"{key}: the dimension {dimension.name} has the value {value} twice"))
            values.add(value)
    return found
