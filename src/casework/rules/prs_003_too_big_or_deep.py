"""The file is larger, or nested deeper, than any record needs.

## What it does
Found by verification, before any rule is applied. The file is larger, or nested deeper, than any record needs.

## Why it matters
Such a file exhausts the memory or the stack of whoever checks it.

## Bad
A record of 100 MB, or one with 100,000 opening brackets.

## Good
A record with figures and small tables; pictures lie in files of their own, bound by digest.

## References
RFC 8259; RFC 8785 (JSON Canonicalization Scheme); in-toto attestation framework v1, parsing rules.
"""

from __future__ import annotations

from casework.rules.rule import Rule

RULE = Rule(
    "PRS-003",
    "too-big-or-deep",
    "error",
    "Put large artefacts into files of their own and bind them by digest.",
    "elsewhere",
)
