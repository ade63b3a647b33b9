"""The shape of a Sigstore bundle, read as a closed schema before anything in it is verified.

The library's own reader keeps the last of doubled keys, takes each field under two names (`mediaType`, `media_type`)
and skips what is no base64: three ways for one file to mean two things. Here each of them is a problem.

Source: Sigstore bundle format, https://docs.sigstore.dev/about/bundle/, and its JSON mapping (proto3: bytes as
base64, 64-bit integers as decimal text).
"""

from __future__ import annotations

import base64
import binascii
import re
from typing import Annotated, Any, Final

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, PlainSerializer, ValidationError
from pydantic.alias_generators import to_camel
from pydantic_core import ErrorDetails, PydanticCustomError

from casework.artifact.strict_json import read_json
from casework.attest.carrier import Problem
from casework.attest.codes import shown

V03: Final = frozenset(
    {"application/vnd.dev.sigstore.bundle.v0.3+json", "application/vnd.dev.sigstore.bundle+json;version=0.3"}
)
"""Media types of version 0.3, in both spellings that signers write: what a carrier of evidence must be."""

OLDER: Final = frozenset(
    {"application/vnd.dev.sigstore.bundle+json;version=0.1", "application/vnd.dev.sigstore.bundle+json;version=0.2"}
)
"""Media types of earlier versions: read only where a caller asks for them."""

MAX_BUNDLE_BYTES: Final = 8 * 1024 * 1024
"""Largest bundle that is read, in bytes: its payload is at most a record, and the rest takes about 10 kB."""

_DECIMAL = re.compile(r"0|[1-9][0-9]{0,18}")
_MAX_INT64: Final = 2**63 - 1


def _base64(value: Any) -> bytes:
    if not isinstance(value, str):
        raise PydanticCustomError("no_text", "base64 text is expected")
    try:
        decoded = base64.b64decode(value, validate=True)
    except (binascii.Error, ValueError):
        raise PydanticCustomError("bad_base64", "no canonical standard base64") from None
    if not decoded or base64.b64encode(decoded).decode("ascii") != value:
        raise PydanticCustomError("bad_base64", "no canonical standard base64")
    return decoded


def _decimal(value: Any) -> int:
    if not isinstance(value, str) or not _DECIMAL.fullmatch(value) or int(value) > _MAX_INT64:
        raise PydanticCustomError("no_decimal", "a number from 0 to 2^63 - 1 as decimal text is expected")
    return int(value)


Base64 = Annotated[bytes, BeforeValidator(_base64), PlainSerializer(lambda raw: base64.b64encode(raw).decode("ascii"))]
Decimal = Annotated[int, BeforeValidator(_decimal), PlainSerializer(str)]
Short = Annotated[str, Field(max_length=500)]


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, alias_generator=to_camel)


class RawBytes(_Part):
    """A certificate in DER."""

    raw_bytes: Base64


class CertificateChain(_Part):
    """Certificates of a bundle before version 0.3; the first is the signer's, the others count for nothing."""

    certificates: Annotated[tuple[RawBytes, ...], Field(strict=False, min_length=1, max_length=16)]


class KeyHint(_Part):
    """Which key has signed, as the bundle says. Nothing vouches for it."""

    hint: Short = ""


class LogId(_Part):
    """Which transparency log holds an entry."""

    key_id: Base64


class KindVersion(_Part):
    """What kind of entry it is."""

    kind: Short
    version: Short


class Checkpoint(_Part):
    """A signed note of the log: origin, size and root."""

    envelope: Annotated[str, Field(max_length=20_000)]


class InclusionProof(_Part):
    """The way from an entry to a root of the log."""

    log_index: Decimal
    root_hash: Base64
    tree_size: Decimal
    hashes: Annotated[tuple[Base64, ...], Field(strict=False, max_length=64)] = ()
    checkpoint: Checkpoint | None = None


class InclusionPromise(_Part):
    """The log's signature over an entry and the time at which it took it."""

    signed_entry_timestamp: Base64


class LogEntry(_Part):
    """One entry of a transparency log."""

    log_index: Decimal
    log_id: LogId
    kind_version: KindVersion
    integrated_time: Decimal | None = None
    inclusion_promise: InclusionPromise | None = None
    inclusion_proof: InclusionProof | None = None
    canonicalized_body: Base64


class Token(_Part):
    """A time-stamp response (RFC 3161), DER."""

    signed_timestamp: Base64


class Tokens(_Part):
    """The time stamps of a bundle."""

    rfc3161_timestamps: Annotated[tuple[Token, ...], Field(strict=False, max_length=32, alias="rfc3161Timestamps")] = ()


