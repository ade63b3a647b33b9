"""The log has a sealed record that is no longer there.

## What it does
Found by verification, before any rule is applied. The log has a sealed record that is no longer there.

## Why it matters
A result that nobody may see again was removed: often one that failed.

## Bad
The record of a failed run was deleted.

## Good
Every record that the log has lies in the case; a newer one supersedes it.

## References
RFC 6962 (Merkle tree, consistency proofs); C2SP tlog-checkpoint and signed-note.
"""

from __future__ import annotations

from casework.rules.rule import Rule

RULE = Rule(
    "LOG-007",
    "logged-evidence-gone",
    "error",
    "Restore the file from version control; a newer record supersedes it without its removal.",
    "elsewhere",
)
