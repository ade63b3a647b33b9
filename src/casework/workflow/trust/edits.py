"""Changes of a trust policy, each from one value to the next; nothing is read or written, and nothing is in force by them."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

from casework.artifact.digest import sha256_bytes
from casework.attest.keys import KeyRefusedError, PublicKey, load_public_key, read_public_key
from casework.model.policy import POLICY_SCHEMA, TrustPolicy
from casework.model.problem import CallProblem
from casework.workflow.trust.drafts import plain, policy_of

_WHERE: Final = "the changed policy"
_NEED: Final = re.compile(r"([A-Za-z0-9][A-Za-z0-9_.@-]{0,99})(?::([1-9][0-9]?))?")

COUNTERSIGNED: Final[dict[str, Any]] = {
    "require": {"ci": 1, "verifier": 1},
    "independent": True,
    "separate_roles": True,
}
"""Default for evidence that a person must have looked at: the machine that ran it, and somebody independent."""

DEFAULT_EVIDENCE: Final[dict[str, Any]] = {
    "*": COUNTERSIGNED,
    "dataset": {"require": {"ci": 1}},
    "model-signature": {"require": {"ci": 1}},
}
"""What a machine can say by itself is named; all else, known today or not, somebody must have looked at."""

DEFAULT_RELEASE: Final[dict[str, Any]] = {"require": {"safety_manager": 1, "verifier": 1}, "separate_roles": True}


@dataclass(frozen=True, slots=True)
class KeyOf:
    """A public key and who holds it."""

    person: str
    pem: bytes


@dataclass(frozen=True, slots=True)
class Beginning:
    """The answers of a key ceremony.

    Attributes:
        name: Name of the trust domain.
        expires: Last day of the first policy.
        day: First day on which the keys may sign.
        persons: Id to name, of people.
        machines: Id to name, of machines.
        roles: Role to the persons who hold it.
        roots: Root keys.
        signers: Keys for evidence and acts.
        threshold: How many root persons must sign; more than half of them if None.
        evidence: Generator to what its evidence needs; the defaults if empty.
        acts: Kind of act to what it needs; the defaults if None.
    """

    name: str
    expires: date
    day: date
    persons: Mapping[str, str]
    machines: Mapping[str, str]
    roles: Mapping[str, Sequence[str]]
    roots: Sequence[KeyOf]
    signers: Sequence[KeyOf]
    threshold: int | None = None
    evidence: Mapping[str, Any] | None = None
    acts: Mapping[str, Any] | None = None


def public_key(pem: bytes, what: str) -> PublicKey:
    """Return a public key, PEM or a line of OpenSSH. Raises CallProblem, also where a private key is given in its place."""
    if b"PRIVATE KEY" in pem:
        raise CallProblem(f"{what} is a private key; a policy holds public keys only: give its public half")
    try:
        return read_public_key(pem)
    except KeyRefusedError as error:
        raise CallProblem(f"{what} cannot be used: {error}") from error


def needs(text: str) -> dict[str, int]:
    """Return role to number of persons of a text such as `ci,verifier:2`. Raises CallProblem."""
    found: dict[str, int] = {}
    for part in text.split(","):
        match = _NEED.fullmatch(part.strip())
        if match is None or match[1] in found:
            raise CallProblem(f"`{text}` names no roles; write ROLE or ROLE:NUMBER, joined by commas, each once")
        found[match[1]] = int(match[2] or 1)
    return found


def first_policy(answers: Beginning) -> tuple[TrustPolicy, bytes]:
    """Return version 1 of a policy, and the root's public keys as PEM. Raises CallProblem where answers do not fit."""
    people = _people(answers)
    keys: dict[str, Any] = {}
    roots = [_named(keys, one, "-root", answers.day) for one in answers.roots]
    signers = [_named(keys, one, "", answers.day) for one in answers.signers]
    holders = {one.person for one in answers.roots}
    threshold = answers.threshold if answers.threshold is not None else len(holders) // 2 + 1
    value = {
        "schema": POLICY_SCHEMA,
        "name": answers.name,
        "version": 1,
        "expires": answers.expires.isoformat(),
        "root": {"threshold": threshold, "keys": roots},
        "keys": keys,
        "persons": people,
        "roles": {
            role: [key for key in signers if keys[key]["person"] in persons]
            for role, persons in sorted(answers.roles.items())
        },
        "evidence_types": dict(answers.evidence or DEFAULT_EVIDENCE),
        "acts": dict(answers.acts) if answers.acts is not None else {"release": DEFAULT_RELEASE},
    }
    for one in (*answers.roots, *answers.signers):
        if one.person not in people:
            raise CallProblem(f"a key is given for {one.person}, who is no person; add --person {one.person}=NAME")
    pem = b"".join(public_key(one.pem, f"the root key of {one.person}").pem for one in answers.roots)
    return policy_of(value, _WHERE), pem


