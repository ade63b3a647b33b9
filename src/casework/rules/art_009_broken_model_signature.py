"""The signature of a model file does not fit the pinned key, or only in an encoding of an earlier format.

## What it does
Found while a model is opened or its signature is verified, by the generator `model-signature` and before any model
runs. The signature of a model file does not fit the pinned key, or only in an encoding of an earlier format. The
sealed record names the code, and the figure `signature_failures` or `external_data_files` counts it.

## Why it matters
Anybody could have made it.

## Bad
The bundle was signed by another key than `trust.model_key`.

## Good
The pinned key signed exactly this model.

## References
OpenSSF Model Signing specification v1.0; DSSE v1.0.2.
"""

from __future__ import annotations

from casework.rules.rule import Rule

RULE = Rule(
    "ART-009",
    "broken-model-signature",
    "error",
    "Have the model signed with the pinned key: `model_key` in casework.yaml.",
    "elsewhere",
)
