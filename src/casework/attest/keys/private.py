"""Private keys: what sealing needs of one, and those that lie in files."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, Protocol, assert_never

from casework.attest.keys.public import Algorithm, KeyRefusedError, PublicKey, public_key_of
from casework.model.problem import CallProblem

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.types import PrivateKeyTypes
    from cryptography.hazmat.primitives.serialization.ssh import SSHPrivateKeyTypes

_OPENSSH: Final = b"-----BEGIN OPENSSH PRIVATE KEY-----"


class PassphraseNeededError(KeyRefusedError):
    """A private key that is encrypted, and no passphrase was given."""


class SigningFailedError(CallProblem, ValueError):
    """A token or a program would not sign: refused, removed, not touched in time; the text says what it answered."""


class SigningKey(Protocol):
    """What sealing needs of a private key; a file key, an SSH key and a hardware token all offer it."""

    @property
    def keyid(self) -> str:
        """SHA-256 of the public key's SubjectPublicKeyInfo in DER, 64 hex digits."""

    def sign(self, message: bytes) -> bytes:
        """Return the signature of a message: 64 bytes for Ed25519, DER for ECDSA, or an SSH signature (binary).

        Raises:
            SigningFailedError: The token or program would not sign.
        """


@dataclass(frozen=True, slots=True)
class FileKey:
    """A private key that was read from a file. Its text form does not show the secret."""

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
    """Read a private key from PEM (PKCS#8, or SEC 1 for elliptic curves) or an OpenSSH key file, decrypting it where needed.

    Raises:
        PassphraseNeededError: It is encrypted and there is no passphrase.
        KeyRefusedError: Unreadable, wrong or unneeded passphrase, or a kind that is not accepted.
    """
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.hazmat.primitives.serialization import load_pem_private_key, load_ssh_private_key

    ssh = _OPENSSH in pem
    private: PrivateKeyTypes | SSHPrivateKeyTypes
    try:
        private = load_ssh_private_key(pem, passphrase) if ssh else load_pem_private_key(pem, passphrase)
    except TypeError as error:
        raise _passphrase_problem(passphrase) from error
    except (ValueError, UnsupportedAlgorithm) as error:
        raise KeyRefusedError(_why_unreadable(error, ssh=ssh)) from error
    return FileKey(public_key_of(private.public_key()), _signer(private))


def _passphrase_problem(passphrase: bytes | None) -> KeyRefusedError:
    # Both libraries raise TypeError where a passphrase is missing, and where it is not needed.
    if passphrase is None:
        return PassphraseNeededError("the private key is encrypted and no passphrase was given")
    return KeyRefusedError("a passphrase was given, but the private key is not encrypted")


def _why_unreadable(error: Exception, *, ssh: bool) -> str:
    if ssh and "bcrypt" in str(error):
        return (
            "an encrypted OpenSSH key needs the package bcrypt (pip install 'casework[ssh]'), "
            "or let ssh-keygen sign: give the key as ssh:PATH"
        )
    if ssh:
        return (
            "the OpenSSH private key cannot be read; wrong passphrase, or a kind such as a security key, "
            f"which is given as ssh:PATH ({str(error)[:100]})"
        )
    return f"the private key cannot be read; wrong passphrase or no PEM private key ({str(error)[:100]})"


def _signer(private: PrivateKeyTypes | SSHPrivateKeyTypes) -> Callable[[bytes], bytes]:
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
