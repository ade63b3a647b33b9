"""Touched channels of faulty weights: what comes out has the oracle's bits."""

from __future__ import annotations

from typing import Any

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

from casework.injection.engines.channel import ChannelEngine
from casework.injection.engines.rebuild import RebuildEngine
from casework.injection.faults.fault_list import EVERY_SAMPLE, FaultList, FaultTensor
from casework.injection.network.golden import Golden
from casework.injection.network.network import Network, prepare
from casework.injection.network.target import Target
from doubles import injection_models as models
from doubles.injection_windows import SAMPLES, Prints, drawn, many_operators

NETS: dict[str, tuple[Any, tuple[int, ...]]] = {
    "mlp": (models.mlp, (784,)), "lenet": (models.lenet, (1, 32, 32)), "residual": (models.residual, (3, 16, 16)),
    "many": (many_operators, (3, 21, 19)),
}  # fmt: skip


def prepared(net: str) -> tuple[Network, Golden]:
    make, shape = NETS[net]
    inputs = {"x": models.images(SAMPLES, shape) - np.float32(0.3)}
    network = prepare(make(), net, inputs=inputs)
    return network, Golden(network, inputs)


def every_bit(network: Network, target: Target, elements: Any) -> FaultList:
    count = len(elements) * 32
    tensor = FaultTensor(target.name, target.original, target.kind, target.dtype, target.shape)
    return FaultList(
        network.sha256, (tensor,), np.arange(count), np.zeros(count, np.int32), np.arange(count + 1), np.repeat(elements, 32),
        np.tile(np.uint64(1) << np.arange(32, dtype=np.uint64), len(elements)), np.zeros(count, np.uint8),
        np.full(count, EVERY_SAMPLE), np.arange(count),
    )  # fmt: skip


@pytest.mark.parametrize("net", NETS)
def test_one_input_per_fault_has_the_bits_of_the_oracle(net: str) -> None:
    network, golden = prepared(net)
    engine, oracle = ChannelEngine(network, golden), RebuildEngine(network, golden)
    tried = 0
    for target in network.targets:
        faults = drawn(network, target, 40, 3)
        if target.kind not in ("weight", "bias") or engine.refusal(target, faults):
            continue
        tried += 1
        rows = np.arange(40)
        found = engine.run(target, faults, rows, faults.sample, Prints(golden))
        assert np.array_equal(found, oracle.run(target, faults, rows, faults.sample, Prints(golden))), target.name
    assert tried >= {"mlp": 4, "lenet": 10, "residual": 12, "many": 8}[net]


