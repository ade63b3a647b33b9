"""Small ONNX models for the tests of fault injection, built from seeds: real operators, random weights."""

from __future__ import annotations

import tempfile
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

OPSET = 17


def _model(
    nodes: list[Any], inputs: list[Any], outputs: list[Any], weights: dict[str, Any], opset: int = OPSET
) -> bytes:
    held = [numpy_helper.from_array(np.ascontiguousarray(v), k) for k, v in weights.items()]
    graph = helper.make_graph(nodes, "net", inputs, outputs, held)
    proto = helper.make_model(graph, opset_imports=[helper.make_opsetid("", opset)], ir_version=8)
    onnx.checker.check_model(proto)
    return proto.SerializeToString()


def _float(name: str, shape: list[Any]) -> Any:
    return helper.make_tensor_value_info(name, TensorProto.FLOAT, shape)


def _random(seed: int) -> Any:
    generator = np.random.default_rng(seed)
    return lambda *shape: (generator.standard_normal(shape) / np.sqrt(np.prod(shape[1:]) or 1)).astype(np.float32)


@lru_cache
def mlp(hidden: int = 128, seed: int = 1) -> bytes:
    """784-hidden-10: Gemm, Relu, Gemm."""
    w = _random(seed)
    nodes = [
        helper.make_node("Gemm", ["x", "w1", "b1"], ["h"], name="fc1", transB=1),
        helper.make_node("Relu", ["h"], ["r"], name="relu1"),
        helper.make_node("Gemm", ["r", "w2", "b2"], ["logits"], name="fc2", transB=1),
    ]
    weights = {"w1": w(hidden, 784), "b1": w(hidden), "w2": w(10, hidden), "b2": w(10)}
    return _model(nodes, [_float("x", ["n", 784])], [_float("logits", ["n", 10])], weights)


@lru_cache
def lenet(seed: int = 2) -> bytes:
    """LeNet-5 on 1x32x32: two Conv-Relu-MaxPool, Flatten, three Gemm."""
    w = _random(seed)
    nodes = [
        helper.make_node("Conv", ["x", "c1w", "c1b"], ["c1"], name="conv1", kernel_shape=[5, 5]),
        helper.make_node("Relu", ["c1"], ["r1"], name="relu1"),
        helper.make_node("MaxPool", ["r1"], ["p1"], name="pool1", kernel_shape=[2, 2], strides=[2, 2]),
        helper.make_node("Conv", ["p1", "c2w", "c2b"], ["c2"], name="conv2", kernel_shape=[5, 5]),
        helper.make_node("Relu", ["c2"], ["r2"], name="relu2"),
        helper.make_node("MaxPool", ["r2"], ["p2"], name="pool2", kernel_shape=[2, 2], strides=[2, 2]),
        helper.make_node("Flatten", ["p2"], ["flat"], name="flatten"),
        helper.make_node("Gemm", ["flat", "f1w", "f1b"], ["f1"], name="fc1", transB=1),
        helper.make_node("Relu", ["f1"], ["r3"], name="relu3"),
        helper.make_node("Gemm", ["r3", "f2w", "f2b"], ["f2"], name="fc2", transB=1),
        helper.make_node("Relu", ["f2"], ["r4"], name="relu4"),
        helper.make_node("Gemm", ["r4", "f3w", "f3b"], ["logits"], name="fc3", transB=1),
    ]
    weights = {
        "c1w": w(6, 1, 5, 5), "c1b": w(6), "c2w": w(16, 6, 5, 5), "c2b": w(16), "f1w": w(120, 400), "f1b": w(120),
        "f2w": w(84, 120), "f2b": w(84), "f3w": w(10, 84), "f3b": w(10),
    }  # fmt: skip
    return _model(nodes, [_float("x", ["n", 1, 32, 32])], [_float("logits", ["n", 10])], weights)


@lru_cache
def residual(seed: int = 3) -> bytes:
    """Conv-BN-Relu stem, two residual blocks (one strided with a projected skip), global pooling, Gemm; 3x16x16."""
    w = _random(seed)
    weights: dict[str, Any] = {}
    nodes: list[Any] = []

    def conv(source: str, name: str, cin: int, cout: int, size: int, stride: int, relu: bool) -> str:
        weights[f"{name}.w"] = w(cout, cin, size, size) * 1.4
        for part, value in (("s", 1.0), ("o", 0.0), ("m", 0.0), ("v", 1.0)):
            weights[f"{name}.{part}"] = (
                (value + 0.1 * w(cout)).astype(np.float32) if part != "v" else np.full(cout, 0.9, np.float32)
            )
        pad = size // 2
        nodes.append(
            helper.make_node(
                "Conv",
                [source, f"{name}.w"],
                [f"{name}.c"],
                name=name,
                kernel_shape=[size, size],
                pads=[pad] * 4,
                strides=[stride] * 2,
            )
        )
        nodes.append(
            helper.make_node(
                "BatchNormalization", [f"{name}.c", *(f"{name}.{p}" for p in "somv")], [f"{name}.b"], name=f"{name}.bn"
            )
        )
        if relu:
            nodes.append(helper.make_node("Relu", [f"{name}.b"], [f"{name}.r"], name=f"{name}.relu"))
            return f"{name}.r"
        return f"{name}.b"

    last = conv("x", "stem", 3, 8, 3, 1, True)
    for block, (cin, cout, stride) in enumerate([(8, 8, 1), (8, 16, 2)]):
        first = conv(last, f"b{block}.1", cin, cout, 3, stride, True)
        second = conv(first, f"b{block}.2", cout, cout, 3, 1, False)
        skip = last if cin == cout else conv(last, f"b{block}.skip", cin, cout, 1, stride, False)
        nodes.append(helper.make_node("Add", [second, skip], [f"b{block}.sum"], name=f"b{block}.add"))
        nodes.append(helper.make_node("Relu", [f"b{block}.sum"], [f"b{block}.out"], name=f"b{block}.relu"))
        last = f"b{block}.out"
    nodes.append(helper.make_node("GlobalAveragePool", [last], ["gap"], name="gap"))
    nodes.append(helper.make_node("Flatten", ["gap"], ["flat"], name="flatten"))
    nodes.append(helper.make_node("Gemm", ["flat", "fcw", "fcb"], ["logits"], name="fc", transB=1))
    weights |= {"fcw": w(10, 16), "fcb": w(10)}
    return _model(nodes, [_float("x", ["n", 3, 16, 16])], [_float("logits", ["n", 10])], weights)


