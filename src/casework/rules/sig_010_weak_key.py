"""A key is of a kind or strength that is not accepted.

## What it does
Found by verification, before any rule is applied. A key is of a kind or strength that is not accepted.

## Why it matters
Signatures of such a key can be forged, or cannot be judged.

## Bad
An RSA key of 1024 bits in the trust policy.

## Good
An Ed25519 key.

## References
DSSE specification v1.0; in-toto attestation framework v1; The Update Framework specification v1.0, clause 4.
"""

from __future__ import annotations

from casework.rules.rule import Rule

RULE = Rule("SIG-010", "weak-key", "error", "Use Ed25519, ECDSA P-256 or ECDSA P-384.", "elsewhere")
