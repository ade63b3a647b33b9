"""Signing what lies in a case: countersigning sealed evidence, and sealing reviews and waivers.

Nobody is made to sign what would not count: the key must belong to a person whose signature the trust policy asks for, and who
is independent where that is demanded. What was made is verified before it is written.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from pydantic import ValidationError

from casework.model.act import ActRecord
from casework.model.learning import Evidence
from casework.model.problem import CallProblem
from casework.model.result import PAYLOAD_TYPE
from casework.model.verdict import Signer
from casework.workflow.evidence.offers import Desk, Offer, lacking
from casework.workflow.judging.sealed import act_nodes

if TYPE_CHECKING:
    from casework.attest.keys import SigningKey
    from casework.attest.trust.ring import TrustedIdentity, TrustedKey
    from casework.workflow.evidence.keyless import Keyless


@dataclass(frozen=True, slots=True)
class Signed:
    """What was signed: the node, its file, who signed now, and whose signatures are still lacking."""

    key: str
    path: str
    persons: tuple[str, ...]
    lacks: tuple[str, ...]


def check_signers(desk: Desk, offer: Offer, keys: Sequence[SigningKey]) -> tuple[TrustedKey, ...]:
    """Return the keys as the trust policy knows them.

    Raises:
        CallProblem: The thing must not be signed, or a key is of no use for it; nothing has been signed then.
    """
    if offer.problem:
        raise CallProblem(f"{offer.key} is not signed: {offer.problem}")
    trust = desk.anchors.trust
    found: list[TrustedKey] = []
    for key in keys:
        known = trust.keys.get(key.keyid) if trust else None
        if known is None:
            raise CallProblem(
                f"key {key.keyid[:12]} is not in trust policy {desk.policy.name}; it can sign nothing here"
            )
        why = _standing(desk, known) or _of_no_use(desk, offer, known)
        if why:
            raise CallProblem(f"{offer.key} is not signed with key {known.name} ({known.person}): {why}")
        found.append(known)
    if len({one.person for one in found}) != len(found):
        raise CallProblem(f"{offer.key} is not signed: two of the keys are of one person, who counts once")
    return tuple(found)


def _standing(desk: Desk, key: TrustedKey | TrustedIdentity) -> str:
    entry, today = key.entry, desk.today
    if entry.compromised or (entry.revoked_at is not None and today >= entry.revoked_at):
        return "the key is revoked"
    if today < entry.valid_from or (entry.valid_to is not None and today > entry.valid_to):
        return "the key is not valid today"
    return ""


def _of_no_use(desk: Desk, offer: Offer, key: TrustedKey | TrustedIdentity) -> str:
    if any(one.person == key.person for one in offer.signers):
        return "this person has signed it already"
    if offer.kind == "evidence":
        return _of_no_use_for_evidence(desk, offer, key)
    if (held := desk.policy.persons.get(key.person)) is None or held.machine:
        return "a machine cannot review or accept"
    if key.person != offer.speaks_for and not key.roles & offer.wanted.keys():
        others = f", or somebody in role {', '.join(sorted(offer.wanted))}" if offer.wanted else ""
        return f"it speaks for {offer.speaks_for}, who must sign it{others}"
    return ""


def _of_no_use_for_evidence(desk: Desk, offer: Offer, key: TrustedKey | TrustedIdentity) -> str:
    if not key.roles & offer.wanted.keys():
        held = ", ".join(sorted(key.roles)) or "no role"
        return f"it may sign as {held}; asked for is {', '.join(sorted(offer.wanted)) or 'nobody'}"
    case = desk.assessment.case
    plan = case.node(offer.key)
    rule = desk.policy.rule_for(plan.generator) if isinstance(plan, Evidence) else None
    if key.roles & {"verifier", *(rule.require if rule and rule.independent else ())}:
        about = sorted({edge.target for edge in case.out(offer.key, "verifies", "subject")})
        owned = [one for one in about if case.entries[one].valid and case.data(one).get("owner") == key.person]
        if owned:
            return f"{key.person} owns {', '.join(owned)}, and must be independent of what is verified"
    return ""


def sign(desk: Desk, offer: Offer, keys: Sequence[SigningKey], at: str) -> Signed:
    """Sign one thing, and write its file whole or not at all.

    Args:
        desk: The case.
        offer: What is signed.
        keys: Who signs.
        at: The present moment, UTC, RFC 3339, which a new act states.

    Raises:
        CallProblem: It must not be signed, a key does not sign, or the file cannot be written.
    """
    from casework.attest.opening import open_carriers, sealed_name

    known = check_signers(desk, offer, keys)
    try:
        data = _signed_bytes(desk, offer, keys, at)
    except ValidationError as error:
        why = "; ".join(one["msg"] for one in error.errors())
        raise CallProblem(f"{offer.key} cannot be sealed: {why}") from error
    except ValueError as error:
        raise CallProblem(f"{offer.key} is not signed: {error}") from error
    path = f"{offer.path}{sealed_name(data)}" if offer.path.endswith("/") else offer.path
    made = open_carriers([(path, data)], desk.anchors, payload_type=PAYLOAD_TYPE)
    if made.problems:
        raise CallProblem(f"{offer.key} is not signed: what was made does not verify: {made.problems[0].message}")
    _replace(desk.root, path, offer.before, data)
    signers = (*offer.signers, *(Signer(one.name, one.person, one.roles) for one in known))
    persons = tuple(sorted(one.person for one in known))
    return Signed(offer.key, path, persons, lacking(offer, signers, desk.policy))


def sign_under_identity(desk: Desk, offer: Offer, keyless: Keyless, at: str) -> Signed:
    """Sign one thing under an identity, and write the Sigstore bundle beside what is there, whole or not at all.

    Args:
        desk: The case.
        offer: What is signed.
        keyless: The identity. Goes over the network.
        at: The present moment, UTC, RFC 3339, which a new act states.

    Raises:
        CallProblem: It must not be signed, the services refuse, the signature would not count, or the file cannot be written.
    """
    from casework.attest.opening import open_carriers

    if offer.problem:
        raise CallProblem(f"{offer.key} is not signed: {offer.problem}")
    name, bundle = keyless.sign(offer.payload or _act_payload(desk, offer, at))
    path = f"{offer.path.rpartition('/')[0]}/{name}"
    made = open_carriers([(path, bundle)], desk.anchors, payload_type=PAYLOAD_TYPE)
    trust = desk.anchors.trust
    if made.problems or not made.principals or trust is None:
        why = f": {made.problems[0].message} ({made.problems[0].code})" if made.problems else ""
        raise CallProblem(f"{offer.key} is not signed: the signature would not count{why}")
    known = trust.identities[made.principals[0].name]
    useless = _standing(desk, known) or _of_no_use(desk, offer, known)
    if useless:
        raise CallProblem(f"{offer.key} is not signed under {known.name} ({known.person}): {useless}")
    _replace(desk.root, path, None, bundle)
    signers = (*offer.signers, Signer(known.name, known.person, known.roles))
    return Signed(offer.key, path, (known.person,), lacking(offer, signers, desk.policy))


def _act_payload(desk: Desk, offer: Offer, at: str) -> bytes:
    from casework.attest.act import statement_of_act

    return statement_of_act(_act_record(desk, offer, at))


def _act_record(desk: Desk, offer: Offer, at: str) -> ActRecord:
    node = act_nodes(desk.assessment.case)[offer.key]
    return ActRecord.model_validate({**node._asdict(), "node": offer.key, "signed": at})


def _signed_bytes(desk: Desk, offer: Offer, keys: Sequence[SigningKey], at: str) -> bytes:
    from casework.attest.act import seal_act
    from casework.attest.dsse import countersign, sign_envelope

    if not offer.payload:
        return seal_act(_act_record(desk, offer, at), keys)
    if offer.before is None:  # so far it lies in Sigstore bundles alone
        return sign_envelope(PAYLOAD_TYPE, offer.payload, keys)
    data = offer.before
    for key in keys:
        data = countersign(data, key)
    return data


def _replace(root: Path, path: str, before: bytes | None, data: bytes) -> None:
    """Put a file in its place, whole or not at all, unless it changed meanwhile.

    Raises:
        CallProblem: It changed, cannot be written, or is reached through a link.
    """
    target = root / path
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        if target.parent.resolve() != root.resolve() / Path(path).parent or target.is_symlink():
            raise CallProblem(f"{path} is reached through a link; nothing is written there")
        handle, temporary = tempfile.mkstemp(dir=target.parent, prefix=".new-")
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(data)
                file.flush()
                os.fsync(file.fileno())
            os.chmod(temporary, 0o644)  # evidence is to be read by everyone
            if (target.read_bytes() if target.exists() else None) != before:
                raise CallProblem(f"{path} was changed by another program meanwhile; look at it and sign again")
            os.replace(temporary, target)
        finally:
            Path(temporary).unlink(missing_ok=True)
    except OSError as error:
        raise CallProblem(f"{path} cannot be written: {error.strerror or error}") from error
