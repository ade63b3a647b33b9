"""The seal of a release: who stands behind it, and since when it is proven to stand.

A release takes effect when the last person has signed that the trust policy demands. That moment is proven where each of
those signatures has a time stamp; everything in the release is then judged as of it, however late somebody reads. Signatures
that were added later take nothing away.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from pydantic import ValidationError

from casework.artifact.digest import jcs_bytes
from casework.attest.carrier import Principal, Problem
from casework.attest.codes import report, shown
from casework.attest.dating.timing import CLOCK_SKEW, Moment, timing_problem
from casework.attest.dsse import read_envelope, sign_envelope
from casework.attest.keys import SigningKey
from casework.attest.opening import Anchors, check_signatures
from casework.attest.statement import read_canonical, schema_problems
from casework.attest.svr import kind_problem
from casework.attest.trust.thresholds import assignable
from casework.model.finding import Finding
from casework.model.policy import ActRule, TrustPolicy
from casework.model.release import (
    MANIFEST,
    RELEASE_PREDICATE_TYPE,
    SEAL,
    ReleaseManifest,
    ReleaseRecord,
    ReleaseStatement,
)
from casework.model.result import PAYLOAD_TYPE, STATEMENT_TYPE

UNDATED: Final = "nothing proves when"
"""How the remark begins that no time stamp dates the release."""
_NAMED: Final = 5
MANIFEST_SCHEMA: Final = "casework/release-manifest/v1"


@dataclass(frozen=True, slots=True)
class Seal:
    """A seal that was judged.

    Attributes:
        statement: As signed.
        sealed_at: When the last of the persons signed that the policy demands: proven, or as stated; None where too few have.
        proven: True where time stamps prove that moment.
        principals: Signatures that fit and counted at their time, by name.
        problems: Why the seal does not hold; empty where it does.
        remarks: What else is to be said of it.
    """

    statement: ReleaseStatement
    sealed_at: datetime | None
    proven: bool
    principals: tuple[Principal, ...]
    problems: tuple[Problem, ...]
    remarks: tuple[str, ...] = ()


def manifest_bytes(manifest: ReleaseManifest) -> bytes:
    """Return `manifest.json`: canonical JSON."""
    return jcs_bytes(manifest.model_dump(mode="json", by_alias=True))


def read_manifest(data: bytes) -> ReleaseManifest | tuple[Problem, ...]:
    """Read `manifest.json`: canonical, closed schema. Never raises, whatever the bytes."""
    value = read_canonical(data)
    if isinstance(value, Problem):
        return (value,)
    try:
        return ReleaseManifest.model_validate_json(data)
    except ValidationError as error:
        return schema_problems(error)


def content_findings(
    held: Mapping[str, tuple[int, str]], manifest: ReleaseManifest, statement: ReleaseStatement
) -> tuple[Finding, ...]:
    """Compare what an archive holds with what its seal covers.

    Args:
        held: Size and SHA-256 of each member, as read.
        manifest: The manifest in it.
        statement: What the seal says.

    Returns:
        `ART-014` for members that are unlisted or missing, `ART-016` for another manifest or other content than was sealed.
    """
    return (*_seal_findings(held, statement), *_member_findings(held, manifest))


def _seal_findings(held: Mapping[str, tuple[int, str]], statement: ReleaseStatement) -> Iterator[Finding]:
    sealed, found = statement.subject[0].digest["sha256"], held[MANIFEST][1] if MANIFEST in held else "none"
    if sealed != found:
        message = f"the seal is over another `{MANIFEST}` ({sealed[:12]}…) than the one here ({found[:12]}…)"
        yield report("ART-016", message, file=MANIFEST)


def _member_findings(held: Mapping[str, tuple[int, str]], manifest: ReleaseManifest) -> Iterator[Finding]:
    present, listed = held.keys() - {MANIFEST, SEAL}, manifest.files.keys()
    for names, what in ((present - listed, "not listed in the manifest"), (listed - present, "listed, and missing")):
        if names:
            yield report("ART-014", f"{_some(names)}: {what}", file=shown(min(names), 400))
    changed = {
        name for name in present & listed if held[name] != (manifest.files[name].size, manifest.files[name].sha256)
    }
    if changed:
        yield report("ART-016", f"{_some(changed)}: not the content that was sealed", file=shown(min(changed), 400))


def _some(names: Iterable[str]) -> str:
    ordered = sorted(names)
    more = f" and {len(ordered) - _NAMED} more" if len(ordered) > _NAMED else ""
    return ", ".join(f"`{shown(name, 120)}`" for name in ordered[:_NAMED]) + more


def release_statement(manifest_sha256: str, record: ReleaseRecord) -> ReleaseStatement:
    """Return the statement that seals a manifest."""
    subject = {"name": MANIFEST, "digest": {"sha256": manifest_sha256}}
    return ReleaseStatement.model_validate(
        {"_type": STATEMENT_TYPE, "subject": (subject,), "predicateType": RELEASE_PREDICATE_TYPE, "predicate": record}
    )


def seal_release(statement: ReleaseStatement, keys: Sequence[SigningKey]) -> bytes:
    """Seal a release: canonical payload, one signature by each key, canonical envelope.

    Raises:
        ValueError: No key or one twice; or a text holds what no verifier would read back.
    """
    payload = jcs_bytes(statement.model_dump(mode="json", by_alias=True, exclude_none=True))
    back = read_release(payload)
    if not isinstance(back, ReleaseStatement):
        raise ValueError(f"the release cannot be sealed: {'; '.join(f'{one.message} ({one.code})' for one in back)}")
    return sign_envelope(PAYLOAD_TYPE, payload, keys)


def read_release(payload: bytes) -> ReleaseStatement | tuple[Problem, ...]:
    """Read the statement of a release: one document, canonical, closed schema. Never raises, whatever the bytes."""
    value = read_canonical(payload)
    if isinstance(value, Problem):
        return (value,)
    problem = kind_problem(value, RELEASE_PREDICATE_TYPE)
    if problem is not None:
        return (problem,)
    try:
        statement = ReleaseStatement.model_validate_json(payload)
        datetime.fromisoformat(statement.predicate.sealed)
        datetime.fromisoformat(statement.predicate.judged)
    except ValidationError as error:
        return schema_problems(error)
    except ValueError as error:
        return (Problem("PRS-007", f"payload: `judged` or `sealed`: {error}"),)
    return statement


def open_seal(data: bytes) -> ReleaseStatement | tuple[Problem, ...]:
    """Read what a sealed release says of itself, before anybody's signature is judged. Never raises."""
    envelope = read_envelope(data, payload_type=PAYLOAD_TYPE)
    return (envelope,) if isinstance(envelope, Problem) else read_release(envelope.payload)


