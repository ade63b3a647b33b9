"""A person is named whom the trust policy does not know.

## What it does
Looks up every `owner`, `by` and `accepted_by` among the persons of the trust policy. Nothing is reported where there
is no policy to ask; that itself is another finding.

## Why it matters
A sign-off by somebody unknown is nobody's. A misspelt owner also defeats the check that reviewers are independent.

## Bad
This rule needs a trust policy, so the example has no test of its own page: `owner: anne` where the policy knows
`ann`.

## Good
`owner: ann`, where `persons` of the policy has an entry `ann`.

## References
ISO 26262-2:2018, 5.4.4 and 6.4.2 (competence and responsibilities); ISO 26262-8:2018, 6.4.2.5.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from casework.graph.assessment import Assessment
from casework.graph.case import Entry
from casework.model.finding import Finding, Route
from casework.model.vocabulary import GSN_TYPES
from casework.rules.rule import Rule

RULE = Rule(
    "TRC-017",
    "unknown-person",
    "error",
    "Write the person's id as in the trust policy, or have the policy's root add the person.",
    "assessment",
)

_ACTS = GSN_TYPES | {"review", "waiver", "hazardous_event"}
"""Node types that name a person beside their owner."""


def check(assessment: Assessment) -> Iterator[Finding]:
    """Yield a finding for each field that names a person unknown to the policy."""
    if assessment.policy is None:
        return
    persons = assessment.policy.persons
    case = assessment.case
    for key, entry in case.entries.items():
        if not entry.valid:
            continue
        owner = entry.light.get("owner")
        if owner is not None and owner not in persons:
            yield RULE.at(key, ("owner",), f"{key} names {owner}, and the trust policy has no such person")
        if entry.type not in _ACTS:
            continue
        for route, person in _named(entry, case.data(key)):
            if person not in persons:
                yield RULE.at(key, route, f"{key} names {person}, and the trust policy has no such person")


def _named(entry: Entry, data: dict[str, Any]) -> Iterator[tuple[Route, str]]:
    if entry.type in ("review", "waiver") and data.get("by") is not None:
        yield ("by",), data["by"]
    risk = data.get("residual_risk")
    if risk is not None:
        yield ("residual_risk", "accepted_by"), risk["accepted_by"]
    for index, doubt in enumerate(data.get("residual_doubts") or ()):
        yield ("residual_doubts", index, "accepted_by"), doubt["accepted_by"]
