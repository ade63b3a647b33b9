"""Small ONNX graphs as other people's exporters write them: one construct each, random weights, with inputs for them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Final

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

Array = NDArray[Any]

SAMPLES: Final = 6

CLASSES: Final = {"decision": "classification"}
VALUES: Final = {"decision": "regression", "thresholds": "0.1,1"}


@dataclass(frozen=True)
class Foreign:
    """A graph, inputs for it by name, [SAMPLES, ...], and options that say what its outputs mean."""

    model: bytes
    inputs: dict[str, Array]
    options: dict[str, str] = field(default_factory=lambda: dict(CLASSES))


GRAPHS: dict[str, Callable[[], Foreign]] = {}


def _graph(make: Callable[[], Foreign]) -> Callable[[], Foreign]:
    GRAPHS[make.__name__.strip("_")] = make
    return make


def _of(
    nodes: list[Any], inputs: list[Any], outputs: list[Any], weights: dict[str, Array] | None = None, opset: int = 17,
    ir: int | None = None, as_inputs: bool = False, checked: bool = True,
) -> bytes:  # fmt: skip
    held = [numpy_helper.from_array(np.ascontiguousarray(v), k) for k, v in (weights or {}).items()]
    if as_inputs:
        inputs = inputs + [helper.make_tensor_value_info(v.name, v.data_type, list(v.dims)) for v in held]
    graph = helper.make_graph(nodes, "net", inputs, outputs, held)
    ir = ir or (8 if opset < 19 else 10)
    proto = helper.make_model(graph, opset_imports=[helper.make_opsetid("", opset)], ir_version=ir)
    if checked:
        onnx.checker.check_model(proto)
    content: bytes = proto.SerializeToString()
    return content


def _is(name: str, *shape: Any, kind: int = TensorProto.FLOAT) -> Any:
    return helper.make_tensor_value_info(name, kind, list(shape))


def _draw(seed: int) -> Callable[..., Array]:
    generator = np.random.default_rng(seed)
    return lambda *shape: (generator.standard_normal(shape) * 1.4 / np.sqrt(max(1, np.prod(shape[1:])))).astype(
        np.float32
    )


def _rows(*shape: int, seed: int = 9, count: int = SAMPLES) -> Array:
    return np.random.default_rng(seed).standard_normal((count, *shape)).astype(np.float32)


def _node(kind: str, reads: str, makes: str, **attributes: Any) -> Any:
    """Return a node; inputs and outputs separated by blanks, `-` for one left out."""
    return helper.make_node(kind, [r.strip("-") for r in reads.split()], makes.split(), **attributes)


def _ints(*values: int) -> Array:
    return np.array(values, np.int64)


# Recurrent.


@_graph
def _lstm_last_state() -> Foreign:
    w = _draw(1)
    nodes = [
        _node("Transpose", "x", "t", perm=[1, 0, 2]),
        _node("LSTM", "t w r b", "y h c", hidden_size=5),
        _node("Squeeze", "h zero", "last"),
        _node("Gemm", "last f", "scores", transB=1),
    ]
    weights = {"w": w(1, 20, 3), "r": w(1, 20, 5), "b": w(1, 40), "zero": _ints(0), "f": w(4, 5)}
    return Foreign(_of(nodes, [_is("x", "n", 7, 3)], [_is("scores", "n", 4)], weights), {"x": _rows(7, 3)})


@_graph
def _lstm_time_first_output() -> Foreign:
    """The outputs are [T, directions, N, H] and [1, N, H]: the batch is not on their first axis."""
    w = _draw(2)
    nodes = [_node("Transpose", "x", "t", perm=[1, 0, 2]), _node("LSTM", "t w r -", "y h", hidden_size=5)]
    weights = {"w": w(1, 20, 3), "r": w(1, 20, 5)}
    outputs = [_is("y", 7, 1, "n", 5), _is("h", 1, "n", 5)]
    return Foreign(_of(nodes, [_is("x", "n", 7, 3)], outputs, weights), {"x": _rows(7, 3)}, VALUES | {"output": "h"})


@_graph
def _gru_both_ways_with_states() -> Foreign:
    w = _draw(3)
    nodes = [
        _node("Transpose", "x", "t", perm=[1, 0, 2]),
        _node("Transpose", "h0", "s", perm=[1, 0, 2]),
        _node("GRU", "t w r b - s", "y h", hidden_size=4, direction="bidirectional", linear_before_reset=1),
        _node("Transpose", "h", "hn", perm=[1, 0, 2]),
        _node("Flatten", "hn", "f"),
        _node("Gemm", "f o", "scores"),
    ]
    weights = {"w": w(2, 12, 3), "r": w(2, 12, 4), "b": w(2, 24), "o": w(8, 3)}
    inputs = [_is("x", "n", 6, 3), _is("h0", "n", 2, 4)]
    outputs = [_is("scores", "n", 3), _is("hn", "n", 2, 4)]
    arrays = {"x": _rows(6, 3), "h0": _rows(2, 4, seed=4)}
    return Foreign(_of(nodes, inputs, outputs, weights), arrays, CLASSES | {"output": "scores"})


@_graph
def _rnn_fixed_batch() -> Foreign:
    w = _draw(4)
    nodes = [
        _node("Transpose", "x", "t", perm=[1, 0, 2]),
        _node("RNN", "t w r", "- h", hidden_size=6),
        _node("Reshape", "h shape", "flat"),
        _node("MatMul", "flat f", "scores"),
    ]
    weights = {"w": w(1, 6, 3), "r": w(1, 6, 6), "shape": _ints(1, 6), "f": w(6, 3)}
    return Foreign(_of(nodes, [_is("x", 1, 5, 3)], [_is("scores", 1, 3)], weights), {"x": _rows(5, 3)})


@_graph
def _constant_output() -> Foreign:
    """An output of anchors that no input reaches, beside the scores."""
    w = _draw(5)
    nodes = [_node("Gemm", "x w", "scores"), _node("Mul", "anchors two", "grid")]
    weights = {"w": w(4, 3), "anchors": w(8, 2), "two": np.array(2, np.float32)}
    outputs = [_is("scores", "n", 3), _is("grid", 8, 2)]
    return Foreign(_of(nodes, [_is("x", "n", 4)], outputs, weights), {"x": _rows(4)}, CLASSES | {"output": "scores"})


@_graph
def _initialiser_as_output() -> Foreign:
    w = _draw(6)
    nodes = [_node("Gemm", "x w", "scores")]
    outputs = [_is("scores", "n", 3), _is("w", 4, 3)]
    return Foreign(
        _of(nodes, [_is("x", "n", 4)], outputs, {"w": w(4, 3)}), {"x": _rows(4)}, CLASSES | {"output": "scores"}
    )


@_graph
def _input_as_output() -> Foreign:
    w = _draw(7)
    nodes = [_node("Gemm", "x w", "scores"), _node("Identity", "x", "same")]
    outputs = [_is("scores", "n", 3), _is("same", "n", 4)]
    return Foreign(
        _of(nodes, [_is("x", "n", 4)], outputs, {"w": w(4, 3)}), {"x": _rows(4)}, CLASSES | {"output": "scores"}
    )


@_graph
def _mean_over_batch() -> Foreign:
    """An output [1, 3] over all samples of a batch: samples cannot be run together."""
    w = _draw(8)
    nodes = [_node("Gemm", "x w", "scores"), _node("ReduceMean", "scores", "mean", axes=[0], keepdims=1)]
    outputs = [_is("scores", "n", 3), _is("mean", 1, 3)]
    return Foreign(
        _of(nodes, [_is("x", "n", 4)], outputs, {"w": w(4, 3)}), {"x": _rows(4)}, CLASSES | {"output": "scores"}
    )


@_graph
def _scalar_per_run() -> Foreign:
    """A graph for one sample whose output is a vector without batch axis."""
    w = _draw(9)
    nodes = [_node("Gemm", "x w", "s"), _node("Squeeze", "s zero", "scores")]
    weights = {"w": w(4, 3), "zero": _ints(0)}
    return Foreign(_of(nodes, [_is("x", 1, 4)], [_is("scores", 3)], weights), {"x": _rows(4)})


# Control flow.


@_graph
def _if_on_the_input() -> Foreign:
    w = _draw(10)
    one = helper.make_graph([_node("Gemm", "x w1", "then")], "yes", [], [_is("then", "n", 3)])
    two = helper.make_graph([_node("Gemm", "x w2", "else")], "no", [], [_is("else", "n", 3)])
    nodes = [
        _node("ReduceSum", "x", "sum", keepdims=0),
        _node("Greater", "sum nought", "big"),
        _node("If", "big", "scores", then_branch=one, else_branch=two),
    ]
    weights = {"w1": w(4, 3), "w2": w(4, 3), "nought": np.array(0, np.float32)}
    return Foreign(_of(nodes, [_is("x", "n", 4)], [_is("scores", "n", 3)], weights), {"x": _rows(4)})


@_graph
def _if_on_a_constant() -> Foreign:
    w = _draw(11)
    inner = [numpy_helper.from_array(w(4, 3), "wi")]
    one = helper.make_graph([_node("Gemm", "x wi", "then")], "yes", [], [_is("then", "n", 3)], inner)
    two = helper.make_graph([_node("Gemm", "x w2", "else")], "no", [], [_is("else", "n", 3)])
    nodes = [_node("If", "yes", "s", then_branch=one, else_branch=two), _node("Softmax", "s", "scores")]
    weights = {"w2": w(4, 3), "yes": np.array(True)}
    return Foreign(_of(nodes, [_is("x", "n", 4)], [_is("scores", "n", 3)], weights), {"x": _rows(4)})


@_graph
def _loop() -> Foreign:
    w = _draw(12)
    body = helper.make_graph(
        [_node("MatMul", "state w", "m"), _node("Tanh", "m", "next"), _node("Identity", "go", "on")],
        "body",
        [_is("i", kind=TensorProto.INT64), _is("go", kind=TensorProto.BOOL), _is("state", "n", 4)],
        [_is("on", kind=TensorProto.BOOL), _is("next", "n", 4)],
    )
    nodes = [_node("Loop", "times - x", "last", body=body), _node("Gemm", "last f", "scores")]
    weights = {"w": w(4, 4), "times": np.array(3, np.int64), "f": w(4, 3)}
    return Foreign(_of(nodes, [_is("x", "n", 4)], [_is("scores", "n", 3)], weights), {"x": _rows(4)})


@_graph
def _scan() -> Foreign:
    w = _draw(13)
    body = helper.make_graph(
        [_node("Add", "s e", "a"), _node("Tanh", "a", "out"), _node("Identity", "out", "each")],
        "body",
        [_is("s", "n", 3), _is("e", "n", 3)],
        [_is("out", "n", 3), _is("each", "n", 3)],
    )
    nodes = [
        _node("Transpose", "x", "t", perm=[1, 0, 2]),
        _node("ReduceSum", "t zero", "z", keepdims=0),
        _node("Scan", "z t", "last all", body=body, num_scan_inputs=1),
        _node("Gemm", "last f", "scores"),
    ]
    outputs = [_is("scores", "n", 4), _is("all", 5, "n", 3)]
    weights = {"f": w(3, 4), "zero": _ints(0)}
    return Foreign(
        _of(nodes, [_is("x", "n", 5, 3)], outputs, weights), {"x": _rows(5, 3)}, CLASSES | {"output": "scores"}
    )


# How weights are held.


@_graph
def _constant_nodes() -> Foreign:
    w = _draw(14)
    nodes = [
        _node("Constant", "", "w", value=numpy_helper.from_array(w(4, 5), "w")),
        _node("Constant", "", "half", value_float=0.5),
        _node("Constant", "", "bias", value_floats=[0.1, -0.2, 0.3, 0.0, 0.4]),
        _node("Gemm", "x w bias", "g"),
        _node("Mul", "g half", "scores"),
    ]
    return Foreign(_of(nodes, [_is("x", "n", 4)], [_is("scores", "n", 5)]), {"x": _rows(4)})


@_graph
def _old_ir_weights_as_inputs() -> Foreign:
    w = _draw(15)
    nodes = [_node("Conv", "x w b", "c", kernel_shape=[3, 3]), _node("Relu", "c", "r"), _node("Flatten", "r", "f"),
             _node("Gemm", "f g h", "scores")]  # fmt: skip
    weights = {"w": w(2, 1, 3, 3), "b": w(2), "g": w(32, 3), "h": w(3)}
    content = _of(nodes, [_is("x", 1, 1, 6, 6)], [_is("scores", 1, 3)], weights, opset=7, ir=3, as_inputs=True)
    return Foreign(content, {"x": _rows(1, 6, 6)})


@_graph
def _shared_weight() -> Foreign:
    w = _draw(16)
    nodes = [_node("MatMul", "x w", "a"), _node("Tanh", "a", "t"), _node("MatMul", "t w", "b"),
             _node("Transpose", "w", "wt", perm=[1, 0]), _node("MatMul", "b wt", "scores")]  # fmt: skip
    return Foreign(_of(nodes, [_is("x", "n", 4)], [_is("scores", "n", 4)], {"w": w(4, 4)}), {"x": _rows(4)})


@_graph
def _sparse_initialiser() -> Foreign:
    w = _draw(17)
    values = numpy_helper.from_array(w(3), "w")
    places = numpy_helper.from_array(_ints(0, 5, 10), "w.places")
    graph = helper.make_graph(
        [_node("MatMul", "x w", "m"), _node("Add", "m b", "scores")], "net", [_is("x", "n", 4)], [_is("scores", "n", 3)],
        [numpy_helper.from_array(w(3), "b")], sparse_initializer=[helper.make_sparse_tensor(values, places, [4, 3])],
    )  # fmt: skip
    proto = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    return Foreign(proto.SerializeToString(), {"x": _rows(4)})


@_graph
def _local_function() -> Foreign:
    w = _draw(18)
    swish = helper.make_function(
        "own", "Swish", ["a"], ["b"], [_node("Sigmoid", "a", "s"), _node("Mul", "a s", "b")],
        [helper.make_opsetid("", 17)],
    )  # fmt: skip
    nodes = [_node("Gemm", "x w", "g"), _node("Swish", "g", "scores", domain="own")]
    graph = helper.make_graph(
        nodes, "net", [_is("x", "n", 4)], [_is("scores", "n", 3)], [numpy_helper.from_array(w(4, 3), "w")]
    )
    opsets = [helper.make_opsetid("", 17), helper.make_opsetid("own", 1)]
    proto = helper.make_model(graph, opset_imports=opsets, ir_version=8, functions=[swish])
    return Foreign(proto.SerializeToString(), {"x": _rows(4)})


# Quantised.


def _byte(seed: int, *shape: int, signed: bool = True) -> Array:
    low, high = (-127, 128) if signed else (0, 256)
    return np.random.default_rng(seed).integers(low, high, shape).astype(np.int8 if signed else np.uint8)


@_graph
def _qlinear_conv() -> Foreign:
    nodes = [
        _node("QuantizeLinear", "x xs xz", "q"),
        _node("QLinearConv", "q xs xz w ws wz ys yz b", "c", kernel_shape=[3, 3]),
        _node("DequantizeLinear", "c ys yz", "d"),
        _node("GlobalAveragePool", "d", "p"),
        _node("Flatten", "p", "scores"),
    ]
    weights = {
        "xs": np.float32(0.02), "xz": np.uint8(128), "w": _byte(19, 4, 2, 3, 3), "ws": np.full(4, 0.004, np.float32),
        "wz": np.zeros(4, np.int8), "ys": np.float32(0.03), "yz": np.uint8(120), "b": np.arange(4, dtype=np.int32) * 50,
    }  # fmt: skip
    weights = {name: np.asarray(value) for name, value in weights.items()}
    return Foreign(_of(nodes, [_is("x", "n", 2, 6, 6)], [_is("scores", "n", 4)], weights), {"x": _rows(2, 6, 6)})


@_graph
def _qlinear_matmul() -> Foreign:
    nodes = [
        _node("QuantizeLinear", "x xs xz", "q"),
        _node("QLinearMatMul", "q xs xz w ws wz ys yz", "m"),
        _node("DequantizeLinear", "m ys yz", "scores"),
    ]
    weights = {
        "xs": np.float32(0.02), "xz": np.uint8(128), "w": _byte(20, 6, 4), "ws": np.float32(0.01), "wz": np.int8(0),
        "ys": np.float32(0.05), "yz": np.uint8(110),
    }  # fmt: skip
    weights = {name: np.asarray(value) for name, value in weights.items()}
    return Foreign(_of(nodes, [_is("x", "n", 6)], [_is("scores", "n", 4)], weights), {"x": _rows(6)})


@_graph
def _conv_integer() -> Foreign:
    nodes = [
        _node("DynamicQuantizeLinear", "x", "q s z"),
        _node("ConvInteger", "q w z wz", "c", kernel_shape=[3, 3]),
        _node("Cast", "c", "f", to=TensorProto.FLOAT),
        _node("Mul", "s ws", "both"),
        _node("Mul", "f both", "m"),
        _node("Flatten", "m", "flat"),
        _node("Gemm", "flat g", "scores"),
    ]
    weights = {"w": _byte(21, 2, 1, 3, 3), "wz": np.asarray(np.int8(0)), "ws": np.array([0.004], np.float32),
               "g": _draw(21)(18, 3)}  # fmt: skip
    return Foreign(_of(nodes, [_is("x", 1, 1, 5, 5)], [_is("scores", 1, 3)], weights), {"x": _rows(1, 5, 5)})


@_graph
def _matmul_integer_to_int32() -> Foreign:
    """Integers come out."""
    nodes = [_node("QuantizeLinear", "x xs xz", "q"), _node("MatMulInteger", "q w xz", "scores")]
    weights = {"xs": np.asarray(np.float32(0.02)), "xz": np.asarray(np.uint8(128)), "w": _byte(22, 6, 4)}
    outputs = [_is("scores", "n", 4, kind=TensorProto.INT32)]
    return Foreign(_of(nodes, [_is("x", "n", 6)], outputs, weights), {"x": _rows(6)})


@_graph
def _qdq_per_channel() -> Foreign:
    w = _draw(23)
    nodes = [
        _node("QuantizeLinear", "x xs xz", "q"), _node("DequantizeLinear", "q xs xz", "d"),
        _node("DequantizeLinear", "w ws wz", "wd", axis=0),
        _node("Conv", "d wd b", "c", kernel_shape=[3, 3], group=2),
        _node("Relu", "c", "r"),
        _node("QuantizeLinear", "r rs rz", "rq"), _node("DequantizeLinear", "rq rs rz", "rd"),
        _node("Flatten", "rd", "f"), _node("Gemm", "f g", "scores"),
    ]  # fmt: skip
    weights = {
        "xs": np.asarray(np.float32(0.02)), "xz": np.asarray(np.uint8(128)), "w": _byte(23, 4, 1, 3, 3),
        "ws": np.array([0.003, 0.005, 0.002, 0.004], np.float32), "wz": np.zeros(4, np.int8), "b": w(4),
        "rs": np.asarray(np.float32(0.02)), "rz": np.asarray(np.uint8(0)), "g": w(64, 3),
    }  # fmt: skip
    return Foreign(_of(nodes, [_is("x", "n", 2, 6, 6)], [_is("scores", "n", 3)], weights), {"x": _rows(2, 6, 6)})


def _typed(name: str, kind: int, dims: list[int], raw: Array) -> Any:
    return helper.make_tensor(name, kind, dims, raw.tobytes(), raw=True)


def _four_bits(kind: int, signed: bool) -> bytes:
    packed = np.random.default_rng(24).integers(0, 256, 16).astype(np.uint8)
    nodes = [
        _node("DequantizeLinear", "w ws wz", "wd", axis=0, block_size=4),
        _node("MatMul", "x wd", "m"), _node("Add", "m b", "scores"),
    ]  # fmt: skip
    zeros = np.zeros(4, np.uint8) if signed else np.full(4, 0x88, np.uint8)
    held = [
        _typed("w", kind, [8, 4], packed), _typed("wz", kind, [2, 4], zeros),
        numpy_helper.from_array(np.full((2, 4), 0.1, np.float32), "ws"), numpy_helper.from_array(_draw(24)(4), "b"),
    ]  # fmt: skip
    graph = helper.make_graph(nodes, "net", [_is("x", "n", 8)], [_is("scores", "n", 4)], held)
    proto = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 21)], ir_version=10)
    onnx.checker.check_model(proto)
    return bytes(proto.SerializeToString())


@_graph
def _int4_blocks() -> Foreign:
    return Foreign(_four_bits(TensorProto.INT4, True), {"x": _rows(8)})


@_graph
def _uint4_blocks() -> Foreign:
    return Foreign(_four_bits(TensorProto.UINT4, False), {"x": _rows(8)})


@_graph
def _float16_all() -> Foreign:
    w = _draw(25)
    half = TensorProto.FLOAT16
    nodes = [_node("Conv", "x w", "c", kernel_shape=[3, 3]), _node("Relu", "c", "r"), _node("Flatten", "r", "f"),
             _node("Gemm", "f g", "scores")]  # fmt: skip
    weights = {"w": w(2, 1, 3, 3).astype(np.float16), "g": w(18, 3).astype(np.float16)}
    model = _of(nodes, [_is("x", "n", 1, 5, 5, kind=half)], [_is("scores", "n", 3, kind=half)], weights)
    return Foreign(model, {"x": _rows(1, 5, 5).astype(np.float16)})


@_graph
def _float64_all() -> Foreign:
    w = _draw(26)
    double = TensorProto.DOUBLE
    nodes = [_node("MatMul", "x w", "m"), _node("Tanh", "m", "t"), _node("MatMul", "t v", "scores")]
    weights = {"w": w(5, 8).astype(np.float64), "v": w(8, 3).astype(np.float64)}
    model = _of(nodes, [_is("x", "n", 5, kind=double)], [_is("scores", "n", 3, kind=double)], weights)
    return Foreign(model, {"x": _rows(5).astype(np.float64)})


@_graph
def _bfloat16_weights_cast() -> Foreign:
    """Weights stored as bfloat16 and cast to float32 before use."""
    w = _draw(27)
    held = [helper.make_tensor("w", TensorProto.BFLOAT16, [5, 3], w(5, 3).reshape(-1).tolist())]
    nodes = [_node("Cast", "w", "wf", to=TensorProto.FLOAT), _node("MatMul", "x wf", "scores")]
    graph = helper.make_graph(nodes, "net", [_is("x", "n", 5)], [_is("scores", "n", 3)], held)
    proto = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    return Foreign(proto.SerializeToString(), {"x": _rows(5)})


# Convolutions and images.


@_graph
def _depthwise() -> Foreign:
    w = _draw(28)
    nodes = [
        _node("Conv", "x dw db", "d", kernel_shape=[3, 3], pads=[1, 1, 1, 1], group=4),
        _node("Clip", "d low high", "c"),
        _node("Conv", "c pw pb", "p", kernel_shape=[1, 1]),
        _node("HardSwish", "p", "s"),
        _node("GlobalAveragePool", "s", "g"),
        _node("Flatten", "g", "scores"),
    ]
    weights = {"dw": w(4, 1, 3, 3), "db": w(4), "low": np.asarray(np.float32(0)), "high": np.asarray(np.float32(6)),
               "pw": w(5, 4, 1, 1), "pb": w(5)}  # fmt: skip
    return Foreign(_of(nodes, [_is("x", "n", 4, 8, 8)], [_is("scores", "n", 5)], weights), {"x": _rows(4, 8, 8)})


@_graph
def _grouped_dilated_strided() -> Foreign:
    w = _draw(29)
    nodes = [
        _node("Conv", "x a", "c", kernel_shape=[3, 3], group=2, dilations=[2, 2], pads=[2, 2, 2, 2]),
        _node("LeakyRelu", "c", "l", alpha=0.1),
        _node("Conv", "l b", "d", kernel_shape=[3, 2], strides=[2, 1], pads=[1, 0, 1, 1]),
        _node("PRelu", "d p", "e"),
        _node("AveragePool", "e", "g", kernel_shape=[2, 2], ceil_mode=1),
        _node("Flatten", "g", "f"),
        _node("Gemm", "f o", "scores"),
    ]
    weights = {"a": w(6, 2, 3, 3), "b": w(3, 6, 3, 2), "p": np.full((3, 1, 1), 0.2, np.float32), "o": w(63, 3)}
    return Foreign(_of(nodes, [_is("x", "n", 4, 8, 8)], [_is("scores", "n", 3)], weights), {"x": _rows(4, 8, 8)})


@_graph
def _conv_transpose() -> Foreign:
    w = _draw(30)
    nodes = [
        _node("Conv", "x a b", "c", kernel_shape=[3, 3], strides=[2, 2], pads=[1, 1, 1, 1]),
        _node("Elu", "c", "e"),
        _node("ConvTranspose", "e t u", "d", kernel_shape=[2, 2], strides=[2, 2]),
        _node("Sigmoid", "d", "mask"),
    ]
    weights = {"a": w(4, 2, 3, 3), "b": w(4), "t": w(4, 2, 2, 2), "u": w(2)}
    model = _of(nodes, [_is("x", "n", 2, 8, 8)], [_is("mask", "n", 2, 8, 8)], weights)
    return Foreign(model, {"x": _rows(2, 8, 8)}, {"decision": "segmentation"})


@_graph
def _resize_and_pad() -> Foreign:
    w = _draw(31)
    nodes = [
        _node("Pad", "x pads", "p", mode="reflect"),
        _node("Conv", "p a", "c", kernel_shape=[3, 3]),
        _node("Resize", "c - scales", "r", mode="linear", coordinate_transformation_mode="half_pixel"),
        _node("Resize", "r - - sizes", "s", mode="nearest"),
        _node("Concat", "s s", "mask", axis=1),
    ]
    weights = {"pads": _ints(0, 0, 1, 1, 0, 0, 1, 1), "a": w(2, 2, 3, 3), "scales": np.array([1, 1, 2, 2], np.float32),
               "sizes": _ints(1, 2, 9, 7)}  # fmt: skip
    model = _of(nodes, [_is("x", 1, 2, 6, 6)], [_is("mask", 1, 4, 9, 7)], weights)
    return Foreign(model, {"x": _rows(2, 6, 6)}, {"decision": "segmentation"})


@_graph
def _conv_1d_and_3d() -> Foreign:
    w = _draw(32)
    nodes = [
        _node("Conv", "x a", "c", kernel_shape=[3], pads=[1, 1]),
        _node("InstanceNormalization", "c s o", "i"),
        _node("Reshape", "i shape", "v"),
        _node("Conv", "v b", "d", kernel_shape=[2, 2, 2]),
        _node("MaxPool", "d", "m", kernel_shape=[1, 2, 2]),
        _node("Flatten", "m", "f"),
        _node("Gemm", "f g", "scores"),
    ]
    weights = {"a": w(3, 2, 3), "s": np.ones(3, np.float32), "o": w(3), "shape": _ints(-1, 3, 2, 4, 4),
               "b": w(2, 3, 2, 2, 2), "g": w(8, 3)}  # fmt: skip
    return Foreign(_of(nodes, [_is("x", "n", 2, 32)], [_is("scores", "n", 3)], weights), {"x": _rows(2, 32)})


@_graph
def _dynamic_height_and_width() -> Foreign:
    w = _draw(33)
    nodes = [
        _node("Conv", "x a", "c", kernel_shape=[3, 3], pads=[1, 1, 1, 1]),
        _node("Shape", "c", "sh"), _node("Gather", "sh zero", "n"), _node("Concat", "n rest", "to", axis=0),
        _node("Relu", "c", "r"), _node("GlobalMaxPool", "r", "g"), _node("Reshape", "g to", "scores"),
    ]  # fmt: skip
    weights = {"a": w(4, 2, 3, 3), "zero": _ints(0), "rest": _ints(-1)}
    model = _of(nodes, [_is("x", "n", 2, "h", "w")], [_is("scores", "n", 4)], weights)
    return Foreign(model, {"x": _rows(2, 7, 5)})


# Selections and other types.


@_graph
def _top_k() -> Foreign:
    w = _draw(34)
    nodes = [_node("Gemm", "x w", "g"), _node("Softmax", "g", "p", axis=1), _node("TopK", "p k", "best which", axis=1)]
    weights = {"w": w(5, 9), "k": _ints(3)}
    outputs = [_is("best", "n", 3), _is("which", "n", 3, kind=TensorProto.INT64)]
    return Foreign(_of(nodes, [_is("x", "n", 5)], outputs, weights), {"x": _rows(5)}, CLASSES | {"output": "best"})


@_graph
def _arg_max_label() -> Foreign:
    w = _draw(35)
    nodes = [_node("Gemm", "x w", "scores"), _node("ArgMax", "scores", "label", axis=1, keepdims=0)]
    outputs = [_is("label", "n", kind=TensorProto.INT64), _is("scores", "n", 4)]
    return Foreign(
        _of(nodes, [_is("x", "n", 5)], outputs, {"w": w(5, 4)}), {"x": _rows(5)}, CLASSES | {"output": "scores"}
    )


@_graph
def _only_a_label() -> Foreign:
    w = _draw(36)
    nodes = [_node("Gemm", "x w", "scores"), _node("ArgMax", "scores", "label", axis=1, keepdims=0)]
    outputs = [_is("label", "n", kind=TensorProto.INT64)]
    return Foreign(_of(nodes, [_is("x", "n", 5)], outputs, {"w": w(5, 4)}), {"x": _rows(5)}, {})


@_graph
def _label_as_text() -> Foreign:
    """As classifiers of skl2onnx end: a label out of a list of strings, beside the scores."""
    w = _draw(37)
    nodes = [
        _node("Gemm", "x w", "scores"),
        _node("ArgMax", "scores", "i", axis=1, keepdims=0),
        _node("Gather", "names i", "label"),
    ]
    held = [numpy_helper.from_array(w(5, 3), "w"),
            helper.make_tensor("names", TensorProto.STRING, [3], [b"cat", b"dog", b"eel"])]  # fmt: skip
    outputs = [_is("label", "n", kind=TensorProto.STRING), _is("scores", "n", 3)]
    graph = helper.make_graph(nodes, "net", [_is("x", "n", 5)], outputs, held)
    proto = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    return Foreign(proto.SerializeToString(), {"x": _rows(5)}, CLASSES | {"output": "scores"})


@_graph
def _linear_classifier_with_maps() -> Foreign:
    """ai.onnx.ml: an int64 label and probabilities."""
    w = _draw(38)
    nodes = [
        helper.make_node(
            "LinearClassifier", ["x"], ["label", "raw"], domain="ai.onnx.ml", coefficients=w(12).tolist(),
            intercepts=[0.0, 0.1, -0.1], classlabels_ints=[0, 1, 2], multi_class=1, post_transform="SOFTMAX",
        ),
        helper.make_node("Normalizer", ["raw"], ["scores"], domain="ai.onnx.ml", norm="L1"),
    ]  # fmt: skip
    outputs = [_is("label", "n", kind=TensorProto.INT64), _is("scores", "n", 3)]
    graph = helper.make_graph(nodes, "net", [_is("x", "n", 4)], outputs)
    opsets = [helper.make_opsetid("", 17), helper.make_opsetid("ai.onnx.ml", 3)]
    proto = helper.make_model(graph, opset_imports=opsets, ir_version=8)
    return Foreign(proto.SerializeToString(), {"x": _rows(4)}, CLASSES | {"output": "scores"})


@_graph
def _list_of_maps() -> Foreign:
    """ai.onnx.ml ZipMap: an output that is no tensor, as sklearn's exporters add it by default."""
    w = _draw(39)
    nodes = [_node("Gemm", "x w", "g"), _node("Softmax", "g", "scores"),
             helper.make_node("ZipMap", ["scores"], ["maps"], domain="ai.onnx.ml", classlabels_int64s=[0, 1, 2])]  # fmt: skip
    maps = helper.make_value_info(
        "maps",
        helper.make_sequence_type_proto(
            helper.make_map_type_proto(TensorProto.INT64, helper.make_tensor_type_proto(TensorProto.FLOAT, []))
        ),
    )
    graph = helper.make_graph(
        nodes, "net", [_is("x", "n", 4)], [_is("scores", "n", 3), maps], [numpy_helper.from_array(w(4, 3), "w")]
    )
    opsets = [helper.make_opsetid("", 17), helper.make_opsetid("ai.onnx.ml", 3)]
    proto = helper.make_model(graph, opset_imports=opsets, ir_version=8)
    return Foreign(proto.SerializeToString(), {"x": _rows(4)}, CLASSES | {"output": "scores"})


