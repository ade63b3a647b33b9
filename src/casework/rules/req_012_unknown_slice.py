"""A criterion speaks of a slice that no operational design domain has.

## What it does
Looks up each `dimension=value` of a criterion's slice among the dimensions of the operational design domains of the
case. `all`, `any`, and classes (`class=stop`) need no dimension. Requirements of the levels system, software, ml and
data are looked at.

## Why it matters
No data are labelled with the slice, so no evidence will ever report it: the requirement waits for ever, or the wrong
slice is measured.

## Bad
```yaml
- type: requirement
  id: REQ-1
  level: system
  statement: The system shall report stop signs.
  rationale: Asked for by the operator; the bound is that of the contract.
  acceptance:
    - {metric: fnr, slice: distance=close, op: "<=", bound: 0.01, unit: ratio, confidence: 0.95}
- type: evidence
  id: EV-1
  generator: validation
  subject: MC-1
  data: DS-1
  split: test
  verifies: [REQ-1]
- type: dataset
  id: DS-1
  statement: Road signs, drawn by a script.
  version: "1.0"
  manifest:
    path: data/manifest.jsonl
    sha256: "1111111111111111111111111111111111111111111111111111111111111111"
  splits:
    - {name: test, purpose: verification, size: 300}
  covers: [ODD-1]
  provenance: Drawn by a script with a fixed seed.
  labelling: By the script that places the signs.
  licence: Apache-2.0
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
- type: odd
  id: ODD-1
  statement: Rural roads by day.
  dimensions:
    - {name: distance, values: [near, far]}
```

## Good
```yaml
- type: requirement
  id: REQ-1
  level: system
  statement: The system shall report stop signs.
  rationale: Asked for by the operator; the bound is that of the contract.
  acceptance:
    - {metric: fnr, slice: distance=near, op: "<=", bound: 0.01, unit: ratio, confidence: 0.95}
- type: evidence
  id: EV-1
  generator: validation
  subject: MC-1
  data: DS-1
  split: test
  verifies: [REQ-1]
- type: dataset
  id: DS-1
  statement: Road signs, drawn by a script.
  version: "1.0"
  manifest:
    path: data/manifest.jsonl
    sha256: "1111111111111111111111111111111111111111111111111111111111111111"
  splits:
    - {name: test, purpose: verification, size: 300}
  covers: [ODD-1]
  provenance: Drawn by a script with a fixed seed.
  labelling: By the script that places the signs.
  licence: Apache-2.0
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
- type: odd
  id: ODD-1
  statement: Rural roads by day.
  dimensions:
    - {name: distance, values: [near, far]}
```

## References
ISO 34503:2023 (taxonomy of operational design domains); AMLAS v1.1, artefact B.
"""

from __future__ import annotations

from collections.abc import Iterator

from casework.graph.case import Case
from casework.model.finding import Finding
from casework.model.hazard import Odd
from casework.rules.rule import Rule

RULE = Rule(
    "REQ-012",
    "unknown-slice",
    "error",
    "Name a dimension and a value of the operational design domain, or add them there.",
    "case",
)


def check(case: Case) -> Iterator[Finding]:
    """Yield a finding for each slice that no operational design domain of the case has."""
    domain: dict[str, set[str]] = {}
    for _key, odd in case.nodes(Odd, "odd"):
        for dimension in odd.dimensions:
            domain.setdefault(dimension.name, set()).update(dimension.values)
    for key in case.keys("requirement"):
        entry = case.entries[key]
        if not entry.valid:
            continue
        for index, criterion in enumerate(entry.light.get("acceptance") or ()):
            problem = _problem(criterion.get("slice", "all"), domain)
            if problem:
                yield RULE.at(key, ("acceptance", index, "slice"), f"{key}: {problem}")


def _problem(text: str, domain: dict[str, set[str]]) -> str:
    """Return what is wrong with a slice, or an empty string."""
    if text in ("all", "any"):
        return ""
    for part in text.split(","):
        name, equals, value = part.strip().partition("=")
        if not equals or not name or not value:
            return f"the slice `{text}` is not written as dimension=value"
        if name == "class":
            continue
        if name not in domain:
            return f"no operational design domain has the dimension `{name}` of the slice `{text}`"
        if value not in domain[name]:
            known = ", ".join(sorted(domain[name]))
            return f"no operational design domain has the value `{value}` of the dimension `{name}`; it has {known}"
    return ""
