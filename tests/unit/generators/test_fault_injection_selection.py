"""Which tensors a plan hits, by name."""

from __future__ import annotations

from typing import Any

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

from casework.generators.fault_injection.selection import select
from casework.generators.protocol import GeneratorProblem
from casework.injection.network.network import Network, prepare


@pytest.fixture(scope="module")
def network() -> Network:
    """Two layers whose weights are named as exporters name those of a list of layers."""
    rng = np.random.default_rng(0)
    held = [
        numpy_helper.from_array(rng.standard_normal(shape).astype(np.float32), name)
        for name, shape in (("layers[0].w", (6, 5)), ("layers[1].w", (5, 4)))
    ]
    nodes = [
        helper.make_node("MatMul", ["x", "layers[0].w"], ["h"]),
        helper.make_node("Relu", ["h"], ["r"]),
        helper.make_node("MatMul", ["r", "layers[1].w"], ["y"]),
    ]
    value = helper.make_tensor_value_info
    graph = helper.make_graph(
        nodes, "g", [value("x", TensorProto.FLOAT, ["n", 6])], [value("y", TensorProto.FLOAT, ["n", 4])], held
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    onnx.checker.check_model(model)
    return prepare(model.SerializeToString(), "m")


def chosen(network: Network, *tensors: str) -> list[str]:
    options: dict[str, Any] = {"target": "weights", "tensors": list(tensors), "operators": None}
    return [target.original for target in select(network, options)]


def test_a_name_with_brackets_selects_its_tensor_alone(network: Network) -> None:
    assert chosen(network, "layers[0].w") == ["layers[0].w"]
    assert chosen(network, "layers[*].w") == ["layers[0].w", "layers[1].w"]
    assert chosen(network, "layers[?].w") == ["layers[0].w", "layers[1].w"]


def test_brackets_are_no_class_of_characters(network: Network) -> None:
    with pytest.raises(GeneratorProblem, match=r"no tensor 'layers\[01\]\.w'") as caught:
        chosen(network, "layers[01].w")
    assert "layers[0].w" in caught.value.fix
