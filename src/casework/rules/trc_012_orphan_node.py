"""A node that nothing names and that names nothing.

## What it does
Looks for operational design domains, datasets and model cards without any link; for tools without a link and without
use cases; and for evidence that verifies nothing and that nothing cites. Reviews and waivers do not count. A threat
without a mitigation is HAZ-008.

## Why it matters
A model that no requirement is allocated to, or evidence that speaks for nothing, is work outside the argument: either
it is not needed, or a link is missing.

## Bad
```yaml
- type: odd
  id: ODD-1
  statement: Rural roads by day.
  dimensions:
    - {name: light, values: [day, dusk]}
```

## Good
```yaml
- type: odd
  id: ODD-1
  statement: Rural roads by day.
  dimensions:
    - {name: light, values: [day, dusk]}
- type: practice
  id: PR-1
  practice: MLE.1.BP4
  answer: The operating environment is described by its dimensions.
  satisfied_by: [ODD-1]
```

## References
Automotive SPICE 4.0, MLE.1.BP5 and MLE.4.BP6 (bidirectional traceability); GSN v3 2:7.4.2.2.
"""

from __future__ import annotations

from collections.abc import Iterator

from casework.graph.case import Case
from casework.model.finding import Finding
from casework.rules.rule import Rule
from casework.rules.trc_links import names

RULE = Rule("TRC-012", "orphan-node", "warning", "Link it to what needs it, or remove it.", "case")

_TYPES = ("odd", "dataset", "model_card", "tool")


def check(case: Case) -> Iterator[Finding]:
    """Yield a finding for each node that stands alone."""
    for key in case.keys(*_TYPES):
        entry = case.entries[key]
        if (
            entry.valid
            and not entry.links
            and not _named(case, key)
            and not (entry.type == "tool" and case.data(key).get("use_cases"))
        ):
            yield RULE.at(key, (), f"{key}, a {entry.type}, names nothing, and nothing names it")
    for key in case.keys("evidence"):
        entry = case.entries[key]
        if entry.valid and not names(entry, "verifies") and not _named(case, key):
            yield RULE.at(key, (), f"{key} verifies no requirement, and nothing cites it")


def _named(case: Case, key: str) -> bool:
    return any(case.entries[e.source].type not in ("review", "waiver") for e in case.into(key))
