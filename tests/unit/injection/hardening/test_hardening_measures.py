"""Every measure on every kind of graph: nothing changes without faults, and with a fault the measure does what it says."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import numpy as np
import onnx
import onnxruntime
import pytest
from onnx import TensorProto, helper, numpy_helper

from casework.artifact.digest import sha256_bytes
from casework.injection.hardening.bounds import data_digest
from casework.injection.hardening.clean import compare_clean
from casework.injection.hardening.harden import LINEAGE, Hardened, harden
from casework.injection.hardening.registry import MEASURES, parse_measure
from casework.injection.outcomes.guards import KEY as GUARDS
from casework.injection.problem import InjectionProblem
from doubles import injection_models as models

COUNT = 20


def made(
    content: bytes, *measures: str, inputs: Any = None, shape: tuple[int, ...] = (1, 32, 32), **more: Any
) -> Hardened:
    fed = {"x": models.images(COUNT, shape, 7)} if inputs is None else inputs
    return harden(content, "model.onnx", [parse_measure(m) for m in measures], fed, **more)


def run(content: bytes, x: Any, names: list[str] | None = None, overrides: dict[str, Any] | None = None) -> list[Any]:
    settings = onnxruntime.SessionOptions()
    settings.intra_op_num_threads = 1
    settings.log_severity_level = 4
    for name, value in (overrides or {}).items():
        settings.add_initializer(name, value)
    session = onnxruntime.InferenceSession(content, settings, providers=["CPUExecutionProvider"])
    return list(session.run(names, {"x": x}))


def edited(content: bytes, name: str, change: Callable[[Any], None]) -> bytes:
    """Return a model in which one stored tensor was changed in its file."""
    proto = onnx.load_model_from_string(content)
    tensor = next(t for t in proto.graph.initializer if t.name == name)
    value = numpy_helper.to_array(tensor).copy()
    change(value)
    tensor.CopyFrom(numpy_helper.from_array(value, name))
    return bytes(proto.SerializeToString())


def put(place: tuple[int, ...], value: float) -> Callable[[Any], None]:
    def change(array: Any) -> None:
        array[place] = value

    return change


NOT_FOR = {
    ("qdq", "checksum"), ("qoperator", "checksum"), ("qdq", "nan-guard:mode=zero"), ("qoperator", "nan-guard:mode=zero"),
    ("recurrent", "range"), ("recurrent", "range-guard"), ("recurrent", "nan-guard:mode=zero"),
}  # fmt: skip


@pytest.mark.parametrize("name", models.ALL)
@pytest.mark.parametrize(
    "measure",
    ["range", "range:after=all", "range-guard", "nan-guard", "nan-guard:mode=zero", "scrub", "scrub:when=run", "triplicate",
     "triplicate:when=run", "bit-protect", "duplicate:*", "checksum"],
)  # fmt: skip
def test_nothing_changes_without_faults(name: str, measure: str) -> None:
    maker, shape = models.ALL[name]
    parent = maker()
    fed = {"x": models.images(COUNT, shape, 7)}
    if (name, measure) in NOT_FOR:
        with pytest.raises(InjectionProblem) as refused:
            made(parent, measure, inputs=fed)
        assert refused.value.fix
        return
    hardened = made(parent, measure, inputs=fed)
    proto = onnx.load_model_from_string(hardened.content)
    onnx.checker.check_model(proto, full_check=True)
    names = [o for n in proto.graph.node for o in n.output if o] + [t.name for t in proto.graph.initializer]
    assert len(names) == len(set(names))
    assert [o.name for o in proto.graph.output] == [
        *(o.name for o in onnx.load_model_from_string(parent).graph.output),
        *hardened.alarms,
    ]
    clean = compare_clean(parent, hardened.content, hardened.alarms, fed)
    assert clean.samples == COUNT
    assert clean.flips == 0
    assert clean.alarmed == 0
    assert clean.difference < 2e-5 or name in ("qdq", "qoperator")
    if (
        "when=run" not in measure
        and measure != "checksum"
        and "after=all" not in measure
        and "duplicate" not in measure
    ):
        assert clean.identical_unfused == COUNT
    assert made(parent, measure, inputs=fed).content == hardened.content


def test_the_file_names_its_parent_measures_and_data() -> None:
    fed = {"x": models.images(COUNT, (1, 32, 32), 7)}
    hardened = made(models.lenet(), "range:margin=0.5", "nan-guard", inputs=fed)
    held = {p.key: p.value for p in onnx.load_model_from_string(hardened.content).metadata_props}
    lineage = json.loads(held[LINEAGE])
    assert lineage["parent"] == sha256_bytes(models.lenet()) == hardened.parent
    assert lineage["data"] == {"sha256": data_digest(fed), "samples": COUNT}
    assert [m["measure"] for m in lineage["measures"]] == ["range", "nan-guard"]
    assert lineage["measures"][0]["parameters"]["margin"] == 0.5
    assert lineage["measures"][0]["places"] == ["r1", "r2", "r3", "r4"]
    assert held[GUARDS] == "alarm_nan" == ",".join(hardened.alarms)
    assert hardened.sha256 == sha256_bytes(hardened.content)


def test_a_hardened_model_is_not_hardened_again() -> None:
    with pytest.raises(InjectionProblem, match="hardened model already"):
        made(made(models.lenet(), "range").content, "nan-guard")


def bounds_of(hardened: Hardened, measure: int = 0) -> dict[str, tuple[float, float]]:
    return {k: tuple(v) for k, v in hardened.applied[measure].details["bounds"].items()}


def test_bounds_enclose_what_data_show_and_not_much_more() -> None:
    x = models.images(COUNT, (1, 32, 32), 7)
    proto = onnx.load_model_from_string(models.lenet())
    proto.graph.output.add(name="r2")
    (seen,) = run(proto.SerializeToString(), x, ["r2"])
    low, high = bounds_of(made(models.lenet(), "range"))["r2"]
    assert low == 0.0
    assert seen.max() <= high <= seen.max() * 1.002


def test_a_blown_up_value_is_cut_and_no_other_input_is_touched() -> None:
    """The weight is so great that only a restricted range keeps the logits near the golden ones."""
    hardened = made(models.lenet(), "range")
    x = models.images(COUNT, (1, 32, 32), 7)
    broken = [edited(c, "c1w", put((0, 0, 0, 0), 1e30)) for c in (models.lenet(), hardened.content)]
    golden, worse, better = (run(c, x)[0] for c in (models.lenet(), *broken))
    assert np.abs(worse).max() > 1e20
    assert np.abs(better - golden).max() < 100


def test_percentile_bounds_are_narrower() -> None:
    wide = bounds_of(made(models.lenet(), "range"))
    narrow = bounds_of(made(models.lenet(), "range:percentile=60"))
    assert all(narrow[t][1] < wide[t][1] for t in wide)


def test_nan_passes_a_clip_and_stops_at_the_guard() -> None:
    x = models.images(COUNT, (1, 32, 32), 7)
    for measures, finite in (
        (("range",), False),
        (("range", "nan-guard:mode=zero"), True),
        (("nan-guard:mode=zero", "range"), True),
    ):
        content = edited(made(models.lenet(), *measures).content, "c1w", put((0, 0, 0, 0), np.nan))
        assert bool(np.isfinite(run(content, x)[0]).all()) is finite


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_the_nan_alarm_is_told_by_input(value: float) -> None:
    hardened = made(models.mlp(), "nan-guard", shape=(784,))
    x = models.images(6, (784,), 3)
    x[4, 100] = value
    logits, alarm = run(hardened.content, x)
    assert alarm.dtype == np.bool_
    assert alarm.tolist() == [False, False, False, False, True, False] == (~np.isfinite(logits)).any(axis=1).tolist()


def test_zeroing_with_alarm_tells_what_it_hides() -> None:
    hardened = made(models.mlp(), "nan-guard:mode=both", shape=(784,))
    x = models.images(6, (784,), 3)
    x[1, 100] = np.nan
    logits, alarm = run(hardened.content, x)
    assert np.isfinite(logits).all()
    assert alarm.tolist() == [False, True, False, False, False, False]


@pytest.mark.parametrize("value", [500.0, np.nan, np.inf])
def test_the_range_alarm_is_told_by_input(value: float) -> None:
    hardened = made(models.mlp(), "range-guard", shape=(784,))
    x = models.images(COUNT, (784,), 7)
    x[2] *= value
    assert run(hardened.content, x, ["alarm_range"])[0].tolist() == [i == 2 for i in range(COUNT)]


def test_guards_see_values_before_an_insertion_cuts_them() -> None:
    for order in (("range-guard", "range"), ("range", "range-guard")):
        hardened = made(models.mlp(), *order, shape=(784,))
        x = models.images(COUNT, (784,), 7)
        x[2] *= 500
        assert run(hardened.content, x, ["alarm_range"])[0].tolist() == [i == 2 for i in range(COUNT)]


@pytest.mark.parametrize("when", ["load", "run"])
@pytest.mark.parametrize(
    ("value", "acts_as"), [(1e30, 0.0), (-1e30, 0.0), (np.nan, 0.0), (np.inf, 0.0), (0.001, 0.001)]
)
def test_scrubbing_sets_what_is_out_of_range_to_zero(when: str, value: float, acts_as: float) -> None:
    hardened = made(models.mlp(), f"scrub:w1,when={when}", shape=(784,))
    x = models.images(COUNT, (784,), 3)
    got = run(edited(hardened.content, "w1.stored", put((3, 700), value)), x)[0]
    wanted = run(edited(models.mlp(), "w1", put((3, 700), acts_as)), x)[0]
    np.testing.assert_allclose(got, wanted, atol=1e-5)


def live(content: bytes, name: str) -> tuple[Any, dict[str, Any]]:
    """Return a stored tensor as memory that a session reads in place."""
    tensor = next(t for t in onnx.load_model_from_string(content).graph.initializer if t.name == name)
    memory = numpy_helper.to_array(tensor).copy()
    return memory, {name: onnxruntime.OrtValue.ortvalue_from_numpy(memory)}


@pytest.mark.parametrize("batch", ["n", 4])
@pytest.mark.parametrize(("measure", "stored"), [("scrub:w1,when=run", "w1.stored"), ("triplicate:w1,when=run", "w1.stored1"), ("triplicate:w1,when=run", "w1.stored2")])  # fmt: skip
def test_a_check_in_every_inference_sees_memory_change_after_loading(
    measure: str, stored: str, batch: str | int
) -> None:
    proto = onnx.load_model_from_string(models.mlp())
    if isinstance(batch, int):
        for value in (*proto.graph.input, *proto.graph.output):
            value.type.tensor_type.shape.dim[0].dim_value = batch
    content = made(proto.SerializeToString(), measure, shape=(784,)).content
    memory, overrides = live(content, stored)
    settings = onnxruntime.SessionOptions()
    for name, value in overrides.items():
        settings.add_initializer(name, value)
    session = onnxruntime.InferenceSession(content, settings, providers=["CPUExecutionProvider"])
    x = models.images(4, (784,), 3)
    golden = session.run(["logits"], {"x": x})[0]
    memory[3, 700] = 1e30
    np.testing.assert_allclose(session.run(["logits"], {"x": x})[0], golden, atol=0.05)


@pytest.mark.parametrize("when", ["load", "run"])
@pytest.mark.parametrize("copy", [1, 2, 3])
@pytest.mark.parametrize("name", ["mlp", "qdq"])
def test_one_bad_copy_of_three_is_outvoted(name: str, copy: int, when: str) -> None:
    maker, shape = models.ALL[name]
    weight = {"mlp": "w2", "qdq": "f2w_quantized"}[name]
    content = made(maker(), f"triplicate:{weight},when={when}", shape=shape).content
    x = models.images(COUNT, shape, 3)

    def spoil(array: Any) -> None:
        array[:] = 77

    np.testing.assert_array_equal(run(edited(content, f"{weight}.stored{copy}", spoil), x)[0], run(content, x)[0])


@pytest.mark.parametrize(
    ("measure", "weight"),
    [
        ("duplicate:conv2", "c2w"),
        ("duplicate:conv2", "conv2.second.c2w"),
        ("checksum:conv2", "c2w"),
        ("checksum:conv2", "conv2.checksum.weights"),
    ],
)
def test_two_computations_that_differ_raise_the_alarm(measure: str, weight: str) -> None:
    hardened = made(models.lenet(), measure)
    x = models.images(COUNT, (1, 32, 32), 7)
    golden, before = run(hardened.content, x)
    logits, alarm = run(edited(hardened.content, weight, put((0,), 50.0)), x)
    assert not before.any()
    assert alarm.all()
    assert bool((logits != golden).any()) is (weight == "c2w")


def test_a_fault_in_one_row_of_a_batch_alarms_that_row_only() -> None:
    """The activation itself is changed: the graph behind `c2` is run with one spoilt row."""
    hardened = made(models.lenet(), "duplicate:conv2", "checksum:conv2")
    x = models.images(5, (1, 32, 32), 7)
    proto = onnx.load_model_from_string(hardened.content)
    source = next(n for n in proto.graph.node if "c2" in n.output)
    source.output[0] = "c2.before"
    proto.graph.input.append(helper.make_tensor_value_info("fault", TensorProto.FLOAT, ["n", 16, 10, 10]))
    proto.graph.node.insert(
        list(proto.graph.node).index(source) + 1, helper.make_node("Add", ["c2.before", "fault"], ["c2"])
    )
    session = onnxruntime.InferenceSession(proto.SerializeToString(), providers=["CPUExecutionProvider"])
    fault = np.zeros((5, 16, 10, 10), np.float32)
    fault[3, 4, 5, 6] = 1000
    for alarm in session.run(list(hardened.alarms), {"x": x, "fault": fault}):
        assert alarm.tolist() == [False, False, False, True, False]


def test_the_worst_layers_of_a_ranking_are_taken() -> None:
    ranking = (("f3w", 0.5), ("c2", 0.3), ("c1w", 0.1), ("c2w", 0.05))
    assert made(models.lenet(), "duplicate:top=2", ranking=ranking).applied[0].places == ("conv2", "fc3")
    assert made(models.lenet(), "triplicate:top=1", ranking=ranking).applied[0].places == ("f3w",)
    with pytest.raises(InjectionProblem, match="ranking"):
        made(models.lenet(), "duplicate:top=2")


def test_integers_are_cut_between_quantise_and_dequantise() -> None:
    hardened = made(models.quantised("QDQ"), "range:margin=0")
    proto = onnx.load_model_from_string(hardened.content)
    clips = [n for n in proto.graph.node if n.op_type == "Clip"]
    assert clips
    made_by = {o: n.op_type for n in proto.graph.node for o in n.output}
    assert {made_by[n.input[0]] for n in clips} == {"QuantizeLinear"}
    assert any("saturation" in note for note in hardened.notes)


def test_an_activation_that_is_an_output_keeps_its_name() -> None:
    nodes = [
        helper.make_node("Gemm", ["x", "w"], ["h"], name="fc"),
        helper.make_node("Sigmoid", ["h"], ["y"], name="squash"),
        helper.make_node("Neg", ["y"], ["z"], name="after"),
    ]
    content = models._model(
        nodes, [models._float("x", ["n", 4])], [models._float("y", ["n", 3]), models._float("z", ["n", 3])],
        {"w": np.eye(4, 3, dtype=np.float32)},
    )  # fmt: skip
    fed = {"x": models.images(COUNT, (4,), 1)}
    hardened = made(content, "nan-guard", "range", "range-guard", inputs=fed)
    assert compare_clean(content, hardened.content, hardened.alarms, fed).identical_unfused == COUNT
    x = fed["x"].copy()
    x[5] = 50
    y, z, nan, beyond = run(hardened.content, x)
    assert y.max() <= bounds_of(hardened, 1)["y"][1]
    np.testing.assert_array_equal(z, -y)
    assert not nan.any()
    assert beyond.tolist() == [i == 5 for i in range(COUNT)]


def test_readers_in_subgraphs_are_led_to_the_cut_value() -> None:
    def branch(name: str, operator: str) -> Any:
        node = helper.make_node(operator, ["r"], [name])
        return helper.make_graph([node], name, [], [models._float(name, ["n", 4])])

    nodes = [
        helper.make_node("Relu", ["x"], ["r"], name="relu"),
        helper.make_node(
            "If", ["choice"], ["y"], name="if", then_branch=branch("a", "Neg"), else_branch=branch("b", "Abs")
        ),
    ]
    proto = helper.make_model(
        helper.make_graph(
            nodes, "net",
            [models._float("x", ["n", 4]), helper.make_tensor_value_info("unused", TensorProto.FLOAT, ["n"])],
            [models._float("y", ["n", 4])], [numpy_helper.from_array(np.array(True), "choice")],
        ),
        opset_imports=[helper.make_opsetid("", 17)], ir_version=8,
    )  # fmt: skip
    proto.graph.input.pop()
    content = proto.SerializeToString()
    fed = {"x": models.images(COUNT, (4,), 1)}
    hardened = made(content, "range", inputs=fed)
    assert run(hardened.content, fed["x"] * 100)[0].min() >= -bounds_of(hardened)["r"][1]


def test_stored_tensors_that_are_listed_as_inputs() -> None:
    proto = onnx.load_model_from_string(models.mlp())
    proto.ir_version = 3
    for tensor in proto.graph.initializer:
        proto.graph.input.append(helper.make_tensor_value_info(tensor.name, tensor.data_type, list(tensor.dims)))
    fed = {"x": models.images(COUNT, (784,), 1)}
    hardened = made(proto.SerializeToString(), "range", "scrub", "duplicate:fc1", inputs=fed)
    assert [v.name for v in onnx.load_model_from_string(hardened.content).graph.input] == ["x"]
    np.testing.assert_allclose(run(hardened.content, fed["x"])[0], run(models.mlp(), fed["x"])[0], atol=1e-5)


def test_half_precision() -> None:
    proto = onnx.load_model_from_string(models.mlp())
    for tensor in proto.graph.initializer:
        tensor.CopyFrom(numpy_helper.from_array(numpy_helper.to_array(tensor).astype(np.float16), tensor.name))
    for value in (*proto.graph.input, *proto.graph.output):
        value.type.tensor_type.elem_type = TensorProto.FLOAT16
    fed = {"x": models.images(COUNT, (784,), 1).astype(np.float16)}
    content = proto.SerializeToString()
    measures = ("range", "nan-guard:mode=both", "range-guard", "scrub", "duplicate:fc1", "triplicate:w2")
    for measure in measures:
        hardened = made(content, measure, inputs=fed)
        clean = compare_clean(content, hardened.content, hardened.alarms, fed)
        assert (clean.flips, clean.alarmed) == (0, 0)


def old(opset: int) -> bytes:
    nodes = [
        helper.make_node("Relu", ["x"], ["r"], name="relu"),
        helper.make_node("Gemm", ["r", "w", "b"], ["y"], name="fc"),
    ]
    weights = {"w": np.eye(4, 3, dtype=np.float32), "b": np.zeros(3, np.float32)}
    return models._model(nodes, [models._float("x", ["n", 4])], [models._float("y", ["n", 3])], weights, opset)


def test_old_operator_sets() -> None:
    fed = {"x": models.images(COUNT, (4,), 1)}
    hardened = made(old(10), "range", "nan-guard", inputs=fed)
    assert run(hardened.content, fed["x"] * 100)[0].max() <= bounds_of(hardened)["r"][1]
    guarded = made(old(10), "range-guard", "scrub", "duplicate:fc", inputs=fed)
    x = fed["x"].copy()
    x[3] *= 100
    assert run(guarded.content, x, ["alarm_range"])[0].tolist() == [i == 3 for i in range(COUNT)]
    with pytest.raises(InjectionProblem, match="operator set 10"):
        made(old(10), "triplicate", inputs=fed)
    with pytest.raises(InjectionProblem, match="operator set 8"):
        made(old(8), "range", inputs=fed)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("rnge", "no measure rnge"),
        ("range:percentil=99", "no parameter percentil"),
        ("range:percentile=high", "no number"),
        ("range:percentile=nan", "out of range"),
        ("range:after=some", "not known"),
        ("bit-protect:restore=maybe", "neither yes nor no"),
        ("bit-protect:bits=x", "names no bits"),
        ("range:conv9", "conv9"),
        ("duplicate", "nothing is named"),
        ("triplicate:nothing", "nothing"),
    ],
)
def test_a_measure_that_cannot_be_taken_is_told(text: str, message: str) -> None:
    with pytest.raises(InjectionProblem, match=message) as problem:
        made(models.lenet(), text)
    assert problem.value.fix


@pytest.mark.parametrize(
    ("inputs", "message"),
    [
        ({}, "no data"),
        ({"x": np.zeros((2, 1, 32, 31), np.float32)}, "takes"),
        ({"x": np.zeros((2, 1, 32, 32), np.float64)}, "float64"),
        ({"x": np.zeros((0, 1, 32, 32), np.float32)}, "none"),
        ({"x": np.zeros((2, 1, 32, 32), np.float32), "y": np.zeros(2)}, "no input y"),
        ({"x": np.full((2, 1, 32, 32), np.nan, np.float32)}, "NaN or infinite"),
    ],
)
def test_data_that_do_not_fit_are_told(inputs: dict[str, Any], message: str) -> None:
    with pytest.raises(InjectionProblem, match=message):
        made(models.lenet(), "range", inputs=inputs)


def test_every_measure_has_a_summary_and_its_parameters_a_meaning() -> None:
    for name, kind in MEASURES.items():
        assert kind.summary
        assert all(p.help for p in kind.parameters)
        assert dict(parse_measure(name).parameters).keys() == {p.name for p in kind.parameters}
