"""A file is not YAML.

## What it does
Found by reading, before any rule is applied. Reads every node file as YAML 1.2. Nodes that can still be recognised
count as existing, so that nothing else reports them missing.

## Why it matters
What cannot be read cannot be judged.

## Bad
```yaml
- type: odd
  id: ODD-1
  statement: Rural roads by day.
  dimensions:
    - {name: distance, values: [near, far}
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

RULE = Rule("FMT-001", "syntax-error", "error", "Mend the syntax at the place shown.", "elsewhere")
