"""The record was made by another generator than the evidence node plans.

## What it does
Found by verification, before any rule is applied. The record was made by another generator than the evidence node
plans.

## Why it matters
A weaker kind of evidence would stand in for the one that was argued.

## Bad
The plan says `quantization`, and the record was made by `validation`.

## Good
The record was made by the generator that the plan names.

## References
in-toto attestation framework v1 (statement, subject, predicate).
"""

from __future__ import annotations

from casework.rules.rule import Rule

RULE = Rule(
    "BND-006",
    "wrong-generator",
    "error",
    "Run the planned generator, or change the plan and have it reviewed.",
    "elsewhere",
)
