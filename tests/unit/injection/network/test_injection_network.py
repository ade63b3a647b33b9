"""Preparing a model: what is found in it, and what is refused."""

from __future__ import annotations

import pickle

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

from casework.injection.network.golden import Golden
from casework.injection.network.network import prepare
from casework.injection.problem import InjectionProblem
from doubles.injection_models import ALL, images, lenet, mlp, quantised, recurrent, residual, shape_carrying


def model(nodes, inputs, outputs, weights, opset=17):
    held = [numpy_helper.from_array(np.ascontiguousarray(v), k) for k, v in weights.items()]
    graph = helper.make_graph(nodes, "net", inputs, outputs, held)
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", opset)], ir_version=8).SerializeToString()


def value(name, shape, kind=TensorProto.FLOAT):
    return helper.make_tensor_value_info(name, kind, shape)


def test_targets_of_an_mlp_stand_in_the_order_of_the_graph():
    network = prepare(mlp(), "mlp")
    assert [(t.name, t.kind, t.shape, t.operator) for t in network.targets] == [
        ("x", "input", (784,), "Gemm"),
        ("w1", "weight", (128, 784), "Gemm"),
        ("b1", "bias", (128,), "Gemm"),
        ("h", "activation", (128,), "Gemm"),
        ("r", "activation", (128,), "Relu"),
        ("w2", "weight", (10, 128), "Gemm"),
        ("b2", "bias", (10,), "Gemm"),
        ("logits", "output", (10,), "Gemm"),
    ]
    assert [t.index for t in network.targets] == list(range(8))
    assert network.batch == 0
    assert network.uncuttable == {}


def test_a_fused_normalisation_keeps_the_name_of_the_weight_in_the_file():
    network = prepare(residual(), "residual")
    assert not any(t.operator == "BatchNormalization" for t in network.targets)
    target = network.target("stem.w")
    assert (target.kind, target.shape) == ("weight", (8, 3, 3, 3))
    assert target.name != "stem.w"
    assert network.target("stem.b").kind == "activation"


def test_a_quantised_model_shows_the_integers_that_a_deployed_session_holds():
    network = prepare(quantised("QDQ"), "qdq")
    kinds = {t.name: (t.kind, t.dtype, t.operator) for t in network.targets}
    assert kinds["c1w_quantized"] == ("weight", "int8", "QLinearConv")
    assert kinds["c1b_quantized"] == ("bias", "int32", "QLinearConv")
    assert kinds["x_scale"][:2] == ("scale", "float32")
    assert kinds["x_zero_point"][:2] == ("zero_point", "uint8")
    assert kinds["x_QuantizeLinear_Output"][:2] == ("activation", "uint8")
    assert not any(t.operator == "DequantizeLinear" and t.kind == "activation" for t in network.targets)


def test_tensors_that_carry_shapes_are_left_out_with_their_reason():
    network = prepare(shape_carrying(), "shapes")
    assert "computed from shapes" in network.left_out["target"]
    assert network.target("cw").kind == "weight"
    with pytest.raises(InjectionProblem, match="target is no target: computed from shapes"):
        network.target("target")


def test_recurrent_weights_and_biases_are_told_apart():
    kinds = {t.name: t.kind for t in prepare(recurrent(), "gru").targets}
    assert (kinds["gw"], kinds["gr"], kinds["gb"]) == ("weight", "weight", "bias")
    assert prepare(recurrent(), "gru").layouts["t"].axis == 1


def test_an_unknown_tensor_is_answered_with_the_nearest_names():
    with pytest.raises(InjectionProblem, match="no tensor logitz") as told:
        prepare(mlp(), "mlp").target("logitz")
    assert "logits" in told.value.fix


