"""The oracle against arithmetic done by hand, and against itself where nothing is hit."""

from __future__ import annotations

import numpy as np
import pytest
from onnx import ModelProto, TensorProto, helper, numpy_helper

from casework.injection.engines.rebuild import Plain, RebuildEngine
from casework.injection.network.golden import Golden
from casework.injection.network.network import prepare
from doubles.injection_faults import Fingerprints, flips, listed
from doubles.injection_models import ALL, images, mlp


def made(name, count=5):
    make, shape = ALL[name]
    inputs = {"x": images(count, shape)}
    network = prepare(make(), name, inputs=inputs)
    return network, Golden(network, inputs)


def by_hand(inputs, hit=None):
    """The MLP in float64, a function given to change what is computed or stored."""
    held = {v.name: numpy_helper.to_array(v).copy() for v in ModelProto.FromString(mlp()).graph.initializer}
    change = hit or (lambda name, values: values)
    held = {name: change(name, values) for name, values in held.items()}
    x = change("x", inputs.copy())
    h = change("h", (x.astype(np.float64) @ held["w1"].T + held["b1"]).astype(np.float32))
    r = change("r", np.maximum(h, 0))
    return change("logits", (r.astype(np.float64) @ held["w2"].T + held["b2"]).astype(np.float32))


@pytest.mark.parametrize("name", ["x", "w1", "b1", "h", "r", "w2", "b2", "logits"])
def test_a_flip_does_to_the_outputs_what_arithmetic_says(name):
    network, golden = made("mlp")
    engine, target = RebuildEngine(network, golden), network.target(name)
    # Bits whose effect is large enough to be seen and small enough to be finite.
    bits = [20, 22, 23, 24, 31, 19, 21, 31]
    index = np.linspace(0, target.elements - 1, len(bits)).astype(np.int64)
    faults = listed(network, name, index, [1 << bit for bit in bits], np.arange(len(bits)) % 5)
    moved = 0
    for position in range(len(bits)):
        sample = int(faults.sample[position])

        def hit(tensor, values, position=position):
            if tensor == name:
                values.reshape(-1).view(np.uint32)[index[position]] ^= np.uint32(1 << bits[position])
            return values

        found = engine.outputs(target, faults, position, sample)[0]
        np.testing.assert_allclose(found, by_hand(golden.inputs["x"][[sample]], hit), rtol=2e-5, atol=2e-6)
        moved += not np.array_equal(found, golden.outputs[0][[sample]])
    assert moved >= 3


@pytest.mark.parametrize("name", sorted(ALL))
def test_a_fault_that_changes_nothing_leaves_the_golden_outputs(name):
    network, golden = made(name)
    engine = RebuildEngine(network, golden)
    for target in network.targets:
        faults = listed(network, target.name, [0, target.elements - 1], [0, 0], [1, 3])
        assert not engine.run(target, faults, np.arange(2), faults.sample, Fingerprints(golden)).any(), target.name


def test_one_stored_fault_serves_many_samples_and_several_sites():
    network, golden = made("mlp")
    target = network.target("w2")
    live = np.flatnonzero((golden.values(["r"], np.array([0, 4]))["r"] > 0).all(axis=0))[:3]
    faults = listed(network, "w2", live, [1 << 30, 1 << 30, 1 << 31], [0, 0], starts=[0, 2, 3])
    engine = RebuildEngine(network, golden)
    fault, sample = np.array([0, 0, 1, 1]), np.array([0, 4, 0, 4])
    together = engine.run(target, faults, fault, sample, Fingerprints(golden))
    alone = [engine.run(target, faults, fault[k : k + 1], sample[k : k + 1], Fingerprints(golden))[0] for k in range(4)]
    assert list(together) == alone
    assert together[0] != together[2]


def test_a_written_input_and_output_are_hit():
    network, golden = made("lenet")
    engine = RebuildEngine(network, golden)
    for name in ("x", "logits"):
        faults = flips(network, name, 12, 5, seed=3)
        assert engine.run(network.target(name), faults, np.arange(12), faults.sample, Fingerprints(golden)).any()


@pytest.mark.parametrize("name", sorted(ALL))
def test_without_faults_the_oracle_gives_the_golden_outputs(name):
    network, golden = made(name)
    plain = Plain(network, {"x": golden.inputs["x"].copy()})
    for sample in range(golden.samples):
        found = plain.outputs(sample)
        assert [one.tobytes() for one in found] == [values[[sample]].tobytes() for values in golden.outputs]
        assert [one.shape[1:] for one in found] == [values.shape[1:] for values in golden.outputs]


@pytest.mark.parametrize("perm", [(0, 1, 2), (1, 0, 2), (1, 2, 0)])
def test_the_oracle_feeds_a_sample_wherever_the_graph_has_its_batch(perm):
    whole = [3, 4]
    whole.insert(perm.index(0), "n")
    nodes = [
        helper.make_node("Transpose", ["x"], ["t"], perm=[perm.index(axis) for axis in range(3)]),
        helper.make_node("Flatten", ["t"], ["f"]),
        helper.make_node("MatMul", ["f", "w"], ["m"]),
        helper.make_node("Add", ["m", "b"], ["y"]),
    ]
    w = np.random.default_rng(1).normal(size=(12, 5)).astype(np.float32)
    ports = [helper.make_tensor_value_info("x", TensorProto.FLOAT, whole)]
    ports += [helper.make_tensor_value_info("y", TensorProto.FLOAT, ["n", 5])]
    graph = helper.make_graph(
        nodes, "net", ports[:1], ports[1:], [numpy_helper.from_array(w, "w"), numpy_helper.from_array(w[0], "b")]
    )
    content = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8).SerializeToString()
    rows = np.random.default_rng(2).normal(size=(6, 3, 4)).astype(np.float32)
    network = prepare(content, "net", inputs={"x": rows})
    assert network.inputs[0].layout.axis == perm.index(0)
    plain, golden = Plain(network, {"x": rows}), Golden(network, {"x": rows})
    for sample in range(6):
        assert plain.feed(sample)["x"].shape == tuple(1 if size == "n" else size for size in whole)
        np.testing.assert_allclose(
            plain.outputs(sample)[0], [rows[sample].reshape(-1) @ w + w[0]], rtol=1e-5, atol=1e-6
        )
        assert plain.outputs(sample)[0].tobytes() == golden.outputs[0][[sample]].tobytes()
