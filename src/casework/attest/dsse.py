"""The envelope: DSSE v1 with several signatures, as a closed schema in canonical form.

`{"payload": base64, "payloadType": text, "signatures": [{"keyid": hex, "sig": base64}], "timestamps"?: [base64]}`.
What is signed is the pre-authentication encoding of type and payload, so a signature for one purpose counts for no
other. The key id only says which key of the trust policy to try.

Source: Dead Simple Signing Envelope v1.0.2, protocol and envelope, https://github.com/secure-systems-lab/dsse.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from casework.artifact.digest import is_canonical, jcs_bytes
from casework.artifact.strict_json import read_json
from casework.attest.carrier import Problem
from casework.attest.codes import shown
from casework.attest.keys import SigningKey

_REQUIRED: Final = frozenset({"payload", "payloadType"})
_ALLOWED: Final = _REQUIRED | {"signatures", "timestamps"}
_KEY_FIELDS: Final = frozenset(
    {
        "key",
        "publicKey",
        "public_key",
        "publicKeyPem",
        "pem",
        "cert",
        "certificate",
        "certificates",
        "x5c",
        "chain",
        "verificationMaterial",
    }
)
MAX_SIGNATURES: Final = 64


@dataclass(frozen=True, slots=True)
class Signature:
    """One signature of an envelope, not yet verified: the key that it names, and its bytes."""

    keyid: str
    sig: bytes


@dataclass(frozen=True, slots=True)
class Envelope:
    """An envelope of the right shape. Nothing in it is verified yet."""

    payload_type: str
    payload: bytes
    signatures: tuple[Signature, ...]
    timestamps: tuple[bytes, ...] = ()

    @property
    def signed_bytes(self) -> bytes:
        """What each signature covers."""
        return pae(self.payload_type, self.payload)

    def to_bytes(self) -> bytes:
        """Return the canonical form; signatures are sorted by key id, so the order of signing leaves no trace."""
        ordered = sorted(self.signatures, key=lambda signature: (signature.keyid, signature.sig))
        value: dict[str, Any] = {
            "payload": _encoded(self.payload),
            "payloadType": self.payload_type,
            "signatures": [{"keyid": one.keyid, "sig": _encoded(one.sig)} for one in ordered],
        }
        if self.timestamps:
            value["timestamps"] = [_encoded(one) for one in self.timestamps]
        return jcs_bytes(value)


def pae(payload_type: str, payload: bytes) -> bytes:
    """Return DSSE's pre-authentication encoding: `DSSEv1 len type len payload`, lengths in bytes, in decimal."""
    kind = payload_type.encode("utf-8")
    return b"DSSEv1 %d %b %d %b" % (len(kind), kind, len(payload), payload)


def sign_envelope(payload_type: str, payload: bytes, keys: Sequence[SigningKey]) -> bytes:
    """Return the canonical envelope of a payload, signed by each key.

    Raises:
        ValueError: No key, or one key twice.
    """
    if not keys:
        raise ValueError("an envelope needs at least one signing key")
    if len({key.keyid for key in keys}) != len(keys):
        raise ValueError("one signing key is given twice")
    message = pae(payload_type, payload)
    return Envelope(payload_type, payload, tuple(Signature(key.keyid, key.sign(message)) for key in keys)).to_bytes()


def countersign(data: bytes, key: SigningKey) -> bytes:
    """Add a signature to an envelope and return the canonical result.

    The payload and other signatures stay as they are. It judges neither them nor the payload: verify first, so that
    you know what you put your name to.

    Raises:
        ValueError: The bytes are no envelope, or the key has signed already.
    """
    envelope = read_envelope(data, canonical=False)
    if isinstance(envelope, Problem):
        raise ValueError(f"no envelope to countersign: {envelope.message} ({envelope.code})")
    if any(one.keyid == key.keyid for one in envelope.signatures):
        raise ValueError(f"key {key.keyid[:12]} has signed this envelope already")
    added = Signature(key.keyid, key.sign(envelope.signed_bytes))
    return Envelope(
        envelope.payload_type, envelope.payload, (*envelope.signatures, added), envelope.timestamps
    ).to_bytes()


