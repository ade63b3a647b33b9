"""The record was made for something else than what lies in the repository now.

## What it does
Compares what the newest verified record was bound to with the repository: the digests of model, reference, data and
operational design domain, the options, split and seed of the plan, the generator and its version, the fingerprint
of each requirement that it speaks for, and its age. Every difference is named. A record of another model of the
case is reported by EVD-009.

## Why it matters
A result speaks for exactly what was measured. After a change of the model or of the requirement it shows nothing,
however good it looks.

## Bad
The record was made before `model/mc-1.onnx` was trained again.

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

## Good
The newest record of `evidence/EV-1/` is verified, complete, and made with exactly what lies in the repository.

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
in-toto attestation framework v1 (subjects are bound by digest); Automotive SPICE 4.0, MLE.4.BP5.
"""

from __future__ import annotations

from collections.abc import Iterator

from casework.graph.assessment import Assessment
from casework.model.finding import Finding
from casework.rules import evidence_records as records
from casework.rules.evd_009_unsuited_subject import other_model
from casework.rules.rule import Rule

RULE = Rule(
    "EVD-003",
    "stale-evidence",
    "error",
    "Run it again with `casework run --stale`, or undo what changed.",
    "assessment",
)


def _fix(key: str, reasons: list[str]) -> str:
    run = f"`casework run {key} --key KEY.pem`"
    if reasons and all(r.startswith("file of option ") for r in reasons):
        return f"Restore the file if it was not meant to change; if it was, run {run}."
    if any("mismatch" in r and ("file" in r or "manifest" in r) for r in reasons):
        return f"Restore the file if it was not meant to change; if it was, pin its new digest and run {run}."
    if all(r.startswith("it was started on") for r in reasons):
        return f"Run {run}: the result has come of age."
    return f"Run {run}, or undo what changed (`casework diff REV` tells)."


def check(assessment: Assessment) -> Iterator[Finding]:
    """Yield a finding for each stale piece of evidence, with every reason."""
    for key, appraisal in records.appraised(assessment, "stale"):
        reasons = [
            r
            for r in appraisal.reasons
            if not (r.startswith(("model mismatch", "interface of the model card")) and other_model(assessment, key))
        ]
        if reasons:
            fix = _fix(key, reasons)
            yield RULE.at(key, (), f"{key} is stale: {'; '.join(reasons)}", fix)
