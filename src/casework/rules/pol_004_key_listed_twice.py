"""The trust policy lists the same public key under two names.

## What it does
Found by verification, before any rule is applied. The trust policy lists the same public key under two names.

## Why it matters
One key would count as two.

## Bad
`alice-laptop` and `bob-laptop` hold the same public key.

## Good
Each key has one name.

## References
The Update Framework specification v1.0, clauses 4 and 5 (roles, thresholds, expiry, rollback).
"""

from __future__ import annotations

from casework.rules.rule import Rule

RULE = Rule("POL-004", "key-listed-twice", "error", "Keep one name for each key.", "elsewhere")
