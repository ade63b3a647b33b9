"""Opening of models: what is declared is reported, what is foreign or damaged is refused with words."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

from casework.artifact.digest import sha256_file
from casework.artifact.onnx_model import ModelProblem, open_model, scan_model, with_outputs


def gemm(path: Path, *, domain: str = "", op: str = "Gemm") -> onnx.ModelProto:
    graph = helper.make_graph(
        [helper.make_node(op, ["x", "w", "b"], ["y"], domain=domain)],
        "g",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, ["N", 4])],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, ["N", 3])],
        [
            numpy_helper.from_array(np.ones((4, 3), np.float32), "w"),
            numpy_helper.from_array(np.zeros(3, np.float32), "b"),
        ],
    )
    opsets = [helper.make_opsetid("", 18)] + ([helper.make_opsetid(domain, 1)] if domain else [])
    model = helper.make_model(graph, opset_imports=opsets, ir_version=9)
    path.write_bytes(model.SerializeToString())
    return model


def test_what_a_model_declares(tmp_path: Path) -> None:
    path = tmp_path / "m.onnx"
    gemm(path)
    model = open_model(path)
    assert model.sha256 == sha256_file(path)
    assert [(t.name, t.dtype, t.shape) for t in model.inputs] == [("x", "float32", ("N", 4))]
    assert [(t.name, t.shape) for t in model.outputs] == [("y", ("N", 3))]
    assert model.opsets == (("", 18),)
    assert model.operators == (("Gemm", 1),)
    assert model.parameters == 15
    assert not model.quantized


@pytest.mark.parametrize("keep", [1, 10, 60, 0.5, 0.98])
def test_a_truncated_model_is_refused_with_words(tmp_path: Path, keep: float) -> None:
    path = tmp_path / "m.onnx"
    gemm(path)
    content = path.read_bytes()
    path.write_bytes(content[: int(keep if keep >= 1 else keep * len(content))])
    with pytest.raises(ModelProblem) as caught:
        open_model(path)
    assert caught.value.fix


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\x00" * 4096,
        b"not a model at all",
        b"PK\x03\x04" + b"z" * 99,
        b"version https://git-lfs.github.com/spec/v1\n",
    ],
)
def test_what_is_no_model_is_refused_with_words(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "m.onnx"
    path.write_bytes(content)
    with pytest.raises(ModelProblem):
        open_model(path)


def test_missing_folder_and_oversize(tmp_path: Path) -> None:
    with pytest.raises(ModelProblem, match="not a file"):
        open_model(tmp_path / "none.onnx")
    with pytest.raises(ModelProblem, match="not a file"):
        open_model(tmp_path)
    gemm(tmp_path / "m.onnx")
    with pytest.raises(ModelProblem, match="more than the limit"):
        open_model(tmp_path / "m.onnx", limit=100)


def test_an_invalid_graph_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "m.onnx"
    model = gemm(path)
    model.graph.node[0].input[0] = "undefined"
    path.write_bytes(model.SerializeToString())
    with pytest.raises(ModelProblem, match="not a valid ONNX graph"):
        open_model(path)


def test_a_foreign_operator_is_reported_and_refused(tmp_path: Path) -> None:
    path = tmp_path / "m.onnx"
    gemm(path, domain="evil.example", op="Run")
    assert scan_model(path).foreign_operators == ("evil.example::Run",)
    with pytest.raises(ModelProblem, match=r"evil\.example::Run"):
        open_model(path)


def test_an_operator_hidden_in_a_subgraph_is_found(tmp_path: Path) -> None:
    body = helper.make_graph(
        [helper.make_node("Run", ["x"], ["z"], domain="evil.example")],
        "b",
        [],
        [helper.make_tensor_value_info("z", TensorProto.FLOAT, [1])],
    )
    graph = helper.make_graph(
        [helper.make_node("If", ["c"], ["y"], then_branch=body, else_branch=body)],
        "g",
        [
            helper.make_tensor_value_info("c", TensorProto.BOOL, []),
            helper.make_tensor_value_info("x", TensorProto.FLOAT, [1]),
        ],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, [1])],
    )
    model = helper.make_model(
        graph, opset_imports=[helper.make_opsetid("", 18), helper.make_opsetid("evil.example", 1)], ir_version=9
    )
    (tmp_path / "m.onnx").write_bytes(model.SerializeToString())
    assert scan_model(tmp_path / "m.onnx").foreign_operators == ("evil.example::Run",)


@pytest.mark.parametrize(
    ("location", "escapes"),
    [("weights.bin", False), ("../weights.bin", True), ("/etc/passwd", True), ("C:\\w", True), ("link.bin", True)],
)
def test_external_weights_are_reported_and_refused(tmp_path: Path, location: str, escapes: bool) -> None:
    folder = tmp_path / "model"
    folder.mkdir()
    (tmp_path / "outside.bin").write_bytes(b"x" * 48)
    (folder / "link.bin").symlink_to(tmp_path / "outside.bin")
    path = folder / "m.onnx"
    model = gemm(path)
    tensor = model.graph.initializer[0]
    tensor.ClearField("raw_data")
    tensor.data_location = TensorProto.EXTERNAL
    entry = tensor.external_data.add()
    entry.key, entry.value = "location", location
    path.write_bytes(model.SerializeToString())
    (external,) = scan_model(path).external_files
    assert (external.location, external.escapes) == (location, escapes)
    with pytest.raises(ModelProblem, match="outside the file"):
        open_model(path)


def test_inner_tensors_become_outputs(tmp_path: Path) -> None:
    graph = helper.make_graph(
        [helper.make_node("Relu", ["x"], ["r"]), helper.make_node("Neg", ["r"], ["y"])],
        "g",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, [2])],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, [2])],
    )
    path = tmp_path / "m.onnx"
    path.write_bytes(
        helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=9).SerializeToString()
    )
    tapped = onnx.load_model_from_string(with_outputs(open_model(path), ("r", "y")))
    assert [o.name for o in tapped.graph.output] == ["y", "r"]


def test_an_element_type_that_no_one_knows_is_named_so(tmp_path: Path) -> None:
    model = gemm(tmp_path / "m.onnx")
    model.graph.output[0].type.tensor_type.elem_type = 83
    (tmp_path / "m.onnx").write_bytes(model.SerializeToString())
    assert scan_model(tmp_path / "m.onnx").outputs[0].dtype == "unknown"