@lru_cache
def quantised(form: str = "QDQ", seed: int = 2) -> bytes:
    """LeNet, statically quantised by onnxruntime: form `QDQ` or `QOperator`."""
    from onnxruntime.quantization import CalibrationDataReader, QuantFormat, QuantType, quantize_static

    class Reader(CalibrationDataReader):  # type: ignore[misc]
        def __init__(self) -> None:
            rows = images(8, (1, 32, 32), seed)
            self.feeds = iter([{"x": rows[i : i + 1]} for i in range(8)])

        def get_next(self) -> Any:
            return next(self.feeds, None)

    with tempfile.TemporaryDirectory() as folder:
        source, made = Path(folder, "a.onnx"), Path(folder, "b.onnx")
        source.write_bytes(lenet(seed))
        quantize_static(
            str(source), str(made), Reader(), quant_format=QuantFormat[form], per_channel=True,
            activation_type=QuantType.QUInt8, weight_type=QuantType.QInt8,
        )  # fmt: skip
        return made.read_bytes()


@lru_cache
def recurrent(seed: int = 5) -> bytes:
    """A GRU over [batch, 12, 6], its batch on the second axis inside, the last state into a Gemm."""
    w = _random(seed)
    nodes = [
        helper.make_node("Transpose", ["x"], ["t"], name="transpose", perm=[1, 0, 2]),
        helper.make_node("GRU", ["t", "gw", "gr", "gb"], ["y", "yh"], name="gru", hidden_size=8),
        helper.make_node("Squeeze", ["yh", "axes"], ["last"], name="squeeze"),
        helper.make_node("Gemm", ["last", "fw", "fb"], ["logits"], name="fc", transB=1),
    ]
    weights = {
        "gw": w(1, 24, 6),
        "gr": w(1, 24, 8),
        "gb": w(1, 48),
        "axes": np.array([0], np.int64),
        "fw": w(4, 8) * 3,
        "fb": w(4),
    }
    return _model(nodes, [_float("x", ["n", 12, 6])], [_float("logits", ["n", 4])], weights)


@lru_cache
def shape_carrying(seed: int = 6) -> bytes:
    """A Reshape whose target shape is computed from the input's, and weights held in Constant nodes."""
    w = _random(seed)
    fixed = helper.make_node("Constant", [], ["cw"], name="held", value=numpy_helper.from_array(w(16, 12), "cw"))
    nodes = [
        fixed,
        helper.make_node("Shape", ["x"], ["shape"], name="shape"),
        helper.make_node("Gather", ["shape", "zero"], ["n"], name="batch"),
        helper.make_node("Concat", ["n", "minus"], ["target"], name="target", axis=0),
        helper.make_node("Relu", ["x"], ["r"], name="relu"),
        helper.make_node("Reshape", ["r", "target"], ["flat"], name="reshape"),
        helper.make_node("Gemm", ["flat", "cw"], ["h"], name="fc1", transB=1),
        helper.make_node("Softmax", ["h"], ["scores"], name="softmax"),
    ]
    weights = {"zero": np.array([0], np.int64), "minus": np.array([-1], np.int64)}
    return _model(nodes, [_float("x", ["n", 3, 4])], [_float("scores", ["n", 16])], weights)


def images(count: int, shape: tuple[int, ...], seed: int = 0) -> Any:
    """Return float32 [count, *shape] of smooth random values in 0..1."""
    rows = np.random.default_rng(seed).random((count, *shape), np.float32)
    return (
        rows
        if len(shape) < 3
        else np.clip(rows * 0.5 + rows.mean(axis=1, keepdims=True) * 0.5, 0, 1).astype(np.float32)
    )


ALL = {
    "mlp": (mlp, (784,)),
    "lenet": (lenet, (1, 32, 32)),
    "residual": (residual, (3, 16, 16)),
    "qdq": (lambda: quantised("QDQ"), (1, 32, 32)),
    "qoperator": (lambda: quantised("QOperator"), (1, 32, 32)),
    "recurrent": (recurrent, (12, 6)),
    "shape_carrying": (shape_carrying, (3, 4)),
}
"""Name to the maker of a model and the shape of one sample of its input `x`."""