@pytest.mark.parametrize(("net", "name"), [("mlp", "w1"), ("lenet", "c2w"), ("lenet", "f2w"), ("lenet", "f3b")])
def test_all_bits_with_all_inputs_have_the_bits_of_the_oracle(net: str, name: str) -> None:
    network, golden = prepared(net)
    engine, oracle = ChannelEngine(network, golden), RebuildEngine(network, golden)
    target = network.target(name)
    faults = every_bit(network, target, np.array([0, target.elements // 2, target.elements - 1]))
    fault, sample = np.repeat(np.arange(len(faults)), SAMPLES), np.tile(np.arange(SAMPLES), len(faults))
    judge = Prints(golden)
    found = engine.run(target, faults, fault, sample, judge)
    assert np.array_equal(found, oracle.run(target, faults, fault, sample, Prints(golden)))
    assert judge.seen < len(fault)


def test_both_ways_of_rows_agree() -> None:
    network, golden = prepared("lenet")
    engine, target = ChannelEngine(network, golden), network.target("f1w")
    faults = every_bit(network, target, np.arange(390, 410))
    fault, sample = np.repeat(np.arange(len(faults)), SAMPLES), np.tile(np.arange(SAMPLES), len(faults))
    whole = engine.run(target, faults, fault, sample, Prints(golden))
    order = np.random.default_rng(1).permutation(len(fault))
    assert np.array_equal(engine.run(target, faults, fault[order], sample[order], Prints(golden)), whole[order])
    first = np.flatnonzero(sample == 1)
    assert np.array_equal(engine.run(target, faults, fault[first], sample[first], Prints(golden)), whole[first])


def test_more_inputs_than_a_product_takes() -> None:
    network = prepare(models.mlp(16), "mlp", inputs={"x": models.images(2, (784,))})
    golden = Golden(network, {"x": models.images(37, (784,))})
    engine, oracle = ChannelEngine(network, golden), RebuildEngine(network, golden)
    target = network.target("w1")
    faults = drawn(network, target, 60, 8)
    sample = np.arange(60) % 37
    rows = np.arange(60)
    found = engine.run(target, faults, rows, sample, Prints(golden))
    assert np.array_equal(found, oracle.run(target, faults, rows, sample, Prints(golden)))


def test_several_sites_within_a_channel() -> None:
    network, golden = prepared("residual")
    engine, oracle = ChannelEngine(network, golden), RebuildEngine(network, golden)
    target = next(t for t in network.targets if t.kind == "weight" and t.operator == "Conv" and t.elements > 500)
    faults = drawn(network, target, 20, 6, sites=3)
    assert engine.refusal(target, faults) == ""
    found = engine.run(target, faults, np.arange(20), faults.sample, Prints(golden))
    assert np.array_equal(found, oracle.run(target, faults, np.arange(20), faults.sample, Prints(golden)))


def test_weights_not_transposed_and_deep_products() -> None:
    generator = np.random.default_rng(2)
    held = {"w": generator.standard_normal((700, 20)) / 26, "v": generator.standard_normal((20, 6)) / 4}
    nodes = [
        helper.make_node("MatMul", ["x", "w"], ["h"]),
        helper.make_node("Tanh", ["h"], ["t"]),
        helper.make_node("MatMul", ["t", "v"], ["y"]),
    ]
    graph = helper.make_graph(
        nodes, "g", [helper.make_tensor_value_info("x", TensorProto.FLOAT, ["n", 700])],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, ["n", 6])],
        [numpy_helper.from_array(value.astype(np.float32), name) for name, value in held.items()],
    )  # fmt: skip
    content = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8).SerializeToString()
    onnx.checker.check_model(content)
    inputs = {"x": models.images(SAMPLES, (700,))}
    network = prepare(content, "deep", inputs=inputs)
    golden = Golden(network, inputs)
    engine, oracle = ChannelEngine(network, golden), RebuildEngine(network, golden)
    for name in ("w", "v"):
        target = network.target(name)
        faults = drawn(network, target, 50, 4)
        assert engine.refusal(target, faults) == ""
        found = engine.run(target, faults, np.arange(50), faults.sample, Prints(golden))
        assert np.array_equal(found, oracle.run(target, faults, np.arange(50), faults.sample, Prints(golden)))


def test_refusals_say_why() -> None:
    network, golden = prepared("residual")
    engine = ChannelEngine(network, golden)
    activation = next(t for t in network.targets if t.operator == "Relu")
    assert "weights" in engine.refusal(activation, drawn(network, activation, 4, 0))
    weight = next(t for t in network.targets if t.kind == "weight" and len(t.shape) == 4)
    spread = drawn(network, weight, 1, 0, sites=2)
    spread.index[:] = [0, weight.elements - 1]
    assert "several channels" in engine.refusal(weight, spread)
    grouped = drawn(network, weight, 4, 0)
    grouped.group[:] = 0
    assert "groups" in engine.refusal(weight, grouped)


def test_what_cannot_be_matched_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    from casework.injection.engines.regions.layer import ProductLayer

    network, golden = prepared("mlp")
    right = ProductLayer._run
    monkeypatch.setattr(ProductLayer, "_run", lambda self, *given: right(self, *given) * np.float32(1.0000001))
    target = network.target("w1")
    assert "order" in ChannelEngine(network, golden).refusal(target, drawn(network, target, 4, 0))
