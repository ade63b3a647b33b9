"""Data that must be apart share items.

## What it does
Compares the digests of the items: of splits with different purposes within one dataset, and of datasets of which
one is declared `disjoint_from` the other. It sees equal bytes only; near twins are found by the generator
`dataset`.

## Why it matters
A model has seen such an item before it is tested on it. The figures are then better than the model.

## Bad
The picture `000017.jpg` lies in both datasets.

```yaml needs=evidence
- type: odd
  id: ODD-1
  statement: Rural roads by day.
  dimensions:
    - {name: distance, values: [near, far]}
- type: dataset
  id: DS-2
  statement: Road signs, drawn by a script.
  version: "1.0"
  manifest:
    path: data/ds-2.jsonl
    sha256: "1111111111111111111111111111111111111111111111111111111111111111"
  splits:
    - {name: train, purpose: development, size: 5000}
  covers: [ODD-1]
  provenance: Drawn by a script with a fixed seed.
  labelling: By the script that places the signs.
  licence: Apache-2.0
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
  disjoint_from: [DS-2]
```

## Good
No item lies in both datasets.

```yaml needs=evidence
- type: odd
  id: ODD-1
  statement: Rural roads by day.
  dimensions:
    - {name: distance, values: [near, far]}
- type: dataset
  id: DS-2
  statement: Road signs, drawn by a script.
  version: "1.0"
  manifest:
    path: data/ds-2.jsonl
    sha256: "1111111111111111111111111111111111111111111111111111111111111111"
  splits:
    - {name: train, purpose: development, size: 5000}
  covers: [ODD-1]
  provenance: Drawn by a script with a fixed seed.
  labelling: By the script that places the signs.
  licence: Apache-2.0
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
  disjoint_from: [DS-2]
```

## References
AMLAS v1.1, stage 3 (independence of verification data); ISO/PAS 8800:2024, clause 11 (independence of datasets).
"""

from __future__ import annotations

from collections.abc import Iterator

from casework.graph.assessment import Assessment
from casework.model.finding import Finding
from casework.model.learning import Dataset
from casework.rules.rule import Rule

RULE = Rule(
    "DAT-005",
    "overlapping-splits",
    "error",
    "Take the shared items out of one of the two, and run what used them again.",
    "assessment",
)


def check(assessment: Assessment) -> Iterator[Finding]:
    """Yield a finding for each pair of splits, or of datasets, that share items."""
    for key, dataset in assessment.case.nodes(Dataset, "dataset"):
        fact = assessment.manifests.get(dataset.manifest.path)
        if fact is None:
            continue
        items = dict(fact.digests)
        for index, split in enumerate(dataset.splits):
            for other in dataset.splits[:index]:
                shared = items.get(split.name, _NONE) & items.get(other.name, _NONE)
                if shared and other.purpose != split.purpose:
                    message = f"the splits {other.name} and {split.name} of {key} share {len(shared)} items"
                    yield RULE.at(key, ("splits", index), message)
        yield from _apart(assessment, key, frozenset().union(*items.values()))


_NONE: frozenset[str] = frozenset()


def _apart(assessment: Assessment, key: str, items: frozenset[str]) -> Iterator[Finding]:
    case = assessment.case
    for edge in case.out(key, "disjoint_from"):
        other = case.node(edge.target) if case.entries[edge.target].valid else None
        fact = assessment.manifests.get(other.manifest.path) if isinstance(other, Dataset) else None
        shared = items & frozenset().union(*(found for _name, found in fact.digests)) if fact else _NONE
        if shared:
            message = f"{key} is declared disjoint from {edge.target} and shares {len(shared)} items with it"
            yield RULE.at(key, ("disjoint_from", edge.index), message)
