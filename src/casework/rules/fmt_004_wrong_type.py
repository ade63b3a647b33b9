"""A field holds another kind of value than it takes.

## What it does
Found by reading, before any rule is applied. Compares the kind of each value with the schema: text, number, list,
mapping.

## Why it matters
A word where a list is meant is read as nothing, or letter by letter.

## Bad
```yaml
- type: odd
  id: ODD-1
  statement: Rural roads by day.
  dimensions: distance
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

RULE = Rule("FMT-004", "wrong-type", "error", "Write a value of the kind that the message names.", "elsewhere")
