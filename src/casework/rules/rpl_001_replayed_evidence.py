"""The record was sealed for another evidence node than the one whose folder it lies in.

## What it does
Found by verification, before any rule is applied. The record was sealed for another evidence node than the one
whose folder it lies in.

## Why it matters
A good result could be copied to wherever one is missing.

## Bad
A record of EV-1 was copied to `evidence/EV-2/`.

## Good
Each record lies in the folder of the evidence node that it was made for.

## References
in-toto attestation framework v1.
"""

from __future__ import annotations

from casework.rules.rule import Rule

RULE = Rule("RPL-001", "replayed-evidence", "error", "Run this evidence; remove the copied file.", "elsewhere")
