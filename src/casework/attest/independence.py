"""Independence of signers from authors: who made a requirement does not verify it."""

from __future__ import annotations

from collections.abc import Set as AbstractSet

from casework.attest.codes import report
from casework.model.finding import Finding
from casework.model.policy import TrustPolicy
from casework.model.verdict import Verdict


def check_independence(verdict: Verdict, authors: AbstractSet[str], policy: TrustPolicy) -> tuple[Finding, ...]:
    """Judge whether a signer of independent evidence is an author of what it speaks for (`IND-001`).

    Args:
        verdict: A verified record.
        authors: Persons (ids of the trust policy) who wrote the requirements that the evidence node verifies.
        policy: Says whether this kind of evidence must be independent.

    Returns:
        One finding for each such signer; none where independence is not asked for or nothing is verified.
    """
    if not verdict.verified or verdict.statement is None:
        return ()
    rule = policy.rule_for(verdict.statement.predicate.generator.name)
    if rule is None or not rule.independent:
        return ()
    persons = sorted({signer.person for signer in verdict.signers} & authors)
    return tuple(
        report("IND-001", f"{person} signed {verdict.evidence} and is an author of a requirement that it verifies",
               node=verdict.evidence, file=verdict.path)
        for person in persons
    )  # fmt: skip
