"""Opening one sealed record: shape first, signatures second. Nothing here depends on the day.

A record is one payload. It may lie in several carriers, side by side, all named by the digest of the payload: a DSSE envelope
signed with keys, and Sigstore bundles signed under identities. Whoever signed in any of them has signed the record.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TYPE_CHECKING, Final

from casework.artifact.digest import plain_digest, sha256_bytes
from casework.attest.carrier import Opened, Principal, Problem
from casework.attest.codes import shown
from casework.attest.dsse import Envelope, read_envelope
from casework.attest.statement import read_statement
from casework.attest.trust.policy import Trust
from casework.model.result import PAYLOAD_TYPE, ResultRecord, Statement, outcome_of

if TYPE_CHECKING:
    from casework.attest.dating.authorities import Authority

DSSE_SUFFIX: Final = ".dsse.json"
SIGSTORE_SUFFIX: Final = ".sigstore.json"
_DSSE_NAME: Final = re.compile(r"([0-9a-f]{64})\.dsse\.json")
_SIGSTORE_NAME: Final = re.compile(r"([0-9a-f]{64})\.([0-9a-f]{8})\.sigstore\.json")


@dataclass(frozen=True, slots=True)
class Anchors:
    """What signatures and their times are checked with, besides the keys of the policy.

    Attributes:
        trust: The opened trust policy; None where none could be opened (then nothing is verified).
        authorities: Pinned time-stamp authorities.
        trusted_root: Bytes of the Sigstore trusted root; None where there is none.
    """

    trust: Trust | None
    authorities: tuple[Authority, ...] = ()
    trusted_root: bytes | None = None


@dataclass(frozen=True, slots=True)
class SealedRecord:
    """One payload and all who vouch for it, before the day and the case are known.

    Attributes:
        path: The first of its files, relative to the case's root.
        digest: SHA-256 of the payload; of the file's bytes where no payload could be read.
        statement: The parsed statement; None where it could not be read.
        principals: Signatures that fit, of all carriers; one for each name, at its earliest proven time.
        problems: What is wrong.
        payload: Bytes of the statement; empty where there is none.
        figures_fit: False where the figures are not those that the record's own outcome digest is of.
    """

    path: str
    digest: str
    statement: Statement | None
    principals: tuple[Principal, ...]
    problems: tuple[Problem, ...]
    payload: bytes = b""
    figures_fit: bool = True


def sealed_name(data: bytes) -> str:
    """Return the name of a sealed file: the SHA-256 of its payload, and the suffix; of the bytes where it is no envelope."""
    envelope = read_envelope(data)
    return sha256_bytes(data if isinstance(envelope, Problem) else envelope.payload) + DSSE_SUFFIX


def bundle_name(payload: bytes, bundle: bytes) -> str:
    """Return the name of a Sigstore bundle over a payload."""
    return f"{sha256_bytes(payload)}.{sha256_bytes(bundle)[:8]}{SIGSTORE_SUFFIX}"


def record_of_name(path: str) -> str:
    """Return the payload digest that a file's name states, by which carriers of one record are found; else the path itself."""
    name = path.rpartition("/")[2]
    found = _DSSE_NAME.fullmatch(name) or _SIGSTORE_NAME.fullmatch(name)
    return found[1] if found else path


def open_record(
    files: Sequence[tuple[str, bytes]], anchors: Anchors, *, payload_type: str = PAYLOAD_TYPE
) -> SealedRecord:
    """Open the carriers of one record and read its statement.

    Args:
        files: Path and bytes of each carrier; at least one.
        anchors: What it is checked with.
        payload_type: The only payload type accepted.

    Returns:
        The record. Never raises, whatever the bytes.
    """
    opened = open_carriers(files, anchors, payload_type=payload_type)
    if not opened.payload:
        return SealedRecord(files[0][0], sha256_bytes(files[0][1]), None, (), opened.problems)
    digest, problems = sha256_bytes(opened.payload), opened.problems
    statement = read_statement(opened.payload)
    if isinstance(statement, Statement):
        fit = _figures_fit(statement.predicate)
        return SealedRecord(files[0][0], digest, statement, opened.principals, problems, opened.payload, fit)
    # A payload that is not as it was signed is broken in any case: one fault, one finding.
    forged = any(one.code in ("SIG-003", "SIG-014") for one in problems)
    return SealedRecord(files[0][0], digest, None, (), problems if forged else (*problems, *statement))


def _figures_fit(record: ResultRecord) -> bool:
    stated = record.digests.get("outcome")
    return stated is None or stated == plain_digest(outcome_of(record.metrics, record.tables))