@_graph
def _non_max_suppression() -> Foreign:
    """The number of boxes that come out depends on the values."""
    w = _draw(40)
    nodes = [
        _node("Gemm", "x w", "g"), _node("Reshape", "g to", "boxes"),
        _node("Gemm", "x v", "s"), _node("Sigmoid", "s", "p"), _node("Reshape", "p as", "scores"),
        _node("NonMaxSuppression", "boxes scores most iou least", "kept"),
    ]  # fmt: skip
    weights = {"w": w(4, 24), "to": _ints(1, 6, 4), "v": w(4, 6), "as": _ints(1, 1, 6), "most": _ints(3),
               "iou": np.array([0.5], np.float32), "least": np.array([0.4], np.float32)}  # fmt: skip
    outputs = [_is("boxes", 1, 6, 4), _is("scores", 1, 1, 6), _is("kept", "k", 3, kind=TensorProto.INT64)]
    return Foreign(_of(nodes, [_is("x", 1, 4)], outputs, weights), {"x": _rows(4)}, VALUES | {"output": "scores"})


@_graph
def _embedding() -> Foreign:
    w = _draw(41)
    whole = TensorProto.INT64
    nodes = [_node("Gather", "table ids", "e"), _node("ReduceMean", "e", "m", axes=[1], keepdims=0),
             _node("Gemm", "m w", "scores")]  # fmt: skip
    weights = {"table": w(50, 8), "w": w(8, 4)}
    model = _of(nodes, [_is("ids", "n", 6, kind=whole)], [_is("scores", "n", 4)], weights)
    return Foreign(model, {"ids": np.random.default_rng(1).integers(0, 50, (SAMPLES, 6))})


