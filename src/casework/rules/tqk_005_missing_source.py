"""A requirement names a source file that does not exist.

## What it does
Looks for each file of `implemented_by`. Retired requirements are left out.

## Why it matters
Nobody can review the code of a requirement that points nowhere, and a change of the code makes nobody look at it.

## Bad
`src/reporter.c` does not exist.

```yaml needs=evidence
- type: requirement
  id: REQ-1
  level: system
  statement: The system shall report stop signs.
  rationale: Asked for by the operator; the bound is that of the contract.
  verified_by: [tests/test_x.py::test_y]
  implemented_by: [src/reporter.c]
```

## Good
`src/reporter.c` exists.

```yaml needs=evidence
- type: requirement
  id: REQ-1
  level: system
  statement: The system shall report stop signs.
  rationale: Asked for by the operator; the bound is that of the contract.
  verified_by: [tests/test_x.py::test_y]
  implemented_by: [src/reporter.c]
```

## References
ISO 26262-8:2018, 6.4.3.2 (traceability).
"""

from __future__ import annotations

from collections.abc import Iterator

from casework.graph.assessment import Assessment
from casework.model.finding import Finding
from casework.rules.rule import Rule

RULE = Rule(
    "TQK-005", "missing-source", "error", "Restore the file, or name the one that implements it now.", "assessment"
)


def check(assessment: Assessment) -> Iterator[Finding]:
    """Yield a finding for each source file that is named and not there."""
    for key in assessment.case.keys("requirement"):
        entry = assessment.case.entries[key]
        if not entry.valid or entry.light.get("status") == "retired":
            continue
        for index, path in enumerate(entry.light.get("implemented_by") or ()):
            fact = assessment.files.get(path)
            if fact is None or not fact.exists:
                yield RULE.at(key, ("implemented_by", index), f"the source {path} of {key} does not exist")
