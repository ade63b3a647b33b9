"""What must turn the gate red, or must not bring it down: found by trying to make `casework check` lie or crash."""

from __future__ import annotations

import base64
import json
import os
import shutil
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from casework.artifact.digest import jcs_bytes, sha256_bytes
from casework.attest.seal import seal
from casework.attest.verify import sealed_name
from casework.graph.appraise import bindings
from casework.model.catalogue import GENERATORS
from casework.model.decision import Decision
from casework.model.result import GeneratorId, Metric, ResultRecord
from casework.store.working_tree import WorkingTree
from casework.workflow.evidence.run import statement_of, write_sealed
from casework.workflow.evidence.signers import load_signers
from casework.workflow.judging.assess import assess
from casework.workflow.judging.checking import check
from doubles.first_trust import first_trust

ROOT = Path(__file__).resolve().parents[2]
TODAY = date(2026, 12, 1)
KEYS = [str(ROOT / "evidence/trust/demo-keys/demo-ci.pem")]
MODEL = b"a model"
MANIFEST = (
    b'{"schema":"casework/dataset-manifest/v1","name":"d","task":"detection","classes":["stop"],'
    b'"splits":{"train":{"purpose":"development","stored":false}},"generator":{}}\n'
    b'{"file":"0.png","sha256":"' + b"0" * 64 + b'","split":"train","objects":[]}\n'
)

NODES = f"""
- type: odd
  id: ODD-1
  statement: Roads by day.
  dimensions: [{{name: distance, values: [near, far]}}]
- type: dataset
  id: DS-1
  statement: Scenes to train on.
  version: "1"
  manifest: {{path: model/data.jsonl, sha256: {sha256_bytes(MANIFEST)}}}
  splits: [{{name: train, purpose: development, size: 1}}]
  covers: [ODD-1]
  provenance: Drawn by script.
  licence: Apache-2.0
- type: model_card
  id: MC-1
  file: {{path: model/m.onnx, sha256: {sha256_bytes(MODEL)}}}
  signature: model/m.sig
  version: "1"
  task: detection
  classes: [stop]
  inputs: [{{name: image, dtype: float32, shape: ["N", 3, 128, 128]}}]
  outputs: [{{name: heat, dtype: float32, shape: ["N", 1, 32, 32]}}]
  preprocessing: {{channels: RGB}}
  decoder: {{name: center, parameters: {{score_threshold: 0.3}}}}
  trained_on: [DS-1]
  intended_use: To find signs.
  limits: [By day only.]
- type: requirement
  id: REQ-1
  level: stakeholder
  statement: The model file shall carry a signature that verifies.
  rationale: Asked for.
  acceptance: [{{metric: signature_failures, op: "==", bound: 0, unit: count}}]
- type: evidence
  id: EV-1
  generator: model-signature
  subject: MC-1
  verifies: [REQ-1]
"""


def record_of(root: Path, started: str = "2026-11-20T10:00:00Z") -> ResultRecord:
    case = assess(WorkingTree(root), TODAY).assessment
    found = bindings(case.case, "EV-1", case.files, case.manifests, case.project.trust.model_key)
    names = ("signature_failures", "unsafe_operators", "external_data_files")
    return ResultRecord(
        evidence="EV-1",
        generator=GeneratorId(name="model-signature", version=GENERATORS["model-signature"].version),
        requirements={"REQ-1": case.case.fingerprint("REQ-1")},
        digests={b.role: b.sha256 for b in found},
        started=started, duration_s=1.0, status="complete",
        metrics=tuple(Metric(name=n, value=0.0, unit="count", n=1, k=0, method="exact") for n in names),
    )  # fmt: skip


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("CASEWORK_CACHE_DIR", str(tmp_path / "cache"))
    here = tmp_path / "case"
    shutil.copytree(ROOT / "evidence/trust", here / "evidence/trust", ignore=shutil.ignore_patterns("__pycache__"))
    first_trust(here / "evidence/trust")
    for folder in ("requirements", "model"):
        (here / folder).mkdir()
    (here / "model/m.onnx").write_bytes(MODEL)
    (here / "model/data.jsonl").write_bytes(MANIFEST)
    (here / "model/m.sig").write_bytes(b"a signature")
    (here / "casework.yaml").write_text(
        "schema: casework/v1\nname: T\nreview: {types: []}\ntrust: {model_key: evidence/trust/model-signing.pub}\n"
    )
    (here / "requirements/a.yaml").write_text(NODES)
    sealed = seal(statement_of(record_of(here)), load_signers(KEYS, lambda _path: None))
    write_sealed(here, "evidence", "EV-1", sealed)
    monkeypatch.chdir(here)
    return here


