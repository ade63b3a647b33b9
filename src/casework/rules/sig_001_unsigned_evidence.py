"""The file carries no signature.

## What it does
Found by verification, before any rule is applied. The file carries no signature.

## Why it matters
Anybody could have written it.

## Bad
An envelope with `"signatures": []`, or a bare result file.

## Good
An envelope with at least one signature.

## References
DSSE specification v1.0; in-toto attestation framework v1; The Update Framework specification v1.0, clause 4.
"""

from __future__ import annotations

from casework.rules.rule import Rule

RULE = Rule(
    "SIG-001",
    "unsigned-evidence",
    "error",
    "Run the evidence with a signing key: `casework run --key`.",
    "elsewhere",
)
