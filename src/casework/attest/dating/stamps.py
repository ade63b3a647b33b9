"""Time stamps (RFC 3161): when a signature, or a checkpoint of the log, is proven to have existed.

A token is a TimeStampResp in DER, as Sigstore bundles hold it too. It dates what its imprint covers: the raw bytes of one
signature. It counts only if it was signed under a certificate that the trust policy pins; no certificate that a token brings
along is believed. Validity is judged at the time that the token states, so tokens go on proving after certificates have
expired. What is to last longer than the authority's key is stamped anew, on top of the older stamps (RFC 4998, 5.2).

Not checked: revocation of an authority's certificate (take a failed authority out of the policy), the policy under which it
stamps, its accuracy, and the ESSCertID attribute, which the pin makes needless.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import TYPE_CHECKING, Final

from casework.attest.carrier import Problem
from casework.attest.codes import shown
from casework.attest.dating.authorities import STRONG_HASHES, Authority, anchor_of, guarded, load_authorities

if TYPE_CHECKING:
    from cryptography.x509 import Name
    from rfc3161_client import TimeStampResponse

__all__ = [
    "Authority",
    "accept_response",
    "due_for_renewal",
    "judge_renewals",
    "judge_tokens",
    "load_authorities",
    "renewal_message",
    "request_for",
]

MAX_TOKENS: Final = 256
MAX_TOKEN_BYTES: Final = 65_536
"""Tokens of public authorities, with their certificates, have 1.5 to 8 KiB."""
_GRANTED: Final = 0  # RFC 3161, 2.4.2


@dataclass(frozen=True, slots=True)
class _Token:
    """What a token says. Nothing of it is verified."""

    response: TimeStampResponse
    at: datetime
    serial: int
    imprint: tuple[str, bytes]
    issuer: Name
    signer: int
    hashes: frozenset[str]


@dataclass(frozen=True, slots=True)
class _Stamp:
    """What a token proves."""

    authority: Authority
    at: datetime
    serial: int


# Tokens


def judge_tokens(
    tokens: Sequence[bytes], signatures: Sequence[bytes], authorities: Sequence[Authority]
) -> tuple[dict[bytes, datetime], tuple[Problem, ...]]:
    """Judge the time stamps of an envelope.

    Args:
        tokens: TimeStampResp, DER each.
        signatures: Raw bytes of the envelope's signatures.
        authorities: Pinned authorities.

    Returns:
        Signature to the earliest time, with a zone, at which it is proven to have existed; and `TIM-002` for each token
        that is broken, by another authority, listed twice, or covers none of the signatures. Never raises, whatever the bytes.
    """
    if len(tokens) > MAX_TOKENS:
        return {}, (Problem("TIM-002", f"{len(tokens)} time stamps are more than the {MAX_TOKENS} allowed"),)
    times: dict[bytes, datetime] = {}
    problems: list[Problem] = []
    seen: set[tuple[str, int]] = set()
    covered = {(oid, _digest(oid, one)): one for oid in STRONG_HASHES for one in signatures} if tokens else {}
    for position, data in enumerate(tokens, start=1):
        token = _read(data)
        signature = None if isinstance(token, str) else covered.get(token.imprint)
        stamp = token if isinstance(token, str) else _verified(token, authorities)
        if isinstance(stamp, str):
            problems.append(Problem("TIM-002", f"time stamp {position} {stamp}"))
        elif signature is None:
            problems.append(Problem("TIM-002", f"time stamp {position} covers no signature of this file"))
        elif (stamp.authority.name, stamp.serial) in seen:
            problems.append(Problem("TIM-002", f"time stamp {position} is listed twice"))
        else:
            seen.add((stamp.authority.name, stamp.serial))
            times[signature] = min(stamp.at, times.get(signature, stamp.at))
    return times, tuple(problems)


def _digest(oid: str, message: bytes) -> bytes:
    return hashlib.new(STRONG_HASHES[oid], message).digest()


def _read(data: bytes) -> _Token | str:
    """Read a token; a text says why it cannot count."""
    if len(data) > MAX_TOKEN_BYTES:
        return f"has {len(data)} bytes, more than the {MAX_TOKEN_BYTES} allowed"
    token = guarded(lambda: _decoded(data))
    if token is None:
        return "is broken: it is no readable time-stamp response with one signer"
    if token.response.status != _GRANTED:
        return "is no stamp: its authority refused"
    if token.imprint[0] not in STRONG_HASHES or not token.hashes or not token.hashes <= STRONG_HASHES.keys():
        return "rests on a hash that is not accepted; SHA-256, SHA-384 or SHA-512 is expected"
    return token


def _decoded(data: bytes) -> _Token:
    from rfc3161_client import decode_timestamp_response

    response = decode_timestamp_response(data)
    info, signed = response.tst_info, response.signed_data
    (signer,) = signed.signer_infos
    at = info.gen_time if info.gen_time.tzinfo else info.gen_time.replace(tzinfo=UTC)
    imprint = (info.message_imprint.hash_algorithm.dotted_string, bytes(info.message_imprint.message))
    # OpenSSL hashes only with what the signed data lists, so a weak hash cannot hide in the signer's own entry.
    hashes = frozenset(one.dotted_string for one in signed.digest_algorithms)
    return _Token(response, at, info.serial_number, imprint, signer.issuer, signer.serial_number, hashes)


def _verified(token: _Token, authorities: Sequence[Authority]) -> _Stamp | str:
    """Verify a token against the pinned authority that it names; a text says why it does not count."""
    reason = "is by an authority that the trust policy does not pin"
    for authority in authorities:
        anchor = anchor_of(authority.certificates)
        if (token.issuer, token.signer) != (anchor.issuer, anchor.serial):
            continue
        if not authority.valid_from <= token.at <= authority.valid_to:
            reason = f"states {token.at:%Y-%m-%d}, when the certificates of {shown(authority.name)} were not valid"
        elif guarded(partial(anchor.verifier.verify, token.response, token.imprint[1])):
            return _Stamp(authority, token.at, token.serial)
        else:
            reason = f"is broken: its signature is not that of {shown(authority.name)}"
    return reason


# Asking an authority


def request_for(message: bytes) -> bytes:
    """Return the query (TimeStampReq, DER) for a signature's raw bytes: SHA-256, a fresh random nonce, certificates wanted.

    Raises:
        ValueError: There is nothing to stamp.
    """
    from rfc3161_client import HashAlgorithm, TimestampRequestBuilder

    builder = TimestampRequestBuilder().data(message).hash_algorithm(HashAlgorithm.SHA256)
    return builder.nonce(nonce=True).cert_request(cert_request=True).build().as_bytes()


def accept_response(
    response: bytes, message: bytes, authorities: Sequence[Authority], *, request: bytes
) -> bytes | Problem:
    """Return the token that an authority answered with, or `TIM-002` where it must not be kept.

    Args:
        response: Body of the answer.
        message: What was to be stamped.
        authorities: Pinned authorities; the token of any other would not count later, so it is refused now.
        request: The query that it answers; its nonce must come back.

    Returns:
        The token, or the problem. Never raises, whatever the answer.
    """
    refusal = guarded(lambda: _refusal(response))
    if refusal:
        return Problem("TIM-002", f"the authority did not grant it: {shown(refusal, 200)}")
    token = _read(response)
    if isinstance(token, str):
        return Problem("TIM-002", f"the answer {token}")
    if _nonce(request) is None or token.response.tst_info.nonce != _nonce(request):
        return Problem("TIM-002", "the answer does not repeat the nonce of the query, so it may be an old one")
    if token.imprint != (_SHA256, _digest(_SHA256, message)):
        return Problem("TIM-002", "the answer stamps something else than was asked for")
    stamp = _verified(token, authorities)
    return Problem("TIM-002", f"the answer {stamp}") if isinstance(stamp, str) else response


_SHA256: Final = next(iter(STRONG_HASHES))


def _refusal(response: bytes) -> str:
    from rfc3161_client import decode_timestamp_response
    from rfc3161_client.tsp import PKIStatus

    decoded = decode_timestamp_response(response)
    if decoded.status == _GRANTED:
        return ""
    return f"{PKIStatus(decoded.status).name.lower()} {'; '.join(decoded.status_string)}".strip()


def _nonce(request: bytes) -> int | None:
    from rfc3161_client._rust import parse_timestamp_request

    return guarded(lambda: parse_timestamp_request(request).nonce)


# Renewal


def renewal_message(note: bytes, tokens: Sequence[bytes]) -> bytes:
    """Return what the next token over a note has to cover: the note, then all tokens that it has, in their order.

    Source: RFC 4998, 5.2, time-stamp renewal, with the note itself hashed again each time.
    """
    return note + b"".join(tokens)


def judge_renewals(
    note: bytes, tokens: Sequence[bytes], authorities: Sequence[Authority]
) -> tuple[datetime | None, tuple[Problem, ...]]:
    """Judge the chain of time stamps over a note.

    The first token covers the note; each later one covers the note and all tokens before it, and was made while the
    certificates of the token before it were still valid.

    Returns:
        The time of the first token, if the whole chain holds; and `LOG-009` for the first link that does not. Without
        tokens: None, and no problem. Never raises, whatever the bytes.
    """
    if len(tokens) > MAX_TOKENS:
        return None, (Problem("LOG-009", f"{len(tokens)} time stamps are more than the {MAX_TOKENS} allowed"),)
    chain: list[_Stamp] = []
    for position, data in enumerate(tokens):
        link = _link(data, renewal_message(note, tokens[:position]), authorities, chain[-1] if chain else None)
        if isinstance(link, str):
            return None, (Problem("LOG-009", f"time stamp {position + 1} of the log {link}"),)
        chain.append(link)
    return (chain[0].at if chain else None), ()


def _link(data: bytes, message: bytes, authorities: Sequence[Authority], before: _Stamp | None) -> _Stamp | str:
    token = _read(data)
    if isinstance(token, str):
        return token
    stamp = _verified(token, authorities)
    if isinstance(stamp, str):
        return stamp
    if token.imprint[1] != _digest(token.imprint[0], message):
        return "covers something else" if before is None else "does not cover the note and all time stamps before it"
    if before is not None and stamp.at < before.at:
        return f"states {stamp.at:%Y-%m-%d}, before the time stamp that it renews"
    if before is not None and stamp.at > before.authority.valid_to:
        ended = before.authority
        return f"renews too late: {shown(ended.name)} ended on {ended.valid_to:%Y-%m-%d}, it states {stamp.at:%Y-%m-%d}"
    return stamp


def due_for_renewal(
    tokens: Sequence[bytes], authorities: Sequence[Authority], now: datetime, within_days: int
) -> Problem | None:
    """Return `TIM-006` where the certificates behind the last token end within some days, or have ended.

    A last token that does not hold is not reported: judge the chain first.

    Raises:
        ValueError: `now` has no time zone.
    """
    if now.tzinfo is None:
        raise ValueError("`now` must have a time zone")
    last = _read(tokens[-1]) if tokens else ""
    stamp = last if isinstance(last, str) else _verified(last, authorities)
    if isinstance(stamp, str) or stamp.authority.valid_to - now > timedelta(days=within_days):
        return None
    ends = stamp.authority.valid_to
    word = "ended" if ends < now else "end"
    return Problem("TIM-006", f"the certificates of {shown(stamp.authority.name)} {word} on {ends:%Y-%m-%d}")
