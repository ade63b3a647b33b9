"""An item of a file is no node.

## What it does
Found by reading, before any rule is applied. Looks for items that are no mapping, or have no `type` and `id`.

## Why it matters
Text between nodes may be a node whose dash or indentation was lost.

## Bad
```yaml
- type: odd
  id: ODD-1
  statement: Rural roads by day.
  dimensions:
    - {name: distance, values: [near, far]}
- A remark on the domain.
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

RULE = Rule(
    "FMT-012", "not-a-node", "error", "Write a mapping with type and id, or move the text into `notes`.", "elsewhere"
)
