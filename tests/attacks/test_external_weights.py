"""Models that keep weights in files of their own: pinned by their card they run, are signed and count; otherwise they do not.

A case with real models is made by script: `onnx.save` writes their weights beside them, the generators run them, and keys of
the lab seal what they find. Each test attacks a copy.
"""

from __future__ import annotations

import base64
import json
import os
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import onnx
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec
from lab_case import CONFIG, MANIFESTS, STARTED, LabCase, git, lab_policy
from onnx import TensorProto, helper, numpy_helper
from onnxruntime.quantization import CalibrationDataReader, QuantFormat, QuantType, quantize_static
from trust_lab import KEYS, roots, seal_lab_policy

from casework.artifact.archive import Archive, read_archive
from casework.artifact.digest import closure_digest, sha256_bytes, sha256_file
from casework.generators.model_signature import sign_model
from casework.generators.protocol import silent
from casework.model.finding import Finding
from casework.model.result import ResultRecord
from casework.workflow.evidence.run import Means, Ran, produce
from casework.workflow.release.attesting import sealed_decision
from casework.workflow.release.releasing import Bundled, Order, seal_bundle
from casework.workflow.release.verifying import Known, verify_bundle

DAY = date(2026, 6, 1)
COUNT, SIDE = 64, 16
TRAIN = MANIFESTS["data/train.jsonl"]
SIGNERS = [KEYS["ci"], KEYS["verifier-2"]]
EVIDENCE = ("EV-VAL", "EV-QUA", "EV-SIG")


def write_parent(path: Path, gain: float = 1.0) -> None:
    """Write a classifier of dark and bright pictures, with its weights in a file beside it."""
    weights = np.array([[-gain] * 3, [gain] * 3], np.float32).reshape(2, 3, 1, 1)
    graph = helper.make_graph(
        [
            helper.make_node("Conv", ["image", "w", "b"], ["features"]),
            helper.make_node("GlobalAveragePool", ["features"], ["mean"]),
            helper.make_node("Flatten", ["mean"], ["scores"]),
            helper.make_node("Softmax", ["scores"], ["probabilities"]),
        ],
        "classifier",
        [helper.make_tensor_value_info("image", TensorProto.FLOAT, ["N", 3, SIDE, SIDE])],
        [helper.make_tensor_value_info("probabilities", TensorProto.FLOAT, ["N", 2])],
        [
            numpy_helper.from_array(weights, "w"),
            numpy_helper.from_array(np.array([gain, -gain], np.float32) * 1.5, "b"),
        ],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9)
    onnx.save(model, path, save_as_external_data=True, location=f"{path.stem}.bin", size_threshold=0)


class Pictures(CalibrationDataReader):  # type: ignore[misc]
    """What the quantiser sees."""

    def __init__(self) -> None:
        rng = np.random.default_rng(0)
        self.feeds = iter([{"image": rng.random((1, 3, SIDE, SIDE), np.float32)} for _ in range(8)])

    def get_next(self) -> Any:
        return next(self.feeds, None)


def write_child(parent: Path, path: Path, location: str) -> None:
    """Quantise a model with onnxruntime, and put every number of the child into a file of its own."""
    plain = parent.with_name("plain.onnx")
    quantize_static(
        str(parent), str(plain), Pictures(), quant_format=QuantFormat.QDQ, activation_type=QuantType.QInt8,
        weight_type=QuantType.QInt8, extra_options={"QDQKeepRemovableActivations": True},
    )  # fmt: skip
    (path.parent / location).parent.mkdir(parents=True, exist_ok=True)
    onnx.save(onnx.load(plain), path, save_as_external_data=True, location=location, size_threshold=0)
    plain.unlink()


def write_pictures(folder: Path) -> str:
    """Write dark and bright pictures and their manifest; return its digest."""
    rng = np.random.default_rng(1)
    header = {
        "schema": "casework/dataset-manifest/v1", "name": "light", "task": "classification", "classes": ["dark", "bright"],
        "splits": {"test": {"purpose": "verification", "stored": True}}, "generator": {},
    }  # fmt: skip
    lines: list[dict[str, Any]] = [header]
    (folder / "test").mkdir(parents=True)
    for index in range(COUNT):
        low = 0 if index % 2 == 0 else 160
        picture = rng.integers(low, low + 90, (SIDE, SIDE, 3), dtype=np.uint8)
        data = cv2.imencode(".png", picture)[1].tobytes()
        (folder / f"test/{index}.png").write_bytes(data)
        lines.append(
            {
                "file": f"test/{index}.png", "sha256": sha256_bytes(data), "split": "test", "width": SIDE, "height": SIDE,
                "label": ("dark", "bright")[index % 2], "odd": {"light": "day"},
            }
        )  # fmt: skip
    text = "".join(json.dumps(line, sort_keys=True) + "\n" for line in lines)
    (folder / "manifest.jsonl").write_text(text)
    return sha256_bytes(text.encode())