@_graph
def _boolean_mask_input() -> Foreign:
    w = _draw(42)
    nodes = [_node("Where", "mask x nought", "m"), _node("Gemm", "m w", "scores")]
    weights = {"nought": np.zeros(1, np.float32), "w": w(4, 3)}
    inputs = [_is("x", "n", 4), _is("mask", "n", 4, kind=TensorProto.BOOL)]
    arrays = {"x": _rows(4), "mask": np.random.default_rng(2).random((SAMPLES, 4)) > 0.3}
    return Foreign(_of(nodes, inputs, [_is("scores", "n", 3)], weights), arrays)


@_graph
def _several_inputs_and_outputs() -> Foreign:
    w = _draw(43)
    nodes = [
        _node("Gemm", "a wa", "ga"), _node("Conv", "b wb", "cb", kernel_shape=[2, 2]), _node("Flatten", "cb", "fb"),
        _node("Concat", "ga fb", "both", axis=1), _node("Split", "both parts", "left right", axis=1),
        _node("Gemm", "left w1", "scores"), _node("Gemm", "right w2", "offset"),
    ]  # fmt: skip
    weights = {"wa": w(3, 6), "wb": w(2, 1, 2, 2), "parts": _ints(6, 8), "w1": w(6, 4), "w2": w(8, 2)}
    inputs = [_is("a", "n", 3), _is("b", "n", 1, 3, 3)]
    outputs = [_is("scores", "n", 4), _is("offset", "n", 2)]
    arrays = {"a": _rows(3), "b": _rows(1, 3, 3, seed=5)}
    return Foreign(_of(nodes, inputs, outputs, weights), arrays, CLASSES | {"output": "scores"})


