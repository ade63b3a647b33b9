"""The evidence examines something else than its generator or its plan says.

## What it does
Checks that the subject is of the type that the generator examines, that the data and the reference that it cannot
do without are named, that a dataset as the subject has no other dataset as its data, and that the record is not one
of another model of the case.

## Why it matters
A test of the float model says little about the quantised one that is deployed. It is an easy and costly mix-up.

## Bad
A model is to be validated without data.

```yaml needs=evidence
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
  verifies: [REQ-1]
```

## Good
The dataset is named, and the record was made with `model/mc-1.onnx`.

```yaml needs=evidence
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
Automotive SPICE 4.0, MLE.4.BP4 and BP5 (the deployed model is tested).
"""

from __future__ import annotations

from collections.abc import Iterator

from casework.graph.assessment import Assessment
from casework.model.catalogue import GENERATORS
from casework.model.finding import Finding
from casework.model.learning import Evidence, ModelCard
from casework.rules import evidence_records as records
from casework.rules.rule import Rule

RULE = Rule(
    "EVD-009",
    "unsuited-subject",
    "error",
    "Name the subject and the data that the generator examines, and run it on the model that is meant.",
    "assessment",
)


def check(assessment: Assessment) -> Iterator[Finding]:
    """Yield a finding for each misfit of a plan with its generator, and for each record of another model."""
    for key, evidence in records.plans(assessment):
        yield from _plan(assessment, key, evidence)
        other = other_model(assessment, key)
        if other:
            message = f"the record of {key} was made with the model {other}, and the plan examines {evidence.subject}"
            yield RULE.at(key, ("subject",), message, f"Run `casework run {key}`.")


def _plan(assessment: Assessment, key: str, evidence: Evidence) -> Iterator[Finding]:
    case, spec = assessment.case, GENERATORS.get(evidence.generator)
    if spec is None:
        return
    subject = next((case.entries[e.target].type for e in case.out(key, "subject")), None)
    if subject is not None and subject != spec.subject:
        message = f"{evidence.generator} examines a {spec.subject}, and {evidence.subject} is a {subject}"
        yield RULE.at(key, ("subject",), message, f"Name a {spec.subject}.")
    if subject == "dataset" and evidence.data is not None and evidence.data != evidence.subject:
        message = f"{key} examines the dataset {evidence.subject} and names another, {evidence.data}, as its data"
        yield RULE.at(key, ("data",), message, "Drop `data`; compare with another dataset by `against`.")
    if "data" in spec.needs and evidence.data is None:
        yield RULE.at(key, (), f"{key} names no data, and {evidence.generator} needs a dataset", "Add `data:`.")
    if "reference" in spec.needs and _reference(assessment, key) != spec.subject:
        message = f"{key} names no reference {spec.subject}, and {evidence.generator} compares with one"
        yield RULE.at(key, (), message, "Add `against:`.")


def _reference(assessment: Assessment, key: str) -> str | None:
    case = assessment.case
    found = next((case.entries[e.target].type for e in case.out(key, "against")), None)
    dangling = any(d.source == key and d.field == "against" for d in case.dangling)
    return "model_card" if dangling else found  # TRC-001 reports a reference that does not exist


def other_model(assessment: Assessment, key: str) -> str | None:
    """Return the key of the other model card whose file the stale record of the evidence was made with, if any."""
    appraisal = assessment.appraisals.get(key)
    if appraisal is None or appraisal.state != "stale" or appraisal.record is None:
        return None
    made_with = appraisal.record.digests.get("model")
    subject = {edge.target for edge in assessment.case.out(key, "subject")}
    cards = assessment.case.nodes(ModelCard, "model_card")
    facts = {k: assessment.files.get(card.file.path) for k, card in cards}
    same = [k for k, fact in facts.items() if fact and fact.exists and fact.sha256 == made_with]
    return None if subject & set(same) else next(iter(sorted(same)), None)
