"""The log is shorter than its checkpoint, or than one seen earlier.

## What it does
Found by verification, before any rule is applied. The log is shorter than its checkpoint, or than a checkpoint seen
earlier.

## Why it matters
The entries that are missing are those that somebody wants forgotten.

## Bad
The last two lines of `log/entries` were removed.

## Good
`log/entries` has as many lines as the checkpoint says, and no fewer than any checkpoint seen earlier.

## References
RFC 6962 (Merkle tree, consistency proofs); C2SP tlog-checkpoint and signed-note.
"""

from __future__ import annotations

from casework.rules.rule import Rule

RULE = Rule("LOG-004", "log-truncated", "error", "Restore `log/entries` from version control.", "elsewhere")