# Attention and the like.


@_graph
def _attention() -> Foreign:
    w = _draw(44)
    nodes = [
        _node("LayerNormalization", "x ls lb", "n", axis=-1),
        *(_node("MatMul", f"n w{p}", p) for p in "qkv"),
        *(_node("Reshape", f"{p} heads", f"{p}h") for p in "qkv"),
        _node("Transpose", "qh", "qt", perm=[0, 2, 1, 3]),
        _node("Transpose", "kh", "kt", perm=[0, 2, 3, 1]),
        _node("Transpose", "vh", "vt", perm=[0, 2, 1, 3]),
        _node("MatMul", "qt kt", "s"), _node("Div", "s root", "d"), _node("Softmax", "d", "a", axis=-1),
        _node("MatMul", "a vt", "o"), _node("Transpose", "o", "ot", perm=[0, 2, 1, 3]), _node("Reshape", "ot joined", "j"),
        _node("MatMul", "j wo", "p"), _node("Add", "p x", "r"),
        _node("ReduceMean", "r", "m", axes=[1], keepdims=0), _node("Gemm", "m f", "scores"),
    ]  # fmt: skip
    weights = {f"w{p}": w(8, 8) for p in "qkvo"} | {
        "ls": np.ones(8, np.float32), "lb": w(8), "heads": _ints(0, 0, 2, 4), "joined": _ints(0, 0, 8),
        "root": np.asarray(np.float32(2)), "f": w(8, 4),
    }  # fmt: skip
    return Foreign(_of(nodes, [_is("x", "n", 5, 8)], [_is("scores", "n", 4)], weights), {"x": _rows(5, 8)})


