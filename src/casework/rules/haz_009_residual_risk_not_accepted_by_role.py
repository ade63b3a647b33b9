"""A residual risk is accepted by somebody who does not hold the role.

## What it does
Looks up the person in `residual_risk.accepted_by` in the trust policy and asks whether the person holds the role that
is stated, and is no machine. A person whom the policy does not know is TRC-017.

## Why it matters
Only those who answer for a risk can accept it. A role that somebody gave themselves in the YAML is no role.

## Bad
This rule needs a trust policy, so the example has no test of its own page: `accepted_by: ann, role: safety-manager`
where the policy gives `ann` the role `developer` only.

## Good
`accepted_by: ann, role: safety-manager`, where the policy gives `ann` the role `safety-manager`.

## References
ISO 26262-2:2018, 5.4.2 and 6.4.2 (responsibilities and authority); ISO 21448:2022, clause 12.
"""

from __future__ import annotations

from collections.abc import Iterator

from casework.graph.assessment import Assessment
from casework.model.finding import Finding
from casework.model.hazard import HazardousEvent
from casework.rules.rule import Rule

RULE = Rule(
    "HAZ-009",
    "residual-risk-not-accepted-by-role",
    "error",
    "Have a person accept it who holds the role in the trust policy.",
    "assessment",
)


def check(assessment: Assessment) -> Iterator[Finding]:
    """Yield a finding for each residual risk that nobody with the stated role accepts."""
    policy = assessment.policy
    if policy is None:
        return
    for key, event in assessment.case.nodes(HazardousEvent, "hazardous_event"):
        risk = event.residual_risk
        person = policy.persons.get(risk.accepted_by) if risk else None
        if risk is None or person is None:
            continue
        if person.machine:
            message = f"{key}: the residual risk is accepted by {risk.accepted_by}, which is a machine"
            yield RULE.at(key, ("residual_risk", "accepted_by"), message)
        elif not policy.holds(risk.accepted_by, risk.role):
            held = ", ".join(sorted(person.roles)) or "none"
            message = (
                f"{key}: {risk.accepted_by} accepts the residual risk as {risk.role}; roles in the trust policy: {held}"
            )
            yield RULE.at(key, ("residual_risk", "role"), message)
