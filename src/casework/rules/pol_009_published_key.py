"""A trust policy that is not for demonstration lists a demo key whose private half is published.

## What it does
Found by verification, before any rule is applied. A trust policy that is not for demonstration lists a demo key
whose private half is published.

## Why it matters
Everybody can sign with that key.

## Bad
A policy without `demo: true` lists a key of the examples.

## Good
A policy lists keys that were made for it.

## References
The Update Framework specification v1.0, clauses 4 and 5 (roles, thresholds, expiry, rollback).
"""

from __future__ import annotations

from casework.rules.rule import Rule

RULE = Rule(
    "POL-009",
    "published-key",
    "error",
    "Make keys of your own and have your own root sign a policy that lists them.",
    "elsewhere",
)
