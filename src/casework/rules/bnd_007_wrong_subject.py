"""The statement does not name exactly one subject by its SHA-256.

## What it does
Found by verification, before any rule is applied. The statement does not name exactly one subject by its SHA-256.

## Why it matters
With several subjects, or a weak digest, one result would speak for artefacts that were never examined.

## Bad
A statement with two subjects, or one that is named by its SHA-1.

## Good
A statement with one subject, named by its SHA-256.

## References
in-toto attestation framework v1 (statement, subject, predicate).
"""

from __future__ import annotations

from casework.rules.rule import Rule

RULE = Rule("BND-007", "wrong-subject", "error", "Run the evidence once for each subject.", "elsewhere")
