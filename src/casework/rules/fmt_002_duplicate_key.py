"""A field stands twice in one mapping.

## What it does
Found by reading, before any rule is applied. Looks for keys that stand twice in one mapping.

## Why it matters
Most readers silently keep the last one; a reviewer reads the first.

## Bad
```yaml
- type: odd
  id: ODD-1
  statement: Rural roads by day.
  statement: All roads.
  dimensions:
    - {name: distance, values: [near, far]}
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

RULE = Rule("FMT-002", "duplicate-key", "error", "Keep one of the two.", "elsewhere")
