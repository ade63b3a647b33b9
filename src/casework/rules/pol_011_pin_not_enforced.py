"""The trust policy pins a time-stamp authority or a log key, which this version does not enforce.

## What it does
Found by verification, before any rule is applied. The trust policy pins a time-stamp authority or a log key, which
this version does not enforce.

## Why it matters
Nobody should believe that time stamps or the log were checked.

## Bad
`tsa` or `log_key` is set in the policy.

## Good
Neither is set.

## References
The Update Framework specification v1.0, clauses 4 and 5 (roles, thresholds, expiry, rollback).
"""

from __future__ import annotations

from casework.rules.rule import Rule

RULE = Rule(
    "POL-011",
    "pin-not-enforced",
    "warning",
    "None needed; the pins are kept for a version that enforces them.",
    "elsewhere",
)
