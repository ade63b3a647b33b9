"""Something speaks against the argument, and nobody has answered it.

## What it does
Looks at the argument of the top goals for challenges that no undefeated counter-challenge answers and that nobody
accepts as residual doubt, for assumptions that have failed and that the argument is made under, and for safety
performance indicators that are violated. It cannot be waived.

## Why it matters
An argument with open challenges is legal notation, but its claims are in doubt. A release must not rest on them.

## Bad
```yaml
- type: goal
  id: G-1
  statement: The sign detector is acceptably safe on rural roads.
  supported_by: [SN-1]
  in_context_of: [A-1]
- type: assumption
  id: A-1
  statement: The camera is clean.
  holds: failed
- type: solution
  id: SN-1
  statement: Test results.
  cites: [REQ-1]
- type: requirement
  id: REQ-1
  level: system
  statement: The system shall report stop signs.
  rationale: Asked for by the operator.
  verified_by: [tests/test_x.py::test_y]
```

## Good
```yaml
- type: goal
  id: G-1
  statement: The sign detector is acceptably safe on rural roads.
  supported_by: [SN-1]
  in_context_of: [A-1]
- type: assumption
  id: A-1
  statement: The camera is clean.
  holds: assumed
- type: solution
  id: SN-1
  statement: Test results.
  cites: [REQ-1]
- type: requirement
  id: REQ-1
  level: system
  statement: The system shall report stop signs.
  rationale: Asked for by the operator.
  verified_by: [tests/test_x.py::test_y]
```

## References
GSN Community Standard v3, 1:6.3.7 and 2:11.4; UL 4600, 16 (safety performance indicators).
"""

from __future__ import annotations

from collections.abc import Iterator

from casework.graph.assessment import Assessment
from casework.graph.status import blame, main_argument, open_challenges
from casework.model.finding import Finding
from casework.rules.rule import Rule

RULE = Rule(
    "GTE-010",
    "argument-in-doubt",
    "error",
    "Answer the challenge by a counter-challenge with support, accept its doubt in `residual_doubts`, or change the argument.",
    "assessment",
)


def _answer_lacks_evidence(assessment: Assessment, challenger: str) -> bool:
    """Tell whether the challenge is answered but for evidence that does not count or does not show enough (EVD rules)."""
    case = assessment.case
    for edge in case.into(challenger, "challenges"):
        cause = (edge.source, *blame(assessment.statuses, edge.source))[-1]
        appraisal = assessment.appraisals.get(cause)
        if appraisal is not None and appraisal.state != "current":
            return True
        if any(r.judgement.outcome != "met" for r in assessment.results.get(cause, ())):
            return True
    return False


def check(assessment: Assessment) -> Iterator[Finding]:
    """Yield a finding for each open challenge, failed assumption and violated indicator."""
    case, argument = assessment.case, main_argument(assessment.case)
    for target, challenger, stands in open_challenges(assessment):
        if target not in argument:
            continue  # a challenger that is challenged is being answered
        if _answer_lacks_evidence(assessment, challenger):
            continue  # what the answer lacks is a finding of its own: one fault, one finding
        word = "which stands" if stands else "which is not answered"
        yield RULE.at(target, (), f"{target} is challenged by {challenger}, {word}")
    for key in case.keys("assumption"):
        under = sorted(edge.source for edge in case.into(key, "in_context_of", "away") if edge.source in argument)
        if case.entries[key].light.get("holds") == "failed" and under:
            fix = "Change the argument so that it does not rest on the assumption, or restore what was assumed."
            yield RULE.at(key, ("holds",), f"the assumption {key} has failed, and {under[0]} is made under it", fix)
    for key in case.keys("indicator"):
        goals = [edge.target for edge in case.out(key, "monitors") if edge.target in argument]
        if case.entries[key].light.get("state") == "violated" and goals:
            fix = "Find the cause of the violation, and change the argument or the system."
            yield RULE.at(key, ("state",), f"the indicator {key} of {goals[0]} is violated", fix)
