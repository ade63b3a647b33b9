"""An evidence node names a split that its dataset does not have.

## What it does
Looks up `split` among the splits of the dataset that the evidence runs on.

## Why it matters
It cannot be run; and a split without a declared purpose might be the one that the model was trained on.

## Bad
```yaml
- type: odd
  id: ODD-1
  statement: Rural roads by day.
  dimensions:
    - {name: distance, values: [near, far]}
- type: dataset
  id: DS-2
  statement: Road signs, drawn by a script.
  version: "1.0"
  manifest:
    path: data/ds-2.jsonl
    sha256: "1111111111111111111111111111111111111111111111111111111111111111"
  splits:
    - {name: train, purpose: development, size: 5000}
  covers: [ODD-1]
  provenance: Drawn by a script with a fixed seed.
  labelling: By the script that places the signs.
  licence: Apache-2.0
- type: dataset
  id: DS-1
  statement: Road signs, drawn by a script.
  version: "1.0"
  manifest:
    path: data/ds-1.jsonl
    sha256: "1111111111111111111111111111111111111111111111111111111111111111"
  splits:
    - {name: test, purpose: verification, size: 1200}
  covers: [ODD-1]
  provenance: Drawn by a script with a fixed seed.
  labelling: By the script that places the signs.
  licence: Apache-2.0
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
- type: requirement
  id: REQ-1
  level: system
  statement: The system shall report stop signs.
  rationale: Asked for by the operator; the bound is that of the contract.
  acceptance:
    - {metric: recall, slice: all, op: ">=", bound: 0.95, unit: ratio, confidence: 0.95}
- type: evidence
  id: EV-1
  generator: validation
  subject: MC-1
  data: DS-1
  split: verification
  verifies: [REQ-1]
```

## Good
```yaml
- type: odd
  id: ODD-1
  statement: Rural roads by day.
  dimensions:
    - {name: distance, values: [near, far]}
- type: dataset
  id: DS-2
  statement: Road signs, drawn by a script.
  version: "1.0"
  manifest:
    path: data/ds-2.jsonl
    sha256: "1111111111111111111111111111111111111111111111111111111111111111"
  splits:
    - {name: train, purpose: development, size: 5000}
  covers: [ODD-1]
  provenance: Drawn by a script with a fixed seed.
  labelling: By the script that places the signs.
  licence: Apache-2.0
- type: dataset
  id: DS-1
  statement: Road signs, drawn by a script.
  version: "1.0"
  manifest:
    path: data/ds-1.jsonl
    sha256: "1111111111111111111111111111111111111111111111111111111111111111"
  splits:
    - {name: test, purpose: verification, size: 1200}
  covers: [ODD-1]
  provenance: Drawn by a script with a fixed seed.
  labelling: By the script that places the signs.
  licence: Apache-2.0
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
- type: requirement
  id: REQ-1
  level: system
  statement: The system shall report stop signs.
  rationale: Asked for by the operator; the bound is that of the contract.
  acceptance:
    - {metric: recall, slice: all, op: ">=", bound: 0.95, unit: ratio, confidence: 0.95}
- type: evidence
  id: EV-1
  generator: validation
  subject: MC-1
  data: DS-1
  split: test
  verifies: [REQ-1]
```

## References
AMLAS v1.1, artefacts N, O and P (development, internal test and verification data).
"""

from __future__ import annotations

from collections.abc import Iterator

from casework.graph.appraise import examined_dataset
from casework.graph.case import Case
from casework.model.finding import Finding
from casework.model.learning import Evidence
from casework.rules.rule import Rule

RULE = Rule("EVD-013", "unknown-split", "error", "Name a split of the dataset.", "case")


def check(case: Case) -> Iterator[Finding]:
    """Yield a finding for each evidence node whose split its dataset does not have."""
    for key, evidence in case.nodes(Evidence, "evidence"):
        dataset = examined_dataset(case, key)
        if evidence.split is None or dataset is None or not case.entries[dataset].valid:
            continue
        splits = [str(s.get("name")) for s in case.entries[dataset].light.get("splits", ())]
        if evidence.split not in splits:
            message = f"{key} runs on the split {evidence.split}, and {dataset} has {', '.join(splits)}"
            yield RULE.at(key, ("split",), message)
