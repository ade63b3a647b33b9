"""The file is signed with, or brings along, a key that the trust policy does not list.

## What it does
Found by verification, before any rule is applied. The file is signed with, or brings along, a key that the trust
policy does not list.

## Why it matters
Nobody answers for that key; a key inside the evidence vouches only for itself.

## Bad
A record signed with a key that somebody made this morning.

## Good
A record signed with a key that the trust policy lists.

## References
DSSE specification v1.0; in-toto attestation framework v1; The Update Framework specification v1.0, clause 4.
"""

from __future__ import annotations

from casework.rules.rule import Rule

RULE = Rule(
    "SIG-004",
    "unknown-key",
    "error",
    "Sign with a key of the trust policy, or have the root add the key in a new policy version.",
    "elsewhere",
)
