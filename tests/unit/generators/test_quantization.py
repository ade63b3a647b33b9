"""Paired comparison with planted flips, and the noise of layers against onnxruntime's own tool."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from onnx import TensorProto, helper, numpy_helper

from casework.generators import DataSource, ModelSource, Request, load
from casework.generators.interface import find_interface
from casework.generators.resolve import resolve
from casework.model.interval import upper_bound
from casework.model.result import Metric, ResultRecord
from conftest import SCENES, SIDE, STARTED, Scene, Thing, save, write_dataset, write_detector, write_gemm


def _ask(generator: str, model: Path, *, data: Path | None = None, **fields: Any) -> Request:
    return resolve(generator, str(model), None if data is None else str(data), **fields)


def run(model: Path, parent: Path, data: Path, **fields: Any) -> ResultRecord:
    request = Request(
        generator="quantization", started=STARTED, model=ModelSource(model, "int8"), reference=ModelSource(parent, "float"),
        data=DataSource(data, "manifest", "DATA"), **fields,
    )  # fmt: skip
    return load("quantization").run(request)


def figure(record: ResultRecord, name: str, where: str = "all") -> Metric:
    (found,) = [m for m in record.metrics if (m.name, m.slice) == (name, where)]
    return found


def test_planted_flips_are_counted(tmp_path: Path, detector: Path) -> None:
    """At gain 0.6 a core of 240 scores 0.565 and one of 200 scores 0.47: the dimmer ones are lost."""
    scenes = [Scene([Thing(2, 2, core=240)]) for _ in range(7)] + [Scene([Thing(2, 2, core=200)]) for _ in range(3)]
    data = write_dataset(tmp_path / "d", scenes)
    record = run(write_detector(tmp_path / "weak.onnx", gain=0.6), detector, data)
    assert record.status == "complete", record.reason
    assert (figure(record, "flip_rate").k, figure(record, "flip_rate").n) == (3, 10)
    assert (figure(record, "negative_flip_rate").k, figure(record, "negative_flip_rate").n) == (3, 10)
    drop = figure(record, "metric_drop")
    assert (drop.value, drop.unit, drop.n) == (pytest.approx(30.0), "pp", 10)
    assert drop.ci_low is not None
    assert drop.ci_high is not None
    assert drop.ci_low < 30.0 < drop.ci_high
    (flips,) = [t for t in record.tables if t.name == "worst flips"]
    assert [r[0] for r in flips.rows] == [f"verification/000{i}.png" for i in (7, 8, 9)]
    assert {r[4] for r in flips.rows} == {"lost"}
    (pairs,) = [t for t in record.tables if t.name == "paired outcomes"]
    assert pairs.rows == (("right", 7, 3), ("wrong", 0, 0))


def test_a_direction_without_flips_is_not_excluded(tmp_path: Path, detector: Path) -> None:
    """Objects are only gained; the upper limit of the drop must still allow for what 40 items cannot show."""
    data = write_dataset(tmp_path / "d", [Scene([Thing(2, 2, core=200 if i % 8 == 0 else 240)]) for i in range(40)])
    drop = figure(run(detector, write_detector(tmp_path / "weak.onnx", gain=0.6), data), "metric_drop")
    assert drop.value == pytest.approx(-12.5)
    assert drop.ci_high == pytest.approx(100 * upper_bound(0, 40, 0.975))


def test_the_other_way_round_nothing_is_lost(tmp_path: Path, detector: Path) -> None:
    data = write_dataset(tmp_path / "d", [Scene([Thing(2, 2, core=200)]), Scene([Thing(2, 2, core=240)])])
    record = run(detector, write_detector(tmp_path / "weak.onnx", gain=0.6), data)
    assert figure(record, "metric_drop").value == pytest.approx(-50.0)
    assert figure(record, "negative_flip_rate").k == 0
    assert figure(record, "flip_rate").k == 1


def test_a_model_against_itself_differs_nowhere_and_claims_no_certainty(detector: Path, squares: Path) -> None:
    record = run(detector, detector, squares)
    drop = figure(record, "metric_drop")
    assert drop.value == 0.0
    assert drop.ci_high == pytest.approx(100 * upper_bound(0, 6, 0.975))
    assert drop.ci_low == pytest.approx(-100 * upper_bound(0, 6, 0.975))
    assert figure(record, "map50_drop").value == 0.0
    assert figure(record, "min_sqnr").value == 200.0


def test_workers_do_not_matter(tmp_path: Path, detector: Path) -> None:
    data = write_dataset(tmp_path / "d", SCENES * 11)
    weak = write_detector(tmp_path / "weak.onnx", gain=0.56)
    one, two = (run(weak, detector, data, seed=3, workers=w, options={"slices": ["all", "light=day"]}) for w in (1, 2))
    assert one.digests["outcome"] == two.digests["outcome"]
    assert figure(one, "metric_drop", "light=day").n == 44
    assert set(one.digests) == {"model", "reference", "data", "options", "outcome"}


def convnet(path: Path) -> Path:
    rng = np.random.default_rng(4)
    cells = SIDE // 4
    nodes = [
        helper.make_node("Conv", ["image", "w1", "b1"], ["c1"], name="conv1", strides=[4, 4], kernel_shape=[4, 4]),
        helper.make_node("Relu", ["c1"], ["r1"], name="relu1"),
        helper.make_node("Conv", ["r1", "w2", "b2"], ["c2"], name="conv2", kernel_shape=[1, 1]),
        helper.make_node("Sigmoid", ["c2"], ["heat"], name="sigmoid"),
        helper.make_node("Conv", ["r1", "w3", "b3"], ["size"], name="conv3", kernel_shape=[1, 1]),
        helper.make_node("Conv", ["r1", "w4", "b4"], ["offset"], name="conv4", kernel_shape=[1, 1]),
    ]
    shapes = {
        "w1": (8, 3, 4, 4),
        "b1": (8,),
        "w2": (2, 8, 1, 1),
        "b2": (2,),
        "w3": (2, 8, 1, 1),
        "b3": (2,),
        "w4": (2, 8, 1, 1),
        "b4": (2,),
    }
    graph = helper.make_graph(
        nodes,
        "net",
        [helper.make_tensor_value_info("image", TensorProto.FLOAT, ["N", 3, SIDE, SIDE])],
        [
            helper.make_tensor_value_info(n, TensorProto.FLOAT, ["N", 2, cells, cells])
            for n in ("heat", "size", "offset")
        ],
        [numpy_helper.from_array(rng.normal(0.05, 0.3, s).astype(np.float32), n) for n, s in shapes.items()],
    )
    return save(path, graph)


@pytest.fixture
def quantised(tmp_path: Path) -> tuple[Path, Path, Path]:
    """A float net, its int8 child by onnxruntime's quantiser, and data."""
    from onnxruntime.quantization import CalibrationDataReader, QuantFormat, QuantType, quantize_static

    class Reader(CalibrationDataReader):  # type: ignore[misc]
        def __init__(self) -> None:
            rng = np.random.default_rng(0)
            self.feeds = iter([{"image": rng.random((1, 3, SIDE, SIDE), np.float32)} for _ in range(8)])

        def get_next(self) -> Any:
            return next(self.feeds, None)

    parent, child = convnet(tmp_path / "float.onnx"), tmp_path / "int8.onnx"
    options = {"QDQKeepRemovableActivations": True}
    quantize_static(
        str(parent),
        str(child),
        Reader(),
        quant_format=QuantFormat.QDQ,
        activation_type=QuantType.QInt8,
        weight_type=QuantType.QInt8,
        extra_options=options,
    )
    return parent, child, write_dataset(tmp_path / "d", SCENES)


