"""The record's status is not complete, inconclusive, error or not_evaluable.

## What it does
Found by verification, before any rule is applied. The record's status is not complete, inconclusive, error or
not_evaluable.

## Why it matters
Pass and fail are decided from the requirement's own bound, never by the record.

## Bad
`"status": "passed"`.

## Good
`"status": "complete"`; whether it passes is for the requirement to say.

## References
in-toto attestation framework v1, parsing rules.
"""

from __future__ import annotations

from casework.rules.rule import Rule

RULE = Rule(
    "RES-003",
    "unknown-status",
    "error",
    "Run the evidence again with a generator that keeps to the four words.",
    "elsewhere",
)
