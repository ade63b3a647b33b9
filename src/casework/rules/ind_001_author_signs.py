"""Evidence is signed by an author of what it verifies.

## What it does
Looks at the signers of each record that counts: nobody who signs in the role `verifier` may own a requirement that
the evidence verifies, or the model that it examines. Verification itself reports the same code where the trust
policy asks for independence.

## Why it matters
Whoever wrote a requirement reads the results as they were meant, not as they are.

## Bad
`alice` signs EV-1 as verifier.

```yaml needs=evidence
- type: requirement
  id: REQ-1
  level: system
  statement: The system shall report stop signs.
  rationale: Asked for by the operator; the bound is that of the contract.
  acceptance:
    - {metric: recall, slice: all, op: ">=", bound: 0.95, unit: ratio, confidence: 0.95}
  owner: alice
- type: evidence
  id: EV-1
  generator: validation
  subject: MC-1
  data: DS-1
  split: test
  verifies: [REQ-1]
```

## Good
`vera` signs EV-1 as verifier.

```yaml needs=evidence
- type: requirement
  id: REQ-1
  level: system
  statement: The system shall report stop signs.
  rationale: Asked for by the operator; the bound is that of the contract.
  acceptance:
    - {metric: recall, slice: all, op: ">=", bound: 0.95, unit: ratio, confidence: 0.95}
  owner: alice
- type: evidence
  id: EV-1
  generator: validation
  subject: MC-1
  data: DS-1
  split: test
  verifies: [REQ-1]
```

## References
ISO 26262-2:2018, 6.4.9 and Table 1 (independence of confirmation measures).
"""

from __future__ import annotations

from collections.abc import Iterator

from casework.graph.assessment import Assessment
from casework.model.finding import Finding
from casework.rules.rule import Rule

RULE = Rule(
    "IND-001",
    "author-signs",
    "error",
    "Have it signed by somebody who did not write the requirement and does not own the model.",
    "assessment",
)


_ROLE = "verifier"


def _independent_roles(assessment: Assessment, generator: str) -> set[str]:
    """Return the roles in which nobody may sign own work: verifiers always, every required role where the policy says so."""
    rule = assessment.policy.rule_for(generator) if assessment.policy else None
    return {_ROLE, *(rule.require if rule and rule.independent else ())}


def check(assessment: Assessment) -> Iterator[Finding]:
    """Yield a finding for each verifier who owns what the evidence verifies or examines."""
    case = assessment.case
    for key, appraisal in sorted(assessment.appraisals.items()):
        verdict = appraisal.verdict
        if verdict is None or not verdict.verified:
            continue
        record = appraisal.record
        roles = _independent_roles(assessment, record.generator.name if record else "")
        persons = sorted({signer.person for signer in verdict.signers if roles & signer.roles})
        for edge in case.out(key, "verifies", "subject"):
            owner = case.data(edge.target).get("owner")
            if owner in persons:
                message = f"{owner} signed the evidence {key}, and owns {edge.target}"
                yield RULE.at(key, (), message)
