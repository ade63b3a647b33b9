"""A key stands twice in one JSON object.

## What it does
Found by verification, before any rule is applied. A key stands twice in one JSON object.

## Why it matters
Readers differ on which of the two counts, so one signature covers two meanings.

## Bad
`{"status": "error", "status": "complete"}` in the payload.

## Good
`{"status": "complete"}` in the payload.

## References
RFC 8259; RFC 8785 (JSON Canonicalization Scheme); in-toto attestation framework v1, parsing rules.
"""

from __future__ import annotations

from casework.rules.rule import Rule

RULE = Rule(
    "PRS-001", "doubled-key", "error", "Seal the record anew from a source that writes each key once.", "elsewhere"
)
