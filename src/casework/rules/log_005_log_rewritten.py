"""The log does not continue a checkpoint seen earlier.

## What it does
Found by verification, before any rule is applied. The log does not continue a checkpoint seen earlier: its
beginning has another root.

## Why it matters
History was written anew, with the right key.

## Bad
The log was written anew without one failed record, and signed with the right key.

## Good
The first lines of the log, as many as the earlier checkpoint counts, have the root of that checkpoint.

## References
RFC 6962 (Merkle tree, consistency proofs); C2SP tlog-checkpoint and signed-note.
"""

from __future__ import annotations

from casework.rules.rule import Rule

RULE = Rule(
    "LOG-005",
    "log-rewritten",
    "error",
    "Restore the log from the earlier revision and append to it: `casework log update --base REV`.",
    "elsewhere",
)
