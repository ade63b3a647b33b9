"""A goal states a requirement, and nothing below it speaks of that requirement.

## What it does
For each goal that names requirements or safety goals in `states`, walks down to the solutions and looks at what they
cite: evidence that verifies the requirement, or one that derives from it, or such a requirement itself. Goals with an
undeveloped element, a contract or a reference to another module below are left out, and so are those whose way down
has a link to nothing or a solution without evidence: other rules say so.

## Why it matters
The picture is complete from top to bottom, and the evidence at the bottom is about something else.

## Bad
```yaml
- type: goal
  id: G-1
  statement: Stop signs are reported
  states: [REQ-2]
  supported_by: [SN-1]
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
- type: requirement
  id: REQ-2
  level: stakeholder
  statement: The system shall report yield signs.
  rationale: Asked for by the operator.
  verified_by: [tests/test_x.py::test_z]
```

## Good
```yaml
- type: goal
  id: G-1
  statement: Stop signs are reported
  states: [REQ-1]
  supported_by: [SN-1]
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
```

## References
GSN v3 2:7.4.5.1 (relevance of evidence); ISO 26262-8:2018, 6.4.3.2.
"""

from __future__ import annotations

from collections.abc import Iterator

from casework.graph.case import Case
from casework.model.finding import Finding
from casework.rules.gsn_argument import supports
from casework.rules.rule import Rule
from casework.rules.trc_links import names

RULE = Rule(
    "GSN-051",
    "stated-but-not-shown",
    "warning",
    "Cite evidence that verifies it below the goal, or state what is shown.",
    "case",
)

_OPEN = ("module_reference", "contract_reference")


def check(case: Case) -> Iterator[Finding]:
    """Yield a finding for each stated requirement that no evidence below its goal verifies."""
    for key in case.keys("goal"):
        stated = [e for e in case.out(key, "states") if case.entries[e.target].type in ("requirement", "safety_goal")]
        shown = _shown(case, key) if stated else None
        if shown is None:
            continue
        for edge in stated:
            if edge.target not in shown:
                yield RULE.at(
                    key,
                    ("states", edge.index),
                    f"{key} states {edge.target}, and no evidence below it verifies {edge.target}",
                )


def _shown(case: Case, goal: str) -> set[str] | None:
    """Return all that the evidence below a goal speaks for; None if the way down is not complete."""
    cited: set[str] = set()
    for key in (goal, *case.reach([goal], lambda k: (e.target for e in supports(case, k)))):
        entry = case.entries[key]
        if (
            not entry.valid
            or entry.type in _OPEN
            or entry.light.get("undeveloped")
            or entry.light.get("supported_by_contract")
        ):
            return None
        written = sum(1 for link in entry.links if link[0] in ("supported_by", "cites", "away"))
        edges = case.out(key, "supported_by", "cites", "away")
        ends = entry.type in ("goal", "strategy", "solution") and not names(entry, "supported_by", "cites")
        if written != len(edges) or ends:
            return None
        cited.update(e.target for e in edges if e.field == "cites")
    verified = {e.target for key in cited for e in case.out(key, "verifies")} | cited
    return verified | set(case.reach(verified, lambda k: (e.target for e in case.out(k, "derives_from"))))