def open_carriers(files: Sequence[tuple[str, bytes]], anchors: Anchors, *, payload_type: str) -> Opened:
    """Open the carriers of one payload and add up who vouches for it; the payload itself is not read."""
    payload = b""
    principals: list[Principal] = []
    problems: list[Problem] = []
    for path, data in files:
        one = _open_file(path, data, anchors, payload_type)
        problems += [replace(problem, file=path) for problem in (*one.problems, *_name_problems(path, data, one))]
        if one.payload and payload and one.payload != payload:
            problems.append(Problem("PTH-005", "it carries another payload than the file beside it", file=path))
            continue
        payload = payload or one.payload
        principals += one.principals
    return Opened(payload_type, payload, _earliest(principals), tuple(problems))


def _open_file(path: str, data: bytes, anchors: Anchors, payload_type: str) -> Opened:
    if path.endswith(SIGSTORE_SUFFIX):
        return _open_bundle(data, anchors, payload_type)
    envelope = read_envelope(data, payload_type=payload_type)
    if isinstance(envelope, Problem):
        return Opened("", b"", (), (envelope,))
    principals, problems = check_signatures(envelope, anchors)
    return Opened(envelope.payload_type, envelope.payload, principals, problems)


def _open_bundle(data: bytes, anchors: Anchors, payload_type: str) -> Opened:
    if anchors.trust is None:
        return Opened("", b"", (), (_no_trust(),))
    if anchors.trusted_root is None:
        why = "there is a Sigstore bundle, and no trusted root that the trust policy pins"
        return Opened("", b"", (), (Problem("SIG-011", why),))
    from casework.attest.sigstore.bundle import open_bundle

    opened = open_bundle(data, anchors.trusted_root, anchors.trust.policy)
    if opened.payload and opened.payload_type != payload_type:
        why = f"payload type is `{shown(opened.payload_type)}`; `{payload_type}` is expected"
        return Opened("", b"", (), (Problem("SIG-009", why),))
    return opened


def _no_trust() -> Problem:
    return Problem("POL-000", "no trust policy is open, so no signature can be judged")


def _name_problems(path: str, data: bytes, opened: Opened) -> list[Problem]:
    if not opened.payload:
        return []
    name, digest = path.rpartition("/")[2], sha256_bytes(opened.payload)
    if name == digest + DSSE_SUFFIX or name == bundle_name(opened.payload, data):
        return []
    return [Problem("PTH-005", f"`{shown(name, 100)}` is not named by the digest of its payload, {digest[:12]}…")]


def check_signatures(envelope: Envelope, anchors: Anchors) -> tuple[tuple[Principal, ...], tuple[Problem, ...]]:
    """Return the signatures of an envelope that fit, dated where a time stamp proves it, and what is wrong with the others."""
    trust = anchors.trust
    if trust is None:
        return (), (_no_trust(),)
    times, problems = _times(envelope, anchors)
    message = envelope.signed_bytes
    found: list[Principal] = []
    seen: set[str | bytes] = set()
    for one in envelope.signatures:
        if one.keyid in seen or one.sig in seen:
            who = shown(one.keyid, 15)
            problems.append(Problem("SIG-006", f"key or signature {who} is listed twice; it counts once"))
            continue
        seen |= {one.keyid, one.sig}
        key = trust.keys.get(one.keyid)
        if key is None:
            who = shown(one.keyid, 15)
            problems.append(Problem("SIG-004", f"key {who} is not in trust policy {shown(trust.policy.name)}"))
        elif not key.public.verifies(message, one.sig):
            problems.append(
                Problem("SIG-003", f"the signature of key {key.name} ({key.person}) does not fit the content")
            )
        else:
            at = times.get(one.sig)
            found.append(
                Principal(key.name, key.person, key.roles, key.entry, at, "token" if at else "", sha256_bytes(one.sig))
            )
    return tuple(found), tuple(problems)


def _times(envelope: Envelope, anchors: Anchors) -> tuple[Mapping[bytes, datetime], list[Problem]]:
    if not envelope.timestamps:
        return {}, []
    from casework.attest.dating.stamps import judge_tokens

    times, problems = judge_tokens(envelope.timestamps, [one.sig for one in envelope.signatures], anchors.authorities)
    return times, list(problems)


def _earliest(principals: Sequence[Principal]) -> tuple[Principal, ...]:
    """Return one principal for each name: whoever signed twice has signed, at the earliest time that is proven."""
    best: dict[str, Principal] = {}
    for one in principals:
        held = best.get(one.name)
        if held is None or (one.signed_at is not None and (held.signed_at is None or one.signed_at < held.signed_at)):
            best[one.name] = one
    return tuple(best[name] for name in sorted(best))
