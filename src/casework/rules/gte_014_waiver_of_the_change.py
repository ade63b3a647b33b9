"""A waiver is part of the change that it would let through.

## What it does
With `--base REV`, a waiver counts if REV has the very same, or if it is sealed by those whom the trust policy names. All other
waivers waive nothing in the change that brings them.

## Why it matters
As plain text, a waiver can be written by the author of the change, in the name of the person who ought to decide.

## Bad
The change fails EVD-006 and adds a waiver in the safety manager's name.

## Good
The safety manager has sealed the waiver with a key of their own: `casework sign WV-1 --key KEY`.

## References
ISO 26262-2:2018, 6.4.9 (confirmation measures) and 5.4.2 (safety anomalies and who accepts them).
"""

from __future__ import annotations

from casework.rules.rule import Rule

RULE = Rule(
    "GTE-014",
    "waiver-of-the-change",
    "warning",
    "Merge the waiver first, or have it sealed by those whom the trust policy names: `casework sign`.",
    "elsewhere",
)
