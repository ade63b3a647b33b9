"""A node file cannot be opened.

## What it does
Found by reading, before any rule is applied. Opens every node file below the roots. Symbolic links are not
followed.

## Why it matters
The nodes in it would vanish unseen.

## Bad
`requirements/hazards.yaml` is a symbolic link, or may not be read by the user who checks.

## Good
`requirements/hazards.yaml` is a plain file that can be read.

## References
YAML 1.2.2; `schemas/` (the JSON Schema of each node type).
"""

from __future__ import annotations

from casework.rules.rule import Rule

RULE = Rule(
    "FMT-010",
    "unreadable-file",
    "error",
    "Restore the file or its permissions; put the file itself in place of a link.",
    "elsewhere",
)
