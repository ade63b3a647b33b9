"""Public keys: which are strong enough to count, and what is a signature of theirs."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, Literal

from casework.artifact.digest import sha256_bytes

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.types import PublicKeyTypes

Algorithm = Literal["ed25519", "ecdsa-p256-sha256", "ecdsa-p384-sha384"]

_PEM_BLOCK = re.compile(rb"-----BEGIN ([A-Z0-9 ]{1,40})-----\s[^-]{0,20000}-----END \1-----")

# What an SSH signature begins with, bare or in its text form (OpenSSH, PROTOCOL.sshsig). No signature in DER does.
_SSH_SIGNATURE: Final = (b"SSHSIG", b"-----BEGIN SSH SIGNATURE-----")

# y-coordinates of the points of small order on edwards25519, with those not reduced modulo p: under such a public
# key a signature can be made without a private key (RFC 8032, 8.9; "Taming the Many EdDSAs", 2020, table 2). The
# sign bit is masked.
_SMALL_ORDER: Final = frozenset(
    bytes.fromhex(y)
    for y in (
        "00" * 32,
        "01" + "00" * 31,
        "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
        "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
        "ec" + "ff" * 30 + "7f",
        "ed" + "ff" * 30 + "7f",
        "ee" + "ff" * 30 + "7f",
    )
)


class KeyRefusedError(ValueError):
    """A key that cannot be read, or is of a kind or strength that is not accepted (`SIG-010`); the text says which."""


@dataclass(frozen=True, slots=True)
class PublicKey:
    """A public key that is strong enough to count.

    Attributes:
        keyid: SHA-256 of the SubjectPublicKeyInfo in DER, 64 hex digits.
        algorithm: Key kind and hash.
        pem: SubjectPublicKeyInfo, PEM.
    """

    keyid: str
    algorithm: Algorithm
    pem: bytes
    _check: Callable[[bytes, bytes], None] = field(repr=False, compare=False)

    def verifies(self, message: bytes, signature: bytes) -> bool:
        """Tell whether the signature is this key's over the message. Never raises, whatever the bytes.

        Args:
            message: What was signed.
            signature: Its plain signature (64 bytes for Ed25519, DER for ECDSA), or an SSH signature (`ssh.fits`) by the
                same key: both say that the holder of this key signed this message.
        """
        if self.fits_plainly(message, signature):
            return True
        if not signature.startswith(_SSH_SIGNATURE):
            return False
        from casework.attest.keys.ssh import fits

        return fits(self, message, signature)

    def fits_plainly(self, message: bytes, signature: bytes) -> bool:
        """Tell whether the bytes are this key's plain signature over the message, and no SSH signature. Never raises."""
        from cryptography.exceptions import InvalidSignature

        try:
            self._check(signature, message)
        except (InvalidSignature, ValueError):
            return False
        return True


def load_public_key(pem: bytes) -> PublicKey:
    """Read exactly one public key from PEM.

    Raises:
        KeyRefusedError: None or several, unreadable, or a kind that is not accepted.
    """
    keys = load_public_keys(pem)
    if len(keys) != 1:
        raise KeyRefusedError(f"{len(keys)} public keys where one is expected")
    return keys[0]


def load_public_keys(pem: bytes) -> tuple[PublicKey, ...]:
    """Read all public keys from concatenated PEM blocks, in their order; text between blocks is ignored.

    Raises:
        KeyRefusedError: No block, a block that is no public key, or a key of a kind that is not accepted.
    """
    blocks = list(_PEM_BLOCK.finditer(pem))
    if len(blocks) != pem.count(b"-----BEGIN ") or not blocks:
        raise KeyRefusedError("no readable PEM block `BEGIN PUBLIC KEY`" if not blocks else "a PEM block is broken")
    return tuple(_public_from(block[1], block[0]) for block in blocks)


def read_public_key(data: bytes) -> PublicKey:
    """Read one public key as people have it at hand: PEM, or one line of OpenSSH (`ssh-ed25519 AAAA... comment`).

    Raises:
        KeyRefusedError: Neither, unreadable, or a kind that is not accepted.
    """
    if b"-----BEGIN " in data:
        return load_public_key(data)
    from casework.attest.keys.ssh import load_ssh_public_key

    return load_ssh_public_key(data)