def test_layer_noise_is_that_of_onnxruntime(quantised: tuple[Path, Path, Path]) -> None:
    """The same tensors, inputs and formula as qdq_loss_debug's cross-model error and weight error."""
    import onnx
    from onnxruntime.quantization import qdq_loss_debug as debug

    from casework.artifact.onnx_model import open_model
    from casework.generators.inference import to_inputs
    from casework.generators.samples import load_pixels, open_samples

    parent, child, data = quantised
    record = run(child, parent, data)
    (layers,) = [t for t in record.tables if t.name == "layers by SQNR"]
    ours = {(r[0], r[1]): float(r[2] or 0) for r in layers.rows}
    samples = open_samples(DataSource(data, "manifest", "D"))
    interface, _ = find_interface(open_model(parent), ModelSource(parent, "p"), {})
    image = to_inputs(load_pixels(replace(samples, samples=samples.samples[:1])), interface)
    single = run(child, parent, data, options={"sqnr_items": 1})
    (layers_of_one,) = [t for t in single.tables if t.name == "layers by SQNR"]
    of_one = {(r[0], r[1]): float(r[2] or 0) for r in layers_of_one.rows}

    class Reader:
        def __init__(self) -> None:
            self.feeds = iter([{"image": image}])

        def __iter__(self) -> Any:
            return self.feeds

        def get_next(self) -> Any:
            return next(self.feeds, None)

    tapped = []
    for path in (parent, child):
        debug.modify_model_output_intermediate_tensors(str(path), str(path) + ".tap.onnx")
        tapped.append(debug.collect_activations(str(path) + ".tap.onnx", Reader()))
    matched = debug.create_activation_matching(tapped[1], tapped[0])
    theirs = debug.compute_activation_error(matched)
    measured = {name: value for (kind, name), value in of_one.items() if kind in ("activation", "before clamp")}
    compared = [n for n in theirs if n in measured and "xmodel_err" in theirs[n]]
    assert {"r1", "c1"} <= set(compared)
    for name in compared:
        assert measured[name] == pytest.approx(theirs[name]["xmodel_err"], abs=1e-3)
    weights = debug.compute_weight_error(debug.create_weight_matching(str(parent), str(child)))
    assert {"w1", "w2"} <= set(weights)
    for name, value in weights.items():
        assert ours["bias" if name.startswith("b") else "weight", name] == pytest.approx(value, rel=1e-3)
    assert figure(record, "min_sqnr").value == pytest.approx(
        min(v for (k, _), v in ours.items() if k != "before clamp"), abs=1e-6
    )
    assert [(c.name, c.outcome) for c in record.self_checks] == [("same-lineage", "passed")]
    assert onnx.load(str(child)).graph.name


