"""A criterion speaks of a slice that no operational design domain has, or of a class that the model does not know.

## What it does
Looks up each `dimension=value` of a criterion's slice among the dimensions of the operational design domains of the
case, and each class (`class=stop`) among the classes of the model cards that the requirement is allocated to or that its
evidence examines; where there is neither, among the classes of all model cards. `all` and `any` need no dimension.
Proposes the name that comes nearest.

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
from difflib import get_close_matches

from casework.graph.case import Case
from casework.model.finding import Finding
from casework.model.hazard import Odd
from casework.model.learning import ModelCard
from casework.rules.rule import Rule

RULE = Rule(
    "REQ-012",
    "unknown-slice",
    "error",
    "Name a dimension and a value of the operational design domain, or a class of the model card, or add them there.",
    "case",
)


def check(case: Case) -> Iterator[Finding]:
    """Yield a finding for each slice that no operational design domain of the case has, or whose class no model has."""
    domain: dict[str, set[str]] = {}
    for _key, odd in case.nodes(Odd, "odd"):
        for dimension in odd.dimensions:
            domain.setdefault(dimension.name, set()).update(dimension.values)
    for key in case.keys("requirement"):
        entry = case.entries[key]
        if not entry.valid:
            continue
        for index, criterion in enumerate(entry.light.get("acceptance") or ()):
            problem, near = _problem(case, key, criterion.get("slice", "all"), domain)
            if problem:
                fix = f"Write `{near}`, if that is meant; else {RULE.fix[0].lower()}{RULE.fix[1:]}" if near else None
                yield RULE.at(key, ("acceptance", index, "slice"), f"{key}: {problem}", fix)


def _problem(case: Case, key: str, text: str, domain: dict[str, set[str]]) -> tuple[str, str]:
    """Return what is wrong with a slice and what comes nearest to it; empty strings where there is nothing."""
    if text in ("all", "any"):
        return "", ""
    for part in text.split(","):
        name, equals, value = (piece.strip() for piece in part.partition("="))
        if not equals or not name or not value:
            return f"the slice `{text}` is not written as dimension=value", ""
        found = _unknown_class(case, key, value) if name == "class" else _unknown_condition(text, name, value, domain)
        if found[0]:
            return found
    return "", ""


def _unknown_condition(text: str, name: str, value: str, domain: dict[str, set[str]]) -> tuple[str, str]:
    if name not in domain:
        problem = f"no operational design domain has the dimension `{name}` of the slice `{text}`"
        return problem, _nearest(name, {*domain, "class"}, "{}=" + value)
    if value in domain[name]:
        return "", ""
    known = ", ".join(sorted(domain[name]))
    problem = f"no operational design domain has the value `{value}` of the dimension `{name}`; it has {known}"
    return problem, _nearest(value, domain[name], name + "={}")


def _unknown_class(case: Case, key: str, value: str) -> tuple[str, str]:
    """Say that the models which a requirement is of know no such class; nothing where no card names its classes."""
    examined = (edge.target for e in case.into(key, "verifies") for edge in case.out(e.source, "subject"))
    own = {*(edge.target for edge in case.out(key, "allocated_to")), *examined}
    cards = {k: card for k, card in case.nodes(ModelCard, "model_card") if card.classes}
    asked = [k for k in cards if k in own] or list(cards)
    known = {name for k in asked for name in cards[k].classes}
    if not known or value in known:
        return "", ""
    has = "has" if len(asked) == 1 else "have"
    names = ", ".join(sorted(known))
    return f"{', '.join(asked)} {has} no class `{value}`, but {names}", _nearest(value, known, "class={}")


def _nearest(name: str, known: set[str], form: str) -> str:
    near = get_close_matches(name, sorted(known), 1)
    return form.replace("{}", near[0]) if near else ""
