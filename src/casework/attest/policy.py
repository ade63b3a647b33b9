"""Opening the trust policy: signed by pinned root keys, not rolled back, not expired, sound in itself."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from types import MappingProxyType
from typing import Final

from pydantic import ValidationError

from casework.attest.carrier import Problem
from casework.attest.codes import report, shown
from casework.attest.demo import PUBLISHED_KEYIDS
from casework.attest.dsse import Envelope, read_envelope
from casework.attest.keys import KeyRefusedError, PublicKey, load_public_key, load_public_keys
from casework.attest.statement import read_canonical, schema_problems
from casework.attest.thresholds import assignable
from casework.model.finding import Finding
from casework.model.policy import POLICY_PAYLOAD_TYPE, PolicyKey, TrustPolicy

POLICY_PATH: Final = "evidence/trust/policy.dsse.json"
ROOT_PATH: Final = "evidence/trust/root.pub"


@dataclass(frozen=True, slots=True)
class TrustedKey:
    """A key of an opened policy, ready to verify with."""

    name: str
    person: str
    roles: frozenset[str]
    entry: PolicyKey
    public: PublicKey


@dataclass(frozen=True, slots=True)
class Trust:
    """An opened trust policy: the value for everybody, and its keys by key id for verification.

    Attributes:
        policy: The policy; other rooms need no more than this.
        keys: Key id to key.
        demo: True where nothing that rests on it can be released.
    """

    policy: TrustPolicy
    keys: Mapping[str, TrustedKey] = field(repr=False)
    demo: bool


@dataclass(frozen=True, slots=True)
class TrustReading:
    """What opening the policy gave: trust, or None and findings that say why; warnings may come with trust too."""

    trust: Trust | None
    findings: tuple[Finding, ...] = ()


def open_policy(
    data: bytes | None,
    roots: bytes | None,
    today: date,
    *,
    threshold: int | None = None,
    floor: int = 0,
    path: str = POLICY_PATH,
) -> TrustReading:
    """Open the trust policy against root keys that are pinned from outside it.

    It must be signed by a threshold of the pinned keys and by the threshold of root persons that it names itself;
    where the root changes, that makes old and new root sign, as in The Update Framework (TUF 1.0.33, 5.3.4).
    Signatures of other keys are ignored.

    Args:
        data: Bytes of the sealed policy; None where there is none.
        roots: Pinned root public keys, concatenated PEM; None where there are none.
        today: Day of judgement.
        threshold: How many pinned keys must have signed. By default more than half of them, so that one of several
            root holders cannot make a policy alone, whatever threshold it writes into it.
        floor: Highest version seen before; a lower one is a rollback.
        path: For findings.

    Returns:
        Trust if there is no finding of severity error. Never raises, whatever the bytes.
    """
    if data is None or roots is None:
        return _refused(
            [Problem("POL-000", f"there is no {'trust policy' if data is None else 'pinned root key'}")], path
        )
    try:
        pinned = load_public_keys(roots)
    except KeyRefusedError as error:
        return _refused([Problem("POL-000", f"the pinned root key cannot be used: {error}")], path)
    envelope = read_envelope(data, payload_type=POLICY_PAYLOAD_TYPE)
    if isinstance(envelope, Problem):
        code = "POL-002" if envelope.code == "SIG-001" else envelope.code
        return _refused([Problem(code, envelope.message, envelope.line, envelope.column)], path)
    signed, problem = _signed_by_pinned(envelope, pinned, threshold)
    if problem is not None:
        return _refused([problem], path)
    policy = _read_policy(envelope.payload)
    if not isinstance(policy, TrustPolicy):
        return _refused(policy, path)
    return _opened(policy, envelope, signed, today, floor, path)


def _opened(
    policy: TrustPolicy, envelope: Envelope, signed: frozenset[str], today: date, floor: int, path: str
) -> TrustReading:
    ring, problems = _ring(policy)
    problems += _reference_problems(policy)
    problems += _standing_problems(policy, today, floor)
    if not problems:
        problems += _root_problems(policy, envelope, ring)
        problems += _unsignable_problems(policy, ring)
    demo = policy.demo or not PUBLISHED_KEYIDS.isdisjoint(signed)
    if not demo:
        problems += [
            Problem("POL-009", f"key {key.name} of policy {shown(policy.name)} is a published demo key")
            for keyid, key in ring.items()
            if keyid in PUBLISHED_KEYIDS
        ]
    if problems:
        return _refused(problems, path)
    return TrustReading(Trust(policy, MappingProxyType(ring), demo), tuple(_remarks(policy, demo, path)))


def _remarks(policy: TrustPolicy, demo: bool, path: str) -> Iterable[Finding]:
    if demo:
        yield report(
            "POL-010",
            f"trust policy {shown(policy.name)} (version {policy.version}) rests on published demo keys",
            file=path,
        )
    if policy.tsa is not None or policy.log is not None:
        yield report("POL-011", "`tsa` and `log` of the trust policy are read but not enforced", file=path)


def _refused(problems: Iterable[Problem], path: str) -> TrustReading:
    found = [report(one.code, one.message, file=path, line=one.line, column=one.column) for one in problems]
    return TrustReading(None, tuple(sorted(found, key=lambda finding: finding.order)))


def _signed_by_pinned(
    envelope: Envelope, pinned: tuple[PublicKey, ...], threshold: int | None
) -> tuple[frozenset[str], Problem | None]:
    by_id = {key.keyid: key for key in pinned}
    needed = len(by_id) // 2 + 1 if threshold is None else threshold
    listed = [one.keyid for one in envelope.signatures]
    if len(set(listed)) != len(listed):
        return frozenset(), Problem(
            "POL-002", "one key has signed the trust policy twice; it counts once, and doubling is refused"
        )
    message = envelope.signed_bytes
    for one in envelope.signatures:
        if one.keyid in by_id and not by_id[one.keyid].verifies(message, one.sig):
            return frozenset(), Problem(
                "POL-002", f"the signature of pinned root key {one.keyid[:12]} does not fit the trust policy"
            )
    signed = frozenset(listed) & by_id.keys()
    if len(signed) < max(needed, 1):
        return signed, Problem(
            "POL-002", f"{len(signed)} of the pinned root keys have signed the trust policy; {needed} must"
        )
    return signed, None


def _read_policy(payload: bytes) -> TrustPolicy | tuple[Problem, ...]:
    value = read_canonical(payload)
    if isinstance(value, Problem):
        return (value,)
    try:
        return TrustPolicy.model_validate(value)
    except ValidationError as error:
        # The codes of results mean nothing here: a policy has no metrics.
        return tuple(Problem("PRS-007", one.message) for one in schema_problems(error))


def _ring(policy: TrustPolicy) -> tuple[dict[str, TrustedKey], list[Problem]]:
    ring: dict[str, TrustedKey] = {}
    problems: list[Problem] = []
    for name, entry in sorted(policy.keys.items()):
        try:
            public = load_public_key(entry.public_key_pem.encode("utf-8"))
        except KeyRefusedError as error:
            problems.append(Problem("SIG-010", f"key {name} of the trust policy: {error}"))
            continue
        if public.keyid in ring:
            problems.append(
                Problem("POL-004", f"keys {ring[public.keyid].name} and {name} of the trust policy are the same key")
            )
            continue
        ring[public.keyid] = TrustedKey(name, entry.person, policy.roles_of_key(name), entry, public)
    return ring, problems


def _standing_problems(policy: TrustPolicy, today: date, floor: int) -> list[Problem]:
    problems: list[Problem] = []
    if policy.version < floor:
        problems.append(
            Problem("POL-001", f"trust policy version {policy.version} is older than version {floor}, seen before")
        )
    if today > policy.expires:
        problems.append(
            Problem("POL-003", f"trust policy version {policy.version} expired on {policy.expires.isoformat()}")
        )
    return problems


def _reference_problems(policy: TrustPolicy) -> list[Problem]:
    ghosts = [f"`root` names key {name}" for name in policy.root.keys if name not in policy.keys]
    for role, names in sorted(policy.roles.items()):
        ghosts += [f"role {role} names key {name}" for name in names if name not in policy.keys]
    ghosts += [
        f"key {name} names person {key.person}"
        for name, key in sorted(policy.keys.items())
        if key.person not in policy.persons
    ]
    for kind, rule in sorted(policy.evidence_types.items()):
        ghosts += [
            f"evidence type {shown(kind)} requires role {role}"
            for role in sorted(rule.require)
            if role not in policy.roles
        ]
    return [
        Problem("POL-005", f"{ghost}, which the trust policy does not define") for ghost in ghosts
    ] + _role_conflicts(policy)


def _role_conflicts(policy: TrustPolicy) -> list[Problem]:
    return [
        Problem("POL-005", f"role {role} names key {name} of {policy.keys[name].person}, who does not hold that role")
        for role, names in sorted(policy.roles.items())
        for name in names
        if name in policy.keys
        and policy.keys[name].person in policy.persons
        and not policy.holds(policy.keys[name].person, role)
    ]


def _root_problems(policy: TrustPolicy, envelope: Envelope, ring: Mapping[str, TrustedKey]) -> list[Problem]:
    message = envelope.signed_bytes
    persons: set[str] = set()
    for one in envelope.signatures:
        key = ring.get(one.keyid)
        if key is None or key.name not in policy.root.keys:
            continue
        if not key.public.verifies(message, one.sig):
            return [Problem("POL-002", f"the signature of root key {key.name} does not fit the trust policy")]
        if not key.entry.compromised and key.entry.revoked_at is None:
            persons.add(key.person)
    if len(persons) >= policy.root.threshold:
        return []
    return [
        Problem(
            "POL-002",
            f"{len(persons)} root persons have signed the trust policy; its own root demands {policy.root.threshold}",
        )
    ]


def _unsignable_problems(policy: TrustPolicy, ring: Mapping[str, TrustedKey]) -> list[Problem]:
    problems: list[Problem] = []
    usable = [key for key in ring.values() if not key.entry.compromised]
    for kind, rule in sorted(policy.evidence_types.items()):
        persons = {role: frozenset(key.person for key in usable if role in key.roles) for role in rule.require}
        lacking = sorted(role for role, count in rule.require.items() if len(persons[role]) < count)
        what = f"evidence type {shown(kind)} requires"
        problems += [
            Problem("POL-006", f"{what} {rule.require[role]} in role {role}, which has {len(persons[role])}")
            for role in lacking
        ]
        if not lacking and rule.separate_roles and not assignable(rule.require, persons):
            problems.append(
                Problem("POL-006", f"evidence type {shown(kind)} has too few different persons for its separate roles")
            )
    return problems
