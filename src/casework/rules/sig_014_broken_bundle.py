"""A Sigstore bundle does not verify.

## What it does
Found by verification, before any rule is applied. A Sigstore bundle does not verify: its certificate, log entry,
time stamp or signature does not hold.

## Why it matters
What cannot be verified may be anything.

## Bad
The log entry in the bundle is of another signature, or the certificate had expired when it was made.

## Good
Certificate, log entry, time stamp and signature of the bundle hold under the pinned trusted root.

## References
Sigstore client specification; Fulcio certificate extensions (oid-info.md); TUF specification v1.0, clause 5.
"""

from __future__ import annotations

from casework.rules.rule import Rule

RULE = Rule(
    "SIG-014",
    "broken-bundle",
    "error",
    "Restore the file from version control, or sign the evidence anew.",
    "elsewhere",
)
