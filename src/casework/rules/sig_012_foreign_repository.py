"""A Sigstore certificate was issued to a workflow of another repository.

## What it does
Found by verification, before any rule is applied. The certificate was issued to a workflow of another repository,
or does not name its repository.

## Why it matters
A reusable workflow that a fork calls has the same name in the certificate as when the project calls it.

## Bad
A fork calls the project's reusable workflow: the identity is the project's, the repository id
(…OIDCSourceRepositoryIdentifier) is the fork's.

## Good
The repository id in the certificate is `source_repository_id` of the identity in the trust policy.

## References
Sigstore client specification; Fulcio certificate extensions (oid-info.md); TUF specification v1.0, clause 5.
"""

from __future__ import annotations

from casework.rules.rule import Rule

RULE = Rule(
    "SIG-012",
    "foreign-repository",
    "error",
    "Sign in a run of the project's own repository, or have the root list that repository's id.",
    "elsewhere",
)