@_graph
def _attention_operator() -> Foreign:
    """The Attention operator of operator set 23."""
    w = _draw(45)
    nodes = [
        *(_node("MatMul", f"x w{p}", p) for p in "qkv"),
        _node("Attention", "q k v", "a", q_num_heads=2, kv_num_heads=2),
        _node("RMSNormalization", "a s", "n", axis=-1),
        _node("ReduceMean", "n axes", "m", keepdims=0),
        _node("Gemm", "m f", "scores"),
    ]
    weights = {f"w{p}": w(8, 8) for p in "qkv"} | {"s": np.ones(8, np.float32), "axes": _ints(1), "f": w(8, 4)}
    model = _of(nodes, [_is("x", "n", 5, 8)], [_is("scores", "n", 4)], weights, opset=23, ir=11)
    return Foreign(model, {"x": _rows(5, 8)})


@_graph
def _einsum() -> Foreign:
    w = _draw(46)
    nodes = [_node("Einsum", "x w", "e", equation="btc,cd->btd"), _node("Gelu", "e", "g", approximate="tanh"),
             _node("Einsum", "g v", "scores", equation="btd,tdk->bk")]  # fmt: skip
    weights = {"w": w(4, 6), "v": w(3, 6, 5)}
    model = _of(nodes, [_is("x", "n", 3, 4)], [_is("scores", "n", 5)], weights, opset=20)
    return Foreign(model, {"x": _rows(3, 4)})


