"""The record gives the same metric of the same slice twice.

## What it does
Found by verification, before any rule is applied. The record gives the same metric of the same slice twice.

## Why it matters
The better of the two would be judged, or the worse, by chance.

## Bad
A record with two figures of `recall` over `all`.

## Good
A record with one.

## References
in-toto attestation framework v1, parsing rules.
"""

from __future__ import annotations

from casework.rules.rule import Rule

RULE = Rule(
    "RES-002",
    "metric-twice",
    "error",
    "Run the evidence again with a generator that reports each metric once.",
    "elsewhere",
)
