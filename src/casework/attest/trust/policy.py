"""Opening the trust policy: signed by pinned root keys, not rolled back, not expired, sound in itself."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from types import MappingProxyType
from typing import Final

from casework.attest.carrier import Problem
from casework.attest.codes import report, shown
from casework.attest.dsse import read_envelope
from casework.attest.keys import KeyRefusedError, PublicKey, load_public_keys
from casework.attest.trust.chain import (
    PolicyVersion,
    SealedPolicy,
    chain_problem,
    pinned_problem,
    pinned_signers,
    read_sealed_policy,
    rests_on_demo,
    root_signers,
)
from casework.attest.trust.pins import pinned_keys
from casework.attest.trust.ring import TrustedIdentity, TrustedKey, identity_ring, key_ring
from casework.attest.trust.soundness import (
    published_problems,
    reference_problems,
    root_day_problems,
    shared_key_problems,
    unsignable_problems,
)
from casework.model.finding import Finding
from casework.model.policy import POLICY_PAYLOAD_TYPE, TrustPolicy

__all__ = ["POLICY_PATH", "ROOT_PATH", "PolicyVersion", "Trust", "TrustReading", "TrustedIdentity", "TrustedKey",
           "open_policy"]  # fmt: skip

POLICY_PATH: Final = "evidence/trust/policy.dsse.json"
ROOT_PATH: Final = "evidence/trust/root.pub"


@dataclass(frozen=True, slots=True)
class Trust:
    """An opened trust policy: the value for everybody, and its keys by key id for verification.

    Attributes:
        policy: The policy; other rooms need no more than this.
        keys: Key id to key.
        demo: True where nothing that rests on it can be released.
        digest: SHA-256 of the policy's payload.
        identities: Sigstore identities by name.
        history: The versions that were walked, oldest first; the last is the one in force.
    """

    policy: TrustPolicy
    keys: Mapping[str, TrustedKey] = field(repr=False)
    demo: bool
    digest: str = ""
    identities: Mapping[str, TrustedIdentity] = field(default_factory=dict, repr=False)
    history: tuple[PolicyVersion, ...] = ()


@dataclass(frozen=True, slots=True)
class TrustReading:
    """What opening the policy gave: trust, or None and findings that say why; warnings may come with trust too."""

    trust: Trust | None
    findings: tuple[Finding, ...] = ()


@dataclass(frozen=True, slots=True)
class _Seen:
    """What the caller remembers of earlier versions: the highest number, and digests by number."""

    floor: int
    digests: Mapping[int, str]


def open_policy(
    data: bytes | None,
    roots: bytes | None,
    today: date,
    *,
    history: Sequence[bytes] = (),
    threshold: int | None = None,
    floor: int = 0,
    seen: Mapping[int, str] = MappingProxyType({}),
    path: str = POLICY_PATH,
) -> TrustReading:
    """Open the trust policy against root keys that are pinned from outside it.

    It must be signed by the threshold of root persons that it names itself, and lead back to the pinned keys: signed by a
    threshold of them, or the last of a chain of versions of which they have signed one, and each of which is signed by the
    threshold of root persons of the one before it too, as in The Update Framework (TUF 1.0.33, 5.3.4). The versions of
    the chain follow each other without a gap and have one name. Signatures of other keys are ignored.

    Args:
        data: Bytes of the sealed policy; None where there is none.
        roots: Pinned root public keys, concatenated PEM; None where there are none.
        today: Day of judgement; for a release, the day of its proven sealing.
        history: Superseded sealed versions, oldest first. They may have expired. One with the policy's own bytes is not
            looked at: it is left by an installation that was cut short.
        threshold: How many pinned keys must have signed. By default more than half of them, so that one of several
            root holders cannot make a policy alone, whatever threshold it writes into it.
        floor: Highest version seen before; a lower one is a rollback.
        seen: Version to the digest of its payload, as seen before, such as in the log; a later one than the policy's is a
            rollback, and so is another policy of the same version. The chain must lead through the last of them.
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
    needed = len({key.keyid for key in pinned}) // 2 + 1 if threshold is None else max(threshold, 1)
    problem = _outer_problem(data, pinned, 0 if any(one != data for one in history) else needed)
    if problem is not None:
        return _refused([problem], path)
    chain = _chain(data, history, pinned)
    if not isinstance(chain, list):
        return _refused(chain, path)
    signed = [pinned_signers(one.envelope, pinned) for one in chain]
    anchors = [index for index, ids in enumerate(signed) if len(ids) >= needed]
    if not anchors:
        return _refused([_too_few(max(map(len, signed)), needed, "any version of ")], path)
    anchor = anchors[-1]  # the nearest: nothing rests on what stands before it
    demo = rests_on_demo(chain, anchor, signed[anchor])
    versions = tuple(_version(one, len(ids) >= needed) for one, ids in zip(chain, signed, strict=True))
    return _opened(chain[-1], versions, demo, today, _Seen(floor, seen), path)