def test_foreign_weights_are_no_child(tmp_path: Path, quantised: tuple[Path, Path, Path]) -> None:
    import onnx

    parent, child, data = quantised
    model = onnx.load(str(parent))
    for tensor in model.graph.initializer:
        if tensor.name == "w1" or tensor.name.startswith(("w2", "w3", "w4")):
            values = numpy_helper.to_array(tensor)
            tensor.CopyFrom(numpy_helper.from_array(np.ascontiguousarray(-values), tensor.name))
    other = tmp_path / "other.onnx"
    other.write_bytes(model.SerializeToString())
    record = run(child, other, data)
    assert record.status == "inconclusive"
    assert "same-lineage" in record.reason


def test_classifiers_are_compared_item_by_item(
    tmp_path: Path, digits: tuple[Path, Path, np.ndarray, np.ndarray]
) -> None:
    model, data, weights, bias = digits
    coarse = np.round(weights * 12) / 12
    child = write_gemm(tmp_path / "coarse.onnx", coarse, bias)
    archive = np.load(data)
    before, after = ((archive["x"] @ w + bias).argmax(axis=1) for w in (weights, coarse))
    request = _ask("quantization", child, started=STARTED, data=data, options=[f"against={model}"])
    record = load("quantization").run(request)
    assert figure(record, "flip_rate").k == int((before != after).sum()) > 0
    assert figure(record, "negative_flip_rate").k == int(((before == archive["y"]) & (after != archive["y"])).sum())
    expected = 100 * ((before == archive["y"]).mean() - (after == archive["y"]).mean())
    assert figure(record, "metric_drop").value == pytest.approx(expected)


def test_strangers_are_not_compared(
    detector: Path, squares: Path, digits: tuple[Path, Path, np.ndarray, np.ndarray]
) -> None:
    record = run(detector, digits[0], squares)
    assert record.status == "not_evaluable"
    assert "no relatives" in record.reason


def test_it_needs_a_parent(detector: Path, squares: Path) -> None:
    record = load("quantization").run(_ask("quantization", detector, started=STARTED, data=squares))
    assert record.status == "not_evaluable"
    assert "float parent" in record.reason


def test_a_tensor_before_a_clamp_does_not_count(quantised: tuple[Path, Path, Path]) -> None:
    """c1 feeds a Relu only, and the quantiser gave it the range after the Relu."""
    parent, child, data = quantised
    (layers,) = [t for t in run(child, parent, data).tables if t.name == "layers by SQNR"]
    kinds = {r[1]: r[0] for r in layers.rows}
    assert (kinds["c1"], kinds["r1"], kinds["heat"]) == ("before clamp", "activation", "activation")
