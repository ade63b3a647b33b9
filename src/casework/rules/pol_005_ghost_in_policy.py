"""The policy names a key, role or person that it does not define, or gives a key a role that its holder lacks.

## What it does
Found by verification, before any rule is applied. The policy names a key, role or person that it does not define,
or gives a key a role that its holder lacks.

## Why it matters
A name without an owner can be given one later, unseen.

## Bad
The role `verifier` lists the key `carol`, which `keys` does not define.

## Good
Every key, role and person that is named is defined.

## References
The Update Framework specification v1.0, clauses 4 and 5 (roles, thresholds, expiry, rollback).
"""

from __future__ import annotations

from casework.rules.rule import Rule

RULE = Rule(
    "POL-005",
    "ghost-in-policy",
    "error",
    "Define what is named, or drop the name; then have the root sign.",
    "elsewhere",
)