@_graph
def _softmax_old_axis() -> Foreign:
    """Softmax of operator set 11 flattens behind its axis."""
    w = _draw(47)
    nodes = [_node("Conv", "x a", "c", kernel_shape=[3, 3]), _node("Softmax", "c", "s", axis=1),
             _node("Flatten", "s", "f"), _node("Gemm", "f g", "scores")]  # fmt: skip
    weights = {"a": w(2, 1, 3, 3), "g": w(18, 3)}
    model = _of(nodes, [_is("x", "n", 1, 5, 5)], [_is("scores", "n", 3)], weights, opset=11, ir=6)
    return Foreign(model, {"x": _rows(1, 5, 5)})


@_graph
def _opset_7() -> Foreign:
    w = _draw(48)
    nodes = [
        _node("Conv", "x a b", "c", kernel_shape=[3, 3], pads=[1, 1, 1, 1]),
        _node("BatchNormalization", "c s o m v", "n"), _node("Relu", "n", "r"),
        _node("MaxPool", "r", "p", kernel_shape=[2, 2], strides=[2, 2]),
        _node("Upsample", "p", "u", scales=[1.0, 1.0, 2.0, 2.0], mode="nearest"),
        _node("Dropout", "u", "d"), _node("Reshape", "d to", "f"), _node("Gemm", "f g h", "scores", transB=1),
    ]  # fmt: skip
    weights = {"a": w(2, 1, 3, 3), "b": w(2), "s": np.ones(2, np.float32), "o": w(2), "m": w(2),
               "v": np.ones(2, np.float32), "to": _ints(1, 72), "g": w(3, 72), "h": w(3)}  # fmt: skip
    model = _of(nodes, [_is("x", 1, 1, 6, 6)], [_is("scores", 1, 3)], weights, opset=7, ir=3, as_inputs=True)
    return Foreign(model, {"x": _rows(1, 6, 6)})


