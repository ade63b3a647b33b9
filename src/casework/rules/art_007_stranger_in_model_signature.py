"""The signature of a model covers a file that is no part of the model.

## What it does
Found while a model is opened or its signature is verified, by the generator `model-signature` and before any model
runs. The signature of a model covers a file that is no part of the model. The sealed record names the code, and the
figure `signature_failures` or `external_data_files` counts it.

## Why it matters
What is signed and what is loaded are not the same thing.

## Bad
The signature also lists `extra.bin`, which the model never names.

## Good
The signature lists the model file and the files that it keeps weights in.

## References
OpenSSF Model Signing specification v1.0, `resources`.
"""

from __future__ import annotations

from casework.rules.rule import Rule

RULE = Rule(
    "ART-007",
    "stranger-in-model-signature",
    "error",
    "Sign the model and its own files, and nothing else.",
    "elsewhere",
)