@pytest.mark.parametrize("name", sorted(ALL))
def test_preparing_gives_the_same_bytes_each_time_and_survives_pickling(name):
    content = ALL[name][0]()
    network, again = prepare(content, name), prepare(content, name)
    assert network.folded_sha256 == again.folded_sha256
    assert network.targets == again.targets
    copy = pickle.loads(pickle.dumps(network))
    assert copy.targets == network.targets
    assert copy.cut(network.targets[0].name).suffix == network.cut(network.targets[0].name).suffix


def test_a_batch_axis_fixed_at_one_is_made_free_reshapes_included():
    w = np.random.default_rng(0).standard_normal((5, 12)).astype(np.float32)
    content = model(
        [
            helper.make_node("Relu", ["x"], ["r"]),
            helper.make_node("Reshape", ["r", "shape"], ["f"]),
            helper.make_node("Gemm", ["f", "w"], ["y"], transB=1),
        ],
        [value("x", [1, 3, 4])],
        [value("y", [1, 5])],
        {"w": w, "shape": np.array([1, 12], np.int64)},
    )
    network = prepare(content, "fixed")
    assert network.batch == 0
    assert network.target("f").shape == (12,)


def test_a_model_that_mixes_samples_runs_one_at_a_time():
    content = model(
        [
            helper.make_node("ReduceMean", ["x"], ["m"], axes=[0], keepdims=1),
            helper.make_node("Sub", ["x", "m"], ["d"]),
            helper.make_node("Add", ["d", "x"], ["y"]),
        ],
        [value("x", ["n", 4])],
        [value("y", ["n", 4])],
        {},
    )
    network = prepare(content, "mixing")
    assert network.batch == 1
    assert "bit for bit" in network.batch_reason


def test_initialisers_among_the_inputs_and_constants_in_nodes_fold_all_the_same():
    w = np.random.default_rng(0).standard_normal((4, 6)).astype(np.float32)
    scale = numpy_helper.from_array(np.full(4, 0.5, np.float32))
    content = model(
        [
            helper.make_node("Constant", [], ["half"], value=scale),
            helper.make_node("Gemm", ["x", "w"], ["h"], transB=1),
            helper.make_node("Mul", ["h", "half"], ["y"]),
        ],
        [value("x", ["n", 6]), value("w", [4, 6])],
        [value("y", ["n", 4])],
        {"w": w},
    )
    network = prepare(content, "old")
    assert [p.name for p in network.inputs] == ["x"]
    assert network.target("half").kind == "weight"


def test_a_model_with_a_branch_can_be_prepared():
    then = helper.make_graph([helper.make_node("Relu", ["x"], ["a"])], "then", [], [value("a", None)])
    other = helper.make_graph([helper.make_node("Neg", ["x"], ["b"])], "else", [], [value("b", None)])
    content = model(
        [
            helper.make_node("ReduceMax", ["x"], ["m"], keepdims=0),
            helper.make_node("Greater", ["m", "bound"], ["c"]),
            helper.make_node("If", ["c"], ["i"], then_branch=then, else_branch=other),
            helper.make_node("Gemm", ["i", "w"], ["y"]),
        ],
        [value("x", [1, 4])],
        [value("y", [1, 2])],
        {"bound": np.array(100.0, np.float32), "w": np.ones((4, 2), np.float32)},
    )
    network = prepare(content, "branch")
    assert {"i", "w", "y"} <= {t.name for t in network.targets}


def branching():
    """An If whose condition is an input that is the same for all samples."""
    then = helper.make_graph([helper.make_node("Relu", ["h"], ["a"])], "then", [], [value("a", None)])
    other = helper.make_graph([helper.make_node("Neg", ["h"], ["b"])], "else", [], [value("b", None)])
    return model(
        [
            helper.make_node("MatMul", ["x", "w"], ["h"]),
            helper.make_node("If", ["rate"], ["i"], then_branch=then, else_branch=other),
            helper.make_node("Sigmoid", ["i"], ["y"]),
        ],
        [value("x", ["n", 4]), value("rate", [], TensorProto.BOOL)],
        [value("y", ["n", 3])],
        {"w": np.random.default_rng(0).standard_normal((4, 3)).astype(np.float32)},
    )


