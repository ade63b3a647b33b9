"""The chain of versions of a trust policy: from one that the pinned root keys have signed to the one in force.

Each version is signed by the root of the one before it and by its own, so whoever has ever pinned a root can walk on to the
newest policy without being told of a new root (The Update Framework 1.0.33, 5.3.4 to 5.3.8). A version that has expired in the
meantime still hands on: what counts is that the last one has not.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from pydantic import ValidationError

from casework.artifact.digest import sha256_bytes
from casework.attest.carrier import Problem
from casework.attest.codes import shown
from casework.attest.dsse import Envelope, read_envelope
from casework.attest.keys import KeyRefusedError, PublicKey, load_public_key
from casework.attest.statement import read_canonical, schema_problems
from casework.attest.trust.demo import PUBLISHED_KEYIDS
from casework.model.policy import POLICY_PAYLOAD_TYPE, PolicyKey, TrustPolicy


@dataclass(frozen=True, slots=True)
class PolicyVersion:
    """One version of a trust policy in its chain.

    Attributes:
        number: Its version.
        digest: SHA-256 of its payload.
        expires: Last day on which it held.
        signers: Names, in it, of the root keys that have signed it.
        by_pinned: Whether enough of the pinned root keys have signed it.
    """

    number: int
    digest: str
    expires: date
    signers: tuple[str, ...]
    by_pinned: bool


@dataclass(frozen=True, slots=True)
class SealedPolicy:
    """A sealed version that was read. Only what `pinned_problem` and `chain_problem` say makes it trusted.

    Attributes:
        policy: What it says.
        envelope: As it was sealed.
        digest: SHA-256 of the payload.
        roots: Key id to name and key, of the keys that its own root lists; those that cannot be used are missing.
    """

    policy: TrustPolicy
    envelope: Envelope
    digest: str
    roots: dict[str, tuple[str, PublicKey]]


def read_sealed_policy(data: bytes) -> SealedPolicy | tuple[Problem, ...]:
    """Read a sealed policy strictly. Never raises, whatever the bytes."""
    envelope = read_envelope(data, payload_type=POLICY_PAYLOAD_TYPE)
    if isinstance(envelope, Problem):
        code = "POL-002" if envelope.code == "SIG-001" else envelope.code
        return (Problem(code, envelope.message, envelope.line, envelope.column),)
    policy = _read_policy(envelope.payload)
    if not isinstance(policy, TrustPolicy):
        return policy
    return SealedPolicy(policy, envelope, sha256_bytes(envelope.payload), _roots(policy))


def _read_policy(payload: bytes) -> TrustPolicy | tuple[Problem, ...]:
    value = read_canonical(payload)
    if isinstance(value, Problem):
        return (value,)
    try:
        return TrustPolicy.model_validate(value)
    except ValidationError as error:
        # The codes of results mean nothing here: a policy has no metrics.
        return tuple(Problem("PRS-007", one.message) for one in schema_problems(error))


def _roots(policy: TrustPolicy) -> dict[str, tuple[str, PublicKey]]:
    found: dict[str, tuple[str, PublicKey]] = {}
    for name in sorted(policy.root.keys):
        entry = policy.keys.get(name)
        if entry is None:
            continue
        try:
            key = load_public_key(entry.public_key_pem.encode("utf-8"))
        except KeyRefusedError:
            continue
        found.setdefault(key.keyid, (name, key))  # a key under two names is one key; one of its names counts
    return found


def pinned_problem(sealed: Envelope, pinned: Sequence[PublicKey]) -> Problem | None:
    """Return what is wrong with the signatures of a version, as far as pinned keys can tell: a doubled or a broken one."""
    by_id = {key.keyid: key for key in pinned}
    listed = [one.keyid for one in sealed.signatures]
    if len(set(listed)) != len(listed):
        return Problem("POL-002", "one key has signed the trust policy twice; it counts once, and doubling is refused")
    message = sealed.signed_bytes
    for one in sealed.signatures:
        if one.keyid in by_id and not by_id[one.keyid].verifies(message, one.sig):
            return Problem(
                "POL-002", f"the signature of pinned root key {one.keyid[:12]} does not fit the trust policy"
            )
    return None


def pinned_signers(sealed: Envelope, pinned: Sequence[PublicKey]) -> frozenset[str]:
    """Return the ids of the pinned keys that a version names as signers; `pinned_problem` says whether they are."""
    return frozenset(one.keyid for one in sealed.signatures) & {key.keyid for key in pinned}


def counts_as_root(entry: PolicyKey) -> bool:
    """Tell whether signatures of a key count for a root that lists it, whenever they were made."""
    return not entry.compromised and entry.revoked_at is None and entry.valid_to is None


def root_signers(by: SealedPolicy, sealed: Envelope) -> tuple[frozenset[str], frozenset[str]]:
    """Return who of the root of `by` has signed: persons that count, and names of keys whose signature does not fit.

    A key that has a last day does not count: nothing proves that it signed by then.
    """
    message = sealed.signed_bytes
    persons: set[str] = set()
    broken: set[str] = set()
    for one in sealed.signatures:
        if one.keyid not in by.roots:
            continue
        name, key = by.roots[one.keyid]
        entry = by.policy.keys[name]
        if not key.verifies(message, one.sig):
            broken.add(name)
        elif counts_as_root(entry):
            persons.add(entry.person)
    return frozenset(persons), frozenset(broken)


def chain_problem(chain: Sequence[SealedPolicy], pinned: Sequence[PublicKey]) -> Problem | None:
    """Return the first break in a chain of versions, oldest first; None if it holds.

    The last one is not checked against its own root here, nor for signatures of pinned keys.
    """
    for index, one in enumerate(chain):
        number = one.policy.version
        problem = None
        if index < len(chain) - 1:
            problem = pinned_problem(one.envelope, pinned) or _by_root(one, one.envelope)
        if problem is None and index:
            problem = _follows(chain[index - 1], one)
        if problem is not None:
            return Problem("POL-008", f"version {number} of the trust policy: {problem.message}")
    return None


def _by_root(by: SealedPolicy, envelope: Envelope) -> Problem | None:
    persons, broken = root_signers(by, envelope)
    number = by.policy.version
    if broken:
        return Problem("POL-008", f"the signature of root key {min(broken)} of version {number} does not fit")
    if len(persons) < by.policy.root.threshold:
        lacking = f"{len(persons)} root persons of version {number} have signed it"
        return Problem("POL-008", f"{lacking}; the root of version {number} demands {by.policy.root.threshold}")
    return None


def _follows(before: SealedPolicy, after: SealedPolicy) -> Problem | None:
    if after.policy.version != before.policy.version + 1:
        return Problem(
            "POL-008", f"it stands after version {before.policy.version}; one is missing, or out of its place"
        )
    if after.policy.name != before.policy.name:
        # A root that signs for two projects must not let one's policy continue the other's.
        was, now = shown(before.policy.name), shown(after.policy.name)
        return Problem("POL-008", f"it is of trust domain {now}, and the version before it of {was}")
    return _by_root(before, after.envelope)


def rests_on_demo(chain: Sequence[SealedPolicy], anchor: int, signed: frozenset[str]) -> bool:
    """Tell whether anybody could have led the chain from its anchor to where it is.

    Args:
        chain: Versions, oldest first.
        anchor: Index of the version that the pinned keys vouch for.
        signed: Pinned keys that have signed it.
    """
    walked = chain[anchor:]
    return (
        not PUBLISHED_KEYIDS.isdisjoint(signed)
        or any(one.policy.demo for one in walked)
        or any(not PUBLISHED_KEYIDS.isdisjoint(one.roots) for one in walked[:-1])
    )
