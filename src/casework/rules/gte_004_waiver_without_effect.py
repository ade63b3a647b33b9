"""A waiver covers nothing.

## What it does
The gate looks for waivers in good order whose code is not found at their node.

## Why it matters
The fault was mended, or the waiver names the wrong node; then what it was meant for blocks, or it waits for a fault
to come.

## Bad
`DS-1` has a licence, so there is nothing to waive.

```yaml needs=evidence
- type: dataset
  id: DS-1
  statement: Road signs, drawn by a script.
  version: "1.0"
  manifest:
    path: data/ds-1.jsonl
    sha256: "1111111111111111111111111111111111111111111111111111111111111111"
  splits:
    - {name: test, purpose: verification, size: 1200}
  covers: [ODD-1]
  provenance: Drawn by a script with a fixed seed.
  labelling: By the script that places the signs.
  licence: Apache-2.0
- type: waiver
  id: W-1
  of: DAT-009
  node: DS-1
  by: rosa
  role: safety-manager
  on: 2026-01-15
  reason: The artwork is our own; the lawyers confirm by the end of the year.
  expires: 2026-12-31
```

## Good
`DS-1` has no licence, and the waiver covers it.

```yaml needs=evidence
- type: dataset
  id: DS-1
  statement: Road signs, drawn by a script.
  version: "1.0"
  manifest:
    path: data/ds-1.jsonl
    sha256: "1111111111111111111111111111111111111111111111111111111111111111"
  splits:
    - {name: test, purpose: verification, size: 1200}
  covers: [ODD-1]
  provenance: Drawn by a script with a fixed seed.
  labelling: By the script that places the signs.
- type: waiver
  id: W-1
  of: DAT-009
  node: DS-1
  by: rosa
  role: safety-manager
  on: 2026-01-15
  reason: The artwork is our own; the lawyers confirm by the end of the year.
  expires: 2026-12-31
```

## References
ISO 26262-2:2018, 6.4.6.
"""

from __future__ import annotations

from casework.rules.rule import Rule

RULE = Rule(
    "GTE-004", "waiver-without-effect", "warning", "Remove the waiver, or mend its code or its node.", "elsewhere"
)
