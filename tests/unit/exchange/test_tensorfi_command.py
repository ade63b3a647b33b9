"""`casework import tensorfi`: where the nodes and the report go, and what the exit code says."""

from __future__ import annotations

import argparse
import json
from pathlib import Path

import pytest

from casework.artifact.yaml_reader import read_stream
from casework.cli import import_command
from casework.model.problem import CallProblem
from doubles.injection_models import lenet

GOOD = "ScalarFaultType: None\nTensorFaultType: bitFlip-element\nOps:\n  - CONV2D = 1.0\n  - LRN = 1.0\nInjectMode: errorRate\n"
BAD = "Target: layer_states\nMode: single\nType: bitflips\nAmount: 1\nBit: 99\n"


def call(*words: str) -> int:
    parser = argparse.ArgumentParser()
    import_command.configure(parser)
    return import_command.run(parser.parse_args(["tensorfi", *words]))


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "good.yaml").write_text(GOOD)
    (tmp_path / "bad.yaml").write_text(BAD)
    return tmp_path


def test_nodes_go_out_and_the_report_beside_them(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert call("good.yaml", "--subject", "MDL-INT8", "--dataset", "DS-VER") == 0
    out, err = capsys.readouterr()
    assert out.startswith("# Taken over from good.yaml (TensorFI 1).")
    assert "# casework try fault-injection model.onnx --data inputs.npy --option target=activations" in out
    ((node,),) = read_stream(out.encode()).documents
    assert (node["id"], node["subject"], node["data"]) == ("EV-FI-GOOD", "MDL-INT8", "DS-VER")
    assert node["options"]["operators"] == ["Conv", "LRN"]
    assert "good.yaml:2:1: warning IMP-002: TensorFI 1 flips a bit of a fixed-point image" in err


def test_with_a_file_for_the_nodes_the_report_is_the_output(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert call("good.yaml", "-o", "made/plan.yaml") == 0
    assert (folder / "made" / "plan.yaml").read_text().startswith("# Taken over")
    assert capsys.readouterr().out.startswith("good.yaml:2:1: warning IMP-002")


def test_a_file_that_is_there_is_kept_unless_it_may_be_overwritten(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    written = folder / "mine.yaml"
    written.write_text("- mine")
    (folder / "nowhere.yaml").symlink_to("gone.yaml")
    for output in ("mine.yaml", "nowhere.yaml"):
        with pytest.raises(CallProblem, match=rf"{output} exists already; name a new file, or give --force"):
            call("good.yaml", "-o", output)
    assert written.read_text() == "- mine"
    assert capsys.readouterr().out == "", "nothing is done that was not asked for"
    assert call("good.yaml", "-o", "mine.yaml", "--force") == 0
    assert written.read_text().startswith("# Taken over")
    assert call("good.yaml", "-o", "/dev/null") == 0


def test_the_model_has_a_say(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / "net.onnx").write_bytes(lenet())
    assert call("good.yaml", "--model", "net.onnx", "-f", "json") == 0
    told = json.loads(capsys.readouterr().out)
    assert told["schema"] == "casework/import/v1"
    (file,) = told["files"]
    assert file["nodes"][0]["options"]["operators"] == ["Conv"]
    assert file["commands"][0].startswith("casework try fault-injection net.onnx")
    assert ("IMP-001", "Ops[1]", 5, 5) in {(f["code"], f["field"], f["line"], f["column"]) for f in file["findings"]}


@pytest.mark.parametrize("form", ["text", "json"])
def test_a_file_that_cannot_be_translated_writes_nothing(
    folder: Path, capsys: pytest.CaptureFixture[str], form: str
) -> None:
    assert call("good.yaml", "bad.yaml", "-o", "plan.yaml", "-f", form) == 2
    assert not (folder / "plan.yaml").exists()
    out, err = capsys.readouterr()
    assert "`Bit` is 99" in (out if form == "json" else err)


def test_files_that_are_not_there_or_no_model(folder: Path) -> None:
    with pytest.raises(CallProblem, match=r"none.yaml cannot be read: No such file"):
        call("none.yaml")
    with pytest.raises(CallProblem, match=r"--model good.yaml: "):
        call("good.yaml", "--model", "good.yaml")
