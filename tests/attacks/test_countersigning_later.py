"""A record that a machine sealed and a person signs later, while an older record still counts; and retirement by command."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from lab_case import DAY, LabCase
from test_base import CHALLENGE
from trust_lab import HOLDERS

from casework.cli.main import main
from casework.workflow.judging.checking import check

NOW = ["--now", DAY.isoformat()]


@pytest.fixture
def key(tmp_path: Path) -> Path:
    """Return the file of the second verifier's key."""
    import hashlib

    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    private = Ed25519PrivateKey.from_private_bytes(hashlib.sha256(b"test key verifier-2").digest())
    path = tmp_path / "verifier-2.pem"
    path.write_bytes(private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    path.chmod(0o600)
    return path


def test_a_newer_record_is_countersigned_although_an_older_one_counts(
    lab: LabCase, key: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    newer = lab.seal("EV-1", "ci", started="2026-05-25T10:00:00Z")
    assert "SIG-006" in lab.errors()
    assert main(["sign", "EV-1", "--key", str(key), "--yes", *NOW]) == 0
    assert newer.name in capsys.readouterr().out
    assert lab.errors() == set()
    verdict = lab.assessed().assessment.appraisals["EV-1"].verdict
    assert verdict is not None
    assert verdict.path.endswith(newer.name)


def test_what_lacks_nothing_is_not_signed_twice(lab: LabCase, key: Path) -> None:
    assert main(["sign", "EV-1", "--key", str(key), "--yes", *NOW]) == 2


def test_a_review_by_command_retires_and_its_seal_makes_it_count(lab: LabCase, key: Path) -> None:
    """A seal states the present moment, so the case is judged today; what ages by then is not looked at."""
    today = datetime.now(UTC).date()

    def missed() -> bool:
        return any(f.code == "GTE-011" for f in check(lab.root, today, cached=False, base=base).findings)

    lab.policy(expires="2099-12-31")
    lab.add(CHALLENGE)
    base = lab.commit()
    lab.add("")
    assert missed()
    call = ["review", "G-1", "--as", HOLDERS["verifier-2"], "--retires", "CG-1", "--remarks", "Both towns are in."]
    assert main(call) == 0
    (review,) = (lab.root / "requirements/reviews").glob("*.yaml")
    assert missed()
    assert main(["sign", review.stem, "--key", str(key), "--yes"]) == 0
    assert not missed()
