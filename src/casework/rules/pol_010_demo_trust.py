"""The trust policy is for demonstration: its private keys are published with the case.

## What it does
Found by verification, before any rule is applied. The trust policy is for demonstration: its private keys are
published with the case.

## Why it matters
Everybody can sign with these keys, so no release can rest on them.

## Bad
`demo: true` in the policy of a case that is to be released.

## Good
A policy with keys of your own, for a release.

## References
The Update Framework specification v1.0, clauses 4 and 5 (roles, thresholds, expiry, rollback).
"""

from __future__ import annotations

from casework.rules.rule import Rule

RULE = Rule("POL-010", "demo-trust", "warning", "For a release, set up trust with keys of your own.", "elsewhere")