def read_envelope(data: bytes, *, payload_type: str | None = None, canonical: bool = True) -> Envelope | Problem:
    """Read an envelope strictly; nothing is verified.

    Args:
        data: Bytes of the file.
        payload_type: The only payload type accepted; any if None.
        canonical: Whether any form but the canonical one is refused.

    Returns:
        The envelope, or the first problem. Never raises, whatever the bytes.
    """
    reading = read_json(data)
    if reading.problem is not None:
        found = reading.problem
        return Problem(found.code, found.message, found.line, found.column)
    value = reading.value
    problem = _shape_problem(value)
    if problem is not None:
        return problem
    if payload_type is not None and value["payloadType"] != payload_type:
        return Problem("SIG-009", f"payload type is `{shown(value['payloadType'])}`; `{payload_type}` is expected")
    return _decoded(value, data, canonical)


def _shape_problem(value: Any) -> Problem | None:
    if not isinstance(value, dict):
        return Problem("SIG-001", "no envelope: the document is no JSON object, so it carries no signature")
    if "signatures" not in value:
        return Problem("SIG-001", "no envelope: the document has no `signatures`")
    extra = _extra_field(value, _ALLOWED)
    if extra is not None:
        return extra
    missing = sorted(_REQUIRED - value.keys())
    if missing:
        return Problem("PRS-007", f"the envelope has no `{missing[0]}`")
    for name in ("payload", "payloadType"):
        if not isinstance(value[name], str):
            return Problem("PRS-007", f"`{name}` of the envelope is no string")
    return _signatures_problem(value["signatures"]) or _timestamps_problem(value.get("timestamps", []))


def _signatures_problem(signatures: Any) -> Problem | None:
    if not isinstance(signatures, list):
        return Problem("PRS-007", "`signatures` of the envelope is no list")
    if not signatures:
        return Problem("SIG-001", "the list of signatures is empty")
    if len(signatures) > MAX_SIGNATURES:
        return Problem("PRS-003", f"{len(signatures)} signatures are more than the {MAX_SIGNATURES} allowed")
    for index, one in enumerate(signatures):
        if not isinstance(one, dict):
            return Problem("PRS-007", f"signature {index + 1} is no JSON object")
        extra = _extra_field(one, frozenset({"keyid", "sig"}))
        if extra is not None:
            return extra
        if not isinstance(one.get("keyid"), str) or not isinstance(one.get("sig"), str):
            return Problem("PRS-007", f"signature {index + 1} lacks the text `keyid` or `sig`")
    return None


def _timestamps_problem(timestamps: Any) -> Problem | None:
    if isinstance(timestamps, list) and all(isinstance(one, str) for one in timestamps):
        return None
    return Problem("PRS-007", "`timestamps` of the envelope is no list of strings")


def _extra_field(value: dict[str, Any], allowed: frozenset[str]) -> Problem | None:
    for name in sorted(value.keys() - allowed):
        if name in _KEY_FIELDS:
            return Problem(
                "SIG-004", f"the envelope brings its own key in `{shown(name)}`; only keys of the trust policy count"
            )
        return Problem("PRS-007", f"`{shown(name)}` is no field of an envelope, and no signature covers it")
    return None


def _decoded(value: dict[str, Any], data: bytes, canonical: bool) -> Envelope | Problem:
    payload = _bytes_of(value["payload"])
    if payload is None:
        return Problem("SIG-002", "`payload` is not canonical standard base64")
    signatures: list[Signature] = []
    for index, one in enumerate(value["signatures"]):
        sig = _bytes_of(one["sig"])
        if sig is None:
            return Problem("SIG-002", f"signature {index + 1} is not canonical standard base64")
        signatures.append(Signature(one["keyid"], sig))
    stamps = [_bytes_of(one) for one in value.get("timestamps", [])]
    if None in stamps:
        return Problem("SIG-002", "a time stamp is not canonical standard base64")
    if canonical and not is_canonical(value, data):
        return Problem("PRS-008", "the envelope is not in canonical form")
    return Envelope(value["payloadType"], payload, tuple(signatures), tuple(one for one in stamps if one is not None))


def _bytes_of(text: str) -> bytes | None:
    """Decode base64 with its one canonical spelling (RFC 4648, 3.5: no junk, no stray bits at the end)."""
    try:
        decoded = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        return None
    return decoded if decoded and _encoded(decoded) == text else None


def _encoded(content: bytes) -> str:
    return base64.b64encode(content).decode("ascii")
