"""`casework harden`: files in, files out, and what it refuses."""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import pytest

from casework.artifact.digest import sha256_bytes, sha256_file
from casework.artifact.yaml_reader import read_stream
from casework.cli import harden_command
from casework.model.problem import CallProblem
from casework.store.nodes import validate
from doubles import injection_models as models

Harden = Callable[..., str]

CASE = """\
schema: casework/v1
name: Digits
component: A classifier
version: "1.0"
roots: [requirements]
evidence: evidence
"""

CARD = """\
- type: model_card
  id: MDL-1
  title: Digits
  file:
    path: model.onnx
    sha256: "{sha256}"
  version: "1.0"
  task: classification
  classes: [a, b, c, d, e, f, g, h, i, j]
  inputs:
  - {{name: x, dtype: float32, shape: [n, 784]}}
  outputs:
  - {{name: logits, dtype: float32, shape: [n, 10]}}
  deployed_on: A camera.
  intended_use: Tests.
  limits: [Nothing is known of real digits.]
"""


@pytest.fixture
def harden(tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Harden:
    """The command, run in a folder with a model and data."""
    monkeypatch.chdir(tmp_path)
    Path("model.onnx").write_bytes(models.mlp())
    np.save("dev.npy", models.images(24, (784,), 5))

    def call(*words: str, model: str = "model.onnx", data: str = "dev.npy", output: str = "hard.onnx") -> str:
        parser = argparse.ArgumentParser()
        harden_command.configure(parser)
        try:
            code = harden_command.run(parser.parse_args([model, "--data", data, "-o", output, *words]))
        except CallProblem as problem:
            return str(problem)
        assert code == 0
        return capsys.readouterr().out

    return call


def test_a_model_is_written_and_reported(harden: Harden) -> None:
    report = json.loads(harden("--measure", "range", "--measure", "nan-guard", "--format", "json"))
    assert report["sha256"] == sha256_file(Path("hard.onnx"))
    assert report["parent"] == sha256_file(Path("model.onnx"))
    assert report["alarms"] == ["alarm_nan"]
    assert report["clean"] == {
        "samples": 24, "identical": 24, "identical_unfused": 24, "greatest_difference": 0.0, "flips": 0, "false_alarms": {"alarm_nan": 0},
    }  # fmt: skip
    assert report["batch1_ms"]["before"] > 0
    assert [m["places"] for m in report["measures"]] == [["r"], ["logits"]]
    session = onnxruntime.InferenceSession("hard.onnx", providers=["CPUExecutionProvider"])
    assert session.run(["alarm_nan"], {"x": np.load("dev.npy")})[0].tolist() == [False] * 24


def test_the_same_call_gives_the_same_bytes(harden: Harden) -> None:
    for name in ("one.onnx", "two.onnx"):
        harden(
            "--measure",
            "range",
            "--measure",
            "duplicate:fc1",
            "--measure",
            "checksum",
            "--measure",
            "scrub",
            output=name,
        )
    assert Path("one.onnx").read_bytes() == Path("two.onnx").read_bytes()


def test_the_report_for_people(harden: Harden) -> None:
    told = harden("--measure", "range", "--measure", "scrub")
    assert "range        r\n" in told
    assert "decisions that differ   0" in told
    assert "note: scrub: onnxruntime computes the check once, while it loads the model" in told


def test_nothing_is_overwritten(harden: Harden) -> None:
    Path("hard.onnx").write_bytes(b"precious")
    assert "hard.onnx exists already" in harden("--measure", "range")
    assert Path("hard.onnx").read_bytes() == b"precious"


def in_a_case(sha256: str) -> None:
    Path("casework.yaml").write_text(CASE)
    Path("requirements").mkdir()
    Path("requirements/model.yaml").write_text(CARD.format(sha256=sha256))


def test_a_card_derives_from_the_parents(harden: Harden) -> None:
    in_a_case(sha256_bytes(models.mlp()))
    told = harden(
        "--measure", "range", "--measure", "nan-guard", "--parent", "MDL-1", "--card", "requirements/hard.yaml"
    )
    (nodes,) = read_stream(Path("requirements/hard.yaml").read_bytes()).documents
    (node,) = nodes
    _entry, card, findings = validate(node, "", 0)
    assert card is not None, findings
    assert node["id"] in told
    assert node["id"] != "MDL-1"
    assert node["derived_from"] == "MDL-1"
    assert node["file"] == {"path": "hard.onnx", "sha256": sha256_file(Path("hard.onnx"))}
    assert [t["name"] for t in node["outputs"]] == ["logits"]
    assert node["limits"][0] == "Nothing is known of real digits."
    assert node["title"] == "Candidate, hardened by range, nan-guard, of MDL-1 (Digits)"
    assert "deployed_on" not in node, "the parent runs on a camera, the new file nowhere yet"
    assert node["limits"][1].startswith("A candidate, deployed nowhere: what was shown of MDL-1")
    assert "range at 1 places" in node["limits"][2]
    assert "alarm_nan" in node["limits"][3]


def test_the_card_of_another_file_is_refused(harden: Harden) -> None:
    in_a_case("0" * 64)
    assert "the card MDL-1 pins" in harden("--measure", "range", "--parent", "MDL-1")
    assert "no valid model card MDL-2; it has MDL-1" in harden("--measure", "range", "--parent", "MDL-2")
    assert "give --parent" in harden("--measure", "range", "--card", "c.yaml")
    assert not Path("hard.onnx").exists()


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("--measure", "rnge"), "there is no measure rnge. Did you mean range? All: range, "),
        (("--measure", "range:fc9"), "called fc9. Near it: fc"),
        (("--measure", "triplicate:fc9"), "; all: "),
        ((), "measure is not given"),
        (("--measure", "duplicate:top=1"), "needs a ranking"),
        (("--measure", "duplicate:top=1", "--vulnerability", "model.onnx"), "no readable record"),
        (
            ("--measure", "duplicate:top=1", "--vulnerability", "nowhere.json"),
            "nowhere.json is no readable record: No such",
        ),
        (
            ("--measure", "duplicate:top=1", "--vulnerability", "doubled.json"),
            'line 1, column 16: key "tables" stands twice',
        ),
        (("--measure", "duplicate:top=1", "--vulnerability", "nan.json"), "nan.json is no readable record: line 1"),
        (("--measure", "range", "--option", "thresholds=a"), "thresholds"),
        (("--measure", "range", "--option", "faults=3"), "Options are"),
    ],
)
def test_a_wrong_call_is_told_and_writes_nothing(harden: Harden, words: tuple[str, ...], message: str) -> None:
    Path("doubled.json").write_text('{"tables": [], "tables": [1]}')
    Path("nan.json").write_text('{"tables": NaN}')
    assert message in harden(*words)
    assert not Path("hard.onnx").exists()


