"""The parts of a sample do not make up the whole.

## What it does
Compares the sample of each slice of each current record with that of the whole of the same metric (`any`, or `all` where
that is inside the operational design domain only): none is larger.
Where every value of a dimension of the operational design domain has its slice, their samples together are not
larger either; and for recall, fnr and accuracy, whose trials each belong to one value, they are equal.

## Why it matters
In a published safety case the parts of a slice exceed its whole by 156. Nobody noticed, as nobody adds up by hand.

## Bad
A record holds:

```json
[{"name": "recall", "slice": "all", "value": 0.98, "unit": "ratio", "n": 1000, "k": 980},
 {"name": "recall", "slice": "distance=far", "value": 0.98, "unit": "ratio", "n": 1156, "k": 1133}]
```

of this plan:

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
A record holds:

```json
[{"name": "recall", "slice": "all", "value": 0.98, "unit": "ratio", "n": 1000, "k": 980},
 {"name": "recall", "slice": "distance=far", "value": 0.98, "unit": "ratio", "n": 500, "k": 490}]
```

of this plan:

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
ISO/PAS 8800:2024, clause 11 (data completeness).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final

from casework.graph.appraise import examined_dataset
from casework.graph.assessment import Assessment
from casework.model.finding import Finding
from casework.model.hazard import Odd
from casework.rules import evidence_records as records
from casework.rules.rule import Rule

RULE = Rule(
    "NUM-005",
    "slice-exceeds-whole",
    "error",
    "Mend the generator, raise its version, and run the evidence again; a sealed record is never edited.",
    "assessment",
)


_PARTITIONED: Final = ("recall", "fnr", "accuracy")


def check(assessment: Assessment) -> Iterator[Finding]:
    """Yield a finding for each slice, and for each dimension, that does not fit into the whole."""
    for key, record in records.current(assessment):
        sizes = {(m.name, m.slice): m.n for m in record.metrics if m.n is not None}
        dimensions = _dimensions(assessment, key)
        for (name, where), size in sorted(sizes.items()):
            whole = max((sizes[name, w] for w in ("all", "any") if (name, w) in sizes), default=None)
            if where not in ("all", "any") and whole is not None and size > whole:
                message = f"{name} of {where} in the record of {key} has a sample of {size}, and the whole has {whole}"
                yield RULE.at(key, (), message)
            if where == "all":
                yield from _sums(key, name, size, sizes, dimensions)


def _sums(
    key: str, name: str, whole: int, sizes: Mapping[tuple[str, str], int], dimensions: Mapping[str, tuple[str, ...]]
) -> Iterator[Finding]:
    for dimension, values in dimensions.items():
        parts = [sizes.get((name, f"{dimension}={value}")) for value in values]
        known = [part for part in parts if part is not None]
        if len(known) < len(parts) or any(part > whole for part in known):
            continue
        if sum(known) > whole or (sum(known) < whole and name in _PARTITIONED):
            told = f"{sum(known)} over the values of {dimension}, and {whole} in all"
            yield RULE.at(key, (), f"the samples of {name} in the record of {key} are {told}")


def _dimensions(assessment: Assessment, key: str) -> dict[str, tuple[str, ...]]:
    case, dataset = assessment.case, examined_dataset(assessment.case, key)
    domains = (
        [case.node(e.target) for e in case.out(dataset, "covers") if case.entries[e.target].valid] if dataset else []
    )
    return {d.name: d.values for odd in domains if isinstance(odd, Odd) for d in odd.dimensions}