@_graph
def _opset_9() -> Foreign:
    w = _draw(49)
    nodes = [_node("Gemm", "x w b", "g"), _node("Clip", "g", "c", min=0.0, max=6.0), _node("Slice", "c", "s", axes=[1], starts=[0], ends=[4]),
             _node("MatMul", "s v", "m"), _node("Softmax", "m", "scores")]  # fmt: skip
    weights = {"w": w(5, 6), "b": w(6), "v": w(4, 3)}
    model = _of(nodes, [_is("x", "n", 5)], [_is("scores", "n", 3)], weights, opset=9, ir=4)
    return Foreign(model, {"x": _rows(5)})


@_graph
def _opset_24() -> Foreign:
    w = _draw(50)
    nodes = [_node("Gemm", "x w b", "g"), _node("GroupNormalization", "i s o", "n", num_groups=2),
             _node("Mish", "n", "h"), _node("Flatten", "h", "f"), _node("Gemm", "f v", "scores")]  # fmt: skip
    nodes.insert(1, _node("Reshape", "g to", "i"))
    weights = {
        "w": w(5, 16),
        "b": w(16),
        "to": _ints(-1, 4, 2, 2),
        "s": np.ones(4, np.float32),
        "o": w(4),
        "v": w(16, 3),
    }
    model = _of(nodes, [_is("x", "n", 5)], [_is("scores", "n", 3)], weights, opset=24, ir=11)
    return Foreign(model, {"x": _rows(5)})


@_graph
def _residual_with_shared_shape_input() -> Foreign:
    """Scalars and masks broadcast from a computed constant; a bias [1, C, 1, 1]."""
    w = _draw(51)
    nodes = [
        _node("ConstantOfShape", "dims", "ones", value=numpy_helper.from_array(np.array([1], np.float32), "v")),
        _node("Conv", "x a", "c", kernel_shape=[1, 1]), _node("Add", "c bias", "d"), _node("Mul", "d ones", "e"),
        _node("Add", "e x", "r"), _node("ReduceMax", "r", "scores", axes=[2, 3], keepdims=0),
    ]  # fmt: skip
    weights = {"dims": _ints(1, 3, 1, 1), "a": w(3, 3, 1, 1), "bias": w(1, 3, 1, 1)}
    return Foreign(_of(nodes, [_is("x", "n", 3, 4, 4)], [_is("scores", "n", 3)], weights), {"x": _rows(3, 4, 4)})


