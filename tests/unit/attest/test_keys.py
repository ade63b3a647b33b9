from __future__ import annotations

import pytest
from cryptography.hazmat.primitives.asymmetric import dsa, ec, ed448, rsa, x25519
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat
from trust_lab import KEYS

from casework.artifact.digest import sha256_bytes
from casework.attest.keys import (
    Algorithm,
    KeyRefusedError,
    generate_private_pem,
    load_private_key,
    load_public_key,
    load_public_keys,
)


def spki(key: object) -> bytes:
    return key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)  # type: ignore[attr-defined,no-any-return]


@pytest.mark.parametrize("algorithm", ["ed25519", "ecdsa-p256-sha256", "ecdsa-p384-sha384"])
def test_made_key_signs_and_its_public_half_verifies(algorithm: Algorithm) -> None:
    key = load_private_key(generate_private_pem(algorithm))
    public = load_public_key(key.public.pem)
    assert public == key.public
    assert public.algorithm == algorithm
    signature = key.sign(b"message")
    assert public.verifies(b"message", signature)
    assert not public.verifies(b"messagf", signature)
    assert not public.verifies(b"message", signature[:-1] + bytes([signature[-1] ^ 1]))
    for junk in (b"", b"\x00", b"\x30\x00", bytes(64), b"\xff" * 500):
        assert not public.verifies(b"message", junk)


def test_key_id_is_the_digest_of_the_public_key_in_der() -> None:
    from cryptography.hazmat.primitives.serialization import load_pem_public_key

    der = load_pem_public_key(KEYS["ci"].public.pem).public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    assert KEYS["ci"].keyid == sha256_bytes(der)
    assert load_public_key(b"a remark\r\n" + KEYS["ci"].public.pem.replace(b"\n", b"\r\n")).keyid == KEYS["ci"].keyid


def test_encrypted_key_needs_its_passphrase() -> None:
    pem = generate_private_pem("ed25519", b"correct horse")
    assert b"ENCRYPTED" in pem
    key = load_private_key(pem, b"correct horse")
    assert key.public.verifies(b"m", key.sign(b"m"))
    with pytest.raises(KeyRefusedError, match="no passphrase was given"):
        load_private_key(pem)
    with pytest.raises(KeyRefusedError, match="wrong passphrase"):
        load_private_key(pem, b"battery staple")
    with pytest.raises(KeyRefusedError, match="not encrypted"):
        load_private_key(generate_private_pem("ed25519"), b"correct horse")


def test_sec1_private_key_is_read() -> None:
    private = ec.generate_private_key(ec.SECP256R1())
    pem = private.private_bytes(Encoding.PEM, PrivateFormat.TraditionalOpenSSL, NoEncryption())
    assert load_private_key(pem).public.algorithm == "ecdsa-p256-sha256"


def test_attack_18_sig_010_weak_or_foreign_keys() -> None:
    for weak in (
        rsa.generate_private_key(65537, 1024),
        rsa.generate_private_key(65537, 2048),
        dsa.generate_private_key(1024),
        ec.generate_private_key(ec.SECP256K1()),
        ec.generate_private_key(ec.SECP521R1()),
        ed448.Ed448PrivateKey.generate(),
        x25519.X25519PrivateKey.generate(),
    ):
        with pytest.raises(KeyRefusedError, match="expected"):
            load_public_key(spki(weak.public_key()))
        with pytest.raises(KeyRefusedError, match="expected"):
            load_private_key(weak.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))


SMALL_ORDER = [
    "00" * 32, "00" * 31 + "80", "01" + "00" * 31, "01" + "00" * 30 + "80", "ec" + "ff" * 30 + "7f", "ec" + "ff" * 31,
    "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05", "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc85",
    "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a", "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac03fa",
]  # fmt: skip


@pytest.mark.parametrize("raw", SMALL_ORDER)
def test_attack_18_sig_010_ed25519_key_of_small_order(raw: str) -> None:
    with pytest.raises(KeyRefusedError, match="small order"):
        load_public_key(spki(Ed25519PublicKey.from_public_bytes(bytes.fromhex(raw))))


def test_a_key_of_small_order_would_let_anybody_sign() -> None:
    identity = bytes.fromhex("01" + "00" * 31)
    forged = identity + bytes(32)  # R = identity, S = 0: holds for every message
    Ed25519PublicKey.from_public_bytes(identity).verify(forged, b"whatever was never signed")


def test_unreadable_and_several_keys_are_refused() -> None:
    pem = KEYS["ci"].public.pem
    for bad in (
        b"",
        b"text",
        pem[:60],
        pem.replace(b"MCow", b"AAAA"),
        pem + pem[:50],
        b"-----BEGIN PUBLIC KEY-----\n" * 3,
    ):
        with pytest.raises(KeyRefusedError):
            load_public_keys(bad)
    with pytest.raises(KeyRefusedError, match="2 public keys"):
        load_public_key(pem + KEYS["verifier"].public.pem)
    private = generate_private_pem("ed25519")
    with pytest.raises(KeyRefusedError, match="PRIVATE KEY"):
        load_public_key(private)
    for bad in (b"", b"text", pem, private[:60]):
        with pytest.raises(KeyRefusedError):
            load_private_key(bad)


def test_secret_is_in_no_text_form() -> None:
    assert "_sign" not in repr(KEYS["ci"])
    assert "PRIVATE" not in repr(KEYS["ci"])
