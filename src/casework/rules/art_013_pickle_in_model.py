"""A model file, a file of its weights, or an attribute is a Python pickle.

## What it does
Found while a model is opened or its signature is verified, by the generator `model-signature` and before any model
runs. A model file, a file of its weights, or an attribute is a Python pickle. The sealed record names the code, and
the figure `signature_failures` or `external_data_files` counts it.

## Why it matters
Loading a pickle runs the program that it is.

## Bad
`model.onnx` is an archive of PyTorch with a `data.pkl`.

## Good
An ONNX file with tensors and nothing else.

## References
Python documentation, module pickle, warning; CWE-502.
"""

from __future__ import annotations

from casework.rules.rule import Rule

RULE = Rule(
    "ART-013",
    "pickle-in-model",
    "error",
    "Export the model to ONNX where it was trained, and never load a pickle of others.",
    "elsewhere",
)
