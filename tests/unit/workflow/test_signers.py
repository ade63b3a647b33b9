"""Signing keys as people name them, and what is said where one cannot be used."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from casework.attest.keys import generate_private_pem, load_public_key
from casework.cli.secrets import keys_of_environment, secret_of
from casework.model.problem import CallProblem
from casework.workflow.evidence.signers import load_signers
from doubles.softhsm import PIN, NotThereError, bench

ROOT = Path(__file__).resolve().parents[3]


def none(_spec: str) -> bytes | None:
    return None


def never(spec: str) -> bytes | None:
    raise AssertionError(f"no secret is needed for {spec}")


def write(path: Path, data: bytes, mode: int = 0o600) -> str:
    path.write_bytes(data)
    path.chmod(mode)
    return str(path)


def refused(spec: str, why: str, secret=none) -> None:  # type: ignore[no-untyped-def]
    with pytest.raises(CallProblem, match=why):
        load_signers([spec], secret)


def test_a_secret_is_asked_only_where_one_is_needed(tmp_path: Path) -> None:
    plain = write(tmp_path / "plain.pem", generate_private_pem("ed25519"))
    locked = write(tmp_path / "locked.pem", generate_private_pem("ecdsa-p256-sha256", b"horse"))
    asked: list[str] = []

    def horse(spec: str) -> bytes:
        asked.append(spec)
        return b"horse"

    warnings: list[str] = []
    keys = load_signers([plain, locked], horse, warnings.append)
    assert asked == [locked]
    assert warnings == []
    assert len({key.keyid for key in keys}) == 2
    refused(locked, "no passphrase was given")
    refused(locked, "wrong passphrase", lambda _spec: b"donkey")
    assert load_signers([plain], never)[0].sign(b"m")


def test_a_key_that_cannot_be_used_is_a_wrong_call(tmp_path: Path) -> None:
    plain = write(tmp_path / "plain.pem", generate_private_pem("ed25519"))
    refused(str(tmp_path / "nowhere.pem"), "cannot be read: No such file")
    refused(str(tmp_path), "cannot be read: Is a directory")
    refused(write(tmp_path / "junk", b"\x00\xff"), "cannot be used")
    refused(f"ssh:{tmp_path / 'nowhere'}", "No such file|install OpenSSH")
    refused("pkcs11:object=k", "module-path")
    refused("pkcs11:object=k?module-path=/nowhere.so", "no PIN")
    refused(f"pkcs11:object=k?module-path=/nowhere.so&pin-source={tmp_path}/no", "cannot be read")
    with pytest.raises(CallProblem, match="given twice"):
        load_signers([plain, plain], none)


@pytest.mark.skipif(os.name != "posix", reason="file modes are those of POSIX")
def test_an_open_private_key_is_told_and_a_published_one_is_not(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = write(tmp_path / "open.pem", generate_private_pem("ed25519"), 0o644)
    load_signers([path], none)
    said = capsys.readouterr().err
    assert "open to others" in said
    assert "mode 644" in said
    demo = tmp_path / "demo.pem"
    shutil.copy(ROOT / "evidence/trust/demo-keys/demo-ci.pem", demo)
    demo.chmod(0o644)
    load_signers([str(demo)], none)
    assert capsys.readouterr().err == ""


@pytest.mark.skipif(not shutil.which("ssh-keygen"), reason="there is no ssh-keygen on this machine")
def test_an_ssh_key_is_one_key_however_it_is_named(tmp_path: Path) -> None:
    path = tmp_path / "id"
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(path)], check=True)
    names = [f"ssh:{path}", f"ssh:{path}.pub", str(path)]
    keys = [load_signers([name], never)[0] for name in names]
    public = load_signers([str(path)], never)[0].public  # type: ignore[attr-defined]
    assert len({key.keyid for key in keys}) == 1
    assert all(public.verifies(b"m", key.sign(b"m")) for key in keys)
    with pytest.raises(CallProblem, match="given twice"):
        load_signers(names, never)


def test_a_key_in_a_token_takes_its_pin_from_the_call_or_a_file(tmp_path: Path) -> None:
    try:
        token = bench()
    except NotThereError as reason:
        pytest.skip(str(reason))
    uri = token.uri("p256")
    (key,) = load_signers([uri], lambda _spec: PIN.encode())
    pin = write(tmp_path / "pin", f"{PIN}\n".encode())
    warnings: list[str] = []
    (again,) = load_signers([f"{uri}&pin-source=file:{pin}"], never, warnings.append)
    assert key.keyid == again.keyid
    assert load_public_key(key.public.pem).verifies(b"m", again.sign(b"m"))  # type: ignore[attr-defined]
    assert warnings == []
    Path(pin).chmod(0o640)
    load_signers([f"{uri}&pin-source=file:{pin}"], never, warnings.append)
    assert "PIN" in warnings[0]
    refused(uri, "refuses the PIN", lambda _spec: b"000000")
    refused(uri, "not UTF-8", lambda _spec: b"\xff")


def test_secrets_come_from_the_environment_else_from_the_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CASEWORK_PASSPHRASE", "horse")
    monkeypatch.setenv("CASEWORK_PIN", "1234")
    assert secret_of("key.pem") == b"horse"
    assert secret_of("pkcs11:object=k") == b"1234"
    monkeypatch.delenv("CASEWORK_PASSPHRASE")
    monkeypatch.delenv("CASEWORK_PIN")
    monkeypatch.setattr(sys.stdin, "isatty", lambda: False, raising=False)
    assert secret_of("key.pem") is None
    monkeypatch.setattr(sys.stdin, "isatty", lambda: True, raising=False)
    asked: list[str] = []
    monkeypatch.setattr("getpass.getpass", lambda prompt: asked.append(prompt) or "typed")
    assert secret_of("pkcs11:object=k?module-path=/m.so") == b"typed"
    assert secret_of("key.pem") == b"typed"
    assert asked == ["PIN of pkcs11:object=k: ", "Passphrase of key.pem: "]


@pytest.mark.skipif(os.pathsep != ":", reason="colons separate paths on POSIX only")
def test_keys_of_the_environment_may_have_colons_of_their_own(monkeypatch: pytest.MonkeyPatch) -> None:
    uri = "pkcs11:object=k?module-path=/m.so&pin-source=file:/run/pin"
    names = ["ci.pem", "ssh:/home/x/.ssh/id", uri, "/keys/ssh", "ssh:b.pub"]
    monkeypatch.setenv("CASEWORK_KEYS", ":".join(["", *names, ""]))
    assert keys_of_environment() == names
    monkeypatch.setenv("CASEWORK_KEYS", ":".join(names[1:2]))
    assert keys_of_environment() == names[1:2]
    monkeypatch.delenv("CASEWORK_KEYS")
    assert keys_of_environment() == []
