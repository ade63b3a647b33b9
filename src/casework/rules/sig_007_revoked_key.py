"""A signature was made with a key that was revoked at the time, or that is compromised.

## What it does
Found by verification, before any rule is applied. A signature was made with a key that was revoked at the time, or
that is compromised.

## Why it matters
Whoever holds the key now is not who the policy meant.

## Bad
A record signed on 3 March with a key that was revoked on 1 March.

## Good
A record signed with a key that stands.

## References
DSSE specification v1.0; in-toto attestation framework v1; The Update Framework specification v1.0, clause 4.
"""

from __future__ import annotations

from casework.rules.rule import Rule

RULE = Rule("SIG-007", "revoked-key", "error", "Run or sign the evidence again with a valid key.", "elsewhere")
