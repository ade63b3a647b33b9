"""A Sigstore certificate was issued to a run for another ref, or started by another event.

## What it does
Found by verification, before any rule is applied. The certificate was issued to a run for another ref, or started
by another event, than the trust policy names.

## Why it matters
A run for a pull request executes what its author wrote before anybody has reviewed it.

## Bad
The certificate names `refs/pull/7/merge` and `pull_request`; the trust policy names `refs/heads/main` and `push`.

## Good
Ref and event in the certificate are those of the identity in the trust policy.

## References
Sigstore client specification; Fulcio certificate extensions (oid-info.md); TUF specification v1.0, clause 5.
"""

from __future__ import annotations

from casework.rules.rule import Rule

RULE = Rule("SIG-013", "wrong-run", "error", "Sign in a run of the protected branch.", "elsewhere")
