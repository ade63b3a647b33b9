"""The Sigstore trusted root is not the one that the trust policy pins.

## What it does
Found by verification, before any rule is applied. The Sigstore trusted root is missing, unreadable, or not the one
that the trust policy pins by its digest.

## Why it matters
Whoever chooses the root chooses whose certificates count.

## Bad
`evidence/trust/trusted_root.json` was replaced by one that lists another certificate authority.

## Good
The SHA-256 of `evidence/trust/trusted_root.json` is `sigstore.trusted_root_sha256` of the trust policy. A root in
the user's cache is never read.

## References
Sigstore client specification; Fulcio certificate extensions (oid-info.md); TUF specification v1.0, clause 5.
"""

from __future__ import annotations

from casework.rules.rule import Rule

RULE = Rule(
    "SIG-011",
    "foreign-trusted-root",
    "error",
    "Restore `trusted_root.json`, or have the root sign a policy that pins the new one.",
    "elsewhere",
)
