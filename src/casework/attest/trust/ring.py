"""Who can sign under a trust policy: its keys by key id, and its Sigstore identities by name."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from casework.attest.carrier import Problem
from casework.attest.codes import shown
from casework.attest.keys import KeyRefusedError, PublicKey, load_public_key
from casework.model.policy import Identity, PolicyKey, TrustPolicy

_RUN_FIELDS: Final = ("source_repository_id", "source_repository_ref", "build_trigger")


@dataclass(frozen=True, slots=True)
class TrustedKey:
    """A key of an opened policy, ready to verify with."""

    name: str
    person: str
    roles: frozenset[str]
    entry: PolicyKey
    public: PublicKey


@dataclass(frozen=True, slots=True)
class TrustedIdentity:
    """A Sigstore identity of an opened policy."""

    name: str
    person: str
    roles: frozenset[str]
    entry: Identity


def key_ring(policy: TrustPolicy) -> tuple[dict[str, TrustedKey], list[Problem]]:
    """Return the keys of a policy by key id, and what is wrong with them: weak or unreadable ones, doubled ones."""
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


def identity_ring(policy: TrustPolicy) -> tuple[dict[str, TrustedIdentity], list[Problem]]:
    """Return the Sigstore identities of a policy by name, and what is wrong with them: loose or doubled ones.

    A certificate for a workflow names the workflow, also where a fork or a pull request runs it; only the extensions
    tell those apart (https://github.com/sigstore/fulcio/blob/main/docs/oid-info.md). So a workload, which is what a
    machine or a URI stands for, must name repository, ref and trigger.
    """
    ring: dict[str, TrustedIdentity] = {}
    problems: list[Problem] = []
    held: dict[tuple[str, ...], TrustedIdentity] = {}
    for name, entry in sorted(policy.sigstore.identities.items() if policy.sigstore else ()):
        one = TrustedIdentity(name, entry.person, policy.roles_of_key(name), entry)
        ring[name] = one
        problems += _loose(policy, one)
        claims = (entry.issuer, entry.identity)
        twin = held.setdefault(claims, one)
        if twin is not one and (twin.person != one.person or _run(twin) == _run(one)):
            problems.append(
                Problem("POL-004", f"identities {twin.name} and {name} of the trust policy are the same identity")
            )
    return ring, problems


def _run(one: TrustedIdentity) -> tuple[str | None, ...]:
    return tuple(getattr(one.entry, field) for field in _RUN_FIELDS)


def _loose(policy: TrustPolicy, one: TrustedIdentity) -> list[Problem]:
    found: list[Problem] = []
    if one.name in policy.keys:
        found.append(
            Problem("POL-007", f"{one.name} names a key and an identity, so a role that lists it is ambiguous")
        )
    holder = policy.persons.get(one.person)
    workload = "://" in one.entry.identity or (holder is not None and holder.machine)
    lacking = [field for field in _RUN_FIELDS if not getattr(one.entry, field)] if workload else []
    if lacking:
        what = f"identity {one.name} ({shown(one.entry.identity)}) is that of a machine"
        found.append(Problem("POL-007", f"{what} and leaves open {', '.join(lacking)}"))
    return found
