"""A change asks for less of its own evidence, or gives a node another owner.

## What it does
With `--base REV`, compares each plan of evidence with that of REV: roles that must have signed (`signed_by`), the oldest age
(`max_age_days`), and of every node its `owner`, who may not verify it. It warns. Roles and age that REV asks for hold for the
change as well; another owner is only told.

## Why it matters
No sealed record is bound to these fields, so a change that weakens them makes nothing stale. Whoever merges should see it.

## Bad
The change raises `max_age_days` of EV-1 from 30 to 3650, and an old record counts again.

## Good
The plan is changed by itself, with its reason, before anything makes use of it.

## References
ISO 26262-8:2018, clause 8 (change management); ISO 26262-2:2018, 6.4.9 (independence).
"""

from __future__ import annotations

from casework.rules.rule import Rule

RULE = Rule(
    "GTE-015",
    "weakened-plan",
    "warning",
    "See that it was meant. Until it is merged, the stricter of both plans judges; who owns a node says who may verify it.",
    "elsewhere",
)
