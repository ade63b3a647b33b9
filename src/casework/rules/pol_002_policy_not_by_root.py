"""The trust policy is not signed by enough root persons, or was changed after signing.

## What it does
Found by verification, before any rule is applied. The trust policy is not signed by enough root persons, or was
changed after signing.

## Why it matters
Whoever can change the policy decides whose evidence counts.

## Bad
A role was added to the policy without a new signature.

## Good
The policy carries the signatures that its root threshold asks for.

## References
The Update Framework specification v1.0, clauses 4 and 5 (roles, thresholds, expiry, rollback).
"""

from __future__ import annotations

from casework.rules.rule import Rule

RULE = Rule(
    "POL-002",
    "policy-not-by-root",
    "error",
    "Have the policy signed by the root keys, old and new ones where they change.",
    "elsewhere",
)
