"""The bytes are not the canonical form (RFC 8785) of what they say.

## What it does
Found by verification, before any rule is applied. The bytes are not the canonical form (RFC 8785) of what they say.

## Why it matters
One statement must have one form and one digest; anything else leaves room to hide.

## Bad
A payload with line breaks and indentation, or with unsorted keys.

## Good
A payload in the canonical form of RFC 8785, as `casework run` writes it.

## References
RFC 8259; RFC 8785 (JSON Canonicalization Scheme); in-toto attestation framework v1, parsing rules.
"""

from __future__ import annotations

from casework.rules.rule import Rule

RULE = Rule(
    "PRS-008",
    "not-canonical",
    "error",
    "Seal the record anew with `casework run`, which writes the canonical form.",
    "elsewhere",
)
