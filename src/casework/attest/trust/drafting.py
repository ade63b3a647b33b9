"""A new version of the trust policy before it is in force: what is wrong with it, and who must still sign it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Final

from casework.attest.carrier import Problem
from casework.attest.codes import report
from casework.attest.dsse import Envelope, Signature
from casework.attest.keys import PublicKey, SigningKey
from casework.attest.seal import policy_payload
from casework.attest.trust.chain import SealedPolicy, counts_as_root, read_sealed_policy, root_signers
from casework.attest.trust.pins import pinned_keys
from casework.attest.trust.ring import identity_ring, key_ring
from casework.attest.trust.soundness import (
    published_problems,
    reference_problems,
    root_day_problems,
    shared_key_problems,
    unsignable_problems,
)
from casework.model.finding import Finding
from casework.model.policy import POLICY_PAYLOAD_TYPE, TrustPolicy

DRAFT_NAME: Final = "policy.draft.json"


@dataclass(frozen=True, slots=True)
class Quorum:
    """Whether enough have signed a draft, for one of the roots that must sign it.

    Attributes:
        whose: Which root: of the version in force, of the draft, or the pinned keys.
        needed: How many must sign.
        signed: Who has signed, sorted.
        open_: Who may still sign, sorted.
    """

    whose: str
    needed: int
    signed: tuple[str, ...]
    open_: tuple[str, ...]

    @property
    def met(self) -> bool:
        """True if enough have signed."""
        return len(self.signed) >= self.needed


def draft_findings(policy: TrustPolicy, today: date, path: str) -> tuple[Finding, ...]:
    """Return why a draft would not open once it is signed; empty if it would."""
    keys, problems = key_ring(policy)
    identities, loose = identity_ring(policy)
    pins, unfit = pinned_keys(policy)
    problems += [*loose, *unfit, *reference_problems(policy), *shared_key_problems(keys, pins)]
    problems += root_day_problems(policy)
    if today > policy.expires:
        problems.append(Problem("POL-003", f"the draft expires on {policy.expires.isoformat()}, which is past"))
    if not problems:
        problems += unsignable_problems(policy, keys.values(), identities.values())
        problems += _root_problems(policy)
    if not policy.demo:
        problems += published_problems(policy, keys, pins)
    found = [report(one.code, one.message, file=path) for one in problems]
    return tuple(sorted(found, key=lambda finding: finding.order))


def _root_problems(policy: TrustPolicy) -> list[Problem]:
    holders = {policy.keys[name].person for name in policy.root.keys if counts_as_root(policy.keys[name])}
    if len(holders) >= policy.root.threshold:
        return []
    return [
        Problem("POL-006", f"`root` demands {policy.root.threshold} persons; its usable keys are of {len(holders)}")
    ]  # fmt: skip


def draft_envelope(policy: TrustPolicy, signatures: tuple[Signature, ...]) -> Envelope:
    """Return a draft as it would be sealed with these signatures."""
    return Envelope(POLICY_PAYLOAD_TYPE, policy_payload(policy), signatures)


def signature_of(envelope: Envelope, key: SigningKey) -> Signature:
    """Return the signature of a key over an envelope's content."""
    return Signature(key.keyid, key.sign(envelope.signed_bytes))


def fitting(envelope: Envelope, known: dict[str, PublicKey]) -> tuple[Signature, ...]:
    """Return the signatures of known keys that fit the content as it is now, one for each key, sorted by key id."""
    kept = {
        one.keyid: one
        for one in envelope.signatures
        if one.keyid in known and known[one.keyid].verifies(envelope.signed_bytes, one.sig)
    }
    return tuple(kept[keyid] for keyid in sorted(kept))


def root_keys(policy: TrustPolicy) -> dict[str, tuple[str, PublicKey]]:
    """Return the usable root keys of a policy: key id to name and key."""
    keys, _ = key_ring(policy)
    return {
        keyid: (one.name, one.public)
        for keyid, one in keys.items()
        if one.name in policy.root.keys and counts_as_root(one.entry)
    }


def quorums(
    before: bytes | None, policy: TrustPolicy, envelope: Envelope, pinned: tuple[PublicKey, ...]
) -> tuple[Quorum, ...]:
    """Return for each root that must sign a draft whether enough have.

    Args:
        before: Sealed bytes of the version in force; None for the first version, which the pinned keys must sign.
        policy: The draft.
        envelope: The draft with the signatures so far; each must fit.
        pinned: Root keys of `root.pub`.
    """
    sealed = SealedPolicy(policy, envelope, "", root_keys(policy))
    found = [_quorum("the draft", sealed, envelope)]
    if before is None:
        ids = sorted({key.keyid for key in pinned})
        signed = sorted({one.keyid for one in envelope.signatures} & set(ids))
        names = {keyid: name for keyid, (name, _) in sealed.roots.items()}
        who = [names.get(keyid, keyid[:12]) for keyid in signed]
        left = [names.get(keyid, keyid[:12]) for keyid in ids if keyid not in signed]
        return (*found, Quorum("root.pub", len(ids) // 2 + 1, tuple(sorted(who)), tuple(sorted(left))))
    old = read_sealed_policy(before)
    if isinstance(old, SealedPolicy):
        found.insert(0, _quorum(f"version {old.policy.version}", old, envelope))
    return tuple(found)


def _quorum(whose: str, by: SealedPolicy, envelope: Envelope) -> Quorum:
    persons, _ = root_signers(by, envelope)
    holders = {by.policy.keys[name].person for name, _ in by.roots.values() if counts_as_root(by.policy.keys[name])}
    return Quorum(whose, by.policy.root.threshold, tuple(sorted(persons)), tuple(sorted(holders - persons)))
