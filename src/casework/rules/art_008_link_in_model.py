"""A file of the model is no plain file, has several names, or the signature allows links.

## What it does
Found while a model is opened or its signature is verified, by the generator `model-signature` and before any model
runs. A file of the model is no plain file, has several names, or the signature allows links. The sealed record names
the code, and the figure `signature_failures` or `external_data_files` counts it.

## Why it matters
What a link shows can change without a trace.

## Bad
`weights.bin` is a hard link to a file outside the model's folder.

## Good
Every file of the model is a plain file with one name.

## References
CWE-59; CVE-2026-27489, CVE-2026-34446 (onnx).
"""

from __future__ import annotations

from casework.rules.rule import Rule

RULE = Rule("ART-008", "link-in-model", "error", "Put the file itself in place of the link.", "elsewhere")
