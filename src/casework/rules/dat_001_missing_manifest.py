"""The manifest of a dataset is not there or cannot be read.

## What it does
Reads the manifest that `manifest.path` names: JSON Lines, an item a line.

## Why it matters
Without it nobody can tell which items the dataset has, and every piece of evidence on it is stale.

## Bad
`data/ds-1.jsonl` does not exist.

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
`data/ds-1.jsonl` exists.

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
AMLAS v1.1, artefacts N, O and P; ISO/PAS 8800:2024, clause 11.
"""

from __future__ import annotations

from collections.abc import Iterator

from casework.graph.assessment import Assessment
from casework.model.finding import Finding
from casework.model.learning import Dataset
from casework.rules.rule import Rule

RULE = Rule("DAT-001", "missing-manifest", "error", "Commit the manifest, or mend its path.", "assessment")


def check(assessment: Assessment) -> Iterator[Finding]:
    """Yield a finding for each dataset whose manifest cannot be read."""
    for key, dataset in assessment.case.nodes(Dataset, "dataset"):
        fact = assessment.manifests.get(dataset.manifest.path)
        if fact is None or not fact.sha256 or fact.problem:
            why = f" ({fact.problem})" if fact and fact.problem else ""
            message = f"the manifest {dataset.manifest.path} of {key} does not exist or cannot be read{why}"
            yield RULE.at(key, ("manifest", "path"), message)
