"""The log has a node that is no longer there, and no sealed review retires it.

## What it does
Found by verification, before any rule is applied. The log has a node that is no longer there, and no sealed review
retires it.

## Why it matters
A hazard, threat or challenge that is removed leaves nothing behind that would miss it.

## Bad
The hazardous event HE-3 was deleted together with all that refers to it.

## Good
A sealed review names `HE-3` in `retires`, and the log has a `retired` entry for it.

## References
RFC 6962 (Merkle tree, consistency proofs); C2SP tlog-checkpoint and signed-note.
"""

from __future__ import annotations

from casework.rules.rule import Rule

RULE = Rule(
    "LOG-008",
    "logged-node-gone",
    "error",
    "Restore the node, or confirm its removal: `casework review ID --as PERSON --retires KEY`, then `casework sign`.",
    "elsewhere",
)
