"""`casework.yaml` cannot be read or has a setting that does not exist.

## What it does
Found by reading, before any rule is applied. Reads `casework.yaml` as strictly as the node files. With a fault in
it, the defaults apply and the check blocks.

## Why it matters
A misspelt setting is a setting that nobody applies.

## Bad
```
schema: casework/v1
rotos: [requirements]
```

## Good
```
schema: casework/v1
roots: [requirements]
```

## References
YAML 1.2.2; `schemas/` (the JSON Schema of each node type).
"""

from __future__ import annotations

from casework.rules.rule import Rule

RULE = Rule(
    "FMT-014",
    "bad-configuration",
    "error",
    "Mend casework.yaml; `docs/reference/configuration.md` lists the settings.",
    "elsewhere",
)
