"""The stamps of the log are to be renewed: the authority behind the last one ends soon, or has ended.

## What it does
Found by verification, before any rule is applied. The certificate of the authority behind the last time stamp of the log ends
soon, or has ended.

## Why it matters
Once the authority has ended, its key may be sold, lost or broken, and then nobody can tell its stamps from forged ones.

## Bad
The log was stamped in 2026 by an authority whose certificate ends in 2028; it is 2028, and nobody has stamped it anew.

## Good
`casework log stamp` has put a stamp of a newer authority on top of the stamps that were there, while the old one was valid.

## References
RFC 4998 (Evidence Record Syntax), clause 5.2: renewal of time stamps; RFC 3161, clause 4.
"""

from __future__ import annotations

from casework.rules.rule import Rule

RULE = Rule(
    "TIM-006",
    "renewal-due",
    "warning",
    "Stamp the log anew, on top of the stamps it has: `casework log stamp`.",
    "elsewhere",
)
