"""The shim by which sigstore-conformance drives our verifier, and the runner of its cases."""

from __future__ import annotations

import hashlib
import json
import subprocess
import sys
from pathlib import Path

import pytest
from sigstore_lab import PAYLOAD, RUN_AT, SAN, honest, raw
from test_sigstore_vectors import FOLDER, MODELS
from trust_lab import KEYS

from conformance.shim import IN_TOTO, main
from doubles.sigstore_instance import Instance

BUNDLE = str(FOLDER / "pypi_attestation_models-0.0.4a2.tar.gz.sigstore")
ROOT = str(FOLDER / "public.trusted_root.json")


def verify(*more: str, bundle: str = BUNDLE, file: str = f"sha256:{MODELS.sha256}") -> int:
    return main(["verify-bundle", "--bundle", bundle, *more, file])


def by(identity: str, issuer: str) -> tuple[str, ...]:
    return "--certificate-identity", identity, "--certificate-oidc-issuer", issuer


def test_verifies_a_foreign_bundle_by_identity() -> None:
    assert verify(*by(MODELS.identity, MODELS.issuer), "--trusted-root", ROOT) == 0
    assert verify(*by(MODELS.identity, MODELS.issuer)) == 0  # the public root of the installed library


@pytest.mark.parametrize(
    ("identity", "issuer", "file", "says"),
    [
        (MODELS.identity, "https://issuer.example", f"sha256:{MODELS.sha256}", "SIG-015"),
        ("x", MODELS.issuer, f"sha256:{MODELS.sha256}", "SIG-015"),
        ("", "", f"sha256:{MODELS.sha256}", "SIG-015"),
        (MODELS.identity, MODELS.issuer, "sha256:" + "0" * 64, "no subject"),
        (MODELS.identity, MODELS.issuer, __file__, "no subject"),
    ],
)
def test_says_why_it_refuses(
    identity: str, issuer: str, file: str, says: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert verify(*by(identity, issuer), "--trusted-root", ROOT, file=file) == 1
    assert says in capsys.readouterr().err


def test_verifies_by_key(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    instance = Instance("keys", clock=lambda: RUN_AT)
    bundle, key, root = tmp_path / "b.json", tmp_path / "key.pub", tmp_path / "root.json"
    payload = json.dumps({"subject": [{"digest": {"sha256": "a" * 64}}]}).encode()
    bundle.write_bytes(raw(instance.key_bundle(payload, KEYS["verifier"], rekor=1, stamp=True)))
    root.write_bytes(instance.trusted_root())
    given = ("--key", str(key), "--trusted-root", str(root))
    key.write_bytes(KEYS["verifier"].public.pem)
    assert verify(*given, bundle=str(bundle), file="sha256:" + "a" * 64) == 0
    key.write_bytes(KEYS["ci"].public.pem)
    assert verify(*given, bundle=str(bundle), file="sha256:" + "a" * 64) == 1
    key.write_bytes(b"no key")
    assert verify(*given, bundle=str(bundle), file="sha256:" + "a" * 64) == 1
    assert "SIG-010" in capsys.readouterr().err


def test_signs_statements(tmp_path: Path) -> None:
    with Instance("signing").serving() as served:
        (tmp_path / "root.json").write_bytes(served.trusted_root())
        (tmp_path / "config.json").write_bytes(served.signing_config())
        (tmp_path / "statement.json").write_bytes(PAYLOAD)
        given = ["--identity-token", served.token(), "--bundle", str(tmp_path / "b.json")]
        given += ["--trusted-root", str(tmp_path / "root.json"), "--signing-config", str(tmp_path / "config.json")]
        assert main(["sign-bundle", *given, str(tmp_path / "statement.json")]) == 1  # files are not signed
        assert main(["sign-bundle", "--in-toto", *given, str(tmp_path / "statement.json")]) == 0
        identity = by(SAN, served.url + "/oidc")
        root = ("--trusted-root", str(tmp_path / "root.json"))
        assert verify(*identity, *root, bundle=str(tmp_path / "b.json"), file="sha256:" + "a" * 64) == 0


def test_the_runner_counts_agreement(tmp_path: Path) -> None:
    """A made-up checkout with one good case, one that is rightly refused, and one that is not as its name says."""
    instance = Instance("suite", clock=lambda: RUN_AT)
    cases = tmp_path / "test" / "assets" / "bundle-verify"
    content = b"a file"
    statement = json.dumps({"subject": [{"digest": {"sha256": hashlib.sha256(content).hexdigest()}}]}).encode()
    for name, payload in (("good", statement), ("other-subject_fail", PAYLOAD), ("wrongly-named_fail", statement)):
        folder = cases / name
        folder.mkdir(parents=True)
        (folder / "bundle.sigstore.json").write_bytes(raw(instance.bundle(payload, payload_type=IN_TOTO)))
        (folder / "trusted_root.json").write_bytes(instance.trusted_root())
        (folder / "identity").write_text(SAN)
    (cases / "a.txt").write_bytes(content)
    runner = Path(__file__).parents[2] / "conformance" / "run_suite.py"
    done = subprocess.run([sys.executable, runner, tmp_path], capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert "4 of 6 cases agree" in done.stdout
    assert "disagrees: wrongly-named_fail (file): accepted" in done.stdout
    nothing = subprocess.run([sys.executable, runner, tmp_path / "x"], capture_output=True, text=True, check=False)
    assert nothing.returncode == 2
    assert honest()["mediaType"]
