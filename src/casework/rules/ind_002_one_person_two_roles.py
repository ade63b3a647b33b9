"""One person would have to count in two of the required roles.

## What it does
Found by verification, before any rule is applied. One person would have to count in two of the required roles.

## Why it matters
Two roles are asked for so that two persons look.

## Bad
`vera` signs with one key as generator and with another as verifier.

## Good
Two persons sign, one in each role.

## References
ISO 26262-2:2018, 6.4.9 and Table 1.
"""

from __future__ import annotations

from casework.rules.rule import Rule

RULE = Rule("IND-002", "one-person-two-roles", "error", "Have a second person sign in one of the roles.", "elsewhere")
