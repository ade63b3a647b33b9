"""The proven time of a signature contradicts the stated one.

## What it does
Found by verification, before any rule is applied. The proven time of a signature contradicts the stated one: before the run, or
outside the key's days while that is inside.

## Why it matters
Whoever holds an expired or revoked key could write any earlier date into a record.

## Bad
The key expired in June; the record says May, and the token on its signature says September.

## Good
The proven time lies after the start of the run and within the days of the key.

## References
RFC 3161 (time-stamp protocol); RFC 4998 (evidence record syntax).
"""

from __future__ import annotations

from casework.rules.rule import Rule

RULE = Rule(
    "TIM-004", "back-dated", "error", "Run the evidence again and sign it with a key that is valid now.", "elsewhere"
)
