"""The record says that it was made later than now.

## What it does
Found by verification, before any rule is applied. The record says that it was made later than now.

## Why it matters
A post-dated record would outlive its age limit and supersede honest ones.

## Bad
A record with a start in the year 2099.

## Good
A record with the time at which it was made.

## References
RFC 3161; in-toto attestation framework v1.
"""

from __future__ import annotations

from casework.rules.rule import Rule

RULE = Rule(
    "TIM-003",
    "run-in-the-future",
    "error",
    "Set the clock of the machine that runs the evidence, and run it again.",
    "elsewhere",
)
