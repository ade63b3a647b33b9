"""Entries of a transparency log in a Sigstore bundle: what the library leaves unchecked.

For bundles signed under a certificate the library compares entry and bundle; for bundles signed with a key it has no
way at all, so the comparison is here. The proof of inclusion and the log's signatures are the library's work in both.

Sources: rekor types hashedrekord and dsse 0.0.1, https://github.com/sigstore/rekor/tree/main/pkg/types; rekor v2
entries, https://github.com/sigstore/rekor-tiles; checkpoints, https://github.com/C2SP/C2SP/blob/main/tlog-checkpoint.md.
"""

from __future__ import annotations

import base64
import hashlib
from typing import TYPE_CHECKING, Any, Final

from casework.artifact.strict_json import read_json
from casework.attest.carrier import Problem
from casework.attest.keys import KeyRefusedError, PublicKey, load_public_key
from casework.attest.sigstore.root import said
from casework.attest.sigstore.shape import LogEntry

if TYPE_CHECKING:
    from sigstore.models import TrustedRoot

_HASHES: Final = {
    "sha256": "sha256",
    "sha384": "sha384",
    "sha512": "sha512",
    "SHA2_256": "sha256",
    "SHA2_384": "sha384",
    "SHA2_512": "sha512",
}


def size_problem(entry: LogEntry) -> Problem | None:
    """Return the problem where a proof is for another size of the log than the checkpoint that it rests on."""
    proof = entry.inclusion_proof
    if proof is None or proof.checkpoint is None:
        return Problem("SIG-014", "the log entry brings no proof of inclusion with a checkpoint of the log")
    lines = proof.checkpoint.envelope.split("\n")
    if len(lines) > 2 and lines[1] == str(proof.tree_size):
        return None
    return Problem("SIG-014", "the log entry's proof and its checkpoint do not state the same size of the log")


def inclusion_problem(entry: LogEntry, root: TrustedRoot) -> Problem | None:
    """Return the problem where an entry is not proven to be in a log of the trusted root. Never raises."""
    try:
        from sigstore._internal.trust import KeyringPurpose
        from sigstore.models import TransparencyLogEntry
        from sigstore_models.rekor.v1 import TransparencyLogEntry as Inner

        inner = Inner.from_json(entry.model_dump_json(by_alias=True, exclude_none=True))
        TransparencyLogEntry(inner)._verify(root.rekor_keyring(KeyringPurpose.VERIFY))
    except Exception as error:  # noqa: BLE001 - the library and its parts raise many kinds, for foreign bytes alike
        return Problem("SIG-014", f"the log entry does not verify: {said(error)}")
    return None


def body_problem(entry: LogEntry, key: PublicKey, signature: bytes, signed: tuple[bytes | str, ...]) -> Problem | None:
    """Return the problem where an entry is not about this signature by this key over this content.

    Args:
        entry: The entry.
        key: The key that has signed.
        signature: The signature.
        signed: What the entry may have digested: bytes, or a SHA-256 in hex where the bytes are not at hand.
    """
    reading = read_json(entry.canonicalized_body)
    stated = _stated(reading.value)
    if stated is None or stated[0] != (entry.kind_version.kind, entry.kind_version.version):
        return Problem("SIG-014", "the log entry is of a kind that is not read here, or not of the kind that it names")
    _, algorithm, digest, content, verifier = stated
    if content != base64.b64encode(signature).decode("ascii"):
        return Problem("SIG-014", "the log entry is about another signature")
    if _keyid(verifier) != key.keyid:
        return Problem("SIG-014", "the log entry is about another key")
    if digest not in {_digest(algorithm, one) for one in signed}:
        return Problem("SIG-014", "the log entry is about other content")
    return None


def _stated(body: Any) -> tuple[tuple[str, str], str, str, str, str] | None:
    """Kind and version, hash, digest in hex, signature in base64, and key (PEM or DER) in base64."""
    match body:
        case {
            "apiVersion": "0.0.1",
            "kind": "hashedrekord",
            "spec": {
                "data": {"hash": {"algorithm": str(algorithm), "value": str(digest)}},
                "signature": {"content": str(content), "publicKey": {"content": str(verifier)}},
            },
        }:
            return ("hashedrekord", "0.0.1"), algorithm, digest, content, verifier
        case {
            "apiVersion": "0.0.1",
            "kind": "dsse",
            "spec": {
                "payloadHash": {"algorithm": str(algorithm), "value": str(digest)},
                "signatures": [{"signature": str(content), "verifier": str(verifier)}],
            },
        }:
            return ("dsse", "0.0.1"), algorithm, digest, content, verifier
        case {
            "apiVersion": "0.0.2",
            "kind": "hashedrekord",
            "spec": {
                "hashedRekordV002": {
                    "data": {"algorithm": str(algorithm), "digest": str(digest)},
                    "signature": {"content": str(content), "verifier": {"publicKey": {"rawBytes": str(verifier)}}},
                }
            },
        }:
            return ("hashedrekord", "0.0.2"), algorithm, _hex(digest), content, verifier
        case _:
            return None


def _hex(text: str) -> str:
    try:
        return base64.b64decode(text, validate=True).hex()
    except ValueError:
        return ""


def _keyid(verifier: str) -> str:
    try:
        decoded = base64.b64decode(verifier, validate=True)
        if not decoded.startswith(b"-----"):
            decoded = b"-----BEGIN PUBLIC KEY-----\n" + base64.encodebytes(decoded) + b"-----END PUBLIC KEY-----\n"
        return load_public_key(decoded).keyid
    except (ValueError, KeyRefusedError):
        return ""


def _digest(algorithm: str, signed: bytes | str) -> str:
    if isinstance(signed, str):
        return signed if _HASHES.get(algorithm) == "sha256" else ""
    return hashlib.new(_HASHES[algorithm], signed).hexdigest() if algorithm in _HASHES else ""
