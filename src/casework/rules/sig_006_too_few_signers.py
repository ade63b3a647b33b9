"""Fewer persons have signed in a required role than the policy demands; doubled signatures count once.

## What it does
Found by verification, before any rule is applied. Fewer persons have signed in a required role than the policy
demands; doubled signatures count once.

## Why it matters
Several keys or signatures of one person are still one person's word.

## Bad
The policy requires two verifiers, and one of them signed twice with two keys.

## Good
Two persons signed, each once.

## References
DSSE specification v1.0; in-toto attestation framework v1; The Update Framework specification v1.0, clause 4.
"""

from __future__ import annotations

from casework.rules.rule import Rule

RULE = Rule(
    "SIG-006",
    "too-few-signers",
    "error",
    "The missing persons countersign: `casework sign ID --key KEY`; a release: `casework bundle --countersign`.",
    "elsewhere",
)
