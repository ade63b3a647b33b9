"""An agreed requirement is neither refined nor verified.

## What it does
Looks for requirements that nothing covers: no requirement in force derives from them, no evidence verifies them, no
test is named. It is an error for a requirement with ASIL A to D or a SIL, and a warning otherwise. Drafts and retired
ones are left out.

## Why it matters
This is the gap that safety cases exist to find: a promise that nobody keeps, or keeps without showing it.

## Bad
```yaml
- type: requirement
  id: REQ-1
  level: system
  asil: B
  statement: The system shall report stop signs.
  rationale: Asked for by the operator; B as the item's safety goal.
```

## Good
```yaml
- type: requirement
  id: REQ-1
  level: system
  asil: B
  statement: The system shall report stop signs.
  rationale: Asked for by the operator; B as the item's safety goal.
  verified_by: [tests/test_x.py::test_y]
```

## References
ISO 26262-8:2018, 6.4.3.2 and 9.4; Automotive SPICE 4.0, MLE.4.BP6.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from casework.graph.case import Case, Entry
from casework.model.finding import Finding
from casework.rules.rule import Rule

RULE = Rule(
    "TRC-006",
    "uncovered-requirement",
    "error",
    "Refine it, plan evidence that verifies it, or name the tests in verified_by.",
    "case",
)


def check(case: Case) -> Iterator[Finding]:
    """Yield a finding for each agreed requirement that nothing covers."""
    entries = case.entries
    for key in case.keys("requirement"):
        entry = entries[key]
        light = entry.light
        if light.get("verified_by") or not entry.valid or light.get("status", "agreed") != "agreed":
            continue
        for edge in case.into(key):
            if edge.field == "verifies" or (
                edge.field == "derives_from" and entries[edge.source].light.get("status") != "retired"
            ):
                break
        else:
            yield _finding(key, entry)


def _finding(key: str, entry: Entry) -> Finding:
    asil, sil = entry.light.get("asil"), entry.light.get("sil")
    level = f"ASIL {asil}" if asil else sil or "QM"
    finding = RULE.at(
        key, (), f"{key} ({level}): nothing derives from it, no evidence verifies it, and it names no test"
    )
    critical = bool(sil) or (asil is not None and not asil.startswith("QM"))
    return finding if critical else replace(finding, severity="warning")