def judge_seal(data: bytes, anchors: Anchors, now: datetime) -> Seal | tuple[Problem, ...]:
    """Judge the seal of a release.

    Args:
        data: Bytes of the DSSE file.
        anchors: The trust policy that the release was made under, and its time-stamp authorities.
        now: Time of judgement, with a time zone.

    Returns:
        The seal, or why it could not be read. Never raises, whatever the bytes.
    """
    envelope = read_envelope(data, payload_type=PAYLOAD_TYPE)
    if isinstance(envelope, Problem):
        return (envelope,)
    fitting, found = check_signatures(envelope, anchors)
    statement = read_release(envelope.payload)
    if not isinstance(statement, ReleaseStatement):
        return (*found, *statement)
    stated = datetime.fromisoformat(statement.predicate.sealed)
    problems = [*found]
    if stated - now > CLOCK_SKEW:
        problems.append(
            Problem("TIM-003", f"it was sealed at {statement.predicate.sealed}, after the time of judgement")
        )
    moment = Moment(stated, stated, now)
    timed = [(one, timing_problem(one, moment)) for one in fitting]
    problems += [bad for _one, bad in timed if bad is not None]
    counted = tuple(one for one, bad in timed if bad is None)
    if anchors.trust is None or not counted:
        problems = problems or [Problem("SIG-006", "nobody whose signature counts has signed")]
        return Seal(statement, None, proven=False, principals=counted, problems=tuple(problems))
    return _ruled(statement, stated, counted, problems, anchors.trust.policy)


def _ruled(
    statement: ReleaseStatement, stated: datetime, counted: tuple[Principal, ...], problems: list[Problem],
    policy: TrustPolicy,
) -> Seal:  # fmt: skip
    rule = policy.acts.get("release")
    remarks = [] if rule else ["the trust policy demands nothing of a release, so one person's signature was enough"]
    rule = rule or ActRule()
    proven = sorted((one for one in counted if one.signed_at is not None), key=lambda one: (one.signed_at, one.name))
    for end in range(1, len(proven) + 1):
        at = proven[end - 1].signed_at
        if at is not None and not lacking(proven[:end], rule, policy):
            return Seal(
                statement, at, proven=True, principals=counted, problems=tuple(problems), remarks=tuple(remarks)
            )
    lack = lacking(counted, rule, policy)
    if lack:
        return Seal(
            statement, None, proven=False, principals=counted, problems=(*problems, *lack), remarks=tuple(remarks)
        )
    undated = ", ".join(f"{one.name} ({one.person})" for one in counted if one.signed_at is None)
    if rule.timestamp:
        problems.append(Problem("TIM-001", f"nothing proves when {undated} signed, and the trust policy demands it"))
    else:
        remarks.append(f"{UNDATED} {undated} signed; all is judged as of the time that the seal states")
    return Seal(statement, stated, proven=False, principals=counted, problems=tuple(problems), remarks=tuple(remarks))


def lacking(signed: Sequence[Principal], rule: ActRule, policy: TrustPolicy) -> tuple[Problem, ...]:
    """Return what signatures lack to make a release under a rule; persons are counted, not keys."""
    # A release is accepted by persons; a machine is none, whatever its roles (model.policy.Person).
    human = [one for one in signed if one.person in policy.persons and not policy.persons[one.person].machine]
    if not human:
        return (Problem("SIG-006", "no person has signed the release, only machines"),)
    if not rule.require:
        return ()
    persons = {role: frozenset(one.person for one in human if role in one.roles) for role in rule.require}
    if not any(persons.values()):
        names = ", ".join(sorted(f"{one.person} ({', '.join(sorted(one.roles)) or 'no role'})" for one in signed))
        return (Problem("SIG-005", f"a release needs {_needs(rule)}; it is signed by {shown(names, 300)}"),)
    few = tuple(
        Problem("SIG-006", f"a release needs {count} in role {role}; {len(persons[role])} signed")
        for role, count in sorted(rule.require.items())
        if len(persons[role]) < count
    )
    if not few and rule.separate_roles and not assignable(rule.require, persons):
        return (Problem("IND-002", f"a release needs {_needs(rule)}, all different persons"),)
    return few


def _needs(rule: ActRule) -> str:
    return ", ".join(f"{count} in role {role}" for role, count in sorted(rule.require.items()))