def _public_from(label: bytes, block: bytes) -> PublicKey:
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.hazmat.primitives.serialization import load_pem_public_key

    if label != b"PUBLIC KEY":
        raise KeyRefusedError(f"a PEM block is labelled {label.decode('ascii')}; PUBLIC KEY is expected")
    try:
        key = load_pem_public_key(block)
    except (ValueError, UnsupportedAlgorithm) as error:
        raise KeyRefusedError(f"the public key cannot be read: {str(error)[:100]}") from error
    return public_key_of(key)


def public_key_of(key: PublicKeyTypes) -> PublicKey:
    """Return a key of the library as one that counts.

    Raises:
        KeyRefusedError: A kind or strength that is not accepted.
    """
    from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

    algorithm = _algorithm(key)
    spki = key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    pem = key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    return PublicKey(sha256_bytes(spki), algorithm, pem, _checker(key, algorithm))


def ed25519_of(raw: bytes) -> PublicKey:
    """Return the Ed25519 key with these 32 bytes (RFC 8032, 5.1.5).

    Raises:
        KeyRefusedError: Another length, or a point of small order.
    """
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

    try:
        return public_key_of(Ed25519PublicKey.from_public_bytes(raw))
    except KeyRefusedError:
        raise
    except ValueError as error:
        raise KeyRefusedError(f"no Ed25519 public key: {str(error)[:100]}") from error


def ecdsa_of(curve: Literal["P-256", "P-384"], point: bytes) -> PublicKey:
    """Return the ECDSA key with this public point (SEC 1, 2.3.3; not compressed).

    Raises:
        KeyRefusedError: Not a point of the curve, or in another form.
    """
    from cryptography.hazmat.primitives.asymmetric import ec

    group = ec.SECP256R1() if curve == "P-256" else ec.SECP384R1()
    if point[:1] != b"\x04":
        raise KeyRefusedError(f"the public point of a {curve} key is not in its uncompressed form")
    try:
        key = ec.EllipticCurvePublicKey.from_encoded_point(group, point)
    except ValueError as error:
        raise KeyRefusedError(f"no public key on {curve}: {str(error)[:100]}") from error
    return public_key_of(key)


def _algorithm(key: PublicKeyTypes) -> Algorithm:
    from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa

    if isinstance(key, ed25519.Ed25519PublicKey):
        raw = key.public_bytes_raw()
        if raw[:31] + bytes([raw[31] & 0x7F]) in _SMALL_ORDER:
            raise KeyRefusedError("an Ed25519 key of small order: anybody can sign under it")
        return "ed25519"
    if isinstance(key, ec.EllipticCurvePublicKey):
        by_curve: dict[str, Algorithm] = {"secp256r1": "ecdsa-p256-sha256", "secp384r1": "ecdsa-p384-sha384"}
        if key.curve.name in by_curve:
            return by_curve[key.curve.name]
        raise KeyRefusedError(f"an elliptic-curve key on {key.curve.name}; P-256, P-384 or Ed25519 is expected")
    kind = (
        f"an RSA key of {key.key_size} bits"
        if isinstance(key, rsa.RSAPublicKey)
        else f"a key of kind {type(key).__name__.strip('_')}"
    )
    raise KeyRefusedError(f"{kind}; Ed25519, P-256 or P-384 is expected")


def _checker(key: PublicKeyTypes, algorithm: Algorithm) -> Callable[[bytes, bytes], None]:
    from cryptography.hazmat.primitives import hashes
    from cryptography.hazmat.primitives.asymmetric import ec, ed25519

    if isinstance(key, ed25519.Ed25519PublicKey):
        return key.verify
    if not isinstance(key, ec.EllipticCurvePublicKey):
        raise KeyRefusedError(f"no way to check {algorithm}")
    curve, scheme = key, ec.ECDSA(hashes.SHA384() if algorithm == "ecdsa-p384-sha384" else hashes.SHA256())
    return lambda signature, message: curve.verify(signature, message, scheme)
