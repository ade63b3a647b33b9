"""A file uses YAML tags, anchors, aliases or merge keys.

## What it does
Found by reading, before any rule is applied. Refuses tags, anchors and aliases wherever they stand.

## Why it matters
Tags can run code in careless readers, nested aliases grow without bound, and what is written elsewhere is not what
is reviewed here.

## Bad
```yaml
- type: odd
  id: ODD-1
  statement: Rural roads by day.
  dimensions:
    - {name: distance, values: &values [near, far]}
```

## Good
```yaml
- type: odd
  id: ODD-1
  statement: Rural roads by day.
  dimensions:
    - {name: distance, values: [near, far]}
```

## References
YAML 1.2.2; `schemas/` (the JSON Schema of each node type).
"""

from __future__ import annotations

from casework.rules.rule import Rule

RULE = Rule("FMT-007", "tag-anchor-or-alias", "error", "Write the value out.", "elsewhere")
