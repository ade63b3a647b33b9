"""A sealed record that the comparison revision holds has been removed.

## What it does
With `--base`, compares the sealed records of both revisions by digest. Sealed files are never overwritten and never
need to be removed: the newest that is bound to what is there counts.

## Why it matters
If the newest record is a bad one, removing it brings back an older and better one. No look at one revision alone
could tell.

## Bad
`evidence/EV-1/` held two records on the main branch and holds the older one now.

## Good
`evidence/EV-1/` holds both records.

## References
in-toto attestation framework v1 (monotonic principle); RFC 6962 (append-only logs).
"""

from __future__ import annotations

from casework.rules.rule import Rule

RULE = Rule(
    "GTE-008",
    "vanished-record",
    "error",
    "Restore the file from version control; a newer record supersedes it without its removal.",
    "elsewhere",
)