def _people(answers: Beginning) -> dict[str, Any]:
    both = sorted(answers.persons.keys() & answers.machines.keys())
    if both:
        raise CallProblem(f"{both[0]} is given as a person and as a machine")
    people: dict[str, Any] = {
        person: {"name": name, "roles": [], "machine": person in answers.machines}
        for person, name in sorted({**answers.persons, **answers.machines}.items())
    }
    for role, persons in sorted(answers.roles.items()):
        for person in persons:
            if person not in people:
                raise CallProblem(f"role {role} names {person}, who is no person; add --person {person}=NAME")
            people[person]["roles"].append(role)
    return people


def _named(keys: dict[str, Any], one: KeyOf, suffix: str, day: date) -> str:
    name, number = f"{one.person}{suffix}", 1
    while name in keys:
        number += 1
        name = f"{one.person}{suffix}-{number}"
    pem = public_key(one.pem, f"the key of {one.person}").pem.decode("ascii")
    keys[name] = {"public_key_pem": pem, "person": one.person, "valid_from": day.isoformat()}
    return name


def add_person(
    policy: TrustPolicy, person: str, name: str | None, roles: Sequence[str] | None, machine: bool
) -> TrustPolicy:
    """Add a person, or change the name or the roles of one who is there."""
    value = plain(policy)
    known = value["persons"].get(person)
    if known is None and name is None:
        raise CallProblem(f"{person} is new; give --name NAME")
    entry = known or {"name": name, "roles": [], "machine": machine}
    entry["name"] = name or entry["name"]
    if roles is not None:
        _take_roles(value, person, [role for role in entry["roles"] if role not in roles])
        entry["roles"] = list(roles)
        for role in roles:
            value["roles"].setdefault(role, [])
    value["persons"][person] = entry
    return policy_of(value, _WHERE)


def _take_roles(value: dict[str, Any], person: str, roles: Sequence[str]) -> None:
    theirs = {name for name, key in _signers(value).items() if key["person"] == person}
    for role in roles:
        value["roles"][role] = [name for name in value["roles"].get(role, []) if name not in theirs]


def _signers(value: dict[str, Any]) -> dict[str, Any]:
    return {**value["keys"], **value.get("sigstore", {}).get("identities", {})}


def _give_roles(value: dict[str, Any], name: str, person: str, roles: Sequence[str] | None) -> None:
    if person not in value["persons"]:
        raise CallProblem(f"{person} is no person of the policy; add one first: `casework trust add-person {person}`")
    held = value["persons"][person]["roles"]
    for role in roles if roles is not None else held:
        if role not in held:
            raise CallProblem(
                f"{person} does not hold role {role}; `casework trust add-person {person} --roles ...` first"
            )
        value["roles"].setdefault(role, []).append(name)


def _days(valid_from: date, valid_to: date | None) -> dict[str, str]:
    if valid_to is not None and valid_to < valid_from:
        raise CallProblem(f"the last day, {valid_to}, is before the first, {valid_from}")
    return {"valid_from": valid_from.isoformat(), **({"valid_to": valid_to.isoformat()} if valid_to else {})}


