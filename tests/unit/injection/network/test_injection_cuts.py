"""Cuts: what is before and what is after a target give together, bit for bit, what the whole graph gives."""

from __future__ import annotations

import numpy as np
import pytest

from casework.injection.network.golden import Golden
from casework.injection.network.layouts import Layout, measured
from casework.injection.network.network import prepare
from casework.injection.problem import InjectionProblem
from doubles.injection_models import ALL, images

SAMPLES = 5


@pytest.mark.parametrize("name", sorted(ALL))
def test_before_and_after_a_cut_give_the_whole_for_every_target_and_batch(name):
    make, shape = ALL[name]
    inputs = {"x": images(SAMPLES, shape)}
    network = prepare(make(), name, inputs=inputs)
    golden = Golden(network, inputs)
    cut_at = [t for t in network.targets if t.name not in network.uncuttable]
    assert len(cut_at) == len(network.targets)
    for target in cut_at:
        cut = network.cut(target.name)
        session = network.open(cut.suffix)
        for samples in (np.array([2]), np.array([1, 2, 3, 4, 0, 0, 1]), np.arange(32) % SAMPLES):
            found = session.run(None, golden.values(cut.live, samples))
            for position, rows in zip(cut.positions, found, strict=True):
                assert rows.tobytes() == golden.outputs[position][samples].tobytes(), (target.name, len(samples))


def test_a_skip_is_among_what_a_cut_needs():
    network = prepare(ALL["residual"][0](), "residual")
    cut = network.cut("b0.2.b")
    assert cut.live == ("b0.2.b", "stem.r")
    assert network.cut("b0.sum").live == ("b0.sum",)


def test_a_stored_target_is_not_among_what_its_cut_needs():
    network = prepare(ALL["mlp"][0](), "mlp")
    assert network.cut("w2").live == ("r",)
    assert network.cut("logits").live == ("logits",)


def test_a_shape_that_a_cut_needs_has_no_layout():
    network = prepare(ALL["shape_carrying"][0](), "shapes")
    cut = network.cut("r")
    carried = [name for name in cut.live if cut.layout(name) is None]
    assert carried == ["target"]


def test_a_cut_that_cannot_be_made_says_why():
    network = prepare(ALL["mlp"][0](), "mlp")
    network.uncuttable["h"] = "for the test"
    with pytest.raises(InjectionProblem, match="cannot be cut at h: for the test"):
        network.cut("h")


@pytest.mark.parametrize(
    ("axis", "rows", "shape"), [(0, 1, (3, 4)), (1, 1, (3, 4)), (2, 1, (3, 4)), (0, 3, (3, 4)), (1, 4, (3, 4))]
)
def test_a_layout_is_measured_and_turns_rows_to_the_graph_and_back(axis, rows, shape):
    layout = Layout(axis, rows, shape)
    values = np.random.default_rng(0).standard_normal((5, *shape)).astype(np.float32)
    tensor = layout.from_rows(values)
    assert layout.to_rows(tensor).tobytes() == values.tobytes()
    singles = [layout.from_rows(values[k : k + 1]) for k in range(5)]
    assert measured(singles, tensor) == layout


def test_interleaved_samples_are_not_taken_for_a_layout():
    values = np.arange(12, dtype=np.float32).reshape(3, 4)
    assert isinstance(measured([values[k] for k in range(3)], values.T.reshape(-1)), str)
    assert isinstance(measured([np.zeros((2, 3)), np.zeros((4, 3))], np.zeros((6, 3))), str)


def interleaved():
    """Steps before samples in one axis: samples cannot be taken apart in the middle of the graph."""
    from onnx import TensorProto, helper, numpy_helper

    w = np.random.default_rng(0).standard_normal((6, 6)).astype(np.float32)
    held = [
        numpy_helper.from_array(w, "w"),
        numpy_helper.from_array(np.array([-1, 6], np.int64), "rows"),
        numpy_helper.from_array(np.array([4, -1, 6], np.int64), "steps"),
    ]
    nodes = [
        helper.make_node("Transpose", ["x"], ["t"], perm=[1, 0, 2]),
        helper.make_node("Reshape", ["t", "rows"], ["flat"]),
        helper.make_node("MatMul", ["flat", "w"], ["h"]),
        helper.make_node("Sigmoid", ["h"], ["s"]),
        helper.make_node("Reshape", ["s", "steps"], ["u"]),
        helper.make_node("Transpose", ["u"], ["y"], perm=[1, 0, 2]),
    ]
    port = helper.make_tensor_value_info
    graph = helper.make_graph(
        nodes, "net", [port("x", TensorProto.FLOAT, ["n", 4, 6])], [port("y", TensorProto.FLOAT, ["n", 4, 6])], held
    )
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8).SerializeToString()


def test_what_cannot_be_cut_is_told_and_falls_back():
    from casework.injection.engines.promoted import PromotedEngine
    from casework.injection.engines.rebuild import RebuildEngine
    from casework.injection.engines.suffix import SuffixEngine
    from doubles.injection_faults import Fingerprints, flips

    inputs = {"x": images(3, (4, 6))}
    network = prepare(interleaved(), "interleaved", inputs=inputs)
    golden = Golden(network, inputs)
    assert network.batch == 0
    assert set(network.uncuttable) == {"flat", "w", "h", "s"}
    assert "one sample at a time" in network.uncuttable["h"]
    suffix, oracle, promoted = (kind(network, golden) for kind in (SuffixEngine, RebuildEngine, PromotedEngine))
    faults = flips(network, "h", 10, 3)
    assert suffix.refusal(network.target("h"), faults) == network.uncuttable["h"]
    assert oracle.run(network.target("h"), faults, np.arange(10), faults.sample, Fingerprints(golden)).any()
    stored = flips(network, "w", 10, 3)
    assert promoted.run(network.target("w"), stored, np.arange(10), stored.sample, Fingerprints(golden)).any()
    cut = network.cut("t")
    samples = np.array([2, 0, 1, 1])
    found = network.open(cut.suffix).run(None, golden.values(cut.live, samples))[0]
    assert found.tobytes() == golden.outputs[0][samples].tobytes()
