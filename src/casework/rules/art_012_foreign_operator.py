"""A model holds operators outside the allowed domains.

## What it does
Found while a model is opened or its signature is verified, by the generator `model-signature` and before any model
runs. A model holds operators outside the allowed domains. The sealed record names the code, and the figure
`signature_failures` or `external_data_files` counts it.

## Why it matters
Such operators are code of somebody else that would run on this machine.

## Bad
A node of the domain `evil.example`, hidden in a branch of an `If`.

## Good
Operators of ai.onnx and ai.onnx.ml, and those that onnxruntime's quantiser writes.

## References
ONNX specification, operator domains; CVE-2026-34445 (onnx).
"""

from __future__ import annotations

from casework.rules.rule import Rule

RULE = Rule(
    "ART-012",
    "foreign-operator",
    "error",
    "Export the model with the operators of ai.onnx and ai.onnx.ml only.",
    "elsewhere",
)
