"""The file of a model card is not there.

## What it does
Looks for the file that `file.path` names, and for those of `external`, in which the model keeps weights.

## Why it matters
Without the file nobody can tell which model the case is about, and every piece of evidence on it is stale.

## Bad
`model/mc-1.onnx` does not exist.

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
`model/mc-1.onnx` exists.

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
AMLAS v1.1, artefact V (ML model); Automotive SPICE 4.0, information item 01-53 (trained model).
"""

from __future__ import annotations

from collections.abc import Iterator

from casework.graph.assessment import Assessment
from casework.model.finding import Finding
from casework.model.learning import ModelCard
from casework.rules.rule import Rule

RULE = Rule("MDL-001", "missing-model-file", "error", "Commit the model file, or mend its path.", "assessment")


def check(assessment: Assessment) -> Iterator[Finding]:
    """Yield a finding for each file of a model card that is not there."""
    for key, card in assessment.case.nodes(ModelCard, "model_card"):
        places: list[tuple[str, tuple[str | int, ...]]] = [(card.file.path, ("file", "path"))]
        places += [(one.path, ("external", index, "path")) for index, one in enumerate(card.external)]
        for path, field in places:
            fact = assessment.files.get(path)
            if fact is None or not fact.exists:
                why = f" ({fact.problem})" if fact and fact.problem else ""
                message = f"the file {path} of {key} does not exist or cannot be read{why}"
                yield RULE.at(key, field, message)
