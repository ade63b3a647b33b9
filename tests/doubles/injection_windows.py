"""Nets for the tests of windows and channels, faults drawn into them, and a judge that tells outputs apart by their bits."""

from __future__ import annotations

import zlib
from typing import Any

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from casework.injection.faults.fault_list import OPS, FaultList, FaultTensor
from casework.injection.network.golden import Golden
from casework.injection.network.network import Network
from casework.injection.network.target import Target

SAMPLES = 3


def many_operators() -> bytes:
    """Strides, dilation, groups, uneven padding, joined and gated branches, both poolings; 3x21x19."""
    generator = np.random.default_rng(11)
    held: dict[str, Any] = {}

    def weight(name: str, *shape: int) -> str:
        held[name] = (generator.standard_normal(shape) / np.sqrt(np.prod(shape[1:]) or 1)).astype(np.float32)
        return name

    def scale(name: str, channels: int) -> list[str]:
        held[f"{name}v"] = np.abs(generator.standard_normal(channels)).astype(np.float32) + 0.5
        return [weight(f"{name}{part}", channels) for part in "som"] + [f"{name}v"]

    node = helper.make_node
    nodes = [
        node("Conv", ["x", weight("w1", 8, 3, 3, 3), weight("b1", 8)], ["c1"], pads=[0, 1, 2, 1], strides=[1, 1]),
        node("LeakyRelu", ["c1"], ["l1"], alpha=0.1),
        node("MaxPool", ["l1"], ["p1"], kernel_shape=[3, 3], strides=[2, 2], pads=[1, 1, 1, 1]),
        node("Conv", ["p1", weight("w2", 8, 1, 3, 3)], ["d1"], group=8, pads=[1, 1, 1, 1]),
        node("HardSwish", ["d1"], ["h1"]),
        node("Conv", ["h1", weight("w3", 12, 8, 1, 1), weight("b3", 12)], ["e1"]),
        node("Sigmoid", ["e1"], ["g1"]),
        node("Mul", ["e1", "g1"], ["m1"]),
        node("Conv", ["m1", weight("w4", 12, 6, 3, 3)], ["k1"], group=2, dilations=[2, 2], pads=[2, 2, 2, 2]),
        node("Add", ["k1", "m1"], ["a1"]),
        node("BatchNormalization", ["a1", *scale("n", 12)], ["n1"]),
        node("Relu", ["n1"], ["r1"]),
        node("Conv", ["r1", weight("w5", 6, 12, 3, 3)], ["q1"], strides=[2, 2], pads=[0, 1, 0, 1]),
        node("AveragePool", ["r1"], ["q2"], kernel_shape=[2, 2], strides=[2, 2]),
        node("Conv", ["q2", weight("w6", 6, 12, 1, 1)], ["q3"]),
        node("Clip", ["q3", "low", "high"], ["q4"]),
        node("Concat", ["q1", "q4"], ["j1"], axis=1),
        node("Mul", ["j1", "gain"], ["j2"]),
        node("PRelu", ["j2", "slope"], ["j3"]),
        node("GlobalAveragePool", ["j3"], ["z1"]),
        node("Flatten", ["z1"], ["z2"]),
        node("Gemm", ["z2", weight("wf", 5, 12), weight("bf", 5)], ["y"], transB=1),
    ]
    held |= {"low": np.float32(-0.2), "high": np.float32(0.9)}
    held |= {"gain": generator.random((12, 1, 1), np.float32) + 0.5, "slope": generator.random((12, 1, 1), np.float32)}
    graph = helper.make_graph(
        nodes, "many", [helper.make_tensor_value_info("x", TensorProto.FLOAT, ["n", 3, 21, 19])],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, ["n", 5])],
        [numpy_helper.from_array(value, name) for name, value in held.items()],
    )  # fmt: skip
    made = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    onnx.checker.check_model(made, full_check=True)
    return made.SerializeToString()


def segmenting() -> bytes:
    """A net whose output is an image: windows reach the output."""
    generator = np.random.default_rng(5)
    held = {"w1": generator.standard_normal((6, 1, 3, 3)), "w2": generator.standard_normal((2, 6, 3, 3))}
    nodes = [
        helper.make_node("Conv", ["x", "w1"], ["c"], pads=[1, 1, 1, 1]),
        helper.make_node("Relu", ["c"], ["r"]),
        helper.make_node("Conv", ["r", "w2"], ["y"], pads=[1, 1, 1, 1]),
        helper.make_node("ReduceMax", ["y"], ["peak"], axes=[2, 3], keepdims=0),
    ]
    graph = helper.make_graph(
        nodes, "mask", [helper.make_tensor_value_info("x", TensorProto.FLOAT, ["n", 1, 24, 24])],
        [
            helper.make_tensor_value_info("y", TensorProto.FLOAT, ["n", 2, 24, 24]),
            helper.make_tensor_value_info("peak", TensorProto.FLOAT, ["n", 2]),
        ],
        [numpy_helper.from_array(value.astype(np.float32), name) for name, value in held.items()],
    )  # fmt: skip
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8).SerializeToString()


class Prints:
    """A judge whose flags are a print of the outputs' bits, 0 for golden ones: two engines agree where their outputs do."""

    def __init__(self, golden: Golden) -> None:
        self._golden = golden.outputs
        self.seen = 0

    def __call__(self, outputs: Any, samples: Any) -> Any:
        self.seen += len(samples)
        flags = np.zeros(len(samples), np.uint16)
        for row, sample in enumerate(samples.tolist()):
            found = b"".join(_bits(values[row]) for values in outputs)
            wanted = b"".join(_bits(values[sample]) for values in self._golden)
            flags[row] = 0 if found == wanted else zlib.crc32(found) & 0xFFFE | 1
        return flags


def _bits(values: Any) -> bytes:
    """Return the bits of a row; a NaN has one form, since IEEE 754 leaves its payload open."""
    return np.where(np.isnan(values), np.float32(np.nan), values).astype(np.float32).tobytes()


def drawn(network: Network, target: Target, count: int, seed: int, *, sites: int = 1, op: str = "xor") -> FaultList:
    generator = np.random.default_rng([seed, target.index])
    index = generator.integers(0, target.elements, count)
    if sites > 1:
        index = (index[:, None] // 3 * 3 + np.arange(sites)).clip(0, target.elements - 1).reshape(-1)
    operand = np.uint64(1) << generator.integers(0, 32, len(index)).astype(np.uint64)
    tensor = FaultTensor(target.name, target.original, target.kind, target.dtype, target.shape)
    return FaultList(
        network.sha256, (tensor,), np.arange(count), np.zeros(count, np.int32), np.arange(count + 1) * sites, index, operand,
        np.full(count, OPS.index(op), np.uint8), generator.integers(0, SAMPLES, count), np.arange(count),
    )  # fmt: skip
