"""A sealed review or waiver lies in the case without the node that it speaks of.

## What it does
Found by verification, before any rule is applied. A sealed review or waiver lies in the case, and the node that it
speaks of does not.

## Why it matters
An act without its node has no effect; somebody removed the node or forgot to add it.

## Bad
`evidence/acts/` holds a seal of RV-9, and there is no node RV-9.

## Good
Every seal speaks of a node of the case.

## References
in-toto attestation framework v1; DSSE specification v1.0; ISO 26262-2:2018, 6.4.9 (confirmation measures).
"""

from __future__ import annotations

from casework.rules.rule import Rule

RULE = Rule("ACT-003", "stray-act", "warning", "Restore the node, or leave the seal: it does no harm.", "elsewhere")
