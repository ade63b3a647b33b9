"""Nothing detects a potential error of a tool.

## What it does
Looks at each potential error of each use case of a tool for `detected_by`.

## Why it matters
The tool's answers are believed. An error that nothing detects becomes an error of the product.

## Bad
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
ISO 26262-8:2018, 11.4.4 and 11.4.5 (analysis of tool usage, tool error detection).
"""

from __future__ import annotations

from collections.abc import Iterator

from casework.model.finding import Finding
from casework.model.node import Node
from casework.model.process import Tool
from casework.rules.rule import Rule

RULE = Rule(
    "TQK-001",
    "potential-error-undetected",
    "error",
    "Name the tests or requirements that detect or prevent it in `detected_by`.",
    "node",
    ("tool",),
)


def check(key: str, node: Node) -> Iterator[Finding]:
    """Yield a finding for each potential error that nothing detects."""
    if isinstance(node, Tool):
        for i, use in enumerate(node.use_cases):
            for j, error in enumerate(use.potential_errors):
                if not error.detected_by:
                    message = f"nothing detects the potential error {error.id} of {use.id} of {key}"
                    yield RULE.at(key, ("use_cases", i, "potential_errors", j), message)
