"""A file is larger or nested deeper than any node needs.

## What it does
Found by reading, before any rule is applied. Looks at the size of each file before it is read, and at its nesting
while it is read.

## Why it matters
Such files exhaust the memory or the stack of whoever checks them, and take down the check with them.

## Bad
A file of 100 MB, or one with a thousand opening brackets in a row.

## Good
Many files of ordinary size; order and number of files never matter.

## References
YAML 1.2.2; `schemas/` (the JSON Schema of each node type).
"""

from __future__ import annotations

from casework.rules.rule import Rule

RULE = Rule("FMT-008", "too-deep-or-large", "error", "Split the file, or flatten it.", "elsewhere")
