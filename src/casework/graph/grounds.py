"""On what a claim finally rests: signed results, tests that are only named, both, or neither.

A test that a requirement names is looked up in the tree; whether it passed is known to no record of the case. A claim that
rests on such tests alone is supported in a weaker sense than one that rests on signed results, and readers must see which.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from casework.graph.assessment import Assessment
from casework.graph.network import network_of, reverse


@dataclass(frozen=True, slots=True)
class Grounds:
    """What lies below the claims of a case, by key; a claim itself counts as below itself.

    Attributes:
        results: Claims below which a figure of current, verified evidence was judged.
        tests: Claims below which a requirement names tests.
    """

    results: frozenset[str]
    tests: frozenset[str]

    def only_tests(self, key: str) -> bool:
        """Tell whether a claim rests on tests that are named, and on no signed result."""
        return key in self.tests and key not in self.results


def grounds(assessment: Assessment) -> Grounds:
    """Return on what every claim of a case rests; linear in nodes and links, also where links form circles."""
    case = assessment.case
    dependents = reverse(network_of(assessment).rests_on)
    measured = {key for key, found in assessment.results.items() if any(result.evidence for result in found)}
    measured |= {key for key, appraisal in assessment.appraisals.items() if appraisal.state == "current"}
    naming = {key for key in case.keys("requirement") if case.entries[key].light.get("verified_by")}
    return Grounds(_above(measured, dependents), _above(naming, dependents))


def _above(start: Iterable[str], dependents: Mapping[str, list[str]]) -> frozenset[str]:
    """Return the nodes given, and all that rest on them."""
    found = set(start)
    front = list(found)
    while front:
        for key in dependents.get(front.pop(), ()):
            if key not in found:
                found.add(key)
                front.append(key)
    return frozenset(found)
