"""The trust policy has expired.

## What it does
Found by verification, before any rule is applied. The trust policy has expired.

## Why it matters
Nobody has confirmed since that its keys are still in the right hands.

## Bad
The policy expired yesterday.

## Good
The policy expires next year.

## References
The Update Framework specification v1.0, clauses 4 and 5 (roles, thresholds, expiry, rollback).
"""

from __future__ import annotations

from casework.rules.rule import Rule

RULE = Rule("POL-003", "policy-expired", "error", "Have the root sign a new version with a later expiry.", "elsewhere")
