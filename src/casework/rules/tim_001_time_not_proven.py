"""The time of a required signature is not proven.

## What it does
Found by verification, before any rule is applied. The trust policy wants proof of the time of signing, and there is
neither a time stamp nor a stamped log entry.

## Why it matters
The record's own word for its time can be written at any time.

## Bad
The policy says `timestamp: true` for this generator, and the record's time stamps were removed.

## Good
A token of a pinned time-stamp authority covers each required signature, or the log that holds the record is
stamped.

## References
RFC 3161 (time-stamp protocol); RFC 4998 (evidence record syntax).
"""

from __future__ import annotations

from casework.rules.rule import Rule

RULE = Rule(
    "TIM-001",
    "time-not-proven",
    "error",
    "Time-stamp the record: `casework stamp`; or stamp the log that holds it.",
    "elsewhere",
)
