"""The entries of the log are not those that its checkpoint was signed over.

## What it does
Found by verification, before any rule is applied. The entries of the log do not have the root that its checkpoint
states, or one of them is no entry.

## Why it matters
An entry was changed, moved or put in after signing.

## Bad
One digest in `log/entries` was exchanged.

## Good
The Merkle root of `log/entries` is the root in the checkpoint.

## References
RFC 6962 (Merkle tree, consistency proofs); C2SP tlog-checkpoint and signed-note.
"""

from __future__ import annotations

from casework.rules.rule import Rule

RULE = Rule("LOG-003", "log-edited", "error", "Restore `log/entries` from version control.", "elsewhere")
