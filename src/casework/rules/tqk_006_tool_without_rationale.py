"""A tool is rated without a reason.

## What it does
Looks for tools without `rationale`.

## Why it matters
The whole qualification hangs on two ratings. Rated TI1, a compiler needs no qualification; an assessor asks why.

## Bad
```yaml
- type: tool
  id: T-1
  statement: Runs the checks of the safety case before each merge.
  version: "1.0"
  ti: TI2
  td: TD1
  use_cases:
    - id: UC-1
      description: Blocks a merge while evidence is missing.
      potential_errors:
        - id: PE-1
          description: Missing evidence is not noticed.
          detected_by: ["tests/test_x.py::test_y"]
```

## Good
```yaml
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
ISO 26262-8:2018, 11.4.5.2 and 11.5.1 (software tool criteria evaluation report).
"""

from __future__ import annotations

from collections.abc import Iterator

from casework.model.finding import Finding
from casework.model.node import Node
from casework.model.process import Tool
from casework.rules.rule import Rule

RULE = Rule(
    "TQK-006",
    "tool-without-rationale",
    "error",
    "State in `rationale` why its impact and its error detection are rated so.",
    "node",
    ("tool",),
)


def check(key: str, node: Node) -> Iterator[Finding]:
    """Yield a finding for a tool without a rationale."""
    if isinstance(node, Tool) and not (node.rationale or "").strip():
        yield RULE.at(key, (), f"{key} is rated {node.ti} and {node.td} without a rationale")
