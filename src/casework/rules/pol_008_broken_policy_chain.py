"""The versions of the trust policy do not form a chain.

## What it does
Found by verification, before any rule is applied. The versions of the trust policy do not form a chain: one is
missing, or is not signed by the root of the one before.

## Why it matters
A new root that the old one has not signed could be anybody's.

## Bad
Version 3 lists new root keys and is signed by those alone.

## Good
Version 3 is signed by a threshold of the persons of version 2's root and of its own, and `policies/` holds version
2.

## References
The Update Framework specification v1.0, clauses 4 and 5.3.4 (roles, thresholds, chain of roots).
"""

from __future__ import annotations

from casework.rules.rule import Rule

RULE = Rule(
    "POL-008",
    "broken-policy-chain",
    "error",
    "Restore `policies/`, or have the old and the new root sign the change: `casework trust sign`.",
    "elsewhere",
)