def card(root: Path, key: str, file: str, external: str | None, more: str) -> str:
    pinned = f"\n  external: [{{path: {external}, sha256: {sha256_file(root / external)}}}]" if external else ""
    return f"""
- type: model_card
  id: {key}
  file: {{path: {file}, sha256: {sha256_file(root / file)}}}{pinned}
  version: "1"
  task: classification
  classes: [dark, bright]
  inputs: [{{name: image, dtype: float32, shape: ["N", 3, 16, 16]}}]
  outputs: [{{name: probabilities, dtype: float32, shape: ["N", 2]}}]
  decoder: {{name: softmax}}
  trained_on: [DS-T]
  intended_use: To tell dark pictures from bright ones.
  limits: [By day only.]
  licence: Apache-2.0
{more}"""


def nodes(root: Path, manifest: str) -> str:
    cards = card(root, "MC-F", "model/float.onnx", "model/float.bin", "")
    cards += card(
        root,
        "MC-1",
        "model/deployed.onnx",
        "model/weights/deployed.bin",
        "  derived_from: MC-F\n  signature: model/deployed.sig\n",
    )
    return f"""
- {{type: odd, id: ODD-1, statement: By day., dimensions: [{{name: light, values: [day]}}]}}
- type: dataset
  id: DS-T
  statement: Pictures to train on.
  version: "1"
  manifest: {{path: data/train.jsonl, sha256: {sha256_bytes(TRAIN)}}}
  splits: [{{name: train, purpose: development, size: 300}}]
  covers: [ODD-1]
  disjoint_from: [DS-1]
  provenance: Random.
  licence: Apache-2.0
- type: dataset
  id: DS-1
  statement: Dark and bright pictures.
  version: "1"
  manifest: {{path: data/manifest.jsonl, sha256: {manifest}}}
  splits: [{{name: test, purpose: verification, size: {COUNT}}}]
  covers: [ODD-1]
  provenance: Random.
  licence: Apache-2.0
- type: requirement
  id: REQ-1
  level: stakeholder
  statement: The model shall tell dark pictures from bright ones.
  rationale: Asked for.
  acceptance:
    - {{metric: accuracy, op: ">=", bound: 0.9, unit: ratio, confidence: 0.95}}
- type: requirement
  id: REQ-2
  level: stakeholder
  statement: The deployed model shall answer as its parent does.
  rationale: Asked for.
  acceptance:
    - {{metric: flip_rate, op: "<=", bound: 0.1, unit: ratio, confidence: 0.95}}
- type: requirement
  id: REQ-3
  level: stakeholder
  statement: The files of the deployed model shall be those that were signed and pinned.
  rationale: Asked for.
  acceptance:
    - {{metric: signature_failures, op: "==", bound: 0, unit: count}}
    - {{metric: digest_mismatches, op: "==", bound: 0, unit: count}}
    - {{metric: unsafe_operators, op: "==", bound: 0, unit: count}}
{cards}
- {{type: evidence, id: EV-VAL, generator: validation, subject: MC-1, data: DS-1, split: test, verifies: [REQ-1]}}
- {{type: evidence, id: EV-QUA, generator: quantization, subject: MC-1, data: DS-1, split: test, against: MC-F, verifies: [REQ-2]}}
- {{type: evidence, id: EV-SIG, generator: model-signature, subject: MC-1, verifies: [REQ-3]}}
"""


def write_key(folder: Path) -> Path:
    """Write the key pair of the model's signature; the private half lies outside the case."""
    secret = ec.generate_private_key(ec.SECP256R1())
    pem, plain = serialization.Encoding.PEM, serialization.NoEncryption()
    (folder / "key.pem").write_bytes(secret.private_bytes(pem, serialization.PrivateFormat.PKCS8, plain))
    public = secret.public_key().public_bytes(pem, serialization.PublicFormat.SubjectPublicKeyInfo)
    (folder / "key.pub").write_bytes(public)
    return folder / "key.pem"


