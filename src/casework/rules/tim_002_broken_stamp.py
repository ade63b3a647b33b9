"""A time stamp covers no signature of the file, is broken, or is by a foreign authority.

## What it does
Found by verification, before any rule is applied. A time stamp covers no signature of the file, is broken, or is by
an authority that the trust policy does not pin.

## Why it matters
A stamp taken from elsewhere dates something else.

## Bad
A token was copied here from another record.

## Good
Each token's imprint is the SHA-256 of one signature of the file, and its authority stands in `tsa` of the trust
policy.

## References
RFC 3161 (time-stamp protocol); RFC 4998 (evidence record syntax).
"""

from __future__ import annotations

from casework.rules.rule import Rule

RULE = Rule(
    "TIM-002", "broken-stamp", "error", "Remove it and time-stamp the record anew: `casework stamp`.", "elsewhere"
)
