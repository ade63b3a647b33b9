"""SSH signatures: made by the real ssh-keygen, by hand, and verified by both sides."""

from __future__ import annotations

import base64
import contextlib
import hashlib
import os
import shutil
import signal
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_pem_public_key
from hypothesis import given
from hypothesis import strategies as st
from trust_lab import ecdsa, ed25519

from casework.attest.dsse import Envelope, read_envelope, sign_envelope
from casework.attest.keys import (
    KeyRefusedError,
    PassphraseNeededError,
    PublicKey,
    SigningFailedError,
    load_private_key,
    read_public_key,
)
from casework.attest.keys.public import public_key_of
from casework.attest.keys.ssh import NAMESPACE, SshKey, load_ssh_key, load_ssh_public_key, read_key_blob

KEYGEN = shutil.which("ssh-keygen") or ""
needs_ssh = pytest.mark.skipif(not KEYGEN, reason="there is no ssh-keygen on this machine")
KINDS = [("ed25519", "256"), ("ecdsa", "256"), ("ecdsa", "384")]


def make(folder: Path, kind: str = "ed25519", bits: str = "256", passphrase: str = "") -> Path:
    path = folder / f"id_{kind}_{bits}"
    command = [KEYGEN, "-q", "-t", kind, "-b", bits, "-N", passphrase, "-C", "a comment", "-f", str(path)]
    subprocess.run(command, check=True)
    return path


def string(content: bytes) -> bytes:
    return len(content).to_bytes(4, "big") + content


