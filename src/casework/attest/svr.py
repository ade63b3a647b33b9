"""The gate's decision for others: a Simple Verification Result v0.2, sealed as DSSE.

It says what held of a commit, its models and its data, by which policy and when; who does not want to judge the case can rely
on it as far as the signer is trusted. There is no statement of a blocked case: the predicate has no word for "failed", and a
statement without properties would be taken for one by whoever only looks whether there is a statement.

Source: in-toto Attestation Framework, predicate Simple Verification Result v0.2.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from pydantic import ValidationError

from casework.artifact.digest import jcs_bytes
from casework.attest.carrier import Principal, Problem
from casework.attest.codes import shown
from casework.attest.dating.timing import CLOCK_SKEW, Moment, timing_problem
from casework.attest.dsse import read_envelope, sign_envelope
from casework.attest.keys import SigningKey
from casework.attest.opening import Anchors, check_signatures
from casework.attest.statement import read_canonical, schema_problems
from casework.model.decision import Decision
from casework.model.release import (
    CASE_PASSED,
    EVIDENCE_COMPLETE,
    NO_WAIVERS,
    RELEASE,
    SVR_PREDICATE_TYPE,
    VERIFIER_ID,
    Descriptor,
    DigestSet,
    SvrStatement,
)
from casework.model.result import PAYLOAD_TYPE, STATEMENT_TYPE


@dataclass(frozen=True, slots=True)
class Svr:
    """A verification result that was checked.

    Attributes:
        statement: As signed; None where it could not be read. Believe it only if `verified`.
        verified: True if there is a signature that counts, and no problem.
        principals: Signatures that fit and counted at their time.
        problems: What is wrong.
    """

    statement: SvrStatement | None
    verified: bool
    principals: tuple[Principal, ...] = ()
    problems: tuple[Problem, ...] = ()


def properties_of(decision: Decision) -> tuple[str, ...]:
    """Return what a decision lets one say, sorted; nothing of a blocked case."""
    if decision.word != "pass":
        return ()
    counts = dict(decision.summary)
    planned, current = counts.get("evidence", 0), counts.get("evidence current", 0)
    held = {
        CASE_PASSED: True,
        EVIDENCE_COMPLETE: 0 < planned == current,
        NO_WAIVERS: not decision.waived,
        RELEASE: decision.release,
    }
    return tuple(sorted(name for name, holds in held.items() if holds))


def file_subject(name: str, sha256: str) -> Descriptor:
    """Return the descriptor of a file."""
    return Descriptor(name=name, digest=DigestSet(sha256=sha256))


def commit_subject(commit: str) -> Descriptor:
    """Return the descriptor of a commit."""
    return Descriptor(name="case", digest=DigestSet.model_validate({"gitCommit": commit}))


def svr_statement(
    decision: Decision, subjects: Iterable[Descriptor], policies: Iterable[Descriptor], created: str
) -> SvrStatement | None:
    """Return the statement of a decision; None where there is nothing to say: the case is blocked, or there is no subject.

    Args:
        decision: The gate's decision.
        subjects: What it speaks of: the commit, and model files and data by SHA-256.
        policies: The trust policy by the SHA-256 of its payload; empty where there was none.
        created: Time of the decision, UTC, `YYYY-MM-DDThh:mm:ssZ`.

    Raises:
        ValueError: `created` is no such time.
    """
    said, named = properties_of(decision), sorted(subjects, key=lambda s: (s.digest.sha256 is not None, s.name))
    if not said or not named:
        return None
    return SvrStatement.model_validate(
        {
            "_type": STATEMENT_TYPE,
            "subject": tuple(named),
            "predicateType": SVR_PREDICATE_TYPE,
            "predicate": {
                "verifier": {"id": VERIFIER_ID, "policies": tuple(sorted(policies, key=lambda p: p.name))},
                "timeCreated": created,
                "properties": said,
            },
        }
    )


def seal_svr(statement: SvrStatement, keys: Sequence[SigningKey]) -> bytes:
    """Seal a verification result: canonical payload, one signature by each key, canonical envelope.

    Raises:
        ValueError: No key or one twice; or a name holds what no verifier would read back.
    """
    payload = jcs_bytes(statement.model_dump(mode="json", by_alias=True, exclude_none=True))
    back = read_svr(payload)
    if not isinstance(back, SvrStatement):
        raise ValueError(f"the statement cannot be sealed: {'; '.join(f'{one.message} ({one.code})' for one in back)}")
    return sign_envelope(PAYLOAD_TYPE, payload, keys)


def read_svr(payload: bytes) -> SvrStatement | tuple[Problem, ...]:
    """Read a verification result: one document, canonical, closed schema. Never raises, whatever the bytes."""
    value = read_canonical(payload)
    if isinstance(value, Problem):
        return (value,)
    problem = kind_problem(value, SVR_PREDICATE_TYPE)
    if problem is not None:
        return (problem,)
    try:
        statement = SvrStatement.model_validate_json(payload)
    except ValidationError as error:
        return schema_problems(error)
    said = statement.predicate.properties
    if list(said) != sorted(set(said)):
        return (Problem("PRS-007", "the properties are not sorted, or one is given twice"),)
    loose = [s.name for s in (*statement.subject, *statement.predicate.verifier.policies) if not _one_digest(s)]
    if loose:
        return (Problem("BND-007", f"{shown(loose[0])} is not named by exactly one digest"),)
    return statement


def kind_problem(value: Any, predicate_type: str) -> Problem | None:
    """Return why a JSON value is no statement with a predicate of this type, or None."""
    if not isinstance(value, dict):
        return Problem("BND-000", "the payload is no statement: it is no JSON object")
    for name, expected in (("_type", STATEMENT_TYPE), ("predicateType", predicate_type)):
        given = value.get(name)
        if given != expected:
            said = f"`{shown(given)}`" if isinstance(given, str) else "not given"
            return Problem("BND-000", f"`{name}` of the statement is {said}; `{expected}` is expected")
    return None


def _one_digest(descriptor: Descriptor) -> bool:
    return (descriptor.digest.sha256 is None) != (descriptor.digest.git_commit is None)


def verify_svr(data: bytes, anchors: Anchors, now: datetime, *, role: str | None = None) -> Svr:
    """Verify a sealed verification result.

    Args:
        data: Bytes of the DSSE file.
        anchors: The trust policy whose keys may sign, and its time-stamp authorities.
        now: Time of judgement, with a time zone.
        role: Role in which somebody must have signed; any signer of the policy if None.

    Returns:
        The result; it is the reader's to compare subjects, policy, verifier and time with what is expected. Never raises,
        whatever the bytes.
    """
    envelope = read_envelope(data, payload_type=PAYLOAD_TYPE)
    if isinstance(envelope, Problem):
        return Svr(None, verified=False, problems=(envelope,))
    fitting, problems = check_signatures(envelope, anchors)
    statement = read_svr(envelope.payload)
    if not isinstance(statement, SvrStatement):
        return Svr(None, verified=False, problems=(*problems, *statement))
    created = _instant(statement.predicate.time_created)
    if created is None:
        return Svr(
            statement, verified=False, problems=(*problems, Problem("PRS-007", "`timeCreated` is no point in time"))
        )
    found = [*problems]
    if created - now > CLOCK_SKEW:
        found.append(
            Problem("TIM-003", f"it was made at {statement.predicate.time_created}, after the time of judgement")
        )
    moment = Moment(created, created, now)
    timed = [(one, timing_problem(one, moment)) for one in fitting]
    found += [bad for _one, bad in timed if bad is not None]
    counted = tuple(one for one, bad in timed if bad is None)
    if counted and role is not None and not any(role in one.roles for one in counted):
        names = ", ".join(sorted(one.name for one in counted))
        found.append(Problem("SIG-005", f"nobody in role {role} has signed it; it is signed with {names}"))
    return Svr(statement, bool(counted) and not found, counted, tuple(found))


def _instant(text: str) -> datetime | None:
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        return None
