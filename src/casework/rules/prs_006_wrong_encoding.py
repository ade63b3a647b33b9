"""The bytes are not UTF-8 without a byte order mark.

## What it does
Found by verification, before any rule is applied. The bytes are not UTF-8 without a byte order mark.

## Why it matters
Readers guess other encodings differently.

## Bad
A record saved as UTF-16, or with a byte order mark, by an editor.

## Good
The file as it was sealed.

## References
RFC 8259; RFC 8785 (JSON Canonicalization Scheme); in-toto attestation framework v1, parsing rules.
"""

from __future__ import annotations

from casework.rules.rule import Rule

RULE = Rule(
    "PRS-006",
    "wrong-encoding",
    "error",
    "Store the file exactly as it was sealed; keep `evidence/** -text` in .gitattributes.",
    "elsewhere",
)
