"""A case whose verifier signs under an identity, end to end over HTTP: a second carrier of the same record."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from lab_case import LabCase, lab_policy
from sigstore_lab import EMAIL, VERA

from casework.cli.main import main
from casework.workflow.judging.checking import check
from doubles.sigstore_instance import Instance

TODAY = datetime.now(UTC).date()


@pytest.fixture(scope="module")
def instance() -> Iterator[Instance]:
    with Instance("keyless").serving() as served:
        yield served


def blocked_by(lab: LabCase) -> set[str]:
    return {f.code for f in check(lab.root, TODAY, cached=False).findings if f.severity == "error"}


@pytest.fixture
def case(lab: LabCase, instance: Instance, monkeypatch: pytest.MonkeyPatch) -> LabCase:
    """Return the lab's case with evidence that a machine has sealed and the verifier has not signed yet."""
    root = instance.trusted_root()
    (lab.root / "evidence/trust/trusted_root.json").write_bytes(root)
    value: dict[str, Any] = lab_policy(expires="2099-12-31")
    value["sigstore"] = {
        "trusted_root_sha256": hashlib.sha256(root).hexdigest(),
        "identities": {"vera-id": VERA | {"issuer": instance.url + "/oidc"}},
    }
    value["roles"]["verifier"] = [*value["roles"]["verifier"], "vera-id"]
    lab.policy(**value)
    started = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    for key in ("EV-1", "EV-2"):
        lab.unseal(key)
        lab.seal(key, "ci", started=started)
    (lab.root / "signing.json").write_bytes(instance.signing_config())
    monkeypatch.setenv("SIGSTORE_ID_TOKEN", instance.token({"sub": "vera", "email": EMAIL, "email_verified": True}))  # type: ignore[dict-item]
    monkeypatch.delenv("CASEWORK_KEYS", raising=False)
    return lab


def sign(*more: str) -> int:
    return main(["sign", "EV-1", "EV-2", "--keyless", "signing.json", "--yes", "--format", "json", *more])


def test_the_case_passes_once_the_verifier_has_signed_under_an_identity(
    case: LabCase, capsys: pytest.CaptureFixture[str]
) -> None:
    assert "SIG-006" in blocked_by(case)
    assert sign() == 0
    rows = json.loads(capsys.readouterr().out)
    assert [row["lacking"] for row in rows] == [[], []]
    assert sorted(path.name.endswith(".sigstore.json") for path in case.sealed()) == [False, True]
    assert blocked_by(case) == set()
    dated = {s.key: s.proof for v in case.assessed().assessment.verdicts for s in v.signers if s.key == "vera-id"}
    assert dated == {} or set(dated.values()) <= {"token", "log"}


def test_whoever_takes_the_bundle_away_blocks_the_case(case: LabCase) -> None:
    assert sign() == 0
    next((case.root / "evidence/EV-1").glob("*.sigstore.json")).unlink()
    assert "SIG-006" in blocked_by(case)


def test_the_same_identity_does_not_sign_twice(case: LabCase, capsys: pytest.CaptureFixture[str]) -> None:
    assert sign() == 0
    before = sorted(case.sealed())
    assert sign() == 2
    assert "signed it already" in capsys.readouterr().err
    assert sorted(case.sealed()) == before


def test_an_identity_that_the_policy_does_not_list_writes_nothing(
    case: LabCase, instance: Instance, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    claims = {"sub": "eve", "email": "eve@example.com", "email_verified": True}
    monkeypatch.setenv("SIGSTORE_ID_TOKEN", instance.token(claims))  # type: ignore[arg-type]
    before = sorted(case.sealed())
    assert sign() == 2
    assert "SIG-015" in capsys.readouterr().err
    assert sorted(case.sealed()) == before


def test_attack_93_another_trusted_root_than_the_pinned_one_counts_for_nothing(case: LabCase) -> None:
    assert sign() == 0
    (case.root / "evidence/trust/trusted_root.json").write_bytes(Instance("attacker").trusted_root())
    assert "SIG-011" in blocked_by(case)


def test_bad_calls(
    case: LabCase, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["sign", "EV-1"]) == 2
    assert "give --key KEY or --keyless CONFIG" in capsys.readouterr().err
    assert main(["sign", "EV-1", "--keyless", "nowhere.json"]) == 2
    assert "nowhere.json cannot be read" in capsys.readouterr().err
    assert main(["sign", "EV-1", "--keyless", "signing.json", "--token-file", str(tmp_path / "none")]) == 2
    monkeypatch.setenv("SIGSTORE_ID_TOKEN", "no token")
    assert sign() == 2
    assert "no JSON Web Token" in capsys.readouterr().err
