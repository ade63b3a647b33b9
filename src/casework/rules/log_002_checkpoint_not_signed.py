"""The checkpoint is not signed by the log's key, or too few witnesses have cosigned it.

## What it does
Found by verification, before any rule is applied. The checkpoint is not signed by the log's key, or too few
witnesses have cosigned it.

## Why it matters
Anybody could have written it.

## Bad
The checkpoint was signed with a key that somebody made today.

## Good
The checkpoint carries a signature of `log.key`, and of `log.witness_threshold` witnesses.

## References
RFC 6962 (Merkle tree, consistency proofs); C2SP tlog-checkpoint and signed-note.
"""

from __future__ import annotations

from casework.rules.rule import Rule

RULE = Rule(
    "LOG-002",
    "checkpoint-not-signed",
    "error",
    "Restore it from version control, or sign anew with the log's key: `casework log update`.",
    "elsewhere",
)
