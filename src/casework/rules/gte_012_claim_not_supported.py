"""A top goal is not supported, and nothing else says why the case should not pass.

## What it does
Looks at the status of every top goal when no other error stands. A goal that is open, doubted or defeated blocks, with the
path that leads to the cause, unless the cause has a finding of its own that a waiver covers or the project has lowered.

## Why it matters
A pass says that the claim holds. Whatever the rules overlook, a claim that does not hold is never let through.

## Bad
The only solution below `G-1` cites a review that no longer covers what it signed off: `G-1` is open.

## Good
The review has been made again, and the solution cites the new one.

## References
GSN Community Standard v3, 1:2.2.4 (support is a conjunction).
"""

from __future__ import annotations

from casework.rules.rule import Rule

RULE = Rule(
    "GTE-012",
    "claim-not-supported",
    "error",
    "Mend the cause: `casework show GOAL` leads to it.",
    "elsewhere",
)