def judge(root: Path, today: date = TODAY) -> Decision:
    return check(root, today, cached=False)


def sealed_file(root: Path) -> Path:
    return next((root / "evidence/EV-1").glob("*.json"))


def forge(root: Path, change: Callable[[dict[str, Any]], None]) -> None:
    """Add a record with the payload changed and the signatures left as they were: anybody can write such a file."""
    envelope = json.loads(sealed_file(root).read_bytes())
    statement = json.loads(base64.b64decode(envelope["payload"]))
    change(statement["predicate"])
    envelope["payload"] = base64.b64encode(jcs_bytes(statement)).decode()
    data = jcs_bytes(envelope)
    (root / "evidence/EV-1" / sealed_name(data)).write_bytes(data)


class TookTooLongError(BaseException):
    """Not an `Exception`, for a hanging read must not be taken for an unreadable file."""


@contextmanager
def at_most(seconds: int) -> Iterator[None]:
    def late(_number: int, _frame: object) -> None:
        raise TookTooLongError(f"took longer than {seconds} s")

    before = signal.signal(signal.SIGALRM, late)
    signal.alarm(seconds)
    try:
        yield
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, before)


def test_the_case_passes_untouched(root: Path) -> None:
    assert [f.code for f in judge(root).findings if f.severity == "error"] == []


@pytest.mark.parametrize(
    ("path", "content"),
    [("model/m.sig", None), ("model/m.sig", b"garbage"), ("evidence/trust/model-signing.pub", None),
     ("evidence/trust/model-signing.pub", b"another key")],
    ids=["signature gone", "signature changed", "key gone", "key changed"],
)  # fmt: skip
def test_a_changed_model_signature_or_key_blocks(root: Path, path: str, content: bytes | None) -> None:
    if content is None:
        (root / path).unlink()
    else:
        (root / path).write_bytes(content)
    assert judge(root).word == "blocked"


@pytest.mark.parametrize(
    ("old", "new"),
    [("score_threshold: 0.3", "score_threshold: 0.9"), ("channels: RGB", "channels: BGR"), ("[stop]", "[yield_sign]")],
)
def test_a_changed_decoding_of_the_model_makes_its_evidence_stale(root: Path, old: str, new: str) -> None:
    nodes = root / "requirements/a.yaml"
    assert old in nodes.read_text()
    nodes.write_text(nodes.read_text().replace(old, new))
    assert "EVD-003" in {f.code for f in judge(root).findings}


@pytest.mark.parametrize("started", ["2026-99-99T00:00:00Z", "0001-01-01T00:00:00Z", "٢٠٢٦-01-01T00:00:00Z"])
def test_an_impossible_start_of_a_forged_record_is_a_finding(root: Path, started: str) -> None:
    forge(root, lambda record: record.update(started=started))
    assert judge(root).word == "blocked"


def test_evidence_that_is_no_folder_is_a_finding(root: Path) -> None:
    shutil.rmtree(root / "evidence")
    (root / "evidence").write_text("in the way")
    assert judge(root).word == "blocked"


@pytest.mark.parametrize("path", [b"evidence/EV-1/\xff.dsse.json", b"requirements/\xff.yaml"])
def test_a_file_name_that_is_no_text_is_a_finding(root: Path, path: bytes) -> None:
    (Path(os.fsdecode(os.fsencode(root) + b"/" + path))).write_bytes(b"{}")
    decision = check(root, TODAY)
    assert decision.word == "blocked"
    for finding in decision.findings:
        finding.file.encode("utf-8")


@pytest.mark.parametrize("path", ["casework.yaml", "evidence/trust/policy.dsse.json", "evidence/trust/root.pub"])
def test_a_named_pipe_blocks_and_does_not_hang(root: Path, path: str) -> None:
    (root / path).unlink()
    os.mkfifo(root / path)
    with at_most(2):
        assert judge(root).word == "blocked"


def test_a_linked_configuration_is_not_followed(root: Path, tmp_path: Path) -> None:
    (root / "casework.yaml").rename(tmp_path / "elsewhere.yaml")
    (root / "casework.yaml").symlink_to(tmp_path / "elsewhere.yaml")
    assert judge(root).word == "blocked"


def test_a_linked_root_folder_is_not_followed(root: Path, tmp_path: Path) -> None:
    (root / "requirements").rename(tmp_path / "elsewhere")
    (root / "requirements").symlink_to(tmp_path / "elsewhere")
    assert judge(root).word == "blocked"


