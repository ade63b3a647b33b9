"""The trust policy demands more signers for a kind of evidence than it has persons in the role.

## What it does
Found by verification, before any rule is applied. The trust policy demands more signers for a kind of evidence than
it has persons in the role.

## Why it matters
Such evidence can never count, so it would be waived by habit.

## Bad
Two verifiers are required, and one person has the role.

## Good
As many persons have the role as are required.

## References
The Update Framework specification v1.0, clauses 4 and 5 (roles, thresholds, expiry, rollback).
"""

from __future__ import annotations

from casework.rules.rule import Rule

RULE = Rule(
    "POL-006",
    "unsignable-evidence",
    "error",
    "List enough persons' keys in the role, or lower the number.",
    "elsewhere",
)
