"""A number is NaN, infinite, or an integer beyond 2^53 - 1.

## What it does
Found by verification, before any rule is applied. A number is NaN, infinite, or an integer beyond 2^53 - 1.

## Why it matters
Readers do not hold such a number alike, so the bound is judged on different values.

## Bad
`"value": NaN`, `"value": 1e999` or `"n": 9007199254740993`.

## Good
`"value": 0.97` and `"n": 1000`.

## References
RFC 8259; RFC 8785 (JSON Canonicalization Scheme); in-toto attestation framework v1, parsing rules.
"""

from __future__ import annotations

from casework.rules.rule import Rule

RULE = Rule(
    "PRS-002",
    "ambiguous-number",
    "error",
    "Report the figure as a finite number, or leave the metric out and say why in `reason`.",
    "elsewhere",
)
