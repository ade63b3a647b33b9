"""What is said to detect a tool's error does not exist.

## What it does
Looks up each entry of `detected_by`: a test (`path::name`) must be defined in its file, anything else must be a
requirement.

## Why it matters
A measure that was renamed or deleted detects nothing, and the list looks as complete as before.

## Bad
`tests/test_x.py` defines no `test_y`.

```yaml needs=evidence
- type: tool
  id: T-1
  statement: Runs the checks of the safety case before each merge.
  version: "1.0"
  ti: TI2
  td: TD1
  rationale: A missed gap could stay; each use is covered by tests.
  use_cases:
    - id: UC-1
      description: Blocks a merge while evidence is missing.
      potential_errors:
        - id: PE-1
          description: Missing evidence is not noticed.
          detected_by: ["tests/test_x.py::test_y"]
```

## Good
`tests/test_x.py` defines `test_y`.

```yaml needs=evidence
- type: tool
  id: T-1
  statement: Runs the checks of the safety case before each merge.
  version: "1.0"
  ti: TI2
  td: TD1
  rationale: A missed gap could stay; each use is covered by tests.
  use_cases:
    - id: UC-1
      description: Blocks a merge while evidence is missing.
      potential_errors:
        - id: PE-1
          description: Missing evidence is not noticed.
          detected_by: ["tests/test_x.py::test_y"]
```

## References
ISO 26262-8:2018, 11.4.5.
"""

from __future__ import annotations

from collections.abc import Iterator

from casework.graph.assessment import Assessment
from casework.model.finding import Finding
from casework.model.process import Tool
from casework.rules.rule import Rule

RULE = Rule(
    "TQK-002",
    "detection-does-not-exist",
    "error",
    "Name a test that exists as `path/to/test_file.py::test_name`, or a requirement.",
    "assessment",
)


def check(assessment: Assessment) -> Iterator[Finding]:
    """Yield a finding for each measure of detection that is neither a test nor a requirement."""
    for key, tool in assessment.case.nodes(Tool, "tool"):
        for i, use in enumerate(tool.use_cases):
            for j, error in enumerate(use.potential_errors):
                for m, named in enumerate(error.detected_by):
                    if not _exists(assessment, key, named):
                        route = ("use_cases", i, "potential_errors", j, "detected_by", m)
                        message = f"{named}, which is to detect {error.id} of {use.id} of {key}, does not exist"
                        yield RULE.at(key, route, message)


def _exists(assessment: Assessment, key: str, named: str) -> bool:
    path, _, name = named.partition("::")
    if name and name in assessment.tests.get(path, frozenset()):
        return True
    found = assessment.case.resolve(assessment.case.entries[key], named)
    return found is not None and assessment.case.entries[found].type == "requirement"
