"""Validation of a detector whose hits, misses and false detections are planted."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from casework.generators import DataSource, ModelSource, Request, load
from casework.model.hazard import Odd
from casework.model.interval import lower_bound, upper_bound
from casework.model.learning import Decoder, ModelCard
from casework.model.result import Metric, ResultRecord
from conftest import SCENES, STARTED, Scene, Thing, read_lines, save, write_dataset, write_detector, write_lines


def request(model: Path, data: Path, **fields: Any) -> Request:
    return Request(
        generator="validation",
        started=STARTED,
        model=ModelSource(model, "MODEL"),
        data=DataSource(data, "manifest", "DATA"),
        **fields,
    )


def run(model: Path, data: Path, **fields: Any) -> ResultRecord:
    return load("validation").run(request(model, data, **fields))


def figure(record: ResultRecord, name: str, where: str = "all") -> Metric:
    (found,) = [m for m in record.metrics if (m.name, m.slice) == (name, where)]
    return found


def test_planted_hits_misses_and_false_detections_are_counted(detector: Path, squares: Path) -> None:
    record = run(detector, squares)
    assert (record.status, record.reason) == ("complete", "")
    recall, precision, fppi = (figure(record, n) for n in ("recall", "precision", "fppi"))
    assert (recall.k, recall.n) == (4, 6)
    assert (figure(record, "fnr").k, figure(record, "fnr").n) == (2, 6)
    assert (precision.k, precision.n) == (4, 6)
    assert (fppi.value, fppi.n, fppi.k) == (pytest.approx(2 / 6), 6, None)
    assert (figure(record, "recall", "light=night").k, figure(record, "recall", "light=night").n) == (1, 2)
    assert (figure(record, "recall", "class=yield").k, figure(record, "recall", "class=yield").n) == (2, 2)
    assert (figure(record, "precision", "class=yield").k, figure(record, "precision", "class=yield").n) == (2, 2)
    assert figure(record, "fppi", "class=yield").value == 0.0
    assert (figure(record, "precision", "class=stop").k, figure(record, "precision", "class=stop").n) == (2, 4)


def test_intervals_are_clopper_pearson_of_the_counts(detector: Path, squares: Path) -> None:
    recall = figure(run(detector, squares, confidence=0.9), "recall")
    assert recall.method == "clopper-pearson"
    assert recall.ci_low == pytest.approx(lower_bound(4, 6, 0.95))
    assert recall.ci_high == pytest.approx(upper_bound(4, 6, 0.95))


def test_average_precision_by_hand(detector: Path, squares: Path) -> None:
    """At IoU 0.5. yield: 2 hits of 2: AP 1. stop, by score: hit 250, hit 240, false 230, false 220, hit 100 below the
    threshold but above the floor: found 3 of 4, precision 1 up to recall 0.5, 3/5 up to 0.75, 0 above."""
    stop = (51 * 1.0 + 25 * 0.6) / 101
    record = run(detector, squares)
    assert figure(record, "map50", "class=yield").value == pytest.approx(1.0)
    assert figure(record, "map50", "class=stop").value == pytest.approx(stop)
    assert figure(record, "map50").value == pytest.approx((1 + stop) / 2)
    assert [(c.name, c.outcome) for c in record.self_checks] == [("map-agrees-with-pycocotools", "passed")]


def test_the_worst_misses_are_named(detector: Path, squares: Path) -> None:
    (misses,) = [t for t in run(detector, squares).tables if t.name == "worst misses"]
    assert [(r[0], r[1], r[4]) for r in misses.rows] == [
        ("verification/0004.png", "stop", 0.0),
        ("verification/0002.png", "stop", pytest.approx(100 / 255, abs=1e-6)),
    ]


def test_the_score_threshold_and_iou_decide(detector: Path, squares: Path) -> None:
    assert figure(run(detector, squares, options={"score_threshold": 0.3}), "recall").k == 5
    assert figure(run(detector, squares, options={"iou": 0.2}), "recall").k == 5
    assert figure(run(detector, squares, options={"score_threshold": 0.95}), "recall").k == 3


def test_all_lies_inside_the_odd_and_any_is_everything(detector: Path, squares: Path, odd: Callable[..., Odd]) -> None:
    record = run(detector, squares, odd=odd({"light": "night", "weather": "clear"}))
    assert (figure(record, "recall").k, figure(record, "recall").n) == (4, 5)
    assert (figure(record, "recall", "any").k, figure(record, "recall", "any").n) == (4, 6)
    assert figure(record, "recall", "light=night").n == 1  # inside the domain only
    excluded = run(
        detector,
        squares,
        odd=odd({"light": "night", "weather": "clear"}),
        options={"slices": ["light=night,weather=clear"]},
    )
    assert (
        figure(excluded, "recall", "light=night,weather=clear").k,
        figure(excluded, "recall", "light=night,weather=clear").n,
    ) == (0, 1)


def test_a_value_without_items_is_said_and_not_invented(detector: Path, squares: Path, odd: Callable[..., Odd]) -> None:
    record = run(detector, squares, odd=odd(weather=("clear", "rain", "snow")))
    assert not [m for m in record.metrics if m.slice == "weather=snow"]
    assert "No item lies in the slice weather=snow." in record.limitations


def test_conditions_of_objects_give_recall_only(tmp_path: Path, detector: Path) -> None:
    data = write_dataset(
        tmp_path / "d",
        [Scene([Thing(2, 2, tags={"distance": "far"}), Thing(8, 8, core=90, tags={"distance": "near"})])],
    )
    record = run(detector, data)
    assert figure(record, "recall", "distance=far").k == 1
    assert figure(record, "recall", "distance=near").k == 0
    assert not [m for m in record.metrics if m.name in ("precision", "fppi", "map") and m.slice.startswith("distance")]
    assert any("distance=far" in text for text in record.limitations)


def test_the_outcome_does_not_depend_on_workers_and_depends_on_the_seed(tmp_path: Path, detector: Path) -> None:
    scenes = [replace(s, odd=s.odd | {"n": str(i % 3)}) for i in range(25) for s in SCENES]
    data = write_dataset(tmp_path / "many", scenes)
    one, two, other = (
        run(detector, data, seed=s, workers=w, options={"resamples": 40}) for s, w in ((1, 1), (1, 2), (2, 1))
    )
    assert one.digests["outcome"] == two.digests["outcome"]
    assert one.digests["outcome"] != other.digests["outcome"]
    assert {k: v for k, v in one.digests.items() if k != "outcome"} == {
        k: v for k, v in other.digests.items() if k != "outcome"
    }
    assert figure(one, "recall").k == 100
    low, high = figure(one, "map50").ci_low, figure(one, "map50").ci_high
    assert low is not None
    assert high is not None
    assert low < figure(one, "map50").value < high


def test_a_perfect_sample_does_not_claim_certainty(tmp_path: Path, detector: Path) -> None:
    data = write_dataset(tmp_path / "d", [Scene([Thing(2, 2)], {"light": "day"}) for _ in range(10)])
    found = figure(run(detector, data), "map50")
    assert found.value == pytest.approx(1.0)
    assert found.ci_low == pytest.approx(1 - upper_bound(0, 10, 0.975))
    fppi = figure(run(detector, data), "fppi")
    assert (fppi.value, fppi.ci_low) == (0.0, 0.0)
    assert fppi.ci_high == pytest.approx(3.6889 / 10, abs=1e-4)  # Garwood: chi2(0.975, 2) / 2 = 3.6889


def card(**fields: Any) -> ModelCard:
    values: dict[str, Any] = {
        "type": "model_card", "id": "M-1", "file": {"path": "m.onnx", "sha256": "0" * 64}, "version": "1", "task": "detection",
        "classes": ["stop", "yield"], "inputs": [{"name": "image", "dtype": "float32", "shape": [1]}],
        "outputs": [{"name": "heat", "dtype": "float32", "shape": [1]}], "intended_use": "Tests.",
        "decoder": {"name": "center", "parameters": {"stride": 4, "score_threshold": 0.3}},
    }  # fmt: skip
    return ModelCard(**(values | fields))


def test_the_card_gives_the_operating_point_and_an_option_is_told_on(detector: Path, squares: Path) -> None:
    plain = request(detector, squares)
    deployed = replace(plain, model=ModelSource(detector, "M-1", card()))
    record = load("validation").run(deployed)
    assert figure(record, "recall").k == 5
    assert record.options["interface"]["score_threshold"] == 0.3
    changed = load("validation").run(replace(deployed, options={"score_threshold": 0.5}))
    assert figure(changed, "recall").k == 4
    assert any("score_threshold" in text and "not those of the deployed" in text for text in changed.limitations)
    unknown = load("validation").run(
        replace(plain, model=ModelSource(detector, "M-1", card(decoder=Decoder(name="yolo"))))
    )
    assert unknown.status == "not_evaluable"
    assert "yolo" in unknown.reason


def test_a_fixed_batch_gives_the_same_figures(tmp_path: Path, detector: Path, squares: Path) -> None:
    fixed = run(write_detector(tmp_path / "four.onnx", batch=4), squares)
    assert fixed.digests["outcome"] == run(detector, squares).digests["outcome"]


def test_boxes_decoder_agrees_with_center(tmp_path: Path) -> None:
    """A model with constant boxes: its one detection covers the square of every image at (2, 2)."""
    import numpy as np
    from onnx import TensorProto, helper, numpy_helper

    graph = helper.make_graph(
        [
            helper.make_node("ReduceMax", ["image"], ["top"], axes=[1, 2, 3], keepdims=0),
            helper.make_node("Unsqueeze", ["top", "one"], ["scores"]),
            helper.make_node("Mul", ["top", "nought"], ["zero"]),
            helper.make_node("Unsqueeze", ["zero", "two"], ["zeros"]),
            helper.make_node("Add", ["zeros", "box"], ["boxes"]),
            helper.make_node("Unsqueeze", ["zero", "one"], ["flat"]),
            helper.make_node("Cast", ["flat"], ["labels"], to=TensorProto.INT64),
        ],
        "boxes",
        [helper.make_tensor_value_info("image", TensorProto.FLOAT, ["N", 3, 48, 48])],
        [
            helper.make_tensor_value_info("boxes", TensorProto.FLOAT, ["N", 1, 4]),
            helper.make_tensor_value_info("scores", TensorProto.FLOAT, ["N", 1]),
            helper.make_tensor_value_info("labels", TensorProto.INT64, ["N", 1]),
        ],
        [
            numpy_helper.from_array(np.array([1]), "one"),
            numpy_helper.from_array(np.array([1, 2]), "two"),
            numpy_helper.from_array(np.array(0, np.float32), "nought"),
            numpy_helper.from_array(np.array([[[4, 4, 12, 12]]], np.float32), "box"),
        ],
    )
    model = save(tmp_path / "boxes.onnx", graph)
    data = write_dataset(tmp_path / "d", [Scene([Thing(2, 2)]), Scene([Thing(2, 2)]), Scene([Thing(8, 8)])])
    record = run(model, data, options={"box_format": "xywh"})
    assert record.status == "complete", record.reason
    assert (figure(record, "recall").k, figure(record, "precision").k, figure(record, "precision").n) == (2, 2, 3)
    assert figure(run(model, data, options={"box_format": "xyxy"}), "recall").k == 0


# What is wrong with the user's files becomes status and reason.


def test_an_altered_file_is_not_evidence(detector: Path, squares: Path) -> None:
    file = squares.parent / "verification" / "0001.png"
    file.write_bytes(file.read_bytes() + b"\0")
    record = run(detector, squares)
    assert (record.status, record.metrics, record.tables) == ("error", (), ())
    assert "0001.png is not the file that the manifest pins" in record.reason


@pytest.mark.parametrize("box", [[9, 9, 3, 20], [3, 9, 3, 20], [0, 0, 1e300, 1e300]])
def test_a_label_that_is_no_box(detector: Path, squares: Path, box: list[float]) -> None:
    lines = read_lines(squares)
    lines[1]["objects"][0]["box"] = box
    write_lines(squares, lines)
    record = run(detector, squares)
    assert record.status == "not_evaluable"
    assert "0000.png is labelled with a box that is none" in record.reason


def test_a_missing_file(detector: Path, squares: Path) -> None:
    (squares.parent / "verification" / "0001.png").unlink()
    record = run(detector, squares)
    assert record.status == "error"
    assert "0001.png cannot be read" in record.reason


def test_a_pinned_file_that_is_no_image(detector: Path, squares: Path) -> None:
    import hashlib

    lines = read_lines(squares)
    (squares.parent / lines[1]["file"]).write_bytes(b"text")
    lines[1]["sha256"] = hashlib.sha256(b"text").hexdigest()
    write_lines(squares, lines)
    record = run(detector, squares)
    assert record.status == "error"
    assert "does not decode" in record.reason


def test_a_truncated_model(tmp_path: Path, detector: Path, squares: Path) -> None:
    short = tmp_path / "short.onnx"
    short.write_bytes(detector.read_bytes()[:300])
    record = run(short, squares)
    assert record.status == "not_evaluable"
    assert "short.onnx" in record.reason
    assert record.digests["options"]


def test_a_split_that_is_not_stored_or_not_there(tmp_path: Path, detector: Path) -> None:
    data = write_dataset(
        tmp_path / "d", [Scene([Thing(2, 2)]), Scene([Thing(3, 3)], split="train")], stored=["verification"]
    )
    for split, word in (("train", "not stored"), ("test", "no split 'test'")):
        record = load("validation").run(replace(request(detector, data), data=DataSource(data, "manifest", "D", split)))
        assert record.status == "not_evaluable"
        assert word in record.reason
    assert figure(run(detector, data), "recall").n == 1


@pytest.mark.parametrize(
    ("options", "word"),
    [
        ({"decoder": "softmax"}, "softmax needs one output"),
        ({"task": "classification"}, "is for detection"),
        ({"classes": ["stop"]}, "not among the model's classes"),
        ({"channels": "gray"}, "channels"),
        ({"slices": ["light"]}, "no slice"),
        ({"slices": ["class=tree"]}, "class that is not known"),
        ({"slices": ["light=noon"]}, "no item lies in any"),
        ({"score_treshold": 0.5}, "unknown option 'score_treshold'"),
        ({"iou": "half"}, "not of type float"),
        ({"mean": [0.1, 0.2]}, "2 values for 3 channels"),
    ],
)
def test_unsuitable_options_are_answered_with_words(
    detector: Path, squares: Path, options: dict[str, Any], word: str
) -> None:
    record = run(detector, squares, options=options)
    assert record.status == "not_evaluable"
    assert word in record.reason


def test_dynamic_sides_and_alien_inputs(tmp_path: Path, squares: Path) -> None:
    from onnx import TensorProto, helper

    for shape, word in ((["N", 3, "H", "W"], "dynamic axes"), (["N", 3, 8], "four axes"), (["N", 4, 8, 8], "channels")):
        graph = helper.make_graph(
            [helper.make_node("Identity", ["x"], ["heat"])],
            "g",
            [helper.make_tensor_value_info("x", TensorProto.FLOAT, shape)],
            [helper.make_tensor_value_info("heat", TensorProto.FLOAT, shape)],
        )
        record = run(save(tmp_path / "m.onnx", graph), squares, options={"decoder": "center"})
        assert record.status == "not_evaluable"
        assert word in record.reason or "needs the outputs" in record.reason


def test_more_classes_than_named(tmp_path: Path, squares: Path) -> None:
    data = read_lines(squares)
    three = write_detector(tmp_path / "three.onnx", gain=1.0, classes=3)
    data[0]["classes"] = ["stop"]
    write_lines(squares, [data[0], *[d for d in data[1:] if all(o["label"] == "stop" for o in d["objects"])]])
    record = run(three, squares, options={"classes": ["stop"]})
    assert record.status == "not_evaluable"
    assert "predicts class" in record.reason


def test_without_packages_it_says_what_to_install(
    detector: Path, squares: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import sys

    monkeypatch.setitem(sys.modules, "pycocotools.coco", None)
    record = run(detector, squares)
    assert record.status == "not_evaluable"
    assert "casework[evidence]" in record.reason
