"""None of the signers holds a role that this kind of evidence needs, or the policy knows no such evidence.

## What it does
Found by verification, before any rule is applied. None of the signers holds a role that this kind of evidence
needs, or the policy knows no such evidence.

## Why it matters
A developer's or a machine's signature would stand in for that of verification.

## Bad
Validation results signed with a developer's key, where the policy requires a verifier.

## Good
The same results signed with a verifier's key.

## References
DSSE specification v1.0; in-toto attestation framework v1; The Update Framework specification v1.0, clause 4.
"""

from __future__ import annotations

from casework.rules.rule import Rule

RULE = Rule(
    "SIG-005",
    "role-may-not-sign",
    "error",
    "Have it signed in the roles that the policy's `evidence_types` requires.",
    "elsewhere",
)
