"""A review, waiver or release is not sealed as the trust policy requires.

## What it does
Found by verification, before any rule is applied. A review or waiver is not sealed by those whom the trust policy
requires, so it does not count.

## Why it matters
As plain text, anybody who can edit the repository could write it in another's name.

## Bad
The policy lists `review` under `acts`, and RV-1 stands in the case as plain text only.

## Good
`evidence/acts/` holds a seal of RV-1, signed by the person that it names.

## References
in-toto attestation framework v1; DSSE specification v1.0; ISO 26262-2:2018, 6.4.9 (confirmation measures).
"""

from __future__ import annotations

from casework.rules.rule import Rule

RULE = Rule(
    "ACT-001",
    "unsealed-act",
    "error",
    "Have the person that it names seal it: `casework sign ID --key KEY`.",
    "elsewhere",
)
