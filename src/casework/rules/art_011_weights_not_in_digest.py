"""A model keeps weights in other files, and the digest that pins it does not cover them.

## What it does
Found while a model is opened or its signature is verified, by the generator `model-signature` and before any model
runs. A model keeps weights in other files, and the digest that pins it does not cover them. The sealed record names
the code, and the figure `signature_failures` or `external_data_files` counts it.

## Why it matters
The model file stays as it is while its weights are exchanged.

## Bad
`model.onnx` of 2 KiB is pinned, and `weights.bin` is not.

## Good
One file, or a digest over the names and bytes of all files of the model.

## References
onnx.proto, `TensorProto.external_data`.
"""

from __future__ import annotations

from casework.rules.rule import Rule

RULE = Rule(
    "ART-011",
    "weights-not-in-digest",
    "error",
    "Save the model as one file, or pin the digest of its closure.",
    "elsewhere",
)
