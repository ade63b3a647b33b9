"""Two paths differ only in case or in Unicode form.

## What it does
Found by verification, before any rule is applied. Two paths differ only in case or in Unicode form.

## Why it matters
On other systems they are one file, and one of the two vanishes.

## Bad
`evidence/EV-1` and `evidence/ev-1`.

## Good
Names that differ in more than case.

## References
CWE-22, CWE-59 and CWE-178 (MITRE Common Weakness Enumeration).
"""

from __future__ import annotations

from casework.rules.rule import Rule

RULE = Rule("PTH-004", "twin-names", "error", "Rename or remove one of them.", "elsewhere")
