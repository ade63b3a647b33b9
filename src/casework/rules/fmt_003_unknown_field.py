"""A node has a field that its type does not have.

## What it does
Found by reading, before any rule is applied. Compares the fields of each node with the schema of its type.

## Why it matters
A misspelt `derived_from` would be a link that nobody follows.

## Bad
```yaml
- type: odd
  id: ODD-1
  statment: Rural roads by day.
  dimensions:
    - {name: distance, values: [near, far]}
  statement: Rural roads by day.
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

RULE = Rule("FMT-003", "unknown-field", "error", "Mend the name of the field, or drop the field.", "elsewhere")
