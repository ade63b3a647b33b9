"""The payload or a signature is not canonical standard base64.

## What it does
Found by verification, before any rule is applied. The payload or a signature is not canonical standard base64.

## Why it matters
Lenient decoders skip what they do not know, so the same file reads differently elsewhere.

## Bad
A signature with a blank or a line break within its base64.

## Good
Standard base64 with padding and nothing else.

## References
DSSE specification v1.0; in-toto attestation framework v1; The Update Framework specification v1.0, clause 4.
"""

from __future__ import annotations

from casework.rules.rule import Rule

RULE = Rule(
    "SIG-002", "bad-base64", "error", "Restore the file from version control, or seal the record anew.", "elsewhere"
)
