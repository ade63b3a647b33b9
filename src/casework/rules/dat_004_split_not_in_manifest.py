"""The splits of a dataset are not those of its manifest.

## What it does
Compares the names of the declared splits with those in the manifest, both ways.

## Why it matters
A split that is not declared has no purpose: it could be verification data that was trained on.

## Bad
The manifest has the splits `test` and `extra`.

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
The manifest has the split `test` only.

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
AMLAS v1.1, artefacts N, O and P (development, internal test and verification data).
"""

from __future__ import annotations

from collections.abc import Iterator

from casework.graph.assessment import Assessment
from casework.model.finding import Finding
from casework.model.learning import Dataset
from casework.rules.rule import Rule

RULE = Rule(
    "DAT-004", "split-not-in-manifest", "error", "Declare exactly the splits that the manifest has.", "assessment"
)


def check(assessment: Assessment) -> Iterator[Finding]:
    """Yield a finding for each split that only one of the two has."""
    for key, dataset in assessment.case.nodes(Dataset, "dataset"):
        fact = assessment.manifests.get(dataset.manifest.path)
        if fact is None or fact.problem or not fact.sha256:
            continue
        listed = {name for name, _count in fact.splits}
        for index, split in enumerate(dataset.splits):
            if split.name not in listed:
                message = f"the split {split.name} of {key} is not in {dataset.manifest.path}"
                yield RULE.at(key, ("splits", index, "name"), message)
        for name in sorted(listed - {split.name for split in dataset.splits}):
            message = f"{dataset.manifest.path} has the split {name}, which {key} does not declare"
            yield RULE.at(key, ("splits",), message)
