"""A metric's value is no number.

## What it does
Found by verification, before any rule is applied. A metric's value is no number.

## Why it matters
Texts and truth values compare with a bound in ways that nobody meant.

## Bad
`"value": true` or `"value": "0.99"`.

## Good
`"value": 0.99`.

## References
in-toto attestation framework v1, parsing rules.
"""

from __future__ import annotations

from casework.rules.rule import Rule

RULE = Rule(
    "RES-004", "metric-no-number", "error", "Run the evidence again with a generator that reports numbers.", "elsewhere"
)