def test_data_that_do_not_fit_are_told(harden: Harden) -> None:
    np.save("other.npy", np.zeros((3, 12), np.float32))
    assert "[3, 12]" in harden("--measure", "range", data="other.npy")
    assert "does not exist" in harden("--measure", "range", data="missing.npy")
    Path("broken.onnx").write_bytes(b"no model")
    assert "not an ONNX model" in harden("--measure", "range", model="broken.onnx")


def test_alarms_without_faults_are_refused_unless_allowed(harden: Harden) -> None:
    told = harden("--measure", "range-guard:percentile=50")
    assert "gives an alarm on" in told
    assert not Path("hard.onnx").exists()
    allowed = told.rpartition(" ")[2]
    report = json.loads(harden("--measure", "range-guard:percentile=50", "--allow-flips", allowed, "-f", "json"))
    assert report["clean"]["false_alarms"] == {"alarm_range": int(allowed)}


def test_a_record_ranks_the_layers(harden: Harden) -> None:
    rows = [["w1", 100_000, 0.001], ["w2", 1280, 0.02], ["h", 128, 0.5]]
    table = {"name": "rates by tensor", "columns": ["tensor", "elements", "sdc_rate"], "rows": rows}
    Path("record.json").write_text(json.dumps({"tables": [table]}))
    report = json.loads(harden("--measure", "duplicate:top=1", "--vulnerability", "record.json", "-f", "json"))
    assert report["measures"][0]["places"] == ["fc1"]  # its weights and what it computes together


def test_the_measures_are_listed(capsys: pytest.CaptureFixture[str]) -> None:
    parser = argparse.ArgumentParser()
    harden_command.configure(parser)
    assert harden_command.run(parser.parse_args(["--measures"])) == 0
    listed = capsys.readouterr().out
    assert "range: cut activations" in listed
    assert "percentile=100.0" in listed


def test_images_are_fed_as_the_card_says(harden: Harden, tmp_path: Path) -> None:
    """A model of images with a manifest-free folder of class folders."""
    cv2 = pytest.importorskip("cv2")
    Path("net.onnx").write_bytes(models.residual())
    for label in ("a", "b"):
        (tmp_path / "pictures" / label).mkdir(parents=True)
        for i in range(3):
            picture = (models.images(1, (16, 16, 3), i + ord(label))[0] * 255).astype(np.uint8)
            cv2.imwrite(str(tmp_path / "pictures" / label / f"{i}.png"), picture)
    report = json.loads(harden("--measure", "range", "-f", "json", model="net.onnx", data="pictures"))
    assert report["data"]["samples"] == 6
    bounds = report["measures"][0]["bounds"]
    assert bounds.keys() == {n.output[0] for n in onnx.load("net.onnx").graph.node if n.op_type == "Relu"}
