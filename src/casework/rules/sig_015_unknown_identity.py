"""The identity of a Sigstore certificate is none that the trust policy lists.

## What it does
Found by verification, before any rule is applied. The certificate's identity or issuer is none that the trust
policy lists.

## Why it matters
Another issuer can vouch for the same name, and anybody can get a certificate of their own.

## Bad
The certificate names `vera@example.org`, vouched for by another issuer than the policy names.

## Good
Identity and issuer of the certificate are, letter by letter, those of an identity in the trust policy.

## References
Sigstore client specification; Fulcio certificate extensions (oid-info.md); TUF specification v1.0, clause 5.
"""

from __future__ import annotations

from casework.rules.rule import Rule

RULE = Rule(
    "SIG-015",
    "unknown-identity",
    "error",
    "Sign under an identity of the trust policy, or have the root add it in a new policy version.",
    "elsewhere",
)
