"""Signing off nodes: a review is a node of its own, written at the fingerprints that the reviewer saw."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from casework.graph.assessment import Assessment
from casework.graph.suspect import changed, latest, suspects
from casework.model.problem import CallProblem
from casework.model.process import Review
from casework.model.vocabulary import NODE_TYPES, links_of
from casework.workflow.judging.assess import Assessed


def review_of(
    assessment: Assessment,
    keys: Sequence[str],
    person: str,
    role: str | None,
    meaning: str,
    remarks: str | None,
    today: date,
    retires: Sequence[str] = (),
) -> dict[str, object]:
    """Return the review node of a sign-off, as plain data in the order in which it is to be written.

    Args:
        assessment: The case as it stands.
        keys: Nodes to sign off.
        person: Id of the person in the trust policy.
        role: Role in which the person signs, or None.
        meaning: reviewed, approved or rejected.
        remarks: What the reviewer has to say, or None.
        today: Date of the sign-off.
        retires: Keys of nodes whose removal the review confirms.

    Raises:
        CallProblem: A node is unknown or invalid, the person is unknown or a machine, lacks the role, or is not
            independent.
    """
    case = assessment.case
    _check_person(assessment, person, role)
    allowed = links_of("review")["of"].targets
    prints: dict[str, str] = {}
    for key in keys:
        if key not in case:
            raise CallProblem(f"there is no node {key}")
        entry = case.entries[key]
        if not entry.valid or entry.type not in allowed:
            raise CallProblem(
                f"{key} cannot be signed off: it is {'not valid' if not entry.valid else f'a {entry.type}'}"
            )
        if assessment.project.review.independent and case.data(key).get("owner") == person:
            raise CallProblem(f"{person} owns {key} and so cannot review it: the reviewer must be independent")
        prints[key] = case.fingerprint(key)
        prints.update({e.target: case.fingerprint(e.target) for e in case.out(key) if case.entries[e.target].valid})
    stem = f"RV-{today:%Y%m%d}-{_slug(person)}"
    taken = [case.entries[k].id.removeprefix(f"{stem}-") for k in case.keys("review")]
    number = 1 + max(
        (int(n) for n in taken if n.isdecimal()), default=0
    )  # of one day, the highest number is the latest
    node: dict[str, object] = {
        "type": "review",
        "id": f"{stem}-{number}",
        "of": list(keys),
        "by": person,
        **({"role": role} if role else {}),
        "on": today.isoformat(),
        "meaning": meaning,
        **({"remarks": remarks} if remarks else {}),
        **({"retires": list(retires)} if retires else {}),
        "fingerprints": dict(sorted(prints.items())),
    }
    Review.model_validate(node)
    return node


def _check_person(assessment: Assessment, person: str, role: str | None) -> None:
    if assessment.policy is None:
        return
    known = assessment.policy.persons.get(person)
    if known is None:
        raise CallProblem(
            f"{person} is no person of the trust policy; there are {', '.join(sorted(assessment.policy.persons))}"
        )
    if known.machine:
        raise CallProblem(f"{person} is a machine and cannot review")
    if role and role not in known.roles:
        raise CallProblem(f"{person} does not hold the role {role}; held: {', '.join(known.roles) or 'none'}")


def _slug(person: str) -> str:
    return "".join(c if c.isalnum() else "-" for c in person)


def to_yaml(node: dict[str, object]) -> str:
    """Return a node as YAML in the house's form: block style, keys in the order given, text quoted where it must be."""
    from casework.artifact.yaml_writer import dump, reformat

    return reformat(dump([node]), {name: tuple(cls.model_fields) for name, cls in NODE_TYPES.items()})


def needing_review(assessed: Assessed, person: str) -> list[str]:
    """Return the nodes whose sign-off is missing, outdated or suspect and that the person may review, sorted."""
    assessment = assessed.assessment
    case, signed = assessment.case, latest(assessment.case)
    found = {k for k in case.keys(*assessment.project.review.types) if k not in signed and case.entries[k].valid}
    found |= {s.node for s in changed(case)} | {s.link.source for s in suspects(case)}
    found = {k for k in found if case.entries[k].light.get("status") != "retired"}
    return sorted(k for k in found if case.entries[k].light.get("owner") != person)
