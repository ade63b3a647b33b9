"""There is no trust policy, or no root key to check it with.

## What it does
Found by verification, before any rule is applied. There is no trust policy, or no root key to check it with.

## Why it matters
Without it no signature can be judged, so no evidence counts.

## Bad
`evidence/trust/policy.dsse.json` is not there, and there is evidence.

## Good
The policy lies there, signed by the root.

## References
The Update Framework specification v1.0, clauses 4 and 5 (roles, thresholds, expiry, rollback).
"""

from __future__ import annotations

from casework.rules.rule import Rule

RULE = Rule(
    "POL-000",
    "no-trust-policy",
    "error",
    "Restore `evidence/trust/policy.dsse.json` and `root.pub`, or make a trust policy of your own.",
    "elsewhere",
)