@pytest.mark.parametrize("content", [None, ""])
def test_losing_the_configuration_is_told(root: Path, content: str | None) -> None:
    pin = sha256_bytes((root / "evidence/trust/root.pub").read_bytes())
    file = root / "casework.yaml"
    file.write_text(f"schema: casework/v1\nname: T\nreview: {{types: []}}\ntrust: {{root_sha256: {pin}}}\n")
    before = {f.code for f in judge(root).findings}
    file.unlink() if content is None else file.write_text(content)
    assert {f.code for f in judge(root).findings if f.file == "casework.yaml"} - before


def test_a_root_folder_that_does_not_exist_is_told(root: Path) -> None:
    (root / "casework.yaml").write_text("schema: casework/v1\nroots: [requirements, gone]\nreview: {types: []}\n")
    assert any("gone" in f.message for f in judge(root).findings)


@pytest.mark.parametrize(
    "setting", ["review: {types: [requirment]}", "severity: {warning: [NOPE-1]}", "severity: {warning: [EVD-001]}"]
)
def test_a_setting_without_effect_is_told(root: Path, setting: str) -> None:
    (root / "casework.yaml").write_text(f"schema: casework/v1\n{setting}\n")
    assert "FMT-014" in {f.code for f in judge(root).findings}


def test_a_node_file_with_an_upper_case_suffix_is_told(root: Path) -> None:
    (root / "requirements/b.YAML").write_text("- {type: requirement}\n")
    assert any("b.YAML" in f.file for f in judge(root).findings)


def test_a_waiver_of_a_later_day_does_not_hold_yet(root: Path) -> None:
    nodes = root / "requirements/a.yaml"
    text = nodes.read_text().replace("  rationale: Asked for.\n", "")
    assert "REQ-011" in {f.code for f in _with(nodes, text, root).findings}
    waiver = "- {type: waiver, id: W-1, of: REQ-011, node: REQ-1, by: s.tanaka, role: safety_manager, on: 2027-01-01, reason: R., expires: 2027-02-01}\n"
    assert not _with(nodes, text + waiver, root).waived


def _with(nodes: Path, text: str, root: Path) -> Decision:
    nodes.write_text(text)
    return judge(root)


def test_an_evidence_id_with_two_underscores_can_have_evidence(root: Path) -> None:
    nodes = root / "requirements/a.yaml"
    nodes.write_text(nodes.read_text().replace("id: EV-1", "id: A__B"))
    shutil.rmtree(root / "evidence/EV-1")
    record = record_of_key(root, "A__B")
    write_sealed(root, "evidence", "A__B", seal(statement_of(record), load_signers(KEYS, lambda _path: None)))
    found = {f.code for f in judge(root).findings if f.severity == "error"}
    assert not found or found == {"FMT-006"}, [f.message for f in judge(root).findings]


def record_of_key(root: Path, key: str) -> ResultRecord:
    case = assess(WorkingTree(root), TODAY).assessment
    made = {
        b.role: b.sha256 for b in bindings(case.case, key, case.files, case.manifests, case.project.trust.model_key)
    }
    return ResultRecord(
        evidence=key, generator=GeneratorId(name="model-signature", version=GENERATORS["model-signature"].version),
        requirements={"REQ-1": case.case.fingerprint("REQ-1")}, digests=made, started="2026-11-20T10:00:00Z",
        duration_s=1.0, status="complete", metrics=(Metric(name="signature_failures", value=0.0, unit="count", n=1, k=0, method="exact"),),
    )  # fmt: skip


def test_ids_that_differ_only_in_case_are_told(root: Path) -> None:
    nodes = root / "requirements/a.yaml"
    nodes.write_text(nodes.read_text() + "- {type: evidence, id: ev-1, generator: model-signature, subject: MC-1}\n")
    assert any("EV-1" in f.message and "ev-1" in f.message for f in judge(root).findings)


def test_the_last_day_of_the_calendar_is_judged(root: Path) -> None:
    assert judge(root, date.max).word in {"pass", "blocked"}


def test_an_absurd_hexadecimal_number_is_a_finding(root: Path) -> None:
    nodes = root / "requirements/a.yaml"
    nodes.write_text(f"{nodes.read_text()}  seed: 0x{'f' * 20_000}\n")
    assert judge(root).word == "blocked"


def test_a_null_document_is_told(root: Path) -> None:
    (root / "requirements/b.yaml").write_text("null\n")
    assert any(f.file == "requirements/b.yaml" for f in judge(root).findings)


def test_a_record_whose_outcome_digest_does_not_fit_is_told(root: Path) -> None:
    old = sealed_file(root)
    record = record_of(root)
    record = record.model_copy(update={"digests": {**record.digests, "outcome": "0" * 64}})
    old.unlink()
    write_sealed(root, "evidence", "EV-1", seal(statement_of(record), load_signers(KEYS, lambda _path: None)))
    assert judge(root).word == "blocked"