def test_an_input_that_is_the_same_for_all_samples_is_written_into_the_graph():
    inputs = {"x": images(3, (4,)), "rate": np.array(True)}
    network = prepare(branching(), "branch", inputs=inputs)
    assert [p.name for p in network.inputs] == ["x"]
    assert "If" not in {node.op_type for node in network.proto.graph.node}
    golden = Golden(network, inputs)
    assert golden.agreement_with_deployed().largest < 1e-6
    with pytest.raises(InjectionProblem, match="rate of branch is not what"):
        Golden(network, inputs | {"rate": np.array(False)})


def test_half_floats_are_stored_as_such():
    proto = onnx.ModelProto.FromString(lenet())
    for held in proto.graph.initializer:
        held.CopyFrom(numpy_helper.from_array(numpy_helper.to_array(held).astype(np.float16), held.name))
    for port in [*proto.graph.input, *proto.graph.output]:
        port.type.tensor_type.elem_type = TensorProto.FLOAT16
    network = prepare(proto.SerializeToString(), "half", inputs={"x": images(2, (1, 32, 32)).astype(np.float16)})
    kinds = {t.name: (t.kind, t.dtype, t.operator) for t in network.targets}
    assert kinds["c1w"] == ("weight", "float16", "Conv")
    assert kinds["f3b"] == ("bias", "float16", "Gemm")
    assert network.target("r1").dtype == "float32"


@pytest.mark.parametrize(
    ("content", "match"),
    [
        (b"not a model", "no ONNX model|no operators"),
        (b"", "no operators"),
        (model([helper.make_node("Relu", ["x"], ["y"])], [value("x", ["n", 3, "h", "w"])], [value("y", None)], {}), "leaves sizes open"),
        (
            model(
                [helper.make_node("RandomNormalLike", ["x"], ["z"]), helper.make_node("Add", ["x", "z"], ["y"])],
                [value("x", ["n", 3])], [value("y", None)], {},
            ),
            "not deterministic",
        ),
        (model([helper.make_node("Conv", ["x", "w"], ["y"])], [value("x", ["n", 3])], [value("y", None)], {"w": np.ones((1, 1), np.float32)}), "cannot be run"),
    ],
)  # fmt: skip
def test_what_cannot_be_prepared_is_said(content, match):
    with pytest.raises(InjectionProblem, match=match):
        prepare(content, "bad")


def test_open_sizes_are_taken_from_the_inputs():
    w = np.random.default_rng(0).standard_normal((4, 3, 3, 3)).astype(np.float32)
    content = model(
        [helper.make_node("Conv", ["x", "w"], ["c"]), helper.make_node("GlobalAveragePool", ["c"], ["y"])],
        [value("x", ["n", 3, "h", "w"])], [value("y", None)], {"w": w},
    )  # fmt: skip
    network = prepare(content, "open", inputs={"x": images(2, (3, 9, 11))})
    assert network.target("c").shape == (4, 7, 9)


def test_level_all_is_refused():
    with pytest.raises(InjectionProblem, match="level all"):
        prepare(mlp(), "mlp", level="all")


@pytest.mark.parametrize(
    ("inputs", "match"),
    [
        ({"x": images(2, (1, 28, 28))}, "takes .*1, 32, 32"),
        ({"x": images(2, (1, 32, 32)).astype(np.float64)}, "takes float32, and the data are float64"),
        ({"y": images(2, (1, 32, 32))}, "input x that is not given"),
    ],
)
def test_inputs_that_do_not_fit_are_refused_while_preparing(inputs, match):
    with pytest.raises(InjectionProblem, match=match):
        prepare(lenet(), "lenet", inputs=inputs)


def test_the_folded_graph_is_valid_onnx():
    onnx.checker.check_model(prepare(lenet(), "lenet").proto)
