"""The signature of a model file has another form, statement or serialization than is accepted.

## What it does
Found while a model is opened or its signature is verified, by the generator `model-signature` and before any model
runs. The signature of a model file has another form, statement or serialization than is accepted. The sealed record
names the code, and the figure `signature_failures` or `external_data_files` counts it.

## Why it matters
The library would verify less than everybody believes: other hashes, other parts, other rules.

## Bad
A model signature whose serialization is `shards`, or that is made under a certificate instead of a pinned key.

## Good
A Sigstore bundle v0.3 with the predicate `https://model_signing/signature/v1.0`, method `files`, SHA-256.

## References
OpenSSF Model Signing specification v1.0.
"""

from __future__ import annotations

from casework.rules.rule import Rule

RULE = Rule(
    "ART-001",
    "other-model-signature",
    "error",
    "Sign the model anew: SHA-256, whole files, with a pinned key.",
    "elsewhere",
)
