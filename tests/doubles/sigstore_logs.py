"""The transparency logs of a Sigstore instance of our own: certificate transparency, and Rekor of version 1 and 2.

Real trees, proofs and signatures, at any time; nothing is kept on disk. Everybody can derive their keys: never trust them.

Sources: RFC 6962 (tree, signed certificate timestamps); https://github.com/C2SP/C2SP/blob/main/signed-note.md and tlog-tiles.md;
https://github.com/sigstore/rekor-tiles (version 2: one kind of entry, `hashedrekord` 0.0.2, which envelopes use as well).
"""

from __future__ import annotations

import base64
import hashlib
import json
import struct
from datetime import datetime
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519
from cryptography.hazmat.primitives.asymmetric.utils import Prehashed
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    PublicFormat,
    load_der_public_key,
)


def b64(raw: bytes) -> str:
    return base64.b64encode(raw).decode("ascii")


def secret(seed: str, what: str) -> bytes:
    return hashlib.sha512(f"casework test instance, never trust it: {seed} {what}".encode()).digest()[:31]


def ec_key(seed: str, what: str, curve: ec.EllipticCurve | None = None) -> ec.EllipticCurvePrivateKey:
    return ec.derive_private_key(int.from_bytes(secret(seed, what), "big"), curve or ec.SECP256R1())


def spki(key: Any) -> bytes:
    return key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)


def canonical(value: Any) -> bytes:
    return json.dumps(value, sort_keys=True, separators=(",", ":")).encode()


def ecdsa(key: ec.EllipticCurvePrivateKey, message: bytes) -> bytes:
    return key.sign(message, ec.ECDSA(hashes.SHA256(), deterministic_signing=True))


def leaf_hash(leaf: bytes) -> bytes:
    return hashlib.sha256(b"\0" + leaf).digest()


def tree_root(leaves: list[bytes]) -> bytes:
    """Root of a tree over leaf hashes (RFC 6962, 2.1)."""
    if len(leaves) < 2:
        return leaves[0] if leaves else hashlib.sha256().digest()
    split = 1 << (len(leaves) - 1).bit_length() - 1
    return hashlib.sha256(b"\1" + tree_root(leaves[:split]) + tree_root(leaves[split:])).digest()


def audit_path(index: int, leaves: list[bytes]) -> list[bytes]:
    """The hashes that prove a leaf (RFC 6962, 2.1.1)."""
    if len(leaves) < 2:
        return []
    split = 1 << (len(leaves) - 1).bit_length() - 1
    if index < split:
        return [*audit_path(index, leaves[:split]), tree_root(leaves[split:])]
    return [*audit_path(index - split, leaves[split:]), tree_root(leaves[:split])]


class CertificateLog:
    """A certificate-transparency log: promises to log what it is shown."""

    def __init__(self, seed: str) -> None:
        self.key = ec_key(seed, "ct log")
        self.log_id = hashlib.sha256(spki(self.key.public_key())).digest()

    def extension(self, certificate: x509.Certificate, issuer: x509.Certificate, at: datetime) -> x509.ExtensionType:
        """The extension that holds the promise, for a certificate that has all others already (RFC 6962, 3.2, 3.3)."""
        when = int(at.timestamp() * 1000)
        tbs = certificate.tbs_certificate_bytes
        entry = hashlib.sha256(spki(issuer.public_key())).digest() + len(tbs).to_bytes(3, "big") + tbs
        signature = ecdsa(self.key, struct.pack("!BBQH", 0, 0, when, 1) + entry + struct.pack("!H", 0))
        stamp = b"\0" + self.log_id + struct.pack("!QHBBH", when, 0, 4, 3, len(signature)) + signature
        listed = struct.pack("!HH", len(stamp) + 2, len(stamp)) + stamp
        octets = b"\x04" + (bytes([len(listed)]) if len(listed) < 128 else bytes([0x81, len(listed)])) + listed
        return x509.UnrecognizedExtension(x509.ObjectIdentifier("1.3.6.1.4.1.11129.2.4.2"), octets)


