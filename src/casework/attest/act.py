"""Sealed acts: a person signs a review or a waiver, so that nobody else can write it in their name.

An act is an in-toto Statement with the predicate `act/v1` in the same carriers as evidence, and is opened in the same way.
It counts for a node only if it speaks of the node as it is now, the person in whose name the node speaks has signed it, and
the trust policy's demands on such acts are met by persons. Machines never count.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from types import MappingProxyType
from typing import Any, Final, NamedTuple

from pydantic import ValidationError

from casework.artifact.digest import jcs_bytes, sha256_bytes
from casework.attest.carrier import Principal, Problem
from casework.attest.codes import report, shown
from casework.attest.dating.timing import CLOCK_SKEW, Moment, dated, timing_problem
from casework.attest.dsse import sign_envelope
from casework.attest.keys import SigningKey
from casework.attest.opening import Anchors, open_carriers
from casework.attest.statement import read_canonical, schema_problems
from casework.attest.trust.policy import Trust
from casework.attest.trust.thresholds import assignable
from casework.model.act import ACT_PREDICATE_TYPE, ActRecord, ActStatement
from casework.model.finding import Finding
from casework.model.policy import ActRule, TrustPolicy
from casework.model.result import PAYLOAD_TYPE, STATEMENT_TYPE
from casework.model.verdict import Signer

FOLDER: Final = "acts"
"""Folder below the evidence in which sealed acts lie, each named by the SHA-256 of its payload."""

_TIME: Final = "%Y-%m-%dT%H:%M:%SZ"


class ActNode(NamedTuple):
    """What a review or waiver node says now.

    Attributes:
        kind: Its type: `review` or `waiver`.
        fingerprint: Over all its fields with meaning, 64 hex digits.
        by: Person in whose name it speaks; empty where it names none.
        role: Role in which the person acts, or None.
        retires: Keys of nodes whose removal it confirms.
    """

    kind: str
    fingerprint: str
    by: str
    role: str | None = None
    retires: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ActVerdict:
    """What verification says of one sealed act, before it is compared with its node.

    Attributes:
        path: File, relative to the case's root; the first of them where an act lies in several carriers.
        digest: SHA-256 of the payload; of the file's bytes where no payload could be read.
        record: What was sealed, or None where it could not be read. Believe it only if `verified`.
        verified: True if shape and all signatures hold, and at least one counts at its time.
        signers: Those whose signatures count.
        findings: Why it is not verified.
    """

    path: str
    digest: str
    record: ActRecord | None
    verified: bool
    signers: tuple[Signer, ...] = ()
    findings: tuple[Finding, ...] = ()


def statement_of_act(record: ActRecord) -> bytes:
    """Return the canonical statement of an act: what its signatures cover."""
    subject = {"name": record.node, "digest": {"sha256": record.fingerprint}}
    return jcs_bytes(
        {
            "_type": STATEMENT_TYPE,
            "subject": [subject],
            "predicateType": ACT_PREDICATE_TYPE,
            "predicate": record.model_dump(mode="json", by_alias=True, exclude_none=True),
        }
    )


def seal_act(record: ActRecord, keys: Sequence[SigningKey]) -> bytes:
    """Seal an act: canonical payload, one signature by each key, canonical envelope.

    Raises:
        ValueError: No key or one twice, a key that does not sign, or an act that no verifier would read back.
    """
    payload = statement_of_act(record)
    back = read_act(payload)
    if not isinstance(back, ActStatement):
        raise ValueError(f"the act cannot be sealed: {'; '.join(f'{one.message} ({one.code})' for one in back)}")
    return sign_envelope(PAYLOAD_TYPE, payload, keys)


def read_act(payload: bytes) -> ActStatement | tuple[Problem, ...]:
    """Read the statement of an act: one document, canonical, our predicate, closed schema, about one node.

    Returns:
        The statement, or what is wrong with it (at least one problem). Never raises, whatever the bytes.
    """
    value = read_canonical(payload)
    if isinstance(value, Problem):
        return (value,)
    given = value.get("predicateType") if isinstance(value, dict) else None
    if given != ACT_PREDICATE_TYPE:
        said = f"`{shown(given)}`" if isinstance(given, str) else "not given"
        return (Problem("BND-000", f"`predicateType` of the statement is {said}; `{ACT_PREDICATE_TYPE}` is expected"),)
    try:
        statement = ActStatement.model_validate_json(payload)
    except ValidationError as error:
        return schema_problems(error)
    problem = _content_problem(statement)
    return statement if problem is None else (problem,)


def _content_problem(statement: ActStatement) -> Problem | None:
    record, (subject,) = statement.predicate, statement.subject
    if subject.name != record.node or subject.digest != {"sha256": record.fingerprint}:
        return Problem(
            "BND-007", f"the subject of the act is not {shown(record.node)} at the fingerprint that it names"
        )
    if record.retires and record.kind != "review":
        return Problem("PRS-007", "only a review retires nodes")
    if _time(record.signed) is None:
        return Problem("PRS-007", f"`predicate.signed`: {shown(record.signed)} is no point in time")
    return None


def _time(text: str) -> datetime | None:
    try:
        return datetime.strptime(text, _TIME).replace(tzinfo=UTC)
    except ValueError:
        return None


def verify_act(path: str, data: bytes, trust: Trust | None, now: datetime) -> ActVerdict:
    """Verify one sealed act that stands alone, without time-stamp authorities.

    Raises:
        ValueError: `now` has no time zone. Nothing else is raised, whatever the bytes.
    """
    return verify_act_files([(path, data)], Anchors(trust), now)


def verify_act_files(
    files: Sequence[tuple[str, bytes]],
    anchors: Anchors,
    now: datetime,
    *,
    times: Mapping[str, datetime] = MappingProxyType({}),
) -> ActVerdict:
    """Verify the carriers of one sealed act.

    Args:
        files: Path and bytes of each carrier; at least one.
        anchors: Trust policy, time-stamp authorities and trusted root.
        now: Time of judgement, with a time zone.
        times: SHA-256 of signatures to the time at which a stamped log is proven to have held them.

    Returns:
        The verdict; whether the act counts for its node is for `judge_acts` to say.

    Raises:
        ValueError: `now` has no time zone. Nothing else is raised, whatever the bytes.
    """
    if now.tzinfo is None:
        raise ValueError("`now` must have a time zone")
    path = files[0][0]
    opened = open_carriers(files, anchors, payload_type=PAYLOAD_TYPE)
    if not opened.payload:
        return _verdict(path, sha256_bytes(files[0][1]), None, opened.problems)
    digest, problems = sha256_bytes(opened.payload), list(opened.problems)
    statement = read_act(opened.payload)
    if not isinstance(statement, ActStatement):
        # A payload that is not as it was signed is broken in any case: one fault, one finding.
        forged = any(one.code in ("SIG-003", "SIG-014") for one in problems)
        return _verdict(path, digest, None, problems if forged else [*problems, *statement])
    record = statement.predicate
    signed = _time(record.signed) or now
    if signed > now + CLOCK_SKEW:
        problems.append(Problem("TIM-003", f"the act was sealed at {record.signed}, after the time of judgement"))
    moment = Moment(signed, signed, now)
    principals = [dated(one, times) for one in opened.principals]
    untimely = [timing_problem(one, moment) for one in principals]
    problems += [bad for bad in untimely if bad is not None]
    counted = [one for one, bad in zip(principals, untimely, strict=True) if bad is None]
    return _verdict(path, digest, record, problems, counted)


def _verdict(
    path: str, digest: str, record: ActRecord | None, problems: Iterable[Problem], counted: Sequence[Principal] = ()
) -> ActVerdict:
    node = record.node if record else ""
    found = [
        report(one.code, one.message, node=node, file=one.file or path, line=one.line, column=one.column)
        for one in problems
    ]
    signers = tuple(
        Signer(one.name, one.person, one.roles, one.signed_at.isoformat() if one.signed_at else "", one.proof)
        for one in counted
    )
    sound = record is not None and bool(signers) and all(one.severity != "error" for one in found)
    return ActVerdict(path, digest, record, sound, signers, tuple(sorted(found, key=lambda one: one.order)))


def judge_acts(
    verdicts: Iterable[ActVerdict], nodes: Mapping[str, ActNode], policy: TrustPolicy | None
) -> tuple[frozenset[str], tuple[Finding, ...]]:
    """Say which reviews and waivers are sealed.

    Args:
        verdicts: Every sealed act; those that are not verified count for nothing.
        nodes: Every review and waiver of the case, by key, as it is now.
        policy: The trust policy; None where none could be opened.

    Returns:
        Keys of the nodes whose seal counts; and findings: `ACT-001` for nodes of a kind that the policy wants sealed and
        that are not, `TIM-001` where only the proof of time is lacking, `ACT-002` for seals that are not of the node as it
        is now, `ACT-003` for those whose node is not there.
    """
    if policy is None:
        return frozenset(), ()
    about: dict[str, list[ActVerdict]] = {}
    for verdict in sorted(verdicts, key=lambda one: one.path):
        if verdict.verified and verdict.record is not None:
            about.setdefault(verdict.record.node, []).append(verdict)
    sealed: set[str] = set()
    found: list[Finding] = []
    for key, node in sorted(nodes.items()):
        problems = _node_problems(key, node, about.get(key, []), policy)
        if problems is None:
            sealed.add(key)
        else:
            found += problems
    for key in sorted(about.keys() - nodes.keys()):
        found += [
            report("ACT-003", f"{verdict.path} seals {shown(key)}, which is not in the case", file=verdict.path)
            for verdict in about[key]
        ]
    return frozenset(sealed), tuple(sorted(found, key=lambda one: one.order))


def _node_problems(key: str, node: ActNode, acts: Sequence[ActVerdict], policy: TrustPolicy) -> list[Finding] | None:
    """Return what to say of a node whose seal does not count; None where it counts."""
    rule = policy.acts.get(node.kind)  # type: ignore[call-overload]  # a kind that is none has no rule
    fitting = [act for act in acts if not any(_differences(act, node))]
    lacking = [act_problem(act.signers, node, rule, policy) for act in fitting]
    if None in lacking:
        return None
    if acts and not fitting:
        return [
            report(
                "ACT-002", f"the seal is of {key} with {', '.join(_differences(act, node))}", node=key, file=act.path
            )
            for act in acts
        ]
    if rule is None:
        return []
    first = next((one for one in lacking if one is not None), Problem("ACT-001", "nobody has sealed it"))
    where = fitting[0].path if fitting else ""
    return [report(first.code, f"{node.kind} {key} does not count: {first.message}", node=key, file=where)]


def _differences(act: ActVerdict, node: ActNode) -> Iterator[str]:
    record = act.record
    if record is None:
        return
    pairs: tuple[tuple[str, Any, Any], ...] = (
        ("kind", record.kind, node.kind),
        ("person", record.by, node.by),
        ("role", record.role, node.role),
        ("nodes retired", sorted(record.retires), sorted(node.retires)),
        ("content", record.fingerprint, node.fingerprint),
    )
    yield from (f"another {name}" if name != "content" else "other content" for name, was, now in pairs if was != now)


def act_problem(signers: Sequence[Signer], node: ActNode, rule: ActRule | None, policy: TrustPolicy) -> Problem | None:
    """Return why signatures of an act do not make it count, or None where they do.

    Args:
        signers: Whose signatures count.
        node: The node as it is now.
        rule: What the policy demands of such acts; only the person whom it names, if None.
        policy: The trust policy.
    """
    person = policy.persons.get(node.by)
    if person is None or person.machine:
        why = "is a machine" if person else "is no person of the trust policy"
        return Problem("ACT-001", f"{shown(node.by) or 'nobody'} is named, who {why}")
    if node.role is not None and not policy.holds(node.by, node.role):
        return Problem("ACT-001", f"{node.by} does not hold the role {shown(node.role)}")
    human = [one for one in signers if (held := policy.persons.get(one.person)) is not None and not held.machine]
    if node.by not in {one.person for one in human}:
        return Problem("ACT-001", f"it speaks for {node.by}, and is sealed by {_names(signers)}")
    rule = rule or ActRule()
    short = _too_few(human, rule)
    if short is not None:
        return Problem("ACT-001", short)
    proven = [one for one in human if one.proof]
    needed = any(one.person == node.by for one in proven) and _too_few(proven, rule) is None
    if rule.timestamp and not needed:
        return Problem("TIM-001", f"nothing proves when {_names([one for one in human if not one.proof])} signed")
    return None


def _too_few(signers: Sequence[Signer], rule: ActRule) -> str | None:
    persons = {role: frozenset(one.person for one in signers if role in one.roles) for role in rule.require}
    for role, count in sorted(rule.require.items()):
        if len(persons[role]) < count:
            return f"it needs {count} in role {role}; sealed by {_names(signers)}"
    if rule.separate_roles and not assignable(rule.require, persons):
        return "its roles must be held by different persons"
    return None


def _names(signers: Sequence[Signer]) -> str:
    return ", ".join(sorted({one.person for one in signers})) or "nobody"
