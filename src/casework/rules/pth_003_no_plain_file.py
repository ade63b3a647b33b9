"""A file below the evidence has several hard links, or is no plain file.

## What it does
Found by verification, before any rule is applied. A file below the evidence has several hard links, or is no plain
file.

## Why it matters
A hard link changes with its other name; a pipe or device gives other bytes at each reading.

## Bad
A sealed file that has a second hard link outside the repository.

## Good
A plain file with one name.

## References
CWE-22, CWE-59 and CWE-178 (MITRE Common Weakness Enumeration).
"""

from __future__ import annotations

from casework.rules.rule import Rule

RULE = Rule("PTH-003", "no-plain-file", "error", "Copy the content into a plain file of its own.", "elsewhere")
