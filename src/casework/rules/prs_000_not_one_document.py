"""The file, or the payload inside it, is not exactly one JSON document.

## What it does
Found by verification, before any rule is applied. The file, or the payload inside it, is not exactly one JSON
document.

## Why it matters
What stands behind the first document may be what another reader acts on.

## Bad
Two JSON documents, one after the other, in one `.dsse.json` file.

## Good
Exactly one envelope in each file.

## References
RFC 8259; RFC 8785 (JSON Canonicalization Scheme); in-toto attestation framework v1, parsing rules.
"""

from __future__ import annotations

from casework.rules.rule import Rule

RULE = Rule(
    "PRS-000",
    "not-one-document",
    "error",
    "Seal the record anew with `casework run`; do not edit or join sealed files.",
    "elsewhere",
)
