"""Keys: Ed25519 and ECDSA on P-256 and P-384, from PEM.

A key's id is the SHA-256 of its SubjectPublicKeyInfo in DER, so a key has one id whatever its PEM looks like. Any
other kind of key, RSA included, is refused: one small set that every verifier judges alike. Private keys in hardware
need no more than an object that satisfies `SigningKey`.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, Literal, Protocol, assert_never

from casework.artifact.digest import sha256_bytes

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.types import PrivateKeyTypes, PublicKeyTypes

Algorithm = Literal["ed25519", "ecdsa-p256-sha256", "ecdsa-p384-sha384"]

_PEM_BLOCK = re.compile(rb"-----BEGIN ([A-Z0-9 ]{1,40})-----\s[^-]{0,20000}-----END \1-----")

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


class SigningKey(Protocol):
    """What sealing needs of a private key; a file key and a hardware token both offer it."""

    @property
    def keyid(self) -> str:
        """SHA-256 of the public key's SubjectPublicKeyInfo in DER, 64 hex digits."""

    def sign(self, message: bytes) -> bytes:
        """Return the signature of a message: 64 bytes for Ed25519, DER for ECDSA."""


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
        """Tell whether the signature is this key's over the message. Never raises, whatever the bytes."""
        from cryptography.exceptions import InvalidSignature

        try:
            self._check(signature, message)
        except (InvalidSignature, ValueError):
            return False
        return True


@dataclass(frozen=True, slots=True)
class FileKey:
    """A private key that was read from a PEM file. Its text form does not show the secret."""

    public: PublicKey
    _sign: Callable[[bytes], bytes] = field(repr=False, compare=False)

    @property
    def keyid(self) -> str:
        """Id of the public half."""
        return self.public.keyid

    def sign(self, message: bytes) -> bytes:
        """Return the signature of a message. Ed25519 is deterministic (RFC 8032); ECDSA here is not."""
        return self._sign(message)


def load_private_key(pem: bytes, passphrase: bytes | None = None) -> FileKey:
    """Read a private key from PEM (PKCS#8, or SEC 1 for elliptic curves), decrypting it where it is encrypted.

    Raises:
        KeyRefusedError: Unreadable, wrong or missing passphrase, or a kind that is not accepted.
    """
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.hazmat.primitives.serialization import load_pem_private_key

    try:
        private = load_pem_private_key(pem, passphrase)
    except (ValueError, TypeError, UnsupportedAlgorithm) as error:
        raise KeyRefusedError(_why_unreadable(error, passphrase)) from error
    return FileKey(_public(private.public_key()), _signer(private))


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


def _public_from(label: bytes, block: bytes) -> PublicKey:
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.hazmat.primitives.serialization import load_pem_public_key

    if label != b"PUBLIC KEY":
        raise KeyRefusedError(f"a PEM block is labelled {label.decode('ascii')}; PUBLIC KEY is expected")
    try:
        key = load_pem_public_key(block)
    except (ValueError, UnsupportedAlgorithm) as error:
        raise KeyRefusedError(f"the public key cannot be read: {str(error)[:100]}") from error
    return _public(key)


def _why_unreadable(error: Exception, passphrase: bytes | None) -> str:
    if isinstance(error, TypeError):
        return "the private key is encrypted and no passphrase was given" if passphrase is None else (
            "a passphrase was given, but the private key is not encrypted"
        )  # fmt: skip
    return f"the private key cannot be read; wrong passphrase or no PEM private key ({str(error)[:100]})"


def _public(key: PublicKeyTypes) -> PublicKey:
    from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

    algorithm = _algorithm(key)
    spki = key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    pem = key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    return PublicKey(sha256_bytes(spki), algorithm, pem, _checker(key, algorithm))


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


def _signer(private: PrivateKeyTypes) -> Callable[[bytes], bytes]:
    from cryptography.hazmat.primitives import hashes
    from cryptography.hazmat.primitives.asymmetric import ec, ed25519

    if isinstance(private, ed25519.Ed25519PrivateKey):
        return private.sign
    if not isinstance(private, ec.EllipticCurvePrivateKey):
        raise KeyRefusedError("no way to sign with this kind of key")
    curve, scheme = private, ec.ECDSA(hashes.SHA384() if private.curve.name == "secp384r1" else hashes.SHA256())
    return lambda message: curve.sign(message, scheme)


def generate_private_pem(algorithm: Algorithm, passphrase: bytes | None = None) -> bytes:
    """Make a new private key from the system's randomness, as PKCS#8 PEM, encrypted where a passphrase is given."""
    from cryptography.hazmat.primitives.asymmetric import ec, ed25519
    from cryptography.hazmat.primitives.serialization import (
        BestAvailableEncryption,
        Encoding,
        KeySerializationEncryption,
        NoEncryption,
        PrivateFormat,
    )

    private: ed25519.Ed25519PrivateKey | ec.EllipticCurvePrivateKey
    match algorithm:
        case "ed25519":
            private = ed25519.Ed25519PrivateKey.generate()
        case "ecdsa-p256-sha256":
            private = ec.generate_private_key(ec.SECP256R1())
        case "ecdsa-p384-sha384":
            private = ec.generate_private_key(ec.SECP384R1())
        case _:
            assert_never(algorithm)
    guard: KeySerializationEncryption = BestAvailableEncryption(passphrase) if passphrase else NoEncryption()
    return private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, guard)
