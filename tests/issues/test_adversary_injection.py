"""Attacks on fault injection: wrong figures, vacuous evidence, crashes. Each fails on 6ffabdb."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

from casework.cli.main import main


def _model(nodes: list[Any], x: list[Any], outs: list[Any], weights: dict[str, Any]) -> bytes:
    held = [numpy_helper.from_array(v, k) for k, v in weights.items()]
    value = helper.make_tensor_value_info
    graph = helper.make_graph(
        nodes, "g", [value("x", TensorProto.FLOAT, x)], [value(n, TensorProto.FLOAT, s) for n, s in outs], held
    )
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8).SerializeToString()


def _w(*shape: int) -> Any:
    return np.random.default_rng(sum(shape)).standard_normal(shape).astype(np.float32)


def _mlp() -> bytes:
    nodes = [
        helper.make_node("Gemm", ["x", "w", "b"], ["h"]),
        helper.make_node("Relu", ["h"], ["r"]),
        helper.make_node("MatMul", ["r", "v"], ["y"]),
    ]
    return _model(nodes, ["n", 6], [("y", ["n", 7])], {"w": _w(6, 5), "b": _w(5), "v": _w(5, 7)})


@pytest.fixture
def attempt(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))

    def run(content: bytes, rows: Any, *options: str) -> tuple[int, dict[str, Any]]:
        model, data, out = tmp_path / "m.onnx", tmp_path / "x.npy", tmp_path / "r.json"
        model.write_bytes(content)
        np.save(data, rows)
        out.unlink(missing_ok=True)
        given = [part for option in options for part in ("--option", option)]
        code = main([
            "try", "fault-injection", str(model), "--data", str(data), "--seed", "1", "--format", "json", "-o", str(out), *given,
        ])  # fmt: skip
        return code, json.loads(out.read_text()) if out.exists() else {}

    return run


def _rate(record: dict[str, Any], name: str) -> dict[str, Any] | None:
    return next((m for m in record["metrics"] if m["name"] == name and m["slice"] == "all"), None)


def _list(path: Path, content: bytes, faults: list[dict[str, Any]]) -> str:
    head = {"format": "casework/fault-list/v1", "model": hashlib.sha256(content).hexdigest()}
    path.write_text("".join(json.dumps(line) + "\n" for line in [head, *faults]))
    return f"fault_list={path}"


def _fault(number: int, **changed: Any) -> dict[str, Any]:
    plain = {
        "id": number,
        "tensor": "w",
        "dtype": "float32",
        "indices": [5],
        "op": "xor",
        "operands": ["0x1"],
        "sample": 0,
    }
    return plain | changed


def test_faults_that_change_nothing_are_no_evidence(attempt: Any, tmp_path: Path) -> None:
    given = _list(tmp_path / "f.jsonl", _mlp(), [_fault(i, operands=["0x0"]) for i in range(3000)])
    code, record = attempt(_mlp(), _w(9, 6), given)
    rate = _rate(record, "sdc_rate")
    assert code == 0
    assert rate is not None
    assert (rate["k"], rate["ci_high"]) == (None, None), "what somebody chose is no sample, and shows no bound"


def test_one_fault_three_thousand_times_is_one_fault(attempt: Any, tmp_path: Path) -> None:
    given = _list(tmp_path / "f.jsonl", _mlp(), [_fault(i) for i in range(3000)])
    code, record = attempt(_mlp(), _w(9, 6), given)
    rate = _rate(record, "sdc_rate")
    assert code == 0
    assert rate is not None
    assert (rate["k"], rate["ci_high"]) == (None, None), "what somebody chose is no sample, and shows no bound"


def test_a_given_list_is_not_said_to_be_a_random_sample(attempt: Any, tmp_path: Path) -> None:
    given = _list(tmp_path / "f.jsonl", _mlp(), [_fault(i, indices=[i % 30]) for i in range(60)])
    code, record = attempt(_mlp(), _w(9, 6), given)
    assert code == 0
    assert any("list" in said for said in record["limitations"])


def test_faults_without_a_site_are_refused(attempt: Any, tmp_path: Path) -> None:
    given = _list(tmp_path / "f.jsonl", _mlp(), [_fault(i, indices=[], operands=[]) for i in range(3)])
    assert attempt(_mlp(), _w(9, 6), given)[0] == 2


def test_an_empty_list_is_refused(attempt: Any, tmp_path: Path) -> None:
    assert attempt(_mlp(), _w(9, 6), _list(tmp_path / "f.jsonl", _mlp(), []))[0] == 2


@pytest.mark.parametrize("target", ["weights", "activations"])
def test_several_amounts_run(attempt: Any, target: str) -> None:
    assert attempt(_mlp(), _w(9, 6), "amounts=1,2", "faults=60", f"target={target}")[0] == 0


def test_a_classifier_judged_as_detector_is_refused(attempt: Any) -> None:
    assert attempt(_mlp(), _w(9, 6), "decision=detection", "faults=20")[0] == 2


def _disagreements(record: dict[str, Any]) -> float:
    return next(float(m["value"]) for m in record["metrics"] if m["name"] == "audit_disagreements")


def test_a_weight_that_is_an_output(attempt: Any) -> None:
    nodes = [helper.make_node("MatMul", ["x", "w"], ["y"])]
    content = _model(nodes, ["n", 6], [("y", ["n", 6]), ("w", [6, 6])], {"w": _w(6, 6)})
    code, record = attempt(content, _w(9, 6), "target=weights", "faults=60")
    assert (code, record["status"], _disagreements(record)) == (0, "complete", 0)


def test_an_output_whose_batch_axis_is_last(attempt: Any) -> None:
    nodes = [helper.make_node("MatMul", ["x", "w"], ["h"]), helper.make_node("Transpose", ["h"], ["y"], perm=[1, 0])]
    code, record = attempt(_model(nodes, ["n", 6], [("y", [7, "n"])], {"w": _w(6, 7)}), _w(9, 6), "faults=60")
    assert (code, record["status"], _disagreements(record)) == (0, "complete", 0)


def test_open_image_sizes_are_taken_from_the_data(attempt: Any) -> None:
    nodes = [
        helper.make_node("Conv", ["x", "w"], ["c"]),
        helper.make_node("GlobalAveragePool", ["c"], ["g"]),
        helper.make_node("Flatten", ["g"], ["y"]),
    ]
    content = _model(nodes, ["n", 3, "h", "w"], [("y", ["n", 7])], {"w": _w(7, 3, 3, 3)})
    assert attempt(content, _w(6, 3, 9, 9), "faults=60")[0] == 0


def test_big_endian_data_are_the_same_numbers(attempt: Any) -> None:
    little = attempt(_mlp(), _w(9, 6), "faults=300")[1]
    code, big = attempt(_mlp(), _w(9, 6).astype(">f4"), "faults=300")
    assert code == 2 or big["digests"]["fault_outcomes"] == little["digests"]["fault_outcomes"]


@pytest.mark.parametrize("scheme", ["copies"])
def test_a_campaign_that_ran_nothing_says_so(attempt: Any, scheme: str) -> None:
    proto = onnx.load_model_from_string(_mlp())
    held = proto.metadata_props.add()
    held.key, held.value = "casework.storage", json.dumps([{"scheme": scheme, "tensors": ["*"]}])
    code, record = attempt(proto.SerializeToString(), _w(9, 6), "target=weights", "faults=300")
    assert code == 0
    audit = next(c for c in record["self_checks"] if c["name"] == "audit")
    assert audit["detail"] != "option audit is 0"
    ran = _rate(record, "injected_predictions")
    assert ran is not None
    assert ran["value"] == 0


def test_storage_that_names_every_tensor_leaves_activations_alone(attempt: Any) -> None:
    proto = onnx.load_model_from_string(_mlp())
    held = proto.metadata_props.add()
    held.key, held.value = "casework.storage", json.dumps([{"scheme": "copies", "tensors": ["*"]}])
    assert attempt(proto.SerializeToString(), _w(9, 6), "target=activations", "faults=30")[0] in (0, 2)


def test_a_half_precision_model_is_hit_in_sixteen_bits_or_says_not(attempt: Any) -> None:
    proto = onnx.load_model_from_string(_mlp())
    for value in proto.graph.initializer:
        value.CopyFrom(numpy_helper.from_array(numpy_helper.to_array(value).astype(np.float16), value.name))
    for port in (*proto.graph.input, *proto.graph.output):
        port.type.tensor_type.elem_type = TensorProto.FLOAT16
    code, record = attempt(proto.SerializeToString(), _w(9, 6).astype(np.float16), "target=activations", "faults=300")
    bits = {row[0] for t in record["tables"] if t["name"] == "rates by bit" for row in t["rows"]}
    assert code == 0
    assert max(bits) < 16 or any("float16" in said or "half" in said for said in record["limitations"])


def test_a_failed_audit_leaves_no_checkpoints(attempt: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    from casework.injection.campaign import blocks

    honest = blocks.run_block

    def broken(setting: Any, block: Any) -> Any:
        found = honest(setting, block)
        return (found[0], found[1] * 0 + 3, *found[2:])

    import casework.injection.campaign.conduct as conduct

    monkeypatch.setattr(conduct, "run_block", broken)
    assert attempt(_mlp(), _w(9, 6), "faults=300")[0] == 2
    monkeypatch.setattr(conduct, "run_block", honest)
    code, record = attempt(_mlp(), _w(9, 6), "faults=300")
    assert code == 0, record["reason"]
