"""Outputs in any layout, outputs that cannot be compared, and stored tensors behind checks, as a prepared network has them."""

from __future__ import annotations

import numpy as np
import onnx
import pytest
from onnx import helper, numpy_helper

from casework.injection.hardening.harden import harden
from casework.injection.hardening.registry import parse_measure
from casework.injection.network.golden import Golden
from casework.injection.network.network import prepare
from casework.injection.network.sessions import Stopped
from casework.injection.problem import InjectionProblem
from doubles.foreign_graphs import GRAPHS
from doubles.injection_models import ALL, images


def network_of(name):
    graph = GRAPHS[name]()
    return prepare(graph.model, name, inputs=graph.inputs), graph


def test_outputs_are_rows_wherever_the_graph_holds_the_batch():
    network, graph = network_of("lstm_time_first_output")
    golden = Golden(network, graph.inputs)
    assert [port.inside.axis for port in network.outputs] == [2, 1]
    assert [values.shape for values in golden.outputs] == [(6, 7, 1, 5), (6, 1, 5)]
    alone = network.open(network.content).run(None, golden.feed(np.array([4])))
    np.testing.assert_array_equal(golden.outputs[0][4].reshape(-1), alone[0].reshape(-1))


def test_an_output_that_is_the_same_for_all_is_repeated_and_cut_off_from_what_is_computed():
    network, graph = network_of("sizes_as_outputs")
    golden = Golden(network, graph.inputs)
    assert [port.inside is None for port in network.outputs] == [True, False, False]
    np.testing.assert_array_equal(golden.outputs[0], np.tile([3, 3], (6, 1)))
    assert network.cut("c").outputs == ("ones", "scores")


def test_a_stored_tensor_that_reaches_such_an_output_is_not_cut_at():
    network, _ = network_of("initialiser_as_output")
    assert "output w, which it reaches, is the same for all samples" in network.uncuttable["w"]


def test_sparse_initialisers_are_targets_like_others():
    network, graph = network_of("sparse_initialiser")
    assert network.target("w").shape == (4, 3)
    assert np.count_nonzero(network.stored("w")) == 3
    Golden(network, graph.inputs)


def test_elements_that_no_fault_fits_are_listed_with_their_type():
    network, _ = network_of("int4_blocks")
    assert network.target("w").dtype == "int4"
    network, _ = network_of("if_on_the_input")
    assert all(target.dtype != "object" for target in network.targets)


@pytest.mark.parametrize("name", ["label_as_text", "list_of_maps", "non_max_suppression"])
def test_outputs_that_cannot_be_compared_are_refused_by_name_with_what_to_do(name):
    with pytest.raises(InjectionProblem, match=r"output (label|maps|kept) of") as caught:
        network_of(name)
    assert "onnx.utils.extract_model" in caught.value.fix


def test_a_size_that_values_set_inside_does_not_matter_where_outputs_keep_theirs():
    network, graph = network_of("non_zero")
    assert network.outputs[0].shape == (3,)
    Golden(network, graph.inputs)


def test_a_run_that_the_runtime_ends_is_told_as_such():
    network, _ = network_of("embedding")
    session = network.open(network.content)
    with pytest.raises(Stopped, match="indices element out of data bounds"):
        session.run(None, {"ids": np.full((1, 6), 99)})


def test_shapes_that_the_runtime_infers_wrongly_are_declared():
    """With a Reshape before its third input, onnxruntime 1.32 infers a width of 0 for what Attention gives."""
    network, graph = network_of("attention_operator")
    proto = onnx.ModelProto.FromString(network.content)
    at = next(k for k, node in enumerate(proto.graph.node) if "v" in node.output)
    proto.graph.node[at].output[0] = "v.before"
    proto.graph.initializer.append(numpy_helper.from_array(np.array([-1], np.int64), "line"))
    added = [
        helper.make_node("Shape", ["v.before"], ["v.shape"]),
        helper.make_node("Reshape", ["v.before", "line"], ["v.flat"]),
        helper.make_node("Reshape", ["v.flat", "v.shape"], ["v"]),
    ]
    nodes = [onnx.NodeProto.FromString(node.SerializeToString()) for node in proto.graph.node]
    del proto.graph.node[:]
    proto.graph.node.extend([*nodes[: at + 1], *added, *nodes[at + 1 :]])
    found = network.open(proto.SerializeToString()).run(None, graph.inputs)
    np.testing.assert_array_equal(found[0], Golden(network, graph.inputs).outputs[0])


@pytest.mark.parametrize(("name", "measure"), [("mlp", "triplicate:w1,when=run"), ("mlp", "scrub:w1,when=run"), ("qdq", "triplicate:f1w_quantized,when=run")])  # fmt: skip
def test_faults_of_a_parent_hit_the_first_copy_of_a_checked_weight(name, measure):
    make, shape = ALL[name]
    weight = measure.split(":")[1].split(",")[0]
    inputs = {"x": images(4, shape)}
    before = prepare(make(), name, inputs=inputs)
    after = prepare(harden(make(), name, [parse_measure(measure)], inputs).content, name, inputs=inputs)
    parent, child = before.target(weight), after.target(weight)
    assert (child.kind, child.dtype, child.shape) == (parent.kind, parent.dtype, parent.shape)
    np.testing.assert_array_equal(after.stored(weight), before.stored(weight))
    copies = [t.name for t in after.targets if t.stored and t.name.startswith(f"{weight}.stored")]
    assert copies == ([f"{weight}.stored2", f"{weight}.stored3"] if measure.startswith("triplicate") else [])
