"""A signature does not fit the payload under the key that it names.

## What it does
Found by verification, before any rule is applied. A signature does not fit the payload under the key that it names.

## Why it matters
The content was changed after it was signed, or somebody signed in another's name.

## Bad
A record in which `0.91` was changed to `0.97` after it was signed.

## Good
The record as it was signed.

## References
DSSE specification v1.0; in-toto attestation framework v1; The Update Framework specification v1.0, clause 4.
"""

from __future__ import annotations

from casework.rules.rule import Rule

RULE = Rule(
    "SIG-003",
    "broken-signature",
    "error",
    "Restore the file from version control; if it was never right, run the evidence again.",
    "elsewhere",
)