def policy() -> bytes:
    both = {"require": {"ci": 1, "verifier": 1}}
    kinds = {"validation": both, "quantization": both, "model-signature": both}
    return seal_lab_policy(lab_policy(evidence_types=kinds, acts={"release": {"require": {"verifier": 1}}}))


def write_case(root: Path, key: Path) -> None:
    (root / "model").mkdir(parents=True)
    write_parent(root / "model/float.onnx")
    write_child(root / "model/float.onnx", root / "model/deployed.onnx", "weights/deployed.bin")
    sign_model(root / "model/deployed.onnx", key, root / "model/deployed.sig")
    (root / "evidence/trust").mkdir(parents=True)
    (root / "evidence/trust/root.pub").write_bytes(roots())
    (root / "evidence/trust/model.pub").write_bytes(key.with_suffix(".pub").read_bytes())
    (root / "evidence/trust/policy.dsse.json").write_bytes(policy())
    trust = f"{{root_sha256: {sha256_bytes(roots())}, model_key: evidence/trust/model.pub}}"
    (root / "casework.yaml").write_text(CONFIG.partition("trust:")[0] + f"trust: {trust}\n")
    (root / "requirements").mkdir()
    (root / "data").mkdir()
    (root / "data/train.jsonl").write_bytes(TRAIN)
    (root / "requirements/case.yaml").write_text(nodes(root, write_pictures(root / "data")))


@dataclass
class World(LabCase):
    """A case with two models whose weights lie in files of their own."""

    def run(self, *keys: str) -> dict[str, Ran]:
        made = produce(
            self.assessed().assessment,
            self.root,
            keys or EVIDENCE,
            SIGNERS,
            lambda: STARTED,
            "",
            Means(),
            lambda _key: silent,
        )
        return {one.evidence: one for one in made}

    def found(self) -> dict[str, list[Finding]]:
        codes: dict[str, list[Finding]] = {}
        for one in self.check(DAY).findings:
            if one.severity == "error":
                codes.setdefault(one.code, []).append(one)
        return codes

    def stale(self) -> dict[str, str]:
        return {one.node: one.message for one in self.found().get("EVD-003", [])}

    @property
    def weights(self) -> Path:
        return self.root / "model/weights/deployed.bin"

    def flip(self, path: Path | None = None) -> str:
        """Turn one bit of a file of weights; return its digest now."""
        target = path or self.weights
        data = bytearray(target.read_bytes())
        data[-1] ^= 1
        target.write_bytes(bytes(data))
        return sha256_bytes(bytes(data))

    def exchange(self) -> str:
        """Put the weights of a model that answers the other way round in the place of the deployed ones; return their digest."""
        other = self.root.parent / "other"
        other.mkdir()
        write_parent(other / "float.onnx", gain=-1.0)
        write_child(other / "float.onnx", other / "deployed.onnx", "deployed.bin")
        shutil.copy(other / "deployed.bin", self.weights)
        return sha256_file(self.weights)

    def unpin(self) -> None:
        text = self.nodes.read_text().splitlines(keepends=True)
        self.nodes.write_text("".join(line for line in text if "weights/deployed.bin" not in line))


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("external")
    root = folder / "case"
    write_case(root, write_key(folder))
    for key, ran in World(root).run().items():
        assert ran.path, (key, ran.problem)
    return root


