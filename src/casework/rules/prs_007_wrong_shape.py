"""A field is missing, is not part of the schema, or has the wrong type.

## What it does
Found by verification, before any rule is applied. A field is missing, is not part of the schema, or has the wrong
type.

## Why it matters
A field that the schema does not know is a field that nobody checks.

## Bad
A payload with `"passed": true`, a field that the schema does not have.

## Good
A payload with the fields of `evidence-result/v1` and no others.

## References
RFC 8259; RFC 8785 (JSON Canonicalization Scheme); in-toto attestation framework v1, parsing rules.
"""

from __future__ import annotations

from casework.rules.rule import Rule

RULE = Rule(
    "PRS-007", "wrong-shape", "error", "Seal the record anew with a generator that keeps to the schema.", "elsewhere"
)
