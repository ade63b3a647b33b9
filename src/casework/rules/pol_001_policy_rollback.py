"""The trust policy is older than one already seen.

## What it does
Found by verification, before any rule is applied. The trust policy is older than one already seen.

## Why it matters
An old policy brings back keys that were revoked since.

## Bad
The policy has version 3, and version 4 was seen before.

## Good
The policy has version 4 or a later one.

## References
The Update Framework specification v1.0, clauses 4 and 5 (roles, thresholds, expiry, rollback).
"""

from __future__ import annotations

from casework.rules.rule import Rule

RULE = Rule("POL-001", "policy-rollback", "error", "Use the newest policy.", "elsewhere")
