"""The envelope declares another payload type than the one expected here.

## What it does
Found by verification, before any rule is applied. The envelope declares another payload type than the one expected
here.

## Why it matters
A signature given for one purpose must not count for another.

## Bad
A signed trust policy, put into the folder of an evidence node.

## Good
An envelope of the payload type `application/vnd.in-toto+json`.

## References
DSSE specification v1.0; in-toto attestation framework v1; The Update Framework specification v1.0, clause 4.
"""

from __future__ import annotations

from casework.rules.rule import Rule

RULE = Rule(
    "SIG-009",
    "wrong-payload-type",
    "error",
    "Put a sealed evidence record here, not another signed document.",
    "elsewhere",
)
