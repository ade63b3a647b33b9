"""The signed statement is no evidence result of the kind expected here.

## What it does
Found by verification, before any rule is applied. The signed statement is no evidence result of the kind expected
here.

## Why it matters
A genuine signature over something else proves nothing about this evidence.

## Bad
A signed statement with the predicate type of a test result of another tool.

## Good
A statement with the predicate type `https://casework.dev/evidence-result/v1`.

## References
in-toto attestation framework v1 (statement, subject, predicate).
"""

from __future__ import annotations

from casework.rules.rule import Rule

RULE = Rule("BND-000", "wrong-predicate", "error", "Put a sealed `evidence-result/v1` statement here.", "elsewhere")
