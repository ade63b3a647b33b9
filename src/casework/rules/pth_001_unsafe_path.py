"""A path leaves the folder, or has a name that a system or a program treats specially.

## What it does
Found by verification, before any rule is applied. A path leaves the folder, or has a name that a system or a
program treats specially.

## Why it matters
It could reach files outside the case, or be read as an option or a device.

## Bad
A file named `-rf`, `CON` or `..`.

## Good
Names of letters, digits, dots, dashes and underscores.

## References
CWE-22, CWE-59 and CWE-178 (MITRE Common Weakness Enumeration).
"""

from __future__ import annotations

from casework.rules.rule import Rule

RULE = Rule(
    "PTH-001", "unsafe-path", "error", "Rename the file; use letters, digits, dot, dash and underscore.", "elsewhere"
)
