"""A file of the model is not the one that was signed, or the signature does not cover it.

## What it does
Found while a model is opened or its signature is verified, by the generator `model-signature` and before any model
runs. A file of the model is not the one that was signed, or the signature does not cover it. The sealed record names
the code, and the figure `signature_failures` or `external_data_files` counts it.

## Why it matters
Other weights give other behaviour, whatever the evidence says of the signed ones.

## Bad
`weights.bin` was swapped after signing.

## Good
The signature lists the model and each file of its weights by name and SHA-256.

## References
OpenSSF Model Signing specification v1.0, `resources`.
"""

from __future__ import annotations

from casework.rules.rule import Rule

RULE = Rule(
    "ART-004",
    "model-file-changed",
    "error",
    "Restore the file that was signed, or have the model examined and signed anew.",
    "elsewhere",
)
