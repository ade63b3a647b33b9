"""A sealed record, a node or a policy version is not in the log.

## What it does
Found by verification, before any rule is applied. A sealed record, a node or a policy version is not in the log.

## Why it matters
What is not logged can be removed without a trace.

A node that is not logged yet only warns, and forbids a release; so does, by `--base`, a record or act that the base does not
have: whoever proposes a change seldom holds the log's key, and what is merged is logged afterwards.

## Bad
A record was added to `evidence/EV-1/` and not to `log/entries`.

## Good
Each sealed record, node and policy version has its line in `log/entries`.

## References
RFC 6962 (Merkle tree, consistency proofs); C2SP tlog-checkpoint and signed-note.
"""

from __future__ import annotations

from casework.rules.rule import Rule

RULE = Rule("LOG-006", "unlogged-evidence", "error", "Append it: `casework log update --key LOGKEY`.", "elsewhere")
