"""A required signature was made later after the run than the trust policy allows.

## What it does
Found by verification, before any rule is applied. A required signature is proven to have been made longer after the
run than the trust policy allows.

## Why it matters
Weeks later nobody remembers what was looked at, and results can be collected until one pleases.

## Bad
The policy says `sign_within_hours: 72`; the run ended on Monday and the signature is proven for three weeks later.

## Good
The signature is proven to have been made within the hours that the policy allows.

## References
RFC 3161 (time-stamp protocol); RFC 4998 (evidence record syntax).
"""

from __future__ import annotations

from casework.rules.rule import Rule

RULE = Rule("TIM-005", "signed-too-late", "error", "Run the evidence again and sign it in time.", "elsewhere")
