"""A field holds a value that it cannot have.

## What it does
Found by reading, before any rule is applied. Compares each value with what the schema allows: the words of a
choice, the form of an id or a digest, the range of a number.

## Why it matters
A level or a digest that does not exist cannot be judged.

## Bad
```yaml
- type: requirement
  id: REQ-1
  level: sytem
  statement: The system shall report stop signs.
```

## Good
```yaml
- type: requirement
  id: REQ-1
  level: system
  statement: The system shall report stop signs.
```

## References
YAML 1.2.2; `schemas/` (the JSON Schema of each node type).
"""

from __future__ import annotations

from casework.rules.rule import Rule

RULE = Rule("FMT-006", "bad-value", "error", "Write one of the values that the message names.", "elsewhere")
