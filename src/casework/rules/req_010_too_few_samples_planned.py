"""The planned evidence has too few items to show the bound.

## What it does
Compares the size of the split that a piece of evidence runs on with the number of trials that its requirements need:
enough, without a single failure, to show the bound at the confidence, and at least `min_samples`. An item may hold
several objects, so the figure may yet have more trials than items: hence a warning. Of fault injection the trials are the
faults, not the items: its option `faults` is compared, be it a number or an interval or bound that a number follows from.

## Why it matters
The run will end as not shown, after the data were bought. It is cheaper to know before.

## Bad
```yaml
- type: requirement
  id: REQ-1
  level: system
  statement: The system shall report stop signs.
  rationale: Asked for by the operator; the bound is that of the contract.
  acceptance:
    - {metric: fnr, slice: all, op: "<=", bound: 0.01, unit: ratio, confidence: 0.95}
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
    - {name: test, purpose: verification, size: 200}
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
    - {metric: fnr, slice: all, op: "<=", bound: 0.01, unit: ratio, confidence: 0.95}
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
C. J. Clopper and E. S. Pearson, Biometrika 26 (1934); AMLAS v1.1, stage 3 (data requirements).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from casework.graph.case import Case
from casework.injection.sampling.size import DEFAULT, read_wanted
from casework.model.acceptance import describe
from casework.model.catalogue import STATISTICAL
from casework.model.finding import Finding
from casework.model.learning import Evidence
from casework.model.requirement import Requirement
from casework.rules.req_criteria import samples_needed
from casework.rules.rule import Rule

RULE = Rule(
    "REQ-010",
    "too-few-samples-planned",
    "warning",
    "Enlarge the split (of fault injection, raise the option `faults`), or loosen the bound or the confidence, and say why.",
    "case",
)


_INJECTION: Final = "fault-injection"
_CONFIDENCE: Final = 0.95
"""Two-sided confidence at which evidence of a case is made."""


def check(case: Case) -> Iterator[Finding]:
    """Yield a finding for each criterion that its planned evidence is too small for, at the evidence's split or options."""
    for key, evidence in case.nodes(Evidence, "evidence"):
        planned = _faults(evidence) if evidence.generator == _INJECTION else _size(case, key, evidence)
        if planned is None:
            continue
        for edge in case.out(key, "verifies"):
            entry = case.entries[edge.target]
            if entry.type == "requirement" and entry.valid:
                yield from _short(case, key, evidence, edge.target, planned)


def _faults(evidence: Evidence) -> int | None:
    """Return how many faults are planned, or None where that is all there are, a given list, or cannot be read."""
    if evidence.options.get("fault_list") is not None:
        return None  # no sample, so that its rates show no bound however long it is: EVD-006
    try:
        return read_wanted(str(evidence.options.get("faults", DEFAULT))).faults(_CONFIDENCE)
    except ValueError:
        return None  # told by the run


def _size(case: Case, key: str, evidence: Evidence) -> int | None:
    """Return how many items the evidence runs on, or None where that is unknown."""
    data = case.out(key, "data")
    entry = case.entries[data[0].target] if data else None
    if entry is None or entry.type != "dataset" or not entry.valid:
        return None
    sizes = [s["size"] for s in entry.light["splits"] if evidence.split is None or s["name"] == evidence.split]
    return sum(sizes) if sizes else None


def _short(case: Case, key: str, evidence: Evidence, requirement: str, planned: int) -> Iterator[Finding]:
    node = case.node(requirement)
    for criterion in node.acceptance if isinstance(node, Requirement) else ():
        if criterion.metric not in STATISTICAL:
            continue
        needed = max(samples_needed(criterion) or 0, criterion.min_samples or 0)
        if needed > planned:
            place, basis = _basis(evidence, planned)
            message = f"{key} {basis[0]}; {requirement} needs {needed} trials for {describe(criterion)}{basis[1]}"
            yield RULE.at(key, place, message, _fix(evidence, needed))


def _fix(evidence: Evidence, needed: int) -> str | None:
    """Return what to do where it is not to enlarge a split: the trials of fault injection are its faults."""
    if evidence.generator != _INJECTION:
        return None
    return f"Raise the option `faults` to {needed} or more, or loosen the bound or the confidence, and say why."


def _basis(evidence: Evidence, planned: int) -> tuple[tuple[str, ...], tuple[str, str]]:
    """Return the field that decides the number of trials, and the words before and after what is needed."""
    if evidence.generator == _INJECTION:
        return ("options",), (f"puts in {planned} faults", "")
    where = f"split {evidence.split} of {evidence.data}" if evidence.split else f"{evidence.data}"
    return ("split",) if evidence.split else ("data",), (
        f"runs on {where}, {planned} items",
        " (an item may hold several objects)",
    )
