"""A model keeps weights in other files, and the digest that pins it does not cover them.

## What it does
Found while a model is opened or its signature is verified, by the generator `model-signature` and before any model
runs. A model keeps weights in other files, and the digest that pins it does not cover them. The sealed record names
the code, and the figures `signature_failures` and `digest_mismatches` count it. The same code refuses a model whose
files are not those that are pinned.

## Why it matters
The model file stays as it is while its weights are exchanged.

## Bad
`model.onnx` of 2 KiB is pinned, and `weights.bin` is not.

## Good
One file; or a model card that pins each file of weights as well:

```yaml
file:
  path: model/model.onnx
  sha256: "2222222222222222222222222222222222222222222222222222222222222222"
external:
  - path: model/weights.bin
    sha256: "3333333333333333333333333333333333333333333333333333333333333333"
```

## References
onnx.proto, `TensorProto.external_data`.
"""

from __future__ import annotations

from casework.rules.rule import Rule

RULE = Rule(
    "ART-011",
    "weights-not-in-digest",
    "error",
    "Pin each file of weights in the field `external` of the model card, or save the model as one file.",
    "elsewhere",
)