class Material(_Part):
    """What a bundle brings along so that it can be verified."""

    certificate: RawBytes | None = None
    x509_certificate_chain: Annotated[CertificateChain | None, Field(alias="x509CertificateChain")] = None
    public_key: KeyHint | None = None
    tlog_entries: Annotated[tuple[LogEntry, ...], Field(strict=False, max_length=8)] = ()
    timestamp_verification_data: Tokens | None = None


class Digest(_Part):
    """Digest of a signed file."""

    algorithm: Short
    digest: Base64


class MessageSignature(_Part):
    """A signature over a file."""

    message_digest: Digest | None = None
    signature: Base64


class Signature(_Part):
    """A signature over an envelope's payload."""

    sig: Base64
    keyid: Short = ""


class Envelope(_Part):
    """A DSSE envelope. Sigstore allows exactly one signature."""

    payload: Base64
    payload_type: Short
    signatures: Annotated[tuple[Signature, ...], Field(strict=False)]


class Bundle(_Part):
    """A bundle of the right shape. Nothing in it is verified yet."""

    media_type: Short
    verification_material: Material
    dsse_envelope: Envelope | None = None
    message_signature: MessageSignature | None = None

    @property
    def signature(self) -> bytes:
        """The one signature: what each time stamp covers."""
        if self.dsse_envelope is not None:
            return self.dsse_envelope.signatures[0].sig
        return self.message_signature.signature if self.message_signature is not None else b""

    @property
    def tokens(self) -> tuple[bytes, ...]:
        """The time stamps, DER."""
        data = self.verification_material.timestamp_verification_data
        return tuple(one.signed_timestamp for one in data.rfc3161_timestamps) if data is not None else ()


def read_bundle(data: bytes, media_types: frozenset[str] = V03) -> Bundle | Problem:
    """Read a bundle strictly; nothing is verified.

    Args:
        data: Bytes of the file.
        media_types: The versions accepted.

    Returns:
        The bundle, or the first problem. Never raises, whatever the bytes.
    """
    reading = read_json(data, max_bytes=MAX_BUNDLE_BYTES)
    if reading.problem is not None:
        found = reading.problem
        return Problem(found.code, found.message, found.line, found.column)
    try:
        # From the bytes: strict reading above has made sure that they mean one thing.
        bundle = Bundle.model_validate_json(data)
    except ValidationError as error:
        return _misfit(error.errors(include_url=False, include_context=False, include_input=False)[0])
    return _wrong_version(bundle, media_types) or _wrong_content(bundle) or bundle


def _misfit(misfit: ErrorDetails) -> Problem:
    route = ".".join(shown(str(step), 40) for step in misfit["loc"])
    if misfit["type"] == "bad_base64":
        return Problem("SIG-002", f"`{route}` of the bundle is not canonical standard base64")
    if misfit["type"] == "extra_forbidden" and "publicKey" in misfit["loc"]:
        return Problem("SIG-004", f"the bundle brings its own key in `{route}`; only keys of the trust policy count")
    where = f"`{route}` of the bundle" if route else "the bundle"
    return Problem("PRS-007", f"{where}: {misfit['msg'][:150]}")


def _wrong_version(bundle: Bundle, media_types: frozenset[str]) -> Problem | None:
    if bundle.media_type in media_types:
        return None
    return Problem("PRS-007", f"`{shown(bundle.media_type)}` is no kind of bundle that is read here; 0.3 is expected")


def _wrong_content(bundle: Bundle) -> Problem | None:
    material = bundle.verification_material
    named = [
        one for one in (material.certificate, material.x509_certificate_chain, material.public_key) if one is not None
    ]
    if len(named) != 1:
        return Problem("PRS-007", f"the bundle names {len(named)} signers: one certificate or one key is expected")
    if (bundle.dsse_envelope is None) == (bundle.message_signature is None):
        return Problem("PRS-007", "the bundle holds not exactly one of `dsseEnvelope` and `messageSignature`")
    if bundle.media_type in V03 and material.x509_certificate_chain is not None:
        return Problem("PRS-007", "a bundle of version 0.3 brings one certificate, not a chain")
    return _wrong_signatures(bundle)


def _wrong_signatures(bundle: Bundle) -> Problem | None:
    if bundle.dsse_envelope is not None:
        count = len(bundle.dsse_envelope.signatures)
        if count == 0:
            return Problem("SIG-001", "the list of signatures is empty")
        if count != 1:
            return Problem("PRS-007", f"the envelope of the bundle has {count} signatures; Sigstore has exactly one")
    if len(set(bundle.tokens)) != len(bundle.tokens):
        return Problem("PRS-007", "the bundle holds the same time stamp twice")
    return None
