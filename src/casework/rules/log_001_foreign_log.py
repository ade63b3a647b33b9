"""The checkpoint is of another log than the trust policy names, or there is none.

## What it does
Found by verification, before any rule is applied. The checkpoint is of another log than the trust policy names, or
there is none.

## Why it matters
The entries of another log say nothing of this case.

## Bad
The first line of `log/checkpoint` is `example.org/other`; the policy names `example.org/shuttle-signs`.

## Good
The first line of the checkpoint is `log.origin` of the trust policy.

## References
RFC 6962 (Merkle tree, consistency proofs); C2SP tlog-checkpoint and signed-note.
"""

from __future__ import annotations

from casework.rules.rule import Rule

RULE = Rule(
    "LOG-001",
    "foreign-log",
    "error",
    "Restore `log/` below the evidence from version control, or begin the log: `casework log update --start`.",
    "elsewhere",
)
