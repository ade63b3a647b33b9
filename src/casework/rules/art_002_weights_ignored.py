"""The signature of a model file ignores a path that the model could be loaded from.

## What it does
Found while a model is opened or its signature is verified, by the generator `model-signature` and before any model
runs. The signature of a model file ignores a path that the model could be loaded from. The sealed record names the
code, and the figure `signature_failures` or `external_data_files` counts it.

## Why it matters
The list of ignored paths stands in the signature itself: who ignores the weights can exchange them later.

## Bad
The signed statement lists `ignore_paths: [weights.bin]`, and `weights.bin` was replaced.

## Good
The signature ignores nothing but the files of git and itself.

## References
OpenSSF Model Signing specification v1.0, `ignore_paths`.
"""

from __future__ import annotations

from casework.rules.rule import Rule

RULE = Rule("ART-002", "weights-ignored", "error", "Sign the model anew without ignored paths.", "elsewhere")
