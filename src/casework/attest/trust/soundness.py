"""Whether a trust policy is sound in itself: it names nobody that it does not define, and demands nothing that nobody can give."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from casework.attest.carrier import Problem
from casework.attest.codes import shown
from casework.attest.trust.demo import PUBLISHED_KEYIDS
from casework.attest.trust.ring import TrustedIdentity, TrustedKey
from casework.attest.trust.thresholds import assignable
from casework.model.policy import ActRule, EvidenceRule, TrustPolicy


def reference_problems(policy: TrustPolicy) -> list[Problem]:
    """Return what is named and not defined, and keys and identities in roles that their holders lack (POL-005)."""
    return [
        Problem("POL-005", f"{ghost}, which the trust policy does not define") for ghost in _ghosts(policy)
    ] + _role_conflicts(policy)


def _ghosts(policy: TrustPolicy) -> Iterable[str]:
    signers = policy.signers
    for name in policy.root.keys:
        if name not in policy.keys:
            yield f"`root` names key {name}"
    for role, names in sorted(policy.roles.items()):
        yield from (f"role {role} names key {name}" for name in names if name not in signers)
    for kind, name, person in _holders(policy):
        if person not in policy.persons:
            yield f"{kind} {name} names person {person}"
    for what, rule in _rules(policy):
        yield from (f"{what} requires role {role}" for role in sorted(rule.require) if role not in policy.roles)


def _holders(policy: TrustPolicy) -> Iterable[tuple[str, str, str]]:
    yield from (("key", name, key.person) for name, key in sorted(policy.keys.items()))
    if policy.sigstore is not None:
        yield from (("identity", name, one.person) for name, one in sorted(policy.sigstore.identities.items()))


def _rules(policy: TrustPolicy) -> Iterable[tuple[str, EvidenceRule | ActRule]]:
    yield from ((f"evidence type {shown(kind)}", rule) for kind, rule in sorted(policy.evidence_types.items()))
    yield from ((f"act {kind}", act) for kind, act in sorted(policy.acts.items()))


def _role_conflicts(policy: TrustPolicy) -> list[Problem]:
    return [
        Problem("POL-005", f"role {role} names {kind} {name} of {person}, who does not hold that role")
        for role, names in sorted(policy.roles.items())
        for kind, name, person in _holders(policy)
        if name in names and person in policy.persons and not policy.holds(person, role)
    ]


def root_day_problems(policy: TrustPolicy) -> list[Problem]:
    """Return the root keys that have a last day (SIG-008).

    A signature of a trust policy states no time and nothing dates it, so a key that has run out could sign a newer version for
    ever, and no reader could tell when it did.
    """
    return [
        Problem(
            "SIG-008",
            f"root key {name} has a last day, and nothing proves when a policy was signed: leave it open and end it by rotation",
        )
        for name in sorted(set(policy.root.keys))
        if name in policy.keys and policy.keys[name].valid_to is not None
    ]


def unsignable_problems(
    policy: TrustPolicy, keys: Iterable[TrustedKey], identities: Iterable[TrustedIdentity]
) -> list[Problem]:
    """Return the kinds of evidence and of acts that demand more persons than the policy has in their roles (POL-006)."""
    problems: list[Problem] = []
    signers: list[TrustedKey | TrustedIdentity] = [*keys, *identities]
    usable = [one for one in signers if not one.entry.compromised]
    for what, rule in _rules(policy):
        persons = {role: frozenset(one.person for one in usable if role in one.roles) for role in rule.require}
        lacking = sorted(role for role, count in rule.require.items() if len(persons[role]) < count)
        problems += [
            Problem("POL-006", f"{what} requires {rule.require[role]} in role {role}, which has {len(persons[role])}")
            for role in lacking
        ]
        if not lacking and rule.separate_roles and not assignable(rule.require, persons):
            problems.append(Problem("POL-006", f"{what} has too few different persons for its separate roles"))
    return problems


def shared_key_problems(ring: Mapping[str, TrustedKey], pinned: Mapping[str, str]) -> list[Problem]:
    """Return the signers' keys that the log or a time-stamp authority has too (POL-004).

    A witness may be a person who also signs evidence: what it cosigns is written otherwise, and it vouches for itself alone.
    """
    return [
        Problem("POL-004", f"key {ring[keyid].name} and {what} of the trust policy are the same key")
        for what, keyid in sorted(pinned.items())
        if keyid in ring and not what.startswith("witness ")
    ]


def published_problems(policy: TrustPolicy, ring: Mapping[str, TrustedKey], pinned: Mapping[str, str]) -> list[Problem]:
    """Return the keys of a policy whose private halves are published with Casework (POL-009)."""
    whose = [(keyid, f"key {key.name}") for keyid, key in ring.items()]
    whose += [(keyid, f"the key of {what}") for what, keyid in pinned.items()]
    return [
        Problem("POL-009", f"{what} in policy {shown(policy.name)} is a published demo key")
        for keyid, what in whose
        if keyid in PUBLISHED_KEYIDS
    ]
