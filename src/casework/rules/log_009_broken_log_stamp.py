"""A stamp of the log does not hold.

## What it does
Found by verification, before any rule is applied. A stamp of the log does not hold: it covers no checkpoint of this
log, or is by an authority that is not pinned.

## Why it matters
It would date evidence that it never saw.

## Bad
`log/stamps/12.json` holds the token of another log.

## Good
The token covers the checkpoint of that size, and its authority stands in `tsa` of the trust policy.

## References
RFC 6962 (Merkle tree, consistency proofs); C2SP tlog-checkpoint and signed-note.
"""

from __future__ import annotations

from casework.rules.rule import Rule

RULE = Rule(
    "LOG-009",
    "broken-log-stamp",
    "error",
    "Remove the stamp and stamp the checkpoint anew: `casework log stamp`.",
    "elsewhere",
)
