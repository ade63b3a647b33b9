"""A model keeps weights outside its folder, or outside the bytes of the file that it names.

## What it does
Found while a model is opened or its signature is verified, by the generator `model-signature` and before any model
runs. A model keeps weights outside its folder, or outside the bytes of the file that it names. The sealed record
names the code, and the figure `signature_failures` or `external_data_files` counts it.

## Why it matters
Loading it would read any file of the machine into the model.

## Bad
The model names `../../etc/passwd` as its external data.

## Good
The model holds its weights itself, or beside itself.

## References
CWE-22; CVE-2022-25882, CVE-2024-27318, CVE-2025-51480 (onnx).
"""

from __future__ import annotations

from casework.rules.rule import Rule

RULE = Rule("ART-010", "weights-outside-folder", "error", "Save the model as one file.", "elsewhere")
