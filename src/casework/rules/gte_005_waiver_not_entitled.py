"""A waiver is given by somebody who may not.

## What it does
Looks up the person in the trust policy: it must grant the role, the person must not be a machine, and must not own
the node that is waived. Such a waiver does not hold. A person whom the policy does not know is reported by TRC-017.

## Why it matters
Whoever wrote the node would answer for its faults; nobody else would have looked.

## Bad
The trust policy gives `rosa` the role `developer` only.

```yaml needs=evidence
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

## Good
The trust policy gives `rosa` the role `safety-manager`.

```yaml needs=evidence
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
ISO 26262-2:2018, 6.4.9 (independence) and 5.4.2 (roles and responsibilities).
"""

from __future__ import annotations

from collections.abc import Iterator

from casework.graph.assessment import Assessment
from casework.graph.waivers import unentitled
from casework.model.finding import Finding
from casework.model.process import Waiver
from casework.rules.rule import Rule

RULE = Rule(
    "GTE-005",
    "waiver-not-entitled",
    "error",
    "Have it given by a person who holds the role by the trust policy and does not own the node.",
    "assessment",
)


def check(assessment: Assessment) -> Iterator[Finding]:
    """Yield a finding for each waiver by somebody who is not entitled to it."""
    for key, waiver in assessment.case.nodes(Waiver, "waiver"):
        for flaw in unentitled(assessment.case, key, waiver, assessment.policy):
            if flaw.code == RULE.code:
                yield RULE.at(key, flaw.field, flaw.message)
