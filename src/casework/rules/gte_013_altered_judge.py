"""The change alters a setting by which it would itself be judged.

## What it does
With `--base REV`, compares `severity`, `review`, `top_goals` and the pinned `trust.root_sha256` of casework.yaml with those
of REV. The change is judged by those of REV; this finding says that they differ.

## Why it matters
A change that lowers a rule to a warning, or asks for no review, would else pass by its own leave. The setting takes effect
when it is merged, and whoever merges should have seen it.

## Bad
The change adds `severity: {warning: [REQ-001]}` to casework.yaml, together with the requirement that breaks REQ-001.

## Good
The setting is changed by itself, with its reason, and merged before anything makes use of it.

## References
in-toto specification v1.0, 1.5.1 (who may change the layout); ISO 26262-8:2018, clause 8 (change management).
"""

from __future__ import annotations

from casework.rules.rule import Rule

RULE = Rule(
    "GTE-013",
    "altered-judge",
    "warning",
    "Nothing needs to be done: the setting takes effect once it is merged. See that it was meant.",
    "elsewhere",
)