def add_key(
    policy: TrustPolicy, name: str, key: KeyOf, roles: Sequence[str] | None, valid_from: date, valid_to: date | None
) -> TrustPolicy:
    """Add a key under a new name, in all roles of its holder or in those given."""
    value = plain(policy)
    _refuse_known(value, name)
    pem = public_key(key.pem, f"the key {name}").pem.decode("ascii")
    value["keys"][name] = {"public_key_pem": pem, "person": key.person, **_days(valid_from, valid_to)}
    _give_roles(value, name, key.person, roles)
    return policy_of(value, _WHERE)


def _refuse_known(value: dict[str, Any], name: str) -> None:
    if name in _signers(value):
        raise CallProblem(f"there is a key or identity {name} already; a name is never used again: choose another")


@dataclass(frozen=True, slots=True)
class Claims:
    """What a Sigstore certificate must say."""

    person: str
    issuer: str
    identity: str
    repository_id: str | None = None
    ref: str | None = None
    trigger: str | None = None


def add_identity(
    policy: TrustPolicy,
    name: str,
    claims: Claims,
    roles: Sequence[str] | None,
    valid_from: date,
    valid_to: date | None,
    trusted_root: str | None,
) -> TrustPolicy:
    """Add a Sigstore identity; the first one needs the SHA-256 of the trusted root too."""
    value = plain(policy)
    _refuse_known(value, name)
    pinned = trusted_root or value.get("sigstore", {}).get("trusted_root_sha256")
    if pinned is None:
        raise CallProblem("the first identity needs a trusted root: give --trusted-root FILE")
    run = {
        "source_repository_id": claims.repository_id,
        "source_repository_ref": claims.ref,
        "build_trigger": claims.trigger,
    }
    entry = {
        "person": claims.person,
        "issuer": claims.issuer,
        "identity": claims.identity,
        **_days(valid_from, valid_to),
    }
    entry |= {field: text for field, text in run.items() if text}
    section = value.setdefault("sigstore", {"identities": {}})
    section["trusted_root_sha256"] = pinned
    section["identities"][name] = entry
    _give_roles(value, name, claims.person, roles)
    return policy_of(value, _WHERE)


def revoke(policy: TrustPolicy, name: str, on: date | None, compromised: bool) -> TrustPolicy:
    """Revoke a key or an identity from a day on, or void all that it ever signed."""
    value = plain(policy)
    signers = _signers(value)
    if name not in signers:
        raise CallProblem(f"there is no key or identity {name}; there are {', '.join(sorted(signers))}")
    entry = signers[name]
    earlier = entry.get("revoked_at")
    if on is not None and earlier is not None and date.fromisoformat(earlier) < on:
        raise CallProblem(f"{name} is revoked since {earlier}; a revocation is not moved to a later day")
    if on is not None:
        entry["revoked_at"] = on.isoformat()
    if compromised:
        entry["compromised"] = True
    return policy_of(value, _WHERE)


def rotate(
    policy: TrustPolicy, added: Sequence[KeyOf], removed: Sequence[str], threshold: int | None, day: date
) -> TrustPolicy:
    """Change the root: add keys, remove keys by name, or change how many must sign."""
    value = plain(policy)
    kept = list(value["root"]["keys"])
    for name in removed:
        if name not in kept:
            raise CallProblem(f"{name} is no root key; there are {', '.join(kept)}")
        kept.remove(name)
        if not any(name in names for names in value["roles"].values()):
            del value["keys"][name]  # it could do no more than sign the policy
    for one in added:
        if one.person not in value["persons"]:
            raise CallProblem(f"{one.person} is no person of the policy; add one first: `casework trust add-person`")
        taken = deepcopy(value["keys"]) | {name: {} for name in removed}
        name = _named(taken, one, "-root", day)
        value["keys"][name] = taken[name]
        kept.append(name)
    value["root"] = {"threshold": threshold or value["root"]["threshold"], "keys": kept}
    return policy_of(value, _WHERE)


