"""A way down the argument ends nowhere.

## What it does
Every way down from a top goal must end in a solution, an undeveloped element, or the argument of another module.
Reported are references to modules (and contracts) of which the case holds no element. Goals and strategies without
support are GSN-008; solutions that cite nothing are GSN-049.

## Why it matters
The reference looks like support and leads to an empty page.

## Bad
```yaml
- type: goal
  id: G-1
  statement: Stop signs are reported
  supported_by: [SN-1, M-1]
- type: solution
  id: SN-1
  statement: Test of the reports
  cites: [REQ-1]
- type: requirement
  id: REQ-1
  level: stakeholder
  statement: The system shall report stop signs.
  rationale: Asked for by the operator.
  verified_by: [tests/test_x.py::test_y]
- type: module_reference
  id: M-1
  statement: Argument about the camera
  refers_to_module: camera
```

## Good
```yaml
- type: goal
  id: G-1
  statement: Stop signs are reported
  supported_by: [SN-1, M-1]
- type: solution
  id: SN-1
  statement: Test of the reports
  cites: [REQ-1]
- type: requirement
  id: REQ-1
  level: stakeholder
  statement: The system shall report stop signs.
  rationale: Asked for by the operator.
  verified_by: [tests/test_x.py::test_y]
- type: module_reference
  id: M-1
  statement: Argument about the camera
  refers_to_module: camera
- type: goal
  module: camera
  id: G-1
  statement: Frames arrive in time
  undeveloped: true
```

## References
GSN v3 2:2.3, 1:4.2.
"""

from __future__ import annotations

from collections.abc import Iterator

from casework.graph.case import Case
from casework.model.argument import ANY_ELEMENT, ContractReference, ModuleReference
from casework.model.finding import Finding
from casework.rules.rule import Rule

RULE = Rule(
    "GSN-010", "dead-end", "error", "Add the module's argument to the case, or name the module that was meant.", "case"
)


def check(case: Case) -> Iterator[Finding]:
    """Yield a finding for each reference to a module without elements."""
    modules = {case.entries[key].module for key in case.keys(*ANY_ELEMENT)}
    references: list[tuple[str, ModuleReference | ContractReference]] = []
    references.extend(case.nodes(ModuleReference, "module_reference"))
    references.extend(case.nodes(ContractReference, "contract_reference"))
    for key, node in references:
        if node.refers_to_module not in modules:
            message = f"{key} refers to the module {node.refers_to_module}, of which the case holds no element"
            yield RULE.at(key, ("refers_to_module",), message)
