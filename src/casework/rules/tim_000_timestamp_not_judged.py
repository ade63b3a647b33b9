"""The envelope carries time stamps, which this version does not judge.

## What it does
Found by verification, before any rule is applied. The envelope carries time stamps, which this version does not
judge.

## Why it matters
Nothing may rest on them: the run's own start time is used instead.

## Bad
An envelope with `timestamps`.

## Good
An envelope without; the start time of the run is used.

## References
RFC 3161; in-toto attestation framework v1.
"""

from __future__ import annotations

from casework.rules.rule import Rule

RULE = Rule(
    "TIM-000",
    "timestamp-not-judged",
    "warning",
    "None needed; read the time stamps with another tool where they matter.",
    "elsewhere",
)
