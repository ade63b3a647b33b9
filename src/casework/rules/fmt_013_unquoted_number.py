"""A number or a truth word stands where text is meant.

## What it does
Found by reading, before any rule is applied. Looks for plain values that YAML readers take for something else than
text: `1.10`, `no`, `12:30`, `1_000`.

## Why it matters
A reader turns version 1.10 into 1.1 and Norway (`no`) into false; the fingerprint is then that of another text.

## Bad
```yaml
- type: dataset
  id: DS-1
  statement: Road signs, drawn by a script.
  version: 1.10
  manifest:
    path: data/ds-1.jsonl
    sha256: "1111111111111111111111111111111111111111111111111111111111111111"
  splits:
    - {name: test, purpose: verification, size: 1200}
  covers: [ODD-1]
  provenance: Drawn by a script with a fixed seed.
  labelling: By the script that places the signs.
  licence: Apache-2.0
- type: odd
  id: ODD-1
  statement: Rural roads by day.
  dimensions:
    - {name: distance, values: [near, far]}
```

## Good
```yaml
- type: dataset
  id: DS-1
  statement: Road signs, drawn by a script.
  version: "1.10"
  manifest:
    path: data/ds-1.jsonl
    sha256: "1111111111111111111111111111111111111111111111111111111111111111"
  splits:
    - {name: test, purpose: verification, size: 1200}
  covers: [ODD-1]
  provenance: Drawn by a script with a fixed seed.
  labelling: By the script that places the signs.
  licence: Apache-2.0
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

RULE = Rule("FMT-013", "unquoted-number", "error", "Put it into quotes.", "elsewhere")
