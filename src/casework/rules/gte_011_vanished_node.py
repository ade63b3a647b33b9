"""A node that only others are hurt by has vanished since the comparison revision.

## What it does
With `--new-since` or `--base`, compares the ids of both revisions. A hazardous event, safety goal, threat, requirement, indicator,
review, waiver or challenging element that the comparison revision holds must still be there, unless a review names it in
`retires`. With `--base` that review must be sealed by those whom the trust policy names.

## Why it matters
Such a node can only make things worse: a hazard to be mitigated, a challenge to be answered, a rejection. Removing it, with
what names it, leaves nothing that could miss it. No look at one revision alone could tell.

## Bad
The main branch holds the goal `CG-1`, which challenges `G-1`. The change removes it.

## Good
The change removes `CG-1`, and a review of the same change says `retires: [CG-1]`, with the reason in its remarks.

## References
GSN Community Standard v3, 1:6 (dialectic extension); ISO 26262-8:2018, clause 7 (configuration management).
"""

from __future__ import annotations

from casework.rules.rule import Rule

RULE = Rule(
    "GTE-011",
    "vanished-node",
    "error",
    "Restore the node, or confirm its removal: `casework review ID --as PERSON --retires KEY`, then `casework sign`.",
    "elsewhere",
)
