"""A waiver's last day has passed.

## What it does
Compares `expires` with the day of judgement. The last day itself still counts. An expired waiver does not hold, so
what it covered is reported again.

## Why it matters
A deviation is accepted for a time. What was to be done meanwhile has not been done.

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
  split: test
  verifies: [REQ-1]
- type: waiver
  id: W-1
  of: DAT-009
  node: DS-1
  by: rosa
  role: safety-manager
  on: 2026-01-15
  reason: The artwork is our own; the lawyers confirm by the end of the year.
  expires: 2026-01-30
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
- type: waiver
  id: W-1
  of: DAT-009
  node: DS-1
  by: rosa
  role: safety-manager
  on: 2026-01-15
  reason: The artwork is our own; the lawyers confirm by the end of the year.
  expires: 2026-12-31
```

## References
ISO 26262-2:2018, 6.4.6.
"""

from __future__ import annotations

from collections.abc import Iterator

from casework.graph.assessment import Assessment
from casework.graph.waivers import expired
from casework.model.finding import Finding
from casework.model.process import Waiver
from casework.rules.rule import Rule

RULE = Rule(
    "GTE-002",
    "expired-waiver",
    "error",
    "Mend what it covered, or have it renewed by a person in the role.",
    "assessment",
)


def check(assessment: Assessment) -> Iterator[Finding]:
    """Yield a finding for each waiver that has expired."""
    for key, waiver in assessment.case.nodes(Waiver, "waiver"):
        for flaw in expired(key, waiver, assessment.today):
            yield RULE.at(key, flaw.field, f"{flaw.message}; it covered {waiver.of} of {waiver.node}")
