"""Keys in PKCS#11 tokens, against SoftHSM: the real library, a real token, real sessions."""

from __future__ import annotations

import contextlib
import datetime
import sys
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, load_pem_public_key
from cryptography.x509.oid import NameOID
from hypothesis import given
from hypothesis import strategies as st

from casework.attest.dsse import Envelope, read_envelope, sign_envelope
from casework.attest.keys import KeyRefusedError, SigningFailedError, load_public_key
from casework.attest.keys.pkcs11 import TokenKey, TokenUri, load_token_key, read_uri
from doubles.softhsm import PIN, Bench, NotThereError, bench

MODULE = "/usr/lib/softhsm/libsofthsm2.so"


@pytest.fixture(scope="module")
def token() -> Bench:
    try:
        return bench()
    except NotThereError as reason:
        pytest.skip(f"{reason}; run tests/doubles/softhsm.py")


def load(token: Bench, key: str, more: str = "") -> TokenKey:
    return load_token_key(read_uri(token.uri(key, more)), PIN)


@pytest.mark.parametrize(
    ("key", "algorithm"),
    [
        ("p256", "ecdsa-p256-sha256"),
        ("p384", "ecdsa-p384-sha384"),
        ("ed25519", "ed25519"),
        ("always", "ecdsa-p256-sha256"),
    ],
)
def test_a_key_in_a_token_signs_like_one_in_a_file(token: Bench, key: str, algorithm: str) -> None:
    held = load(token, key)
    assert held.public.algorithm == algorithm
    public = load_public_key(held.public.pem)
    assert public.keyid == held.keyid
    for message in (b"", b"m", b"\x00" * 100_000):
        signature = held.sign(message)
        assert public.verifies(message, signature)
        assert not public.verifies(message + b".", signature)
    data = sign_envelope("application/x", b"payload", [held])
    envelope = read_envelope(data)
    assert isinstance(envelope, Envelope)
    assert public.verifies(envelope.signed_bytes, envelope.signatures[0].sig)
    assert PIN not in repr(held)


def test_a_key_is_found_by_id_and_by_what_the_token_says_of_itself(token: Bench) -> None:
    by_label = load(token, "p256")
    uri = f"pkcs11:id=%01;model=SoftHSM%20v2;manufacturer=SoftHSM%20project;type=private?module-path={token.module}"
    assert load_token_key(read_uri(uri), PIN).keyid == by_label.keyid
    with pytest.raises(KeyRefusedError, match=r"0 tokens fit.*`bench`"):
        load_token_key(read_uri(uri.replace("v2", "v3")), PIN)
    with pytest.raises(KeyRefusedError, match="0 private keys"):
        load(token, "p256", ";id=%02")
    with pytest.raises(KeyRefusedError, match="0 tokens"):
        load(token, "p256", ";serial=0000")


@pytest.mark.parametrize(
    ("key", "why"),
    [
        ("p521", "not Ed25519, P-256 or P-384"),
        ("rsa", "not Ed25519, P-256 or P-384"),
        ("twin", "2 private keys"),
        ("lonely", "neither a public key nor a certificate"),
        ("nobody", "0 private keys"),
    ],
)
def test_what_is_no_key_of_ours_is_refused(token: Bench, key: str, why: str) -> None:
    with pytest.raises(KeyRefusedError, match=why):
        load(token, key)


def test_a_wrong_pin_is_told_and_tried_once(token: Bench) -> None:
    with pytest.raises(KeyRefusedError, match="refuses the PIN"):
        load_token_key(read_uri(token.uri("p256")), "000000")
    assert load(token, "p256").sign(b"m")


def test_a_token_that_is_gone_fails_to_sign_and_says_so(token: Bench) -> None:
    held = load(token, "p256")
    blind = TokenKey(load(token, "p384").public, held.sign)
    with pytest.raises(SigningFailedError, match="does not fit"):
        blind.sign(b"m")
    from casework.attest.keys import pkcs11

    lost = read_uri(token.uri("nobody"))
    gone = TokenKey(held.public, lambda message: pkcs11._sign(lost, PIN, "ecdsa-p256-sha256", message))
    with pytest.raises(SigningFailedError, match="no longer offers"):
        gone.sign(b"m")
    with pytest.raises(SigningFailedError, match="refuses the PIN"):
        pkcs11._sign(read_uri(token.uri("p256")), "000000", "ecdsa-p256-sha256", b"m")


