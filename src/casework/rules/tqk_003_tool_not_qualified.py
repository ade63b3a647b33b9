"""A tool needs qualification and has none.

## What it does
Computes the tool confidence level from `ti` and `td`. For TCL2 and TCL3 `qualified_by` must not be empty.

## Why it matters
With TCL2 and TCL3 the tool can introduce an error that its use does not reveal; so the tool itself must be shown to
work.

## Bad
```yaml
- type: tool
  id: T-1
  statement: Runs the checks of the safety case before each merge.
  version: "1.0"
  ti: TI2
  td: TD3
  rationale: A missed gap could stay; each use is covered by tests.
  use_cases:
    - id: UC-1
      description: Blocks a merge while evidence is missing.
      potential_errors:
        - id: PE-1
          description: Missing evidence is not noticed.
          detected_by: ["tests/test_x.py::test_y"]
- type: requirement
  id: REQ-1
  level: system
  statement: The system shall report stop signs.
  rationale: Asked for by the operator; the bound is that of the contract.
  verified_by: [tests/test_x.py::test_y]
```

## Good
```yaml
- type: tool
  id: T-1
  statement: Runs the checks of the safety case before each merge.
  version: "1.0"
  ti: TI2
  td: TD3
  rationale: A missed gap could stay; each use is covered by tests.
  use_cases:
    - id: UC-1
      description: Blocks a merge while evidence is missing.
      potential_errors:
        - id: PE-1
          description: Missing evidence is not noticed.
          detected_by: ["tests/test_x.py::test_y"]
  qualified_by: [REQ-1]
- type: requirement
  id: REQ-1
  level: system
  statement: The system shall report stop signs.
  rationale: Asked for by the operator; the bound is that of the contract.
  verified_by: [tests/test_x.py::test_y]
```

## References
ISO 26262-8:2018, 11.4.5.5 (Table 3) and 11.4.6 (Tables 4 and 5).
"""

from __future__ import annotations

from collections.abc import Iterator

from casework.model.finding import Finding
from casework.model.node import Node
from casework.model.process import Tool
from casework.rules.rule import Rule

RULE = Rule(
    "TQK-003",
    "tool-not-qualified",
    "error",
    "Name in `qualified_by` the requirements, evidence or reviews that qualify it.",
    "node",
    ("tool",),
)


def check(key: str, node: Node) -> Iterator[Finding]:
    """Yield a finding for a tool of TCL2 or TCL3 without qualification."""
    if isinstance(node, Tool) and node.tcl != "TCL1" and not node.qualified_by:
        yield RULE.at(key, (), f"{key} is {node.tcl} by {node.ti} and {node.td}, and nothing qualifies it")
