"""A file is not UTF-8 without a byte order mark, or holds unseen characters.

## What it does
Found by reading, before any rule is applied. Looks at the bytes of each file before it is read: UTF-16, a byte
order mark, bytes that are not UTF-8, control, zero-width and direction-changing characters.

## Why it matters
What a reviewer sees is then not what the program reads.

## Bad
A file that an editor saved as UTF-16, or whose ids hold a zero-width space.

## Good
A file in UTF-8 of visible characters.

## References
Unicode Standard Annex 9 and Technical Report 36; RFC 3629.
"""

from __future__ import annotations

from casework.rules.rule import Rule

RULE = Rule(
    "FMT-009",
    "bad-encoding",
    "error",
    "Save the file as UTF-8 without a byte order mark, and remove the characters that the message names.",
    "elsewhere",
)
