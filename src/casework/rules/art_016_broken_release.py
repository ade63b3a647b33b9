"""A release bundle is not sealed as its trust policy demands, or is not what was sealed.

## What it does
Found by verification, before any rule is applied. The release bundle is not sealed as its trust policy demands, or
its content is not what was sealed.

## Why it matters
Nobody vouches for what it holds.

## Bad
One page of the report in the bundle was exchanged.

## Good
The seal of the bundle is signed as `acts` of its trust policy demands, and every member has the digest that was
sealed.

## References
CWE-22, CWE-59 and CWE-409 (MITRE Common Weakness Enumeration); DSSE specification v1.0.
"""

from __future__ import annotations

from casework.rules.rule import Rule

RULE = Rule(
    "ART-016",
    "broken-release",
    "error",
    "Do not use it; ask its maker for the release bundle.",
    "elsewhere",
)
