"""A requirement on the model does not say which model.

## What it does
Looks for requirements of the level ml without `allocated_to`. Retired ones are left out.

## Why it matters
A case has several models soon: the float parent, the quantised one, the next version. A requirement on none of them
in particular is fulfilled by whichever did best.

## Bad
```yaml
- type: threat
  id: T-1
  statement: Somebody could put stickers on a stop sign, so that it is missed.
  mitigated_by: [REQ-1]
- type: requirement
  id: REQ-1
  level: ml
  statement: The model shall report stop signs with stickers.
  mitigates: [T-1]
  verified_by: [tests/test_x.py::test_y]
```

## Good
```yaml
- type: threat
  id: T-1
  statement: Somebody could put stickers on a stop sign, so that it is missed.
  mitigated_by: [REQ-1]
- type: requirement
  id: REQ-1
  level: ml
  statement: The model shall report stop signs with stickers.
  mitigates: [T-1]
  allocated_to: [MC-1]
  verified_by: [tests/test_x.py::test_y]
- type: model_card
  id: MC-1
  file:
    path: model/signs.onnx
    sha256: "2222222222222222222222222222222222222222222222222222222222222222"
  version: "1.0"
  task: detection
  classes: [stop]
  inputs:
    - {name: image, dtype: float32, shape: [1, 3, 128, 128]}
  outputs:
    - {name: boxes, dtype: float32, shape: [1, 100, 6]}
  decoder: {name: boxes}
  intended_use: Reports stop signs to the driver.
  limits: [Signs that are turned away are not found.]
  licence: Apache-2.0
```

## References
ISO 26262-8:2018, 6.4.2 (allocation of safety requirements); AMLAS v1.1, artefacts E and H; Automotive SPICE 4.0,
MLE.1.BP1.
"""

from __future__ import annotations

from collections.abc import Iterable

from casework.model.finding import Finding
from casework.model.node import Node
from casework.model.requirement import Requirement
from casework.rules.rule import Rule

RULE = Rule("REQ-014", "allocation-missing", "warning", "Name the model in `allocated_to`.", "node", ("requirement",))


def check(key: str, node: Node) -> Iterable[Finding]:
    """Return a finding for a requirement on the model that is allocated to nothing."""
    if not isinstance(node, Requirement) or node.allocated_to or node.level != "ml" or node.status == "retired":
        return ()
    return (RULE.at(key, ("allocated_to",), f"{key} (ml) is allocated to no model"),)