def mpint(value: int) -> bytes:
    return string(value.to_bytes(value.bit_length() // 8 + 1, "big"))


class Hand:
    """Makes SSH signatures by hand, so that each part can be wrong; a security key is one whose touch is only claimed."""

    def __init__(
        self, private: Ed25519PrivateKey | ec.EllipticCurvePrivateKey, application: bytes | None = None
    ) -> None:
        self.private, self.application = private, application
        sk = application is not None
        tail = string(application) if application is not None else b""
        if isinstance(private, Ed25519PrivateKey):
            self.kind = b"sk-ssh-ed25519@openssh.com" if sk else b"ssh-ed25519"
            self.blob = string(self.kind) + string(private.public_key().public_bytes_raw()) + tail
        else:
            curve = b"nistp%d" % private.key_size
            self.kind = b"sk-ecdsa-sha2-%b@openssh.com" % curve if sk else b"ecdsa-sha2-" + curve
            point = private.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
            self.blob = string(self.kind) + string(curve) + string(point) + tail

    @property
    def public(self) -> PublicKey:
        return public_key_of(self.private.public_key())

    @property
    def line(self) -> bytes:
        return self.kind + b" " + base64.b64encode(self.blob) + b" by hand\n"

    def raw(self, data: bytes) -> bytes:
        if isinstance(self.private, Ed25519PrivateKey):
            return self.private.sign(data)
        digest = hashes.SHA384() if self.private.key_size == 384 else hashes.SHA256()
        r, s = decode_dss_signature(self.private.sign(data, ec.ECDSA(digest)))
        return mpint(r) + mpint(s)

    def sign(
        self, message: bytes, *, namespace: bytes = NAMESPACE.encode(), reserved: bytes = b"", name: bytes = b"sha512",
        flags: int = 1, version: int = 1, kind: bytes | None = None, blob: bytes | None = None, tail: bytes = b"",
    ) -> bytes:  # fmt: skip
        digest = hashlib.new(name.decode(), message).digest()
        signed = b"SSHSIG" + string(namespace) + string(reserved) + string(name) + string(digest)
        more = b""
        if self.application is not None:
            more = bytes([flags]) + (7).to_bytes(4, "big")
            signed = hashlib.sha256(self.application).digest() + more + hashlib.sha256(signed).digest()
        inner = string(kind or self.kind) + string(self.raw(signed)) + more
        head = b"SSHSIG" + version.to_bytes(4, "big") + string(self.blob if blob is None else blob)
        return head + string(namespace) + string(reserved) + string(name) + string(inner) + tail


HANDS = {
    "ed25519": Hand(Ed25519PrivateKey.from_private_bytes(b"\x05" * 32)),
    "p256": Hand(ec.derive_private_key(0x1234567, ec.SECP256R1())),
    "p384": Hand(ec.derive_private_key(0x1234567, ec.SECP384R1())),
    "sk-ed25519": Hand(Ed25519PrivateKey.from_private_bytes(b"\x06" * 32), b"ssh:"),
    "sk-p256": Hand(ec.derive_private_key(0x7654321, ec.SECP256R1()), b"ssh:casework"),
}


GOOD = {name: hand.sign(b"m") for name, hand in HANDS.items()}


def armored(binary: bytes) -> bytes:
    text = base64.b64encode(binary)
    lines = [text[i : i + 70] for i in range(0, len(text), 70)]
    return b"\n".join([b"-----BEGIN SSH SIGNATURE-----", *lines, b"-----END SSH SIGNATURE-----", b""])


def ssh_says(folder: Path, line: bytes, message: bytes, binary: bytes, namespace: str = NAMESPACE) -> bool:
    (folder / "signers").write_bytes(b"me " + line)
    (folder / "sig").write_bytes(armored(binary))
    command = [KEYGEN, "-Y", "verify", "-f", "signers", "-I", "me", "-n", namespace, "-s", "sig"]
    return subprocess.run(command, cwd=folder, input=message, capture_output=True, check=False).returncode == 0


@needs_ssh
@pytest.mark.parametrize(("kind", "bits"), KINDS)
def test_ssh_keygen_signs_and_both_sides_verify(tmp_path: Path, kind: str, bits: str) -> None:
    path = make(tmp_path, kind, bits)
    line = path.with_suffix(".pub").read_bytes()
    key = load_ssh_key(str(path))
    assert key.public == load_ssh_public_key(line) == read_public_key(line)
    assert key.keyid == load_private_key(path.read_bytes()).keyid
    signature = key.sign(b"message")
    assert signature.startswith(b"SSHSIG")
    assert key.public.verifies(b"message", signature)
    assert key.public.verifies(b"message", armored(signature))
    assert key.public.verifies(b"message", armored(signature).replace(b"\n", b"\r\n"))
    assert not key.public.verifies(b"messagf", signature)
    assert ssh_says(tmp_path, line, b"message", signature)


@needs_ssh
@pytest.mark.parametrize(("kind", "bits"), KINDS)
def test_the_same_key_counts_raw_and_through_ssh(tmp_path: Path, kind: str, bits: str) -> None:
    path = make(tmp_path, kind, bits)
    raw, ssh = load_private_key(path.read_bytes()), load_ssh_key(str(path))
    assert raw.keyid == ssh.keyid
    assert raw.public.verifies(b"m", raw.sign(b"m"))
    assert raw.public.verifies(b"m", ssh.sign(b"m"))
    envelope = read_envelope(sign_envelope("application/x", b"payload", [ssh]))
    assert isinstance(envelope, Envelope)
    assert raw.public.verifies(envelope.signed_bytes, envelope.signatures[0].sig)


@needs_ssh
@pytest.mark.parametrize("name", HANDS)
@pytest.mark.parametrize("digest", [b"sha256", b"sha512"])
def test_signatures_by_hand_are_what_ssh_keygen_takes(tmp_path: Path, name: str, digest: bytes) -> None:
    hand = HANDS[name]
    signature = hand.sign(b"message", name=digest)
    assert hand.public.verifies(b"message", signature)
    assert ssh_says(tmp_path, hand.line, b"message", signature)


@pytest.mark.parametrize("name", HANDS)
def test_what_is_wrong_with_a_signature_is_seen(name: str) -> None:
    hand, message = HANDS[name], b"message"
    good = hand.sign(message)
    assert hand.public.verifies(message, good)
    other = HANDS["p256" if name == "ed25519" else "ed25519"]
    assert not other.public.verifies(message, good), "the key in the signature must be the policy's"
    assert not other.public.verifies(message, hand.sign(message, blob=other.blob, kind=other.kind))
    wrong = {
        "namespace": hand.sign(message, namespace=b"git"),
        "no namespace": hand.sign(message, namespace=b""),
        "reserved": hand.sign(message, reserved=b"x"),
        "sha1": hand.sign(message, name=b"sha1"),
        "sha384": hand.sign(message, name=b"sha384"),
        "version": hand.sign(message, version=2),
        "kind": hand.sign(message, kind=b"ssh-rsa"),
        "tail": hand.sign(message, tail=b"\x00"),
        "message": hand.sign(b"another"),
        "raw inside": b"SSHSIG" + hand.raw(message),
        "cut": good[:-1],
    }
    taken = [what for what, signature in wrong.items() if hand.public.verifies(message, signature)]
    assert taken == []
    for at in range(len(good)):
        assert not hand.public.verifies(message, good[:at]), at
        flipped = good[:at] + bytes([good[at] ^ 1]) + good[at + 1 :]
        assert not hand.public.verifies(message, flipped), at


@pytest.mark.parametrize("name", ["sk-ed25519", "sk-p256"])
def test_a_security_key_must_have_been_touched_and_be_for_ssh(name: str) -> None:
    hand = HANDS[name]
    assert not hand.public.verifies(b"m", hand.sign(b"m", flags=0))
    assert not hand.public.verifies(b"m", hand.sign(b"m", flags=4))
    assert hand.public.verifies(b"m", hand.sign(b"m", flags=5)), "touched, and the user verified"
    web = Hand(hand.private, b"webauthn.example")
    assert not hand.public.verifies(b"m", web.sign(b"m")), "a key of a web site"
    assert not hand.public.verifies(b"m", Hand(hand.private).sign(b"m", blob=hand.blob, kind=hand.kind))


@given(st.sampled_from(sorted(HANDS)), st.binary(max_size=120), st.integers(0, 300), st.integers(0, 120))
def test_no_bytes_make_it_raise_or_pass(name: str, noise: bytes, at: int, cut: int) -> None:
    hand = HANDS[name]
    good = GOOD[name]
    spoilt = good[:at] + noise + good[at + cut :]
    for candidate in (noise, b"SSHSIG" + noise, spoilt, armored(noise), armored(b"SSHSIG\x00\x00\x00\x01" + noise)):
        assert hand.public.verifies(b"m", candidate) == (candidate == good)
    with contextlib.suppress(KeyRefusedError):
        read_key_blob(noise)
    with contextlib.suppress(KeyRefusedError):
        read_key_blob(hand.blob[:at] + noise + hand.blob[at + cut :])
    with contextlib.suppress(KeyRefusedError):
        read_public_key(noise)


def test_ecdsa_numbers_have_one_form() -> None:
    hand = HANDS["p256"]

    class Padded(Hand):
        def raw(self, data: bytes) -> bytes:
            r, s = decode_dss_signature(self.private.sign(data, ec.ECDSA(hashes.SHA256())))  # type: ignore[call-arg,union-attr,arg-type]
            return string(b"\x00\x00" + r.to_bytes(32, "big")) + mpint(s)

    class Negative(Hand):
        def raw(self, data: bytes) -> bytes:
            return string(b"\xff") + mpint(1)

    class Nothing(Hand):
        def raw(self, data: bytes) -> bytes:
            return string(b"") + string(b"\x00")

    for wrong in (Padded, Negative, Nothing):
        assert not hand.public.verifies(b"m", wrong(hand.private).sign(b"m"))


@pytest.mark.parametrize(
    "spoil",
    [
        lambda text: text.replace(b"SIGNATURE", b"SIGNATURF"),
        lambda text: b" " + text,
        lambda text: text + b"more\n",
        lambda text: text.replace(b"\n", b"\n\n", 1),
        lambda text: text.replace(b"\n", b"\n*", 1),
        lambda text: text[:40],
        lambda text: text + text,
        lambda text: text + b"\n" * 9000,
    ],
)
def test_the_text_form_is_strict(spoil) -> None:  # type: ignore[no-untyped-def]
    hand = HANDS["ed25519"]
    text = armored(hand.sign(b"m"))
    assert hand.public.verifies(b"m", text)
    spoilt = spoil(text)
    assert spoilt != text
    assert not hand.public.verifies(b"m", spoilt) or spoilt.replace(b"\n\n", b"\n") == text


@needs_ssh
def test_an_agent_signs_with_only_the_public_half_on_disk(tmp_path: Path, agent: str) -> None:
    path = make(tmp_path)
    subprocess.run(["ssh-add", "-q", str(path)], check=True, capture_output=True)
    path.unlink()
    key = load_ssh_key(f"{path}.pub")
    assert key.public.verifies(b"m", key.sign(b"m"))
    subprocess.run(["ssh-add", "-q", "-D"], check=True, capture_output=True)
    with pytest.raises(SigningFailedError, match="did not sign"):
        key.sign(b"m")


@pytest.fixture
def agent(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    if not shutil.which("ssh-agent"):
        pytest.skip("there is no ssh-agent on this machine")
    import tempfile

    with tempfile.TemporaryDirectory(
        prefix="cw-agent-"
    ) as folder:  # short: a socket's path has room for 100 characters
        socket = os.path.join(folder, "s")
        process = subprocess.Popen(["ssh-agent", "-D", "-a", socket], stdout=subprocess.DEVNULL)
        try:
            for _ in range(200):
                if os.path.exists(socket):
                    break
                time.sleep(0.02)
            monkeypatch.setenv("SSH_AUTH_SOCK", socket)
            yield socket
        finally:
            process.send_signal(signal.SIGTERM)
            process.wait(10)


@needs_ssh
def test_a_public_half_of_another_key_is_seen(tmp_path: Path) -> None:
    path = make(tmp_path)
    other = make(tmp_path, "ecdsa")
    path.with_suffix(".pub").write_bytes(other.with_suffix(".pub").read_bytes())
    with pytest.raises(SigningFailedError, match=r"another key|did not sign"):
        load_ssh_key(str(path)).sign(b"m")


@needs_ssh
def test_a_private_key_alone_tells_its_public_half_and_foreign_kinds_are_refused(tmp_path: Path) -> None:
    path = make(tmp_path, passphrase="secret")
    known = load_ssh_key(str(path)).keyid
    path.with_suffix(".pub").unlink()
    key = load_ssh_key(str(path))
    assert key.keyid == known
    assert Path(key.path).is_absolute()
    rsa_path = make(tmp_path, "rsa", "2048")
    with pytest.raises(KeyRefusedError, match="kind ssh-rsa"):
        load_ssh_key(str(rsa_path))
    with pytest.raises(KeyRefusedError, match="expected"):
        load_private_key(rsa_path.read_bytes())
    for content in (b"", b"text", path.read_bytes()[:120]):
        bad = tmp_path / "bad"
        bad.write_bytes(content)
        with pytest.raises(KeyRefusedError):
            load_ssh_key(str(bad))
    with pytest.raises(OSError, match="No such file"):
        load_ssh_key(str(tmp_path / "nowhere"))


@needs_ssh
def test_an_encrypted_openssh_key_is_read_or_says_what_it_needs(tmp_path: Path) -> None:
    data = make(tmp_path, passphrase="secret").read_bytes()
    with pytest.raises(PassphraseNeededError):
        load_private_key(data)
    try:
        import bcrypt  # noqa: F401
    except ImportError:
        with pytest.raises(KeyRefusedError, match=r"casework\[ssh\].*ssh:PATH"):
            load_private_key(data, b"secret")
        return
    key = load_private_key(data, b"secret")
    assert key.public.verifies(b"m", key.sign(b"m"))
    with pytest.raises(KeyRefusedError, match="wrong passphrase"):
        load_private_key(data, b"secre")


def test_without_ssh_keygen_it_is_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(KeyRefusedError, match="install OpenSSH"):
        load_ssh_key("key")
    gone = SshKey(HANDS["ed25519"].public, "/nowhere", str(tmp_path / "ssh-keygen"))
    with pytest.raises(SigningFailedError, match="did not sign"):
        gone.sign(b"m")


def test_a_public_line_is_read_strictly() -> None:
    for hand in HANDS.values():
        assert load_ssh_public_key(hand.line).keyid == hand.public.keyid
        assert load_ssh_public_key(b"# a remark\n\n" + hand.line).keyid == hand.public.keyid
    good = HANDS["ed25519"].line
    kind, text, _ = good.split(None, 2)
    identity = string(b"ssh-ed25519") + string(b"\x01" + bytes(31))
    compressed = HANDS["p256"].private.public_key().public_bytes(Encoding.X962, PublicFormat.CompressedPoint)  # type: ignore[call-arg]
    short = string(b"ecdsa-sha2-nistp256") + string(b"nistp256") + string(compressed)
    mixed = string(b"ecdsa-sha2-nistp256") + string(b"nistp384") + HANDS["p384"].blob[-101:]
    number = rsa.generate_private_key(65537, 2048).public_key()
    for bad, why in (
        (b"", "0 lines"),
        (good + good, "2 lines"),
        (b"word\n", "base64 are expected"),
        (kind + b" !!!!", "not base64"),
        (b"ssh-rsa " + text, "first word"),
        (b'command="x" ' + good, "not base64"),
        (kind + b" " + text[:20], "too short|not base64"),
        (kind + b" " + base64.b64encode(HANDS["ed25519"].blob + b"x"), "left over"),
        (kind + b" " + base64.b64encode(identity), "small order"),
        (b"ecdsa-sha2-nistp256 " + base64.b64encode(short), "uncompressed"),
        (b"ecdsa-sha2-nistp256 " + base64.b64encode(mixed), "curve that is not"),
        (number.public_bytes(Encoding.OpenSSH, PublicFormat.OpenSSH), "kind ssh-rsa"),
    ):
        with pytest.raises(KeyRefusedError, match=why):
            load_ssh_public_key(bad)


def test_keys_of_pem_and_ssh_have_one_id() -> None:
    for key in (ed25519("x"), ecdsa("x", ec.SECP256R1()), ecdsa("x", ec.SECP384R1())):
        line = load_pem_public_key(key.public.pem).public_bytes(Encoding.OpenSSH, PublicFormat.OpenSSH)
        assert read_public_key(line).keyid == read_public_key(key.public.pem).keyid == key.keyid
