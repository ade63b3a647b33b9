"""A manifest is not the one that its dataset pins.

## What it does
Compares the SHA-256 of the manifest as it lies there with `manifest.sha256`.

## Why it matters
Items that are added, dropped or labelled anew make other data, and other figures.

## Bad
The SHA-256 of `data/ds-1.jsonl` starts with 3c4d.

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
The SHA-256 of `data/ds-1.jsonl` is that of the dataset.

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
in-toto attestation framework v1 (subjects are bound by digest); ISO/PAS 8800:2024, clause 11.
"""

from __future__ import annotations

from collections.abc import Iterator

from casework.graph.assessment import Assessment
from casework.model.finding import Finding
from casework.model.learning import Dataset
from casework.rules.rule import Rule

RULE = Rule(
    "DAT-002",
    "manifest-digest-mismatch",
    "error",
    "Restore the manifest, or update the dataset after a review and run its evidence again.",
    "assessment",
)


def check(assessment: Assessment) -> Iterator[Finding]:
    """Yield a finding for each dataset whose manifest has another digest."""
    for key, dataset in assessment.case.nodes(Dataset, "dataset"):
        fact = assessment.manifests.get(dataset.manifest.path)
        pinned = dataset.manifest.sha256
        if fact is not None and fact.sha256 and fact.sha256 != pinned:
            told = f"{key} pins {pinned[:8]}..., the manifest is {fact.sha256[:8]}..."
            yield RULE.at(key, ("manifest", "sha256"), f"{dataset.manifest.path} has changed: {told}")
