"""An evidence file is not named by the SHA-256 of its payload.

## What it does
Found by verification, before any rule is applied. An evidence file is not named by the SHA-256 of its payload.

## Why it matters
A sealed file is named by its content, so that none can be changed or overwritten unnoticed.

## Bad
A record named `latest.dsse.json`.

## Good
A record named by the SHA-256 of its payload, as `casework run` names it.

## References
CWE-22, CWE-59 and CWE-178 (MITRE Common Weakness Enumeration).
"""

from __future__ import annotations

from casework.rules.rule import Rule

RULE = Rule(
    "PTH-005",
    "misnamed-evidence",
    "error",
    "Restore the file from version control, or seal the record anew.",
    "elsewhere",
)