def test_a_module_that_is_none_is_refused(tmp_path: Path) -> None:
    pytest.importorskip("pkcs11")
    text = tmp_path / "text.so"
    text.write_text("no library")
    for module in (tmp_path / "nowhere.so", text):
        with pytest.raises(KeyRefusedError, match="answers PKCS11Error: OS exception"):
            load_token_key(read_uri(f"pkcs11:object=k?module-path={module}"), PIN)


def test_the_public_half_may_stand_in_a_certificate(token: Bench) -> None:
    import pkcs11
    from pkcs11 import Attribute, ObjectClass
    from pkcs11.util.x509 import decode_x509_certificate

    known = load(token, "always")
    key = load_pem_public_key(known.public.pem)
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "card")])
    day = datetime.datetime(2026, 1, 1)
    certificate = (
        x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key).serial_number(1)  # type: ignore[arg-type]
        .not_valid_before(day).not_valid_after(day + datetime.timedelta(1))
        .sign(ec.generate_private_key(ec.SECP256R1()), hashes.SHA256())
    )  # fmt: skip
    library = pkcs11.lib(str(token.module))
    with library.get_token(token_label=token.token).open(rw=True, user_pin=PIN) as session:
        value = decode_x509_certificate(certificate.public_bytes(Encoding.DER))
        session.create_object({**value, Attribute.ID: b"\x04", Attribute.TOKEN: True})
        (public,) = session.get_objects({Attribute.CLASS: ObjectClass.PUBLIC_KEY, Attribute.LABEL: "always"})
        public.destroy()
    again = load(token, "always")
    assert again.keyid == known.keyid
    assert again.public.verifies(b"m", again.sign(b"m"))


def test_without_the_library_the_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pkcs11", None)
    with pytest.raises(KeyRefusedError, match=r"casework\[pkcs11\]"):
        load_token_key(read_uri(f"pkcs11:object=k?module-path={MODULE}"), PIN)


def test_a_uri_is_read_as_rfc_7512_says() -> None:
    uri = f"pkcs11:token=The%20Token;object=my%2Fkey;id=%69%95;serial=12?module-path={MODULE}&pin-source=file:/run/pin"
    assert read_uri(uri) == TokenUri(
        MODULE, (("token", "The Token"), ("serial", "12")), "my/key", b"\x69\x95", "/run/pin"
    )
    assert read_uri(f"pkcs11:id=%00?module-path={MODULE}&pin-source=file:///run/pin").pin_file == "/run/pin"
    assert read_uri(f"pkcs11:id=%00?module-path={MODULE}&pin-source=/run/pin").pin_file == "/run/pin"


@given(st.text(st.sampled_from("pkcs1:;=?&%0aA/~.-_obectidmule-h\x00é"), max_size=60))
def test_any_text_is_a_uri_or_refused(text: str) -> None:
    for uri in (text, f"pkcs11:{text}", f"pkcs11:object=k;{text}", f"pkcs11:object=k?module-path={MODULE}&{text}"):
        with contextlib.suppress(KeyRefusedError):
            assert read_uri(uri).module.startswith("/")


@pytest.mark.parametrize(
    ("uri", "why"),
    [
        ("file:key", "does not begin"),
        ("pkcs11:", "module-path"),
        ("pkcs11:object=k", "module-path"),
        ("pkcs11:object=k?module-path=lib.so", "absolute"),
        (f"pkcs11:?module-path={MODULE}", "names no key"),
        (f"pkcs11:token=t?module-path={MODULE}", "names no key"),
        (f"pkcs11:object=k;object=l?module-path={MODULE}", "twice"),
        (f"pkcs11:object=k;type=cert?module-path={MODULE}", "not `private`"),
        (f"pkcs11:object=k;colour=red?module-path={MODULE}", "colour"),
        (f"pkcs11:object=k;?module-path={MODULE}", "known are"),
        (f"pkcs11:object=%zz?module-path={MODULE}", "percent-encoded"),
        (f"pkcs11:object=a b?module-path={MODULE}", "percent-encoded"),
        (f"pkcs11:object=%ff?module-path={MODULE}", "UTF-8"),
        (f"pkcs11:object=k?module-path={MODULE}%00", "control characters"),
        (f"pkcs11:object=k?module-path={MODULE}&pin-source=/run/pin%00", "control characters"),
        (f"pkcs11:object=k?module-path={MODULE}&pin-value=1234", "must not stand"),
        (f"pkcs11:object=k?module-path={MODULE}&pin-source=|cat%20pin", "absolute path of a file"),
        (f"pkcs11:object=k?module-path={MODULE}&module-name=x", "module-name"),
    ],
)
def test_a_uri_that_says_too_little_or_too_much_is_refused(uri: str, why: str) -> None:
    with pytest.raises(KeyRefusedError, match=why):
        read_uri(uri)