@pytest.fixture
def world(made: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> World:
    monkeypatch.setenv("CASEWORK_CACHE_DIR", str(tmp_path / "cache"))
    for name in [n for n in os.environ if n.startswith("GIT_")]:
        monkeypatch.delenv(name)
    shutil.copytree(made, tmp_path / "case")
    return World(tmp_path / "case")


def record_of(ran: Ran) -> ResultRecord:
    if ran.record is None:
        raise AssertionError(ran.problem)
    return ran.record


def figures(record: ResultRecord) -> Mapping[str, float]:
    return {m.name: m.value for m in record.metrics if m.slice == "all"}


# Honest controls


def test_control_models_with_pinned_weights_run_are_signed_and_count(world: World) -> None:
    assert world.found() == {}
    assert world.check(DAY).word == "pass", world.check(DAY)
    ran = {key: record_of(one) for key, one in world.run().items()}
    assert figures(ran["EV-VAL"])["accuracy"] == 1
    assert figures(ran["EV-QUA"])["flip_rate"] == 0
    assert figures(ran["EV-SIG"]) == {
        "signature_failures": 0, "digest_mismatches": 0, "unsafe_operators": 0, "external_data_files": 1,
    }  # fmt: skip
    assert {c.name: c.outcome for c in ran["EV-SIG"].self_checks} == {
        "altered-copy-refused": "passed", "altered-weights-refused": "passed",
    }  # fmt: skip


def test_control_records_are_bound_to_the_model_file_and_to_its_weights(world: World) -> None:
    ran = {key: record_of(one).digests for key, one in world.run().items()}
    own = closure_digest({"weights/deployed.bin": sha256_file(world.weights)})
    parent = closure_digest({"float.bin": sha256_file(world.root / "model/float.bin")})
    for digests in ran.values():
        assert digests["model"] == sha256_file(world.root / "model/deployed.onnx")
        assert digests["external"] == own
    assert ran["EV-QUA"]["reference_external"] == parent
    assert "reference_external" not in ran["EV-VAL"]


def test_control_weights_that_were_pinned_and_measured_anew_pass(world: World) -> None:
    was = sha256_file(world.weights)
    data = world.weights.read_bytes() + b"\0"  # a longer file holds the same weights
    world.weights.write_bytes(data)
    world.edit(was, sha256_bytes(data))
    assert set(world.stale()) == set(EVIDENCE)
    ran = world.run("EV-VAL", "EV-QUA")
    assert all(one.path for one in ran.values()), ran
    assert set(world.stale()) == {"EV-SIG"}


def test_control_a_release_holds_the_weights(world: World, tmp_path: Path) -> None:
    git(world.root, "init", "-q", "-b", "main")
    world.commit("honest")
    made = seal_bundle(world.root, Order("HEAD", DAY, "2026-06-01T08:00:00Z", draft=True), [KEYS["verifier-2"]])
    assert isinstance(made, Bundled), made
    archive = read_archive(made.data)
    assert isinstance(archive, Archive)
    assert archive.read("case/model/weights/deployed.bin") == world.weights.read_bytes()
    assert "case/model/float.bin" in archive.members
    (tmp_path / "bundle.zip").write_bytes(made.data)
    found = verify_bundle(tmp_path / "bundle.zip", Known(root_key=roots()), datetime(2026, 6, 2, tzinfo=UTC))
    assert [f.message for f in found.findings] == ["this is a draft and no release"]  # it has no argument yet


def test_control_the_gates_statement_names_the_weights(world: World) -> None:
    git(world.root, "init", "-q", "-b", "main")
    world.commit("honest")
    sealed = sealed_decision(world.root, world.assessed(), [KEYS["ci"]], "2026-06-01T08:00:00Z")
    assert sealed is not None
    statement = json.loads(base64.b64decode(json.loads(sealed)["payload"]))
    subjects = {one["name"]: one["digest"].get("sha256") for one in statement["subject"]}
    assert subjects["MC-1 weights/deployed.bin"] == sha256_file(world.weights)


# Attacks


def test_attack_90_flipped_weights_are_found_and_make_their_evidence_stale(world: World) -> None:
    world.flip()
    found = world.found()
    (changed,) = found["MDL-002"]
    assert changed.field == ("external", 0, "sha256")
    assert changed.fix
    assert set(world.stale()) == set(EVIDENCE)
    assert all("external weights mismatch" in message for message in world.stale().values())
    assert world.check(DAY).word == "blocked"


def test_attack_90_exchanged_weights_with_their_card_are_stale_and_not_signed(world: World) -> None:
    was = sha256_file(world.weights)
    world.edit(was, world.exchange())
    assert "MDL-002" not in world.found()
    assert set(world.stale()) == set(EVIDENCE)
    record = record_of(world.run("EV-SIG")["EV-SIG"])
    assert figures(record)["signature_failures"] == 1
    assert figures(record)["digest_mismatches"] == 0
    assert "ART-004" in str(record.tables)
    assert "EVD-002" in world.found()
    assert figures(record_of(world.run("EV-VAL")["EV-VAL"]))["accuracy"] == 0  # it is these weights that ran


def test_attack_90_the_parents_flipped_weights_make_the_comparison_stale(world: World) -> None:
    world.flip(world.root / "model/float.bin")
    assert set(world.stale()) == {"EV-QUA"}
    assert "external weights of the reference mismatch" in world.stale()["EV-QUA"]


def test_attack_90_weights_that_are_not_as_pinned_are_never_run(world: World) -> None:
    world.flip()
    for ran in world.run("EV-VAL", "EV-QUA").values():
        assert ran.path == ""
        assert "ART-011" in ran.problem
        assert "weights/deployed.bin" in ran.problem


def test_attack_90_weights_that_the_card_does_not_pin_are_never_run(world: World) -> None:
    world.unpin()
    assert set(world.stale()) == set(EVIDENCE)
    assert all("the plan names none" in message for message in world.stale().values())
    for ran in world.run("EV-VAL", "EV-QUA").values():
        assert ran.path == ""
        assert "ART-011" in ran.problem
        assert "field `external` of the model card" in ran.problem
    record = record_of(world.run("EV-SIG")["EV-SIG"])
    assert (figures(record)["signature_failures"], figures(record)["digest_mismatches"]) == (1, 1)
    assert "ART-011" in str(record.tables)
    assert "EVD-002" in world.found()


def test_attack_90_exchanged_names_of_equal_files_make_stale(world: World) -> None:
    """The same bytes under another name are other weights: the model reads by name."""
    other = world.root / "model/weights/other.bin"
    shutil.copy(world.weights, other)
    world.edit("path: model/weights/deployed.bin", "path: model/weights/other.bin")
    assert set(world.stale()) == set(EVIDENCE)
    assert "ART-011" in world.run("EV-VAL")["EV-VAL"].problem


def test_missing_weights_are_found(world: World) -> None:
    world.weights.unlink()
    (missing,) = world.found()["MDL-001"]
    assert missing.field == ("external", 0, "path")
    assert set(world.stale()) == set(EVIDENCE)


def test_attack_89_linked_weights_are_neither_judged_nor_run(world: World, tmp_path: Path) -> None:
    shutil.move(world.weights, tmp_path / "outside.bin")
    world.weights.symlink_to(tmp_path / "outside.bin")
    (linked,) = world.found()["MDL-001"]
    assert "symbolic link" in linked.message
    assert "ART-010" in world.run("EV-VAL")["EV-VAL"].problem


@pytest.mark.parametrize("path", ["../outside.bin", "/etc/hostname", "model/../../outside.bin", "~/x"])
def test_attack_89_a_card_cannot_pin_files_outside_the_case(world: World, path: str) -> None:
    (world.root.parent / "outside.bin").write_bytes(world.weights.read_bytes())
    world.edit("path: model/weights/deployed.bin", f"path: {path}")
    assert "MDL-001" in world.found()
    assert world.check(DAY).word == "blocked"
    assert "ART-011" in world.run("EV-VAL")["EV-VAL"].problem


@pytest.mark.parametrize(
    "location", ["../outside.bin", "/etc/hostname", "weights/../../outside.bin", "weights/./deployed.bin"]
)
def test_attack_89_a_model_cannot_name_files_outside_its_folder(world: World, location: str) -> None:
    """Even where the card pins the file that it means, and its digest is right."""
    (world.root / "outside.bin").write_bytes(world.weights.read_bytes())
    path = world.root / "model/deployed.onnx"
    was = sha256_file(path)
    model = onnx.load(path, load_external_data=False)
    for tensor in model.graph.initializer:
        for entry in tensor.external_data:
            if entry.key == "location":
                entry.value = location
    path.write_bytes(model.SerializeToString())
    world.edit(was, sha256_file(path))
    world.edit("path: model/weights/deployed.bin", "path: outside.bin")
    assert "ART-010" in world.run("EV-VAL")["EV-VAL"].problem
    record = record_of(world.run("EV-SIG")["EV-SIG"])
    assert figures(record)["signature_failures"] == 1
    assert "ART-010" in str(record.tables)


def test_weights_are_read_once(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is run are the bytes that were compared with the pins: the files are not opened again."""
    opened: list[str] = []
    true_open = os.open

    def counting(path: Any, *how: Any, **more: Any) -> int:
        opened.append(os.fspath(path))
        return true_open(path, *how, **more)

    from casework.artifact.onnx_model import open_model

    monkeypatch.setattr(os, "open", counting)
    path = world.root / "model/deployed.onnx"
    pins = {"deployed.onnx": sha256_file(path), "weights/deployed.bin": sha256_file(world.weights)}
    model = open_model(path, pins=pins)
    monkeypatch.undo()
    assert [name for name in opened if name.endswith("deployed.bin")] == [os.fspath(world.weights)]
    assert onnx.load_model_from_string(model.content).graph.initializer[0].external_data == []
