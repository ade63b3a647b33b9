"""A node lacks a field that its type must have.

## What it does
Found by reading, before any rule is applied. Compares each node with the schema of its type.

## Why it matters
Without it the node says nothing that could be judged.

## Bad
```yaml
- type: odd
  id: ODD-1
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

RULE = Rule("FMT-005", "missing-field", "error", "Add the field that the message names.", "elsewhere")
