"""Options that name a file: evidence is bound to what lies there, in the case, and to nothing that leads out of it.

A case with a real classifier replays a list of faults, and draws rowhammer faults by a profile; keys of the lab seal what is
found. Each test attacks a copy.
"""

from __future__ import annotations

import json
import os
import shutil
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
from lab_case import CONFIG, MANIFESTS, git, lab_policy
from onnx import TensorProto, helper, numpy_helper
from test_external_weights import DAY, SIGNERS, TRAIN, World, record_of, write_pictures
from trust_lab import roots, seal_lab_policy

from casework.artifact.archive import Archive, read_archive
from casework.artifact.digest import sha256_bytes, sha256_file
from casework.workflow.judging.checking import check
from casework.workflow.release.releasing import Bundled, Order, seal_bundle
from casework.workflow.release.verifying import Known, verify_bundle

SIDE = 16
LIST, PAGES = "faults/known.jsonl", "faults/dram.csv"


def write_model(path: Path, gain: float = 1.0) -> None:
    """Write a classifier of dark and bright pictures."""
    weights = np.array([[-gain] * 3, [gain] * 3], np.float32).reshape(2, 3, 1, 1)
    held = [numpy_helper.from_array(weights, "w"), numpy_helper.from_array(np.array([1.5, -1.5], np.float32), "b")]
    nodes = [
        helper.make_node("Conv", ["image", "w", "b"], ["features"]),
        helper.make_node("GlobalAveragePool", ["features"], ["mean"]),
        helper.make_node("Flatten", ["mean"], ["scores"]),
        helper.make_node("Softmax", ["scores"], ["probabilities"]),
    ]
    value = helper.make_tensor_value_info
    graph = helper.make_graph(
        nodes, "classifier", [value("image", TensorProto.FLOAT, ["N", 3, SIDE, SIDE])],
        [value("probabilities", TensorProto.FLOAT, ["N", 2])], held,
    )  # fmt: skip
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9), path)


def write_list(path: Path, model: str, operands: list[str]) -> None:
    """Write a list: each pattern struck into the first weight, on the first two inputs."""
    rows: list[dict[str, Any]] = [{"format": "casework/fault-list/v1", "model": model}]
    rows += [
        {
            "id": 2 * i + s,
            "tensor": "w",
            "dtype": "float32",
            "indices": [0],
            "op": "xor",
            "operands": [pattern],
            "sample": s,
        }
        for i, pattern in enumerate(operands)
        for s in (0, 1)
    ]
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))


def nodes(root: Path, manifest: str) -> str:
    model = sha256_file(root / "model/deployed.onnx")
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
  splits: [{{name: test, purpose: verification, size: 64}}]
  covers: [ODD-1]
  provenance: Random.
  licence: Apache-2.0
- type: model_card
  id: MC-1
  file: {{path: model/deployed.onnx, sha256: {model}}}
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
- type: requirement
  id: REQ-1
  level: stakeholder
  statement: The model shall withstand the faults that are known of its memory.
  rationale: Asked for.
  acceptance:
    - {{metric: listed_sdc, op: "<=", bound: 0, unit: count}}
- type: requirement
  id: REQ-2
  level: stakeholder
  statement: The model shall withstand flips of the bits that hammering turns.
  rationale: Asked for.
  acceptance:
    - {{metric: listed_due, op: "<=", bound: 0, unit: count}}
- type: evidence
  id: EV-LIST
  generator: fault-injection
  subject: MC-1
  data: DS-1
  split: test
  options: {{fault_list: {LIST}, inputs: 8, audit: 4}}
  verifies: [REQ-1]
- type: evidence
  id: EV-PAGES
  generator: fault-injection
  subject: MC-1
  data: DS-1
  split: test
  options: {{fault: rowhammer, pages: {PAGES}, inputs: 8, faults: "3", audit: 4}}
  verifies: [REQ-2]