class Rekor:
    """A transparency log. Version 2 signs checkpoints with Ed25519 and states no time; version 1 promises entry and time."""

    def __init__(self, seed: str, origin: str, version: int) -> None:
        self.version, self.origin, self.bodies = version, origin, list[bytes]()
        self.key: Any = (
            ec_key(seed, origin)
            if version == 1
            else ed25519.Ed25519PrivateKey.from_private_bytes(secret(seed, origin) + b"\0")
        )
        public = self.key.public_key()
        named = origin.encode() + b"\n\x01" + public.public_bytes_raw() if version == 2 else spki(public)
        self.log_id = hashlib.sha256(named).digest()

    @property
    def leaves(self) -> list[bytes]:
        return [leaf_hash(body) for body in self.bodies]

    def sign(self, message: bytes) -> bytes:
        return ecdsa(self.key, message) if self.version == 1 else self.key.sign(message)

    def checkpoint(self) -> str:
        """The signed note over the tree as it stands."""
        note = f"{self.origin}\n{len(self.bodies)}\n{b64(tree_root(self.leaves))}\n"
        return f"{note}\n\u2014 {self.origin.split()[0]} {b64(self.log_id[:4] + self.sign(note.encode()))}\n"

    def create(self, request: dict[str, Any]) -> dict[str, Any]:
        """Answer a request of version 2's interface; raises ValueError where the signature does not fit."""
        asked = request["hashedRekordRequestV002"]
        digest, signature = base64.b64decode(asked["digest"]), base64.b64decode(asked["signature"]["content"])
        verifier = asked["signature"]["verifier"]
        if "x509Certificate" in verifier:
            key = x509.load_der_x509_certificate(base64.b64decode(verifier["x509Certificate"]["rawBytes"])).public_key()
        else:
            key = load_der_public_key(base64.b64decode(verifier["publicKey"]["rawBytes"]))
        if not isinstance(key, ec.EllipticCurvePublicKey):
            raise TypeError("no key of an elliptic curve")
        key.verify(signature, digest, ec.ECDSA(Prehashed(hashes.SHA256())))
        return self.entry(
            "hashedrekord",
            "0.0.2",
            {
                "hashedRekordV002": {
                    "data": {"algorithm": "SHA2_256", "digest": b64(digest)},
                    "signature": {"content": b64(signature), "verifier": verifier},
                }
            },
        )

    def entry(self, kind: str, version: str, spec: dict[str, Any], at: datetime | None = None) -> dict[str, Any]:
        """Append an entry and return it as it stands in bundles; with the promise of a time where one is given."""
        body = canonical({"apiVersion": version, "kind": kind, "spec": spec})
        self.bodies.append(body)
        index = len(self.bodies) - 1
        found: dict[str, Any] = {
            "logIndex": str(index),
            "logId": {"keyId": b64(self.log_id)},
            "kindVersion": {"kind": kind, "version": version},
            "inclusionProof": {
                "logIndex": str(index),
                "rootHash": b64(tree_root(self.leaves)),
                "treeSize": str(len(self.bodies)),
                "hashes": [b64(one) for one in audit_path(index, self.leaves)],
                "checkpoint": {"envelope": self.checkpoint()},
            },
            "canonicalizedBody": b64(body),
        }
        if at is not None:
            promised = {
                "body": b64(body),
                "integratedTime": int(at.timestamp()),
                "logID": self.log_id.hex(),
                "logIndex": index,
            }
            found["integratedTime"] = str(promised["integratedTime"])
            found["inclusionPromise"] = {"signedEntryTimestamp": b64(self.sign(canonical(promised)))}
        return found

    def read(self, path: str) -> bytes | None:
        """What version 2 serves for reading: the checkpoint, and the tile of leaf hashes (fewer than 256 entries)."""
        match path:
            case "checkpoint":
                return self.checkpoint().encode()
            case _ if path == f"tile/0/000.p/{len(self.bodies)}":
                return b"".join(self.leaves)
            case _:
                return None