@_graph
def _int64_arithmetic() -> Foreign:
    whole = TensorProto.INT64
    nodes = [_node("Mul", "x w", "m"), _node("Add", "m b", "scores")]
    weights = {"w": _ints(3, -2, 5), "b": _ints(1, 1, 0)}
    model = _of(nodes, [_is("x", "n", 3, kind=whole)], [_is("scores", "n", 3, kind=whole)], weights)
    return Foreign(model, {"x": np.random.default_rng(3).integers(-9, 9, (SAMPLES, 3))})


@_graph
def _random_operator() -> Foreign:
    w = _draw(52)
    nodes = [_node("Gemm", "x w", "g"), _node("RandomNormalLike", "g", "n"), _node("Add", "g n", "scores")]
    return Foreign(_of(nodes, [_is("x", "n", 4)], [_is("scores", "n", 3)], {"w": w(4, 3)}), {"x": _rows(4)})


@_graph
def _unknown_operator() -> Foreign:
    w = _draw(53)
    nodes = [_node("Gemm", "x w", "g"), helper.make_node("Whirl", ["g"], ["scores"], domain="com.vendor")]
    graph = helper.make_graph(
        nodes, "net", [_is("x", "n", 4)], [_is("scores", "n", 3)], [numpy_helper.from_array(w(4, 3), "w")]
    )
    opsets = [helper.make_opsetid("", 17), helper.make_opsetid("com.vendor", 1)]
    return Foreign(helper.make_model(graph, opset_imports=opsets, ir_version=8).SerializeToString(), {"x": _rows(4)})


@_graph
def _bfloat16_all() -> Foreign:
    w = _draw(54)
    kind = TensorProto.BFLOAT16
    held = [helper.make_tensor("w", kind, [5, 3], w(5, 3).reshape(-1).tolist())]
    nodes = [_node("Cast", "x", "xb", to=kind), _node("Gemm", "xb w", "y"),
             _node("Cast", "y", "scores", to=TensorProto.FLOAT)]  # fmt: skip
    graph = helper.make_graph(nodes, "net", [_is("x", "n", 5)], [_is("scores", "n", 3)], held)
    proto = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    return Foreign(proto.SerializeToString(), {"x": _rows(5)})


@_graph
def _no_weights() -> Foreign:
    nodes = [_node("Relu", "x", "r"), _node("Softmax", "r", "scores")]
    return Foreign(_of(nodes, [_is("x", "n", 5)], [_is("scores", "n", 5)]), {"x": _rows(5)})


@_graph
def _non_zero() -> Foreign:
    """A tensor inside whose size depends on the values."""
    w = _draw(55)
    nodes = [
        _node("Relu", "x", "r"), _node("NonZero", "r", "nz"), _node("Shape", "nz", "sh"), _node("Cast", "sh", "c", to=1),
        _node("ReduceSum", "c", "count", keepdims=0), _node("Gemm", "x w", "g"), _node("Mul", "g count", "scores"),
    ]  # fmt: skip
    return Foreign(_of(nodes, [_is("x", 1, 4)], [_is("scores", 1, 3)], {"w": w(4, 3)}), {"x": _rows(4)})


@_graph
def _sizes_as_outputs() -> Foreign:
    """Outputs that say how large something is: one the same for all, one that grows with the batch."""
    w = _draw(56)
    nodes = [
        _node("Conv", "x w", "c", kernel_shape=[3, 3]), _node("Shape", "c", "size", start=2),
        _node("Shape", "c", "whole"), _node("Gather", "whole zero", "n"), _node("ConstantOfShape", "n", "ones"),
        _node("Relu", "c", "r"), _node("Flatten", "r", "f"), _node("Gemm", "f g", "scores"),
    ]  # fmt: skip
    weights = {"w": w(2, 1, 3, 3), "zero": _ints(0), "g": w(18, 3)}
    whole = TensorProto.INT64
    outputs = [_is("size", 2, kind=whole), _is("ones", "n"), _is("scores", "n", 3)]
    return Foreign(
        _of(nodes, [_is("x", "n", 1, 5, 5)], outputs, weights), {"x": _rows(1, 5, 5)}, CLASSES | {"output": "scores"}
    )


@_graph
def _maps_with_the_batch_behind() -> Foreign:
    """Feature maps as an output [C, N, H, W] beside the scores."""
    w = _draw(57)
    nodes = [
        _node("Conv", "x a b", "c", kernel_shape=[3, 3], pads=[1, 1, 1, 1]), _node("Relu", "c", "r"),
        _node("Conv", "r d", "e", kernel_shape=[3, 3], pads=[1, 1, 1, 1]), _node("Transpose", "e", "maps", perm=[1, 0, 2, 3]),
        _node("GlobalAveragePool", "e", "g"), _node("Flatten", "g", "scores"),
    ]  # fmt: skip
    weights = {"a": w(3, 2, 3, 3), "b": w(3), "d": w(4, 3, 3, 3)}
    outputs = [_is("maps", 4, "n", 24, 24), _is("scores", "n", 4)]
    return Foreign(
        _of(nodes, [_is("x", "n", 2, 24, 24)], outputs, weights),
        {"x": _rows(2, 24, 24)},
        CLASSES | {"output": "scores"},
    )


@_graph
def _label_into_a_table() -> Foreign:
    """An index computed inside: a flipped bit of it points beyond the table, and the runtime stops."""
    w = _draw(58)
    nodes = [
        _node("Gemm", "x w", "g"),
        _node("ArgMax", "g", "i", axis=1, keepdims=0),
        _node("Gather", "table i", "scores"),
    ]
    weights = {"w": w(5, 4), "table": w(4, 3)}
    return Foreign(_of(nodes, [_is("x", "n", 5)], [_is("scores", "n", 3)], weights), {"x": _rows(5)})
