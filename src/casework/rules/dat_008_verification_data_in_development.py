"""A model is verified on data that may have been used to develop it.

## What it does
For each piece of evidence on a model that verifies requirements: its split must not serve development or
calibration. If its dataset is one that the model, or a parent of it, was trained on, the evidence must name a split that
serves verification, internal test or field use. From every other dataset used in development
it must be declared `disjoint_from`, in either direction; DAT-005 then compares the items.

## Why it matters
A figure on data that the model knows says how well it remembers, not how well it works.

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
  data: DS-2
  split: train
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
  disjoint_from: [DS-2]
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
AMLAS v1.1, stage 5, G5.2 (verification is independent of development); ISO/PAS 8800:2024, clause 11.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import cache, partial

from casework.graph.assessment import Assessment
from casework.graph.case import Case
from casework.model.finding import Finding
from casework.model.learning import Evidence
from casework.rules.rule import Rule

RULE = Rule(
    "DAT-008",
    "verification-data-in-development",
    "error",
    "Verify on a split of its own, in a dataset that declares `disjoint_from` the development data.",
    "assessment",
)


_DEVELOPMENT = ("development", "calibration")


def check(assessment: Assessment) -> Iterator[Finding]:
    """Yield a finding for each piece of evidence on data that are not shown to be apart from development."""
    case = assessment.case
    apart = cache(partial(_apart, case))  # a dataset may have many thousand links
    for key, evidence in case.nodes(Evidence, "evidence"):
        models = [e.target for e in case.out(key, "subject") if case.entries[e.target].type == "model_card"]
        data = [e.target for e in case.out(key, "data")]
        if not (models and data and evidence.verifies):
            continue
        message = _split(case, key, evidence, data[0]) or _dataset(case, key, evidence, models[0], data[0], apart)
        if message:
            yield RULE.at(key, ("data",), message)


def _split(case: Case, key: str, evidence: Evidence, data: str) -> str:
    splits = case.entries[data].light.get("splits", ()) if case.entries[data].valid else ()
    purpose = next((str(s["purpose"]) for s in splits if s["name"] == evidence.split), "")
    return (
        f"{key} verifies on the split {evidence.split} of {data}, which serves {purpose}"
        if purpose in _DEVELOPMENT
        else ""
    )


def _own_split(case: Case, evidence: Evidence, data: str) -> bool:
    """Tell whether the evidence names a split that serves no development; DAT-005 compares the items of the splits."""
    splits = case.entries[data].light.get("splits", ()) if case.entries[data].valid else ()
    return any(s["name"] == evidence.split and s["purpose"] not in _DEVELOPMENT for s in splits)


def _apart(case: Case, data: str) -> frozenset[str]:
    declared = {e.target for e in case.out(data, "disjoint_from")}
    return frozenset(declared | {e.source for e in case.into(data, "disjoint_from")})


def _dataset(
    case: Case, key: str, evidence: Evidence, model: str, data: str, apart: Callable[[str], frozenset[str]]
) -> str:
    line = [model, *case.upstream(model, "derived_from")]
    trained = {edge.target: k for k in reversed(line) for edge in case.out(k, "trained_on")}
    if data in trained and not _own_split(case, evidence, data):
        return f"{key} verifies on {data}, which {trained[data]} was trained on"
    near = sorted(set(trained) - apart(data) - {data})
    if near:
        told = f"{near[0]}, which {trained[near[0]]} was trained on"
        return f"{key} verifies on {data}, and nothing declares it disjoint from {told}"
    return ""