def _outer_problem(data: bytes, pinned: Sequence[PublicKey], needed: int) -> Problem | None:
    """Look at the signatures before anything that they cover is read."""
    envelope = read_envelope(data, payload_type=POLICY_PAYLOAD_TYPE)
    if isinstance(envelope, Problem):
        code = "POL-002" if envelope.code == "SIG-001" else envelope.code
        return Problem(code, envelope.message, envelope.line, envelope.column)
    problem = pinned_problem(envelope, pinned)
    signed = pinned_signers(envelope, pinned)
    return _too_few(len(signed), needed) if problem is None and len(signed) < needed else problem


def _too_few(signed: int, needed: int, what: str = "") -> Problem:
    return Problem("POL-002", f"{signed} of the pinned root keys have signed {what}the trust policy; {needed} must")


def _chain(
    data: bytes, history: Sequence[bytes], pinned: Sequence[PublicKey]
) -> list[SealedPolicy] | tuple[Problem, ...]:
    chain: list[SealedPolicy] = []
    for place, old in enumerate((one for one in history if one != data), 1):
        one = read_sealed_policy(old)
        if not isinstance(one, SealedPolicy):
            return (Problem("POL-008", f"superseded trust policy {place} cannot be read: {one[0].message}"),)
        chain.append(one)
    current = read_sealed_policy(data)
    if not isinstance(current, SealedPolicy):
        return current
    chain.append(current)
    broken = chain_problem(chain, pinned)
    return chain if broken is None else (broken,)


def _version(sealed: SealedPolicy, by_pinned: bool) -> PolicyVersion:
    names = sorted(
        sealed.roots[one.keyid][0] for one in sealed.envelope.signatures if one.keyid in sealed.roots
    )  # each was found to fit, or the policy is refused
    policy = sealed.policy
    return PolicyVersion(policy.version, sealed.digest, policy.expires, tuple(names), by_pinned)


def _opened(
    sealed: SealedPolicy, versions: tuple[PolicyVersion, ...], demo: bool, today: date, seen: _Seen, path: str
) -> TrustReading:
    policy = sealed.policy
    keys, problems = key_ring(policy)
    identities, loose = identity_ring(policy)
    pins, unfit = pinned_keys(policy)
    problems += [*loose, *unfit, *reference_problems(policy), *shared_key_problems(keys, pins)]
    problems += root_day_problems(policy)
    problems += _standing_problems(policy, versions, today, seen)
    if not problems:
        problems += _root_problems(sealed)
        problems += unsignable_problems(policy, keys.values(), identities.values())
    if not demo:
        problems += published_problems(policy, keys, pins)
    if problems:
        return _refused(problems, path)
    trust = Trust(
        policy, MappingProxyType(keys), demo, sealed.digest, MappingProxyType(identities), versions
    )  # fmt: skip
    return TrustReading(trust, tuple(_remarks(policy, demo, path)))


def _remarks(policy: TrustPolicy, demo: bool, path: str) -> Iterable[Finding]:
    if demo:
        yield report(
            "POL-010",
            f"trust policy {shown(policy.name)} (version {policy.version}) rests on published demo keys",
            file=path,
        )


def _refused(problems: Iterable[Problem], path: str) -> TrustReading:
    found = [report(one.code, one.message, file=path, line=one.line, column=one.column) for one in problems]
    return TrustReading(None, tuple(sorted(found, key=lambda finding: finding.order)))


def _standing_problems(
    policy: TrustPolicy, versions: Sequence[PolicyVersion], today: date, seen: _Seen
) -> list[Problem]:
    problems: list[Problem] = []
    floor = max([seen.floor, *seen.digests])
    if policy.version < floor:
        problems.append(
            Problem("POL-001", f"trust policy version {policy.version} is older than version {floor}, seen before")
        )
    problems += [
        Problem("POL-001", f"version {one.number} of the trust policy is another than the one seen before")
        for one in versions
        if seen.digests.get(one.number, one.digest) != one.digest
    ]
    last = max(seen.digests, default=0)
    if 0 < last < policy.version and all(one.number != last for one in versions):
        # Else whoever holds a root key of long ago could make a newer version that the present root has never seen.
        why = f"the chain of the trust policy does not lead through version {last}, seen before"
        problems.append(Problem("POL-008", why))
    if today > policy.expires:
        problems.append(
            Problem("POL-003", f"trust policy version {policy.version} expired on {policy.expires.isoformat()}")
        )
    return problems


def _root_problems(sealed: SealedPolicy) -> list[Problem]:
    persons, broken = root_signers(sealed, sealed.envelope)
    if broken:
        return [Problem("POL-002", f"the signature of root key {min(broken)} does not fit the trust policy")]
    threshold = sealed.policy.root.threshold
    if len(persons) >= threshold:
        return []
    return [
        Problem(
            "POL-002", f"{len(persons)} root persons have signed the trust policy; its own root demands {threshold}"
        )
    ]
