"""A file or folder below the evidence is a symbolic link.

## What it does
Found by verification, before any rule is applied. A file or folder below the evidence is a symbolic link.

## Why it matters
What it shows can change without a trace in version control.

## Bad
`evidence/EV-1` is a symbolic link to a folder in somebody's home.

## Good
`evidence/EV-1` is a folder.

## References
CWE-22, CWE-59 and CWE-178 (MITRE Common Weakness Enumeration).
"""

from __future__ import annotations

from casework.rules.rule import Rule

RULE = Rule("PTH-002", "link-in-evidence", "error", "Put the file itself in place of the link.", "elsewhere")