def set_fields(policy: TrustPolicy, expires: date | None, trusted_root: str | None) -> TrustPolicy:
    """Set the last day of the policy, or pin another Sigstore trusted root."""
    value = plain(policy)
    if expires is not None:
        value["expires"] = expires.isoformat()
    if trusted_root is not None:
        if "sigstore" not in value:
            raise CallProblem("the policy has no Sigstore identities; add one with `casework trust add-identity`")
        value["sigstore"]["trusted_root_sha256"] = trusted_root
    return policy_of(value, _WHERE)


def set_rule(policy: TrustPolicy, section: str, name: str, rule: Mapping[str, Any] | None) -> TrustPolicy:
    """Set what a kind of evidence (`evidence_types`) or of act (`acts`) needs; None removes it."""
    value = plain(policy)
    rules = value.setdefault(section, {})
    if rule is None and name not in rules:
        raise CallProblem(f"there is no rule for {name}; there are {', '.join(sorted(rules)) or 'none'}")
    if rule is None:
        del rules[name]
    else:
        rules[name] = dict(rule)
    return policy_of(value, _WHERE)


def set_tsa(policy: TrustPolicy, name: str, chain: bytes | None) -> TrustPolicy:
    """Pin a time-stamp authority by its certificates, PEM, its own first and its root last; None removes it."""
    value = plain(policy)
    pins = value.setdefault("tsa", {})
    if chain is None:
        if name not in pins:
            raise CallProblem(f"there is no time-stamp authority {name}; there are {', '.join(sorted(pins)) or 'none'}")
        del pins[name]
    else:
        pins[name] = _ascii(chain, f"the certificates of {name}")
    if not pins:
        del value["tsa"]
    return policy_of(value, _WHERE)


def _ascii(data: bytes, what: str) -> str:
    try:
        return data.decode("ascii").replace("\r\n", "\n")
    except UnicodeDecodeError as error:
        raise CallProblem(f"{what} are not in PEM") from error


def set_log(
    policy: TrustPolicy, origin: str, key: bytes, witnesses: Mapping[str, bytes], threshold: int
) -> TrustPolicy:
    """Name the evidence log, its key and its witnesses; in force, evidence that is not in it does not count."""
    value = plain(policy)
    value["log"] = {
        "origin": origin,
        "key": public_key(key, "the log's key").pem.decode("ascii"),
        "witnesses": {name: public_key(pem, f"witness {name}").pem.decode() for name, pem in sorted(witnesses.items())},
        "witness_threshold": threshold,
    }
    return policy_of(value, _WHERE)


def differences(before: Mapping[str, Any] | None, after: Mapping[str, Any]) -> list[str]:
    """Return what a change does, a line each: `+ path: value`, `- path: value`, `~ path: old -> new`; sorted by path."""
    old, new = _flat(before or {}), _flat(after)
    lines: list[str] = []
    for path in sorted(old.keys() | new.keys()):
        if path not in old:
            lines.append(f"+ {path}: {_word(new[path])}")
        elif path not in new:
            lines.append(f"- {path}: {_word(old[path])}")
        elif old[path] != new[path]:
            lines.append(f"~ {path}: {_word(old[path])} -> {_word(new[path])}")
    return lines


def _flat(value: Mapping[str, Any], prefix: str = "") -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name, part in value.items():
        path = f"{prefix}{name}"
        if isinstance(part, Mapping) and part:
            found |= _flat(part, f"{path}.")
        else:
            found[path] = part
    return found


def _word(part: object) -> str:
    if isinstance(part, str) and part.startswith("-----BEGIN"):
        return _pem_word(part)
    if isinstance(part, list):
        return ", ".join(map(str, part)) or "none"
    if isinstance(part, bool):
        return "yes" if part else "no"
    return "none" if isinstance(part, Mapping) else str(part)


def _pem_word(pem: str) -> str:
    try:
        key = load_public_key(pem.encode())
    except KeyRefusedError:
        # Two chains of one length must not look alike to whoever signs the change.
        return f"{pem.count('-----BEGIN')} certificates, SHA-256 {sha256_bytes(pem.encode())[:12]}…"
    return f"{key.algorithm} {key.keyid[:12]}…"
