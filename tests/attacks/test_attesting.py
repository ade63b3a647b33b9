"""`check --attest`: a statement of what holds, of the commit that was judged, and of nothing that is blocked."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from lab_case import DAY, LabCase, git
from trust_lab import KEYS, LAB

from casework.artifact.digest import sha256_bytes
from casework.attest.dsse import Envelope, read_envelope
from casework.attest.opening import Anchors
from casework.attest.svr import verify_svr
from casework.cli.main import main
from casework.model.problem import CallProblem
from casework.workflow.release.attesting import sealed_decision

CREATED = "2026-06-01T08:00:00Z"


def test_the_statement_names_commit_models_data_and_policy(lab: LabCase) -> None:
    data = sealed_decision(lab.root, lab.assessed(), [KEYS["ci"]], CREATED)
    assert data is not None
    found = verify_svr(data, Anchors(LAB), datetime(2026, 6, 1, 9, tzinfo=UTC), role="ci")
    assert found.verified, found.problems
    assert found.statement is not None
    subjects = {s.name: s.digest for s in found.statement.subject}
    assert subjects["case"].git_commit == git(lab.root, "rev-parse", "HEAD")
    assert subjects["MC-1"].sha256 == sha256_bytes(b"int8 model")
    assert {"MC-F", "DS-V"} & subjects.keys()
    (policy,) = found.statement.predicate.verifier.policies
    sealed = read_envelope((lab.root / "evidence/trust/policy.dsse.json").read_bytes())
    assert isinstance(sealed, Envelope)
    assert policy.digest.sha256 == sha256_bytes(sealed.payload)
    assert found.statement.predicate.properties == (
        "CASEWORK_CASE_PASSED", "CASEWORK_EVIDENCE_COMPLETE", "CASEWORK_NO_WAIVERS", "CASEWORK_RELEASE",
    )  # fmt: skip


def test_nothing_is_said_of_a_blocked_case(lab: LabCase) -> None:
    lab.unseal("EV-1")
    lab.commit("evidence lost")
    assert lab.check(DAY).word == "blocked"
    assert sealed_decision(lab.root, lab.assessed(), [KEYS["ci"]], CREATED) is None


def test_a_tree_that_differs_from_the_commit_is_not_attested(lab: LabCase) -> None:
    (lab.root / "requirements/case.yaml").write_text(lab.nodes.read_text() + "\n# a remark\n")
    with pytest.raises(CallProblem, match="commit them first"):
        sealed_decision(lab.root, lab.assessed(), [KEYS["ci"]], CREATED)


def test_the_command_writes_a_statement_of_a_pass_and_none_of_a_blocked_case(
    lab: LabCase, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    key = tmp_path / "ci.pem"
    seed = hashlib.sha256(b"test key ci").digest()
    private = Ed25519PrivateKey.from_private_bytes(seed)
    key.write_bytes(private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    key.chmod(0o600)
    file = tmp_path / "svr.dsse.json"
    call = ["check", "--now", DAY.isoformat(), "--attest", str(file)]
    assert main(call) == 2
    assert "needs a signature" in capsys.readouterr().err
    assert main([*call, "--key", str(key)]) == 0
    assert verify_svr(file.read_bytes(), Anchors(LAB), datetime.now(UTC), role="ci").verified
    file.unlink()
    lab.unseal("EV-1")
    assert main([*call, "--key", str(key)]) == 1
    assert not file.exists()
    assert "nothing is attested" in capsys.readouterr().err
