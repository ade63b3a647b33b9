"""A seal of a review or waiver is for other content, another person or another role.

## What it does
Found by verification, before any rule is applied. A seal of a review or waiver is for other content, another person
or another role than the node has now.

## Why it matters
What was sealed is not what stands there.

## Bad
The date `expires` of a waiver was moved after it had been sealed.

## Good
The waiver says what was sealed, by the person and in the role that was sealed.

## References
in-toto attestation framework v1; DSSE specification v1.0; ISO 26262-2:2018, 6.4.9 (confirmation measures).
"""

from __future__ import annotations

from casework.rules.rule import Rule

RULE = Rule("ACT-002", "act-differs", "error", "Restore the node, or have it sealed anew.", "elsewhere")
