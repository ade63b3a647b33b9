"""A signature was made before its key was valid, or after it had expired.

## What it does
Found by verification, before any rule is applied. A signature was made before its key was valid, or after it had
expired.

## Why it matters
Outside its days nobody answers for the key.

## Bad
A record signed on 3 March with a key that is valid from 1 April.

## Good
A record signed within the days of its key.

## References
DSSE specification v1.0; in-toto attestation framework v1; The Update Framework specification v1.0, clause 4.
"""

from __future__ import annotations

from casework.rules.rule import Rule

RULE = Rule(
    "SIG-008",
    "key-out-of-date",
    "error",
    "Sign with a key that is valid, or have the root renew the key in a new policy version.",
    "elsewhere",
)
