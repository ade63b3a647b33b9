"""A model keeps weights in a folder or file of git, which model signatures leave out.

## What it does
Found while a model is opened or its signature is verified, by the generator `model-signature` and before any model
runs. A model keeps weights in a folder or file of git, which model signatures leave out. The sealed record names the
code, and the figure `signature_failures` or `external_data_files` counts it.

## Why it matters
Nobody signs for such a file, so anybody can exchange it.

## Bad
The model names `.github/weights.bin` as its external data.

## Good
The model names `weights.bin`, which lies beside it and is signed.

## References
OpenSSF Model Signing specification v1.0; onnx.proto, `TensorProto.external_data`.
"""

from __future__ import annotations

from casework.rules.rule import Rule

RULE = Rule(
    "ART-003",
    "weights-in-git-folder",
    "error",
    "Keep the weights beside the model, outside `.git*`.",
    "elsewhere",
)
