"""A text holds zero-width, control or direction-changing characters.

## What it does
Found by verification, before any rule is applied. A text holds zero-width, control or direction-changing
characters.

## Why it matters
What a reviewer sees is then not what the program reads.

## Bad
A requirement id with a zero-width space in it, or a text that a direction mark turns round.

## Good
Text of visible characters only.

## References
RFC 8259; RFC 8785 (JSON Canonicalization Scheme); in-toto attestation framework v1, parsing rules.
"""

from __future__ import annotations

from casework.rules.rule import Rule

RULE = Rule(
    "PRS-005",
    "unseen-characters",
    "error",
    "Write the text without these characters and seal the record anew.",
    "elsewhere",
)