"""


def write_case(root: Path) -> None:
    for folder in ("model", "evidence/trust", "requirements", "data", "faults"):
        (root / folder).mkdir(parents=True)
    write_model(root / "model/deployed.onnx")
    (root / "evidence/trust/root.pub").write_bytes(roots())
    kinds = {"fault-injection": {"require": {"ci": 1, "verifier": 1}}}
    release = {"release": {"require": {"verifier": 1}}}
    (root / "evidence/trust/policy.dsse.json").write_bytes(
        seal_lab_policy(lab_policy(evidence_types=kinds, acts=release))
    )
    (root / "casework.yaml").write_text(CONFIG % sha256_bytes(roots()))
    (root / "data/train.jsonl").write_bytes(MANIFESTS["data/train.jsonl"])
    write_list(root / LIST, sha256_file(root / "model/deployed.onnx"), ["0x1", "0x2"])
    (root / PAGES).write_text("# page, bit\n0, 2\n0, 40\n0, 98\n")
    (root / "requirements/case.yaml").write_text(nodes(root, write_pictures(root / "data")))


class Replaying(World):
    """A case whose evidence puts in faults that lie in files."""

    def said(self, key: str) -> str:
        """Run one piece of evidence and return why nothing was written."""
        ran = self.run(key)[key]
        assert ran.path == "", ran.path
        return ran.problem


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("replay") / "case"
    write_case(root)
    for key, ran in Replaying(root).run("EV-LIST", "EV-PAGES").items():
        assert ran.path, (key, ran.problem)
    return root


@pytest.fixture
def world(made: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Replaying:
    monkeypatch.setenv("CASEWORK_CACHE_DIR", str(tmp_path / "cache"))
    for name in [n for n in os.environ if n.startswith("GIT_")]:
        monkeypatch.delenv(name)
    shutil.copytree(made, tmp_path / "case")
    return Replaying(tmp_path / "case")


# Honest controls


def test_control_a_replayed_list_counts_and_the_record_is_bound_to_its_bytes(world: Replaying) -> None:
    assert world.found() == {}
    assert world.check(DAY).word == "pass", world.check(DAY)
    record = record_of(world.run("EV-LIST")["EV-LIST"])
    assert record.digests["file_fault_list"] == sha256_file(world.root / LIST)
    assert record.files["file_fault_list"] == LIST
    assert "file_pages" not in record.digests
    figures = {m.name: m for m in record.metrics if m.slice == "all"}
    assert (figures["listed_sdc"].value, figures["listed_sdc"].n) == (0, 4)
    assert figures["sdc_rate"].ci_high is None


def test_control_a_profile_is_bound_likewise(world: Replaying) -> None:
    record = record_of(world.run("EV-PAGES")["EV-PAGES"])
    assert record.digests["file_pages"] == sha256_file(world.root / PAGES)
    assert "file_fault_list" not in record.digests
    (rate,) = [m for m in record.metrics if (m.name, m.slice) == ("sdc_rate", "all")]
    assert (rate.n, rate.ci_low, rate.ci_high) == (3 * 8, None, None)


def test_a_fault_that_comes_through_fails_the_requirement(world: Replaying) -> None:
    write_list(world.root / LIST, sha256_file(world.root / "model/deployed.onnx"), ["0xec000000"])
    for path in world.sealed("EV-LIST"):
        path.unlink()
    assert world.run("EV-LIST")["EV-LIST"].path
    assert set(world.found()) == {"EVD-002"}


def test_a_rate_of_a_list_shows_no_bound_with_a_confidence_and_says_why(world: Replaying) -> None:
    world.edit(
        '{metric: listed_sdc, op: "<=", bound: 0, unit: count}',
        '{metric: sdc_rate, op: "<=", bound: 0.5, unit: ratio, confidence: 0.95}',
    )
    assert world.run("EV-LIST")["EV-LIST"].path
    (found,) = world.found()["EVD-006"]
    assert "no interval" in found.message
    assert "listed_sdc" in found.fix


# What changed


@pytest.mark.parametrize(("path", "key", "name"), [(LIST, "EV-LIST", "fault_list"), (PAGES, "EV-PAGES", "pages")])
def test_one_flipped_bit_of_the_file_makes_the_evidence_stale(world: Replaying, path: str, key: str, name: str) -> None:
    world.flip(world.root / path)
    assert set(world.stale()) == {key}
    assert f"file of option {name} mismatch: evidence was made for" in world.stale()[key]
    (found,) = world.found()["EVD-003"]
    assert "Restore the file" in found.fix


def test_a_remembered_answer_does_not_outlive_the_list(world: Replaying) -> None:
    assert check(world.root, DAY).word == "pass"
    assert check(world.root, DAY).word == "pass"
    world.flip(world.root / LIST)
    assert {f.code for f in check(world.root, DAY).findings if f.severity == "error"} == {"EVD-003"}


def test_a_deleted_file_is_told_as_missing(world: Replaying) -> None:
    (world.root / LIST).unlink()
    assert f"the file {LIST} is missing" in world.stale()["EV-LIST"]
    assert "cannot be read" in world.said("EV-LIST")


def test_another_path_in_the_plan_is_another_plan(world: Replaying) -> None:
    shutil.copy(world.root / LIST, world.root / "faults/copy.jsonl")
    world.edit(LIST, "faults/copy.jsonl")
    assert "option mismatch" in world.stale()["EV-LIST"]


def test_a_plan_that_drops_the_file_is_not_shown_by_a_record_of_it(world: Replaying) -> None:
    world.edit(f"fault: rowhammer, pages: {PAGES}, ", "")
    assert "file of option pages mismatch" in world.stale()["EV-PAGES"]
    assert "the plan names none" in world.stale()["EV-PAGES"]


# What leads out of the case


@pytest.mark.parametrize(
    "named",
    ["../known.jsonl", "faults/../../known.jsonl", "./faults/known.jsonl", ".git/known.jsonl", "faults//known.jsonl"],
)
def test_a_path_that_is_not_plain_is_refused_before_anything_runs(world: Replaying, named: str) -> None:
    shutil.copy(world.root / LIST, world.root.parent / "known.jsonl")
    world.edit(LIST, named)
    assert "no plain path of a file in the case" in world.said("EV-LIST")
    assert "EV-LIST" in world.stale()


def test_an_absolute_path_is_refused(world: Replaying) -> None:
    world.edit(LIST, str(world.root / LIST))
    assert "no plain path of a file in the case" in world.said("EV-LIST")


@pytest.mark.parametrize("of", ["file", "folder"])
def test_a_link_out_of_the_case_is_refused_and_its_evidence_stale(world: Replaying, of: str) -> None:
    outside = world.root.parent / "outside"
    shutil.copytree(world.root / "faults", outside)
    if of == "file":
        (world.root / LIST).unlink()
        (world.root / LIST).symlink_to(outside / "known.jsonl")
    else:
        shutil.rmtree(world.root / "faults")
        (world.root / "faults").symlink_to(outside)
    assert "symbolic link" in world.stale()["EV-LIST"]
    assert "symbolic link" in world.said("EV-LIST")


def test_a_pipe_in_the_place_of_the_list_hangs_nothing(world: Replaying) -> None:
    (world.root / LIST).unlink()
    os.mkfifo(world.root / LIST)
    assert "it is not a regular file" in world.stale()["EV-LIST"]
    assert "no regular file" in world.said("EV-LIST")


@pytest.mark.parametrize("value", ["7", "[faults/known.jsonl]", '"a\\nb"', '""'])
def test_an_option_that_names_no_file_is_refused(world: Replaying, value: str) -> None:
    world.edit(f"fault_list: {LIST}", f"fault_list: {value}")
    assert world.said("EV-LIST")
    assert "EV-LIST" in world.stale()


def test_a_list_for_another_model_is_refused_before_a_fault_is_put_in(world: Replaying) -> None:
    write_list(world.root / LIST, "0" * 64, ["0x1"])
    record = record_of(world.run("EV-LIST")["EV-LIST"])
    assert record.status == "not_evaluable"
    assert "000000" in record.reason
    assert record.metrics == ()
    assert "EV-LIST" in {f.node for found in world.found().values() for f in found}


def test_a_list_that_changes_while_it_is_put_in_gives_no_result(
    world: Replaying, monkeypatch: pytest.MonkeyPatch
) -> None:
    from casework.generators.fault_injection.report import report as honest

    def report(*given: Any) -> None:
        honest(*given)
        write_list(world.root / LIST, sha256_file(world.root / "model/deployed.onnx"), ["0x1"])

    monkeypatch.setattr("casework.generators.fault_injection.report", report)
    record = record_of(world.run("EV-LIST")["EV-LIST"])
    assert (record.status, record.metrics) == ("error", ())
    assert "was changed while it was being used" in record.reason


# Releases


def test_the_list_goes_along_in_a_release(world: Replaying, tmp_path: Path) -> None:
    git(world.root, "init", "-q", "-b", "main")
    world.commit("honest case")
    made = seal_bundle(world.root, Order("HEAD", DAY, "2026-06-01T08:00:00Z", draft=True), [SIGNERS[1]])
    assert isinstance(made, Bundled), made
    archive = read_archive(made.data)
    assert isinstance(archive, Archive)
    assert archive.read(f"case/{LIST}") == (world.root / LIST).read_bytes()
    (tmp_path / "bundle.zip").write_bytes(made.data)
    found = verify_bundle(tmp_path / "bundle.zip", Known(root_key=roots()), datetime(2026, 6, 2, tzinfo=UTC))
    assert [f.message for f in found.findings] == ["this is a draft and no release"]  # it has no argument yet
