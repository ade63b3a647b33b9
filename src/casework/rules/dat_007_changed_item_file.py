"""Files of a dataset are not those of its manifest.

## What it does
Compares the SHA-256 of every stored item with that in the manifest.

## Why it matters
A changed picture changes the figures as a changed model does, and the digest of the manifest does not show it.

## Bad
`data/scenes/000017.jpg` was saved anew.

```yaml needs=evidence
- type: odd
  id: ODD-1
  statement: Rural roads by day.
  dimensions:
    - {name: distance, values: [near, far]}
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
```

## Good
Every file has the digest that the manifest gives.

```yaml needs=evidence
- type: odd
  id: ODD-1
  statement: Rural roads by day.
  dimensions:
    - {name: distance, values: [near, far]}
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
```

## References
ISO/PAS 8800:2024, clause 11 (data integrity); AMLAS v1.1, artefact Q (data generation log).
"""

from __future__ import annotations

from collections.abc import Iterator

from casework.graph.assessment import Assessment
from casework.model.finding import Finding
from casework.model.learning import Dataset
from casework.rules.rule import Rule

RULE = Rule(
    "DAT-007",
    "changed-item-file",
    "error",
    "Restore the files, or make a new manifest and run the evidence again.",
    "assessment",
)


def check(assessment: Assessment) -> Iterator[Finding]:
    """Yield one finding for each dataset of which stored items have changed."""
    for key, dataset in assessment.case.nodes(Dataset, "dataset"):
        fact = assessment.manifests.get(dataset.manifest.path)
        found = sorted(fact.changed) if fact else []
        if found:
            shown = ", ".join(found[:3]) + (", ..." if len(found) > 3 else "")
            message = f"{len(found)} files of {key} have changed: {shown}"
            yield RULE.at(key, ("manifest", "path"), message)
