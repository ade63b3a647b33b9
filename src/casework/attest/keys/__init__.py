"""Keys: Ed25519 and ECDSA on P-256 and P-384, from files, SSH and hardware tokens.

A key's id is the SHA-256 of its SubjectPublicKeyInfo in DER, so a key has one id wherever it lies and whatever its file
looks like. Any other kind of key, RSA included, is refused: one small set that every verifier judges alike.

Private keys are in files (`load_private_key`), behind `ssh-keygen` (`casework.attest.keys.ssh`: agents and security
keys), or in PKCS#11 tokens (`casework.attest.keys.pkcs11`); all of them satisfy `SigningKey`.
"""

from casework.attest.keys.private import (
    FileKey,
    PassphraseNeededError,
    SigningFailedError,
    SigningKey,
    generate_private_pem,
    load_private_key,
)
from casework.attest.keys.public import (
    Algorithm,
    KeyRefusedError,
    PublicKey,
    load_public_key,
    load_public_keys,
    read_public_key,
)

__all__ = [
    "Algorithm",
    "FileKey",
    "KeyRefusedError",
    "PassphraseNeededError",
    "PublicKey",
    "SigningFailedError",
    "SigningKey",
    "generate_private_pem",
    "load_private_key",
    "load_public_key",
    "load_public_keys",
    "read_public_key",
]
