"""A model file is not the one that its card describes.

## What it does
Compares the SHA-256 of the file as it lies there with `file.sha256` of the card, and of each file of weights with its
`sha256` in `external`.

## Why it matters
One flipped byte is another model. What the card says of its training, limits and licence was written of the old
one.

## Bad
The SHA-256 of `model/mc-1.onnx` starts with 3c4d.

```yaml needs=evidence
- type: model_card
  id: MC-1
  file:
    path: model/mc-1.onnx
    sha256: "2222222222222222222222222222222222222222222222222222222222222222"
  version: "1.0"
  task: detection
  classes: [stop]
  inputs:
    - {name: image, dtype: float32, shape: [1, 3, 128, 128]}
  outputs:
    - {name: boxes, dtype: float32, shape: [1, 100, 6]}
  decoder: {name: boxes}
  trained_on: [DS-2]
  intended_use: Reports stop signs to the driver.
  limits: [Signs that are turned away are not found.]
  licence: Apache-2.0
```

## Good
The SHA-256 of `model/mc-1.onnx` is that of the card.

```yaml needs=evidence
- type: model_card
  id: MC-1
  file:
    path: model/mc-1.onnx
    sha256: "2222222222222222222222222222222222222222222222222222222222222222"
  version: "1.0"
  task: detection
  classes: [stop]
  inputs:
    - {name: image, dtype: float32, shape: [1, 3, 128, 128]}
  outputs:
    - {name: boxes, dtype: float32, shape: [1, 100, 6]}
  decoder: {name: boxes}
  trained_on: [DS-2]
  intended_use: Reports stop signs to the driver.
  limits: [Signs that are turned away are not found.]
  licence: Apache-2.0
```

## References
OpenSSF Model Signing specification v1.0; in-toto attestation framework v1 (subjects are bound by digest).
"""

from __future__ import annotations

from collections.abc import Iterator

from casework.graph.assessment import Assessment
from casework.model.finding import Finding
from casework.model.learning import ModelCard
from casework.rules.rule import Rule

RULE = Rule(
    "MDL-002",
    "model-digest-mismatch",
    "error",
    "Restore the file, or update the card after a review and run its evidence again.",
    "assessment",
)


def check(assessment: Assessment) -> Iterator[Finding]:
    """Yield a finding for each file of a model card that has another digest."""
    for key, card in assessment.case.nodes(ModelCard, "model_card"):
        pinned: list[tuple[str, str, tuple[str | int, ...]]] = [(card.file.path, card.file.sha256, ("file", "sha256"))]
        pinned += [(one.path, one.sha256, ("external", index, "sha256")) for index, one in enumerate(card.external)]
        for path, sha256, field in pinned:
            fact = assessment.files.get(path)
            if fact is not None and fact.exists and fact.sha256 != sha256:
                told = f"the card of {key} pins {sha256[:8]}..., the file is {fact.sha256[:8]}..."
                yield RULE.at(key, field, f"{path} has changed: {told}")
