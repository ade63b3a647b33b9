"""A node has a type that does not exist.

## What it does
Found by reading, before any rule is applied. Looks up `type` in the vocabulary.

## Why it matters
Nothing would look at the node.

## Bad
```yaml
- type: domain
  id: ODD-1
  statement: Rural roads by day.
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

RULE = Rule("FMT-011", "unknown-type", "error", "Write one of the types that the message names.", "elsewhere")
