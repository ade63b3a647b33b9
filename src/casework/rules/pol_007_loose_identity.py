"""A Sigstore identity of the trust policy leaves open who is meant.

## What it does
Found by verification, before any rule is applied. A Sigstore identity of the trust policy leaves open who is meant:
a machine's without repository id, ref and trigger.

## Why it matters
A fork, or a run for a pull request, would be taken for the project's own pipeline.

## Bad
The identity of the pipeline names issuer and workflow, and neither repository id nor ref nor trigger.

## Good
The identity of a machine names issuer, identity, repository id, ref and trigger.

## References
The Update Framework specification v1.0, clauses 4 and 5.3.4 (roles, thresholds, chain of roots).
"""

from __future__ import annotations

from casework.rules.rule import Rule

RULE = Rule(
    "POL-007",
    "loose-identity",
    "error",
    "Name the issuer, the repository's numeric id, the ref and the trigger; then have the root sign.",
    "elsewhere",
)
