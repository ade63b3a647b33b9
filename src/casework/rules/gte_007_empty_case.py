"""There is nothing to judge.

## What it does
The gate counts the nodes of the case. Without any it blocks. It also blocks where sealed records lie below the evidence and no
node plans any evidence.

## Why it matters
A wrong folder, or a checkout without the requirements, would otherwise pass without a single finding; so would a
case whose nodes were cut away to the few that nothing is asked of.

## Bad
A `casework.yaml` whose `roots` name a folder that holds no node files.

## Good
A `casework.yaml` whose `roots` name the folder of the node files, such as `requirements`.

## References
in-toto attestation framework v1 (monotonic principle).
"""

from __future__ import annotations

from casework.rules.rule import Rule

RULE = Rule("GTE-007", "empty-case", "error", "Add nodes, or mend `roots` in casework.yaml.", "elsewhere")
