"""A requirement names a test that does not exist.

## What it does
Looks up each entry of `verified_by` (`path::name`) among the tests that the file defines. Retired requirements are
left out.

## Why it matters
A test that was renamed or deleted verifies nothing any more, and no test run says so.

## Bad
`tests/test_x.py` defines no `test_y`.

```yaml needs=evidence
- type: requirement
  id: REQ-1
  level: system
  statement: The system shall report stop signs.
  rationale: Asked for by the operator; the bound is that of the contract.
  verified_by: [tests/test_x.py::test_y]
```

## Good
`tests/test_x.py` defines `test_y`.

```yaml needs=evidence
- type: requirement
  id: REQ-1
  level: system
  statement: The system shall report stop signs.
  rationale: Asked for by the operator; the bound is that of the contract.
  verified_by: [tests/test_x.py::test_y]
```

## References
ISO 26262-8:2018, 9.4 (verification) and 6.4.3.2 (traceability).
"""

from __future__ import annotations

from collections.abc import Iterator

from casework.graph.assessment import Assessment
from casework.model.finding import Finding
from casework.rules.rule import Rule

RULE = Rule("TQK-004", "missing-test", "error", "Write the test, or name it as it is called now.", "assessment")


def check(assessment: Assessment) -> Iterator[Finding]:
    """Yield a finding for each test that is named and not defined."""
    for key in assessment.case.keys("requirement"):
        entry = assessment.case.entries[key]
        if not entry.valid or entry.light.get("status") == "retired":
            continue
        for index, test in enumerate(entry.light.get("verified_by") or ()):
            path, _, name = test.partition("::")
            if name not in assessment.tests.get(path, frozenset()):
                why = "" if path in assessment.tests else f": {path} cannot be read as a test file"
                yield RULE.at(key, ("verified_by", index), f"the test {test} of {key} does not exist{why}")
