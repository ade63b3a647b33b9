"""A waiver is given for something that cannot be waived.

## What it does
Looks up `of`. Never waived are: what evidence says (EVD, NUM), what cannot be read or trusted (FMT, SIG, PRS, BND,
POL, PTH, TIM, RPL, RES, IND, GIT), broken graphs (TRC-001, TRC-003, TRC-004), files that are missing or changed
(MDL-001, MDL-002, DAT-001, DAT-002, DAT-006, DAT-007), and findings on waivers (GTE). Such a waiver does not hold.

## Why it matters
A waiver must never turn a failed test into a pass. Nor may it cover what cannot be seen, or deleting a file would
help.

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
  of: EVD-002
  node: DS-1
  by: rosa
  role: safety-manager
  on: 2026-01-15
  reason: The artwork is our own; the lawyers confirm by the end of the year.
  expires: 2026-12-31
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
ISO 26262-2:2018, 6.4.6; in-toto attestation framework v1 (monotonic principle).
"""

from __future__ import annotations

from collections.abc import Iterator

from casework.graph.waivers import unwaivable
from casework.model.finding import Finding
from casework.model.node import Node
from casework.model.process import Waiver
from casework.rules.rule import Rule

RULE = Rule("GTE-003", "unwaivable", "error", "Remove the waiver and mend the fault itself.", "node", ("waiver",))


def check(key: str, node: Node) -> Iterator[Finding]:
    """Yield a finding for a waiver of a code that cannot be waived."""
    if isinstance(node, Waiver):
        for flaw in unwaivable(key, node):
            yield RULE.at(key, flaw.field, flaw.message)
