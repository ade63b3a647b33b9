"""A split does not have as many items as the dataset says.

## What it does
Counts the items of each split in the manifest and compares with `splits[].size`.

## Why it matters
The size decides what a sample can show. Items that vanished were perhaps the hard ones.

## Bad
The manifest lists 1100 items of the split `test`.

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
The manifest lists 1200 items of the split `test`.

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
ISO/PAS 8800:2024, clause 11 (data completeness).
"""

from __future__ import annotations

from collections.abc import Iterator

from casework.graph.assessment import Assessment
from casework.model.finding import Finding
from casework.model.learning import Dataset
from casework.rules.rule import Rule

RULE = Rule("DAT-003", "split-size-differs", "error", "Mend the size, or restore the items.", "assessment")


def check(assessment: Assessment) -> Iterator[Finding]:
    """Yield a finding for each split of another size."""
    for key, dataset in assessment.case.nodes(Dataset, "dataset"):
        fact = assessment.manifests.get(dataset.manifest.path)
        if fact is None or fact.problem or not fact.sha256:
            continue
        counts = dict(fact.splits)
        for index, split in enumerate(dataset.splits):
            count = counts.get(split.name)
            if count is not None and count != split.size:
                message = (
                    f"the split {split.name} of {key} has {count} items in the manifest, and {split.size} are declared"
                )
                yield RULE.at(key, ("splits", index, "size"), message)
