"""Validation of a classifier against scikit-learn's own figures."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from onnx import TensorProto, helper, numpy_helper
from sklearn.metrics import confusion_matrix, f1_score, recall_score

from casework.artifact.digest import jcs_digest, sha256_file
from casework.artifact.manifest import SCHEMA
from casework.generators import Request, load
from casework.generators.resolve import resolve
from casework.model.result import Metric, ResultRecord
from conftest import STARTED, save, write_gemm


def _ask(generator: str, model: Path, *, data: Path | None = None, **fields: Any) -> Request:
    return resolve(generator, str(model), None if data is None else str(data), **fields)


Digits = tuple[Path, Path, np.ndarray, np.ndarray]


def figure(record: ResultRecord, name: str, where: str = "all") -> Metric:
    (found,) = [m for m in record.metrics if (m.name, m.slice) == (name, where)]
    return found


def run(model: Path, data: Path, *options: str, workers: int = 1) -> ResultRecord:
    return load("validation").run(
        _ask("validation", model, started=STARTED, data=data, options=options, workers=workers)
    )


def test_figures_are_those_of_scikit_learn(digits: Digits) -> None:
    model, data, weights, bias = digits
    archive = np.load(data)
    said = (archive["x"] @ weights + bias).argmax(axis=1)
    record = run(model, data)
    assert record.status == "complete", record.reason
    accuracy = figure(record, "accuracy")
    assert (accuracy.k, accuracy.n) == (int((said == archive["y"]).sum()), 500)
    assert 0.8 < accuracy.value < 1
    assert figure(record, "macro_f1").value == pytest.approx(f1_score(archive["y"], said, average="macro"))
    assert figure(record, "recall", "class=8").value == pytest.approx(recall_score(archive["y"], said, average=None)[8])
    (confusion,) = [t for t in record.tables if t.name == "confusion"]
    assert [list(row[1:]) for row in confusion.rows] == confusion_matrix(archive["y"], said).tolist()
    assert record.digests["data"] == sha256_file(data)
    assert record.digests["model"] == sha256_file(model)


def test_two_workers_give_the_same_outcome(digits: Digits) -> None:
    model, data, *_ = digits
    assert run(model, data).digests["outcome"] == run(model, data, workers=2).digests["outcome"]


def test_the_interval_of_f1_holds_the_estimate(digits: Digits) -> None:
    f1 = figure(run(digits[0], digits[1]), "macro_f1")
    assert f1.method == "bootstrap"
    assert f1.ci_low is not None
    assert f1.ci_high is not None
    assert f1.ci_low < f1.value < f1.ci_high


@pytest.mark.parametrize(
    ("arrays", "word"),
    [
        ({"x": np.zeros((4, 64))}, "no array 'y'"),
        ({"x": np.zeros((4, 64)), "y": np.zeros(3, int)}, "one class an entry"),
        ({"x": np.full((4, 64), np.nan), "y": np.zeros(4, int)}, "finite"),
        ({"x": np.zeros((4, 64)), "y": np.array([0, 1, 2.5, 3])}, "class numbers"),
        ({"x": np.zeros((4, 63)), "y": np.arange(4)}, "rows of 64 features"),
        ({"x": np.zeros((0, 64)), "y": np.zeros(0, int)}, "no sample"),
        ({"x": np.zeros((2, 64)), "y": np.array([0, 10])}, "10 scores, and 11 classes"),
        ({"x": np.zeros((2, 64)), "y": np.array([None, "a"], object)}, "no readable .npz"),
    ],
)
def test_unsuitable_arrays_are_answered_with_words(
    tmp_path: Path, digits: Digits, arrays: dict[str, np.ndarray], word: str
) -> None:
    np.savez(tmp_path / "d.npz", **arrays)
    record = run(digits[0], tmp_path / "d.npz")
    assert record.status in ("not_evaluable", "error")
    assert word in record.reason
    assert record.metrics == ()


@pytest.mark.parametrize("cut", [0, 10, 5000])
def test_a_damaged_archive(tmp_path: Path, digits: Digits, cut: int) -> None:
    (tmp_path / "d.npz").write_bytes(digits[1].read_bytes()[:cut])
    record = run(digits[0], tmp_path / "d.npz")
    assert record.status == "error"
    assert "no readable .npz" in record.reason


def test_scores_that_are_no_numbers(tmp_path: Path, digits: Digits) -> None:
    _, data, weights, bias = digits
    record = run(write_gemm(tmp_path / "nan.onnx", weights * np.nan, bias), data)
    assert record.status == "not_evaluable"
    assert "no finite numbers" in record.reason


def brightness(path: Path, layout: str) -> Path:
    """An image classifier by hand: class 1 where the mean of the red channel is above 0.5."""
    nchw = layout == "NCHW"
    shape = ["N", 3, 8, 8] if nchw else ["N", 8, 8, 3]
    nodes = [
        helper.make_node("ReduceMean", ["x"], ["m"], axes=[2, 3] if nchw else [1, 2], keepdims=0),
        helper.make_node("Gemm", ["m", "w", "b"], ["scores"]),
    ]
    graph = helper.make_graph(
        nodes,
        "g",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, shape)],
        [helper.make_tensor_value_info("scores", TensorProto.FLOAT, ["N", 2])],
        [
            numpy_helper.from_array(np.array([[-1, 1], [0, 0], [0, 0]], np.float32), "w"),
            numpy_helper.from_array(np.array([0.5, -0.5], np.float32), "b"),
        ],
    )
    return save(path, graph)


def write_images(folder: Path) -> Path:
    for name, red in (("dark", 40), ("light", 220)):
        (folder / name).mkdir(parents=True)
        for index in range(6):
            image = np.full(
                (8, 8, 3), (10, 200, red if index else 255 - red), np.uint8
            )  # BGR; the first of each is wrong
            image[0, 0] = index
            (folder / name / f"{index}.png").write_bytes(cv2.imencode(".png", image)[1].tobytes())
    return folder


@pytest.mark.parametrize("layout", ["NCHW", "NHWC"])
def test_a_folder_of_images_by_class(tmp_path: Path, layout: str) -> None:
    data = write_images(tmp_path / "images")
    record = run(brightness(tmp_path / "m.onnx", layout), data)
    assert record.status == "complete", record.reason
    assert (figure(record, "accuracy").k, figure(record, "accuracy").n) == (10, 12)
    listing = {f"{p.parent.name}/{p.name}": sha256_file(p) for p in data.glob("*/*.png")}
    assert record.digests["data"] == jcs_digest(listing)
    assert any("without a manifest" in text for text in record.limitations)


def test_channels_scale_and_mean_are_applied(tmp_path: Path) -> None:
    data = write_images(tmp_path / "images")
    model = brightness(tmp_path / "m.onnx", "NCHW")
    assert figure(run(model, data, "channels=BGR"), "accuracy").k == 6  # it now sees blue: all dark
    assert figure(run(model, data, "scale=0.0001"), "accuracy").k == 6
    assert figure(run(model, data, "mean=-1,0,0"), "accuracy").k == 6  # all light


def test_a_manifest_with_labels_and_conditions(tmp_path: Path) -> None:
    images = write_images(tmp_path / "images")
    header = {
        "schema": SCHEMA,
        "name": "n",
        "task": "classification",
        "classes": ["dark", "light"],
        "splits": {"v": {"purpose": "verification"}},
    }
    items = [
        {
            "file": f"{p.parent.name}/{p.name}", "sha256": hashlib.sha256(p.read_bytes()).hexdigest(), "split": "v", "label": p.parent.name,
            "odd": {"first": str(p.name == "0.png").lower()},
        }
        for p in sorted(images.glob("*/*.png"))
    ]  # fmt: skip
    (images / "manifest.jsonl").write_text("".join(json.dumps(line) + "\n" for line in [header, *items]))
    record = run(brightness(tmp_path / "m.onnx", "NCHW"), images)
    assert record.status == "complete", record.reason
    assert (figure(record, "accuracy", "first=true").k, figure(record, "accuracy", "first=true").n) == (0, 2)
    assert (figure(record, "accuracy", "first=false").k, figure(record, "accuracy", "first=false").n) == (10, 10)
    items[3].pop("label")
    (images / "manifest.jsonl").write_text("".join(json.dumps(line) + "\n" for line in [header, *items]))
    assert "has no label" in run(brightness(tmp_path / "m.onnx", "NCHW"), images).reason


def test_images_of_another_size_are_stretched(tmp_path: Path) -> None:
    folder = tmp_path / "images" / "light"
    folder.mkdir(parents=True)
    (folder / "a.png").write_bytes(cv2.imencode(".png", np.full((30, 20, 3), 220, np.uint8))[1].tobytes())
    (tmp_path / "images" / "dark").mkdir()
    (tmp_path / "images" / "dark" / "b.png").write_bytes(
        cv2.imencode(".png", np.full((5, 5, 3), 20, np.uint8))[1].tobytes()
    )
    record = run(brightness(tmp_path / "m.onnx", "NCHW"), tmp_path / "images")
    assert figure(record, "accuracy").k == 2
