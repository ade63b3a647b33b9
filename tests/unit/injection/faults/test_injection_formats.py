"""Fault lists as files, their digest, and what does not fit a model."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from casework.injection.faults import formats
from casework.injection.faults.fault_list import EVERY_SAMPLE, OPS, FaultList, FaultTensor
from casework.injection.faults.formats import check, digest, read, write
from casework.injection.faults.generate import Recipe, generate
from casework.injection.faults.models import FaultModel
from casework.injection.problem import InjectionProblem

MODEL = "cd" * 32
TENSORS = (
    FaultTensor("conv1.weight", "conv1.weight", "weight", "float32", (6, 1, 5, 5)),
    FaultTensor("relu", "relu", "activation", "float32", (6, 28, 28)),
    FaultTensor('odd "näme"', "original", "activation", "int8", (10,)),
)
SUFFIXES = ("jsonl", "parquet")


def drawn(kind: Any = "bitflip", size: int = 50, **parameters: Any) -> FaultList:
    return generate(Recipe(MODEL, TENSORS, FaultModel(kind, **parameters), samples=9, seed=5), range(size))


def columns(faults: FaultList) -> list[list[int]]:
    return [
        getattr(faults, name).tolist()
        for name in ("ids", "tensor", "starts", "index", "operand", "op", "sample", "group")
    ]


@st.composite
def fault_lists(draw: st.DrawFn) -> FaultList:
    size = draw(st.integers(0, 8))
    ids = np.sort(np.array(draw(st.lists(st.integers(0, 2**53), min_size=size, max_size=size, unique=True)), np.int64))
    counts = draw(st.lists(st.integers(0, 4), min_size=size, max_size=size))
    index = [
        i
        for count in counts
        for i in sorted(draw(st.lists(st.integers(0, 9), min_size=count, max_size=count, unique=True)))
    ]
    operand = draw(st.lists(st.integers(0, 2**64 - 1), min_size=len(index), max_size=len(index)))

    def column(low: int, high: int, dtype: Any) -> Any:
        return np.array(draw(st.lists(st.integers(low, high), min_size=size, max_size=size)), dtype)

    return FaultList(
        MODEL, TENSORS, ids, column(0, 2, np.int32), np.cumsum([0, *counts]).astype(np.int64), np.array(index, np.int64),
        np.array(operand, np.uint64), column(0, len(OPS) - 1, np.uint8), column(-1, 8, np.int64), column(0, 3, np.int64),
        draw(st.sampled_from(["transient", "permanent"])),
    )  # fmt: skip


@pytest.mark.parametrize("suffix", SUFFIXES)
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(faults=fault_lists())
def test_a_list_read_back_is_the_same(tmp_path: Path, suffix: str, faults: FaultList) -> None:
    if suffix == "parquet":
        pytest.importorskip("pyarrow")
    path = tmp_path / f"faults.{suffix}"
    write(faults, path)
    back = read(path)
    assert columns(back) == columns(faults)
    assert (back.model, back.tensors, back.persistence) == (faults.model, faults.tensors, faults.persistence)
    assert digest(back) == digest(faults)
    assert list(tmp_path.iterdir()) == [path]


def test_the_same_list_gives_the_same_bytes(tmp_path: Path) -> None:
    for name in ("a.jsonl", "b.jsonl"):
        write(drawn(), tmp_path / name)
    assert (tmp_path / "a.jsonl").read_bytes() == (tmp_path / "b.jsonl").read_bytes()


def test_a_line_is_readable(tmp_path: Path) -> None:
    write(drawn(), tmp_path / "f.jsonl")
    head, first = (tmp_path / "f.jsonl").read_text("utf-8").splitlines()[:2]
    assert json.loads(head)["format"] == "casework/fault-list/v1"
    line = json.loads(first)
    assert list(line) == [
        "id",
        "kind",
        "tensor",
        "original",
        "dtype",
        "indices",
        "op",
        "operands",
        "sample",
        "persistence",
        "group",
    ]
    assert line["operands"][0].startswith("0x")


def test_a_longer_list_begins_with_the_shorter() -> None:
    assert digest(drawn(size=90).take(np.arange(50))) == digest(drawn(size=50))


@pytest.mark.parametrize(
    "change",
    [
        {"model": "ef" * 32}, {"persistence": "permanent"}, {"ids": np.arange(50) + 1}, {"operand": np.ones(50, np.uint64)},
        {"op": np.ones(50, np.uint8)}, {"sample": np.full(50, EVERY_SAMPLE)}, {"group": np.zeros(50, np.int64)},
        {"index": np.zeros(50, np.int64)}, {"tensor": np.zeros(50, np.int32)},
        {"tensors": (replace(TENSORS[0], name="x"), *TENSORS[1:])}, {"tensors": (replace(TENSORS[0], dtype="int32"), *TENSORS[1:])},
    ],
    ids=lambda change: next(iter(change)),
)  # fmt: skip
def test_every_part_of_a_fault_moves_the_digest(change: dict[str, Any]) -> None:
    assert digest(replace(drawn(), **change)) != digest(drawn())


def test_tensors_that_are_not_hit_and_their_order_do_not_move_the_digest() -> None:
    faults = drawn()
    turned = replace(faults, tensors=(*TENSORS[::-1], replace(TENSORS[0], name="unused")), tensor=2 - faults.tensor)
    assert digest(turned) == digest(faults)


def written(path: Path, *lines: dict[str, Any] | str, **header: Any) -> Path:
    head = {"format": "casework/fault-list/v1", "model": MODEL} | header
    path.write_text(
        "\n".join([json.dumps(head), *(x if isinstance(x, str) else json.dumps(x) for x in lines)]) + "\n", "utf-8"
    )
    return path


LINE = {"id": 0, "tensor": "relu", "kind": "activation", "dtype": "float32", "indices": [12], "op": "xor", "operands": ["0x40000000"], "sample": 3}  # fmt: skip


def test_a_list_written_by_hand_is_completed_from_the_model(tmp_path: Path) -> None:
    lines = [
        LINE, {**LINE, "id": 4, "op": "scale", "operands": [1.5], "sample": "every"},
        {**LINE, "id": 7, "tensor": "original", "dtype": "int8", "indices": [1, 2], "operands": ["0x1", "0x80"]},
    ]  # fmt: skip
    path = written(tmp_path / "hand.jsonl", *lines)
    faults = check(read(path), TENSORS, 9, MODEL, str(path))
    assert [t.name for t in faults.tensors] == ["relu", 'odd "näme"']
    assert faults.tensors[0].shape == (6, 28, 28)
    assert faults.operand[1:2].view(np.float64)[0] == 1.5
    assert faults.sample.tolist() == [3, EVERY_SAMPLE, 3]
    assert faults.group.tolist() == [0, 4, 7]


@pytest.mark.parametrize(
    ("lines", "message"),
    [
        ([{**LINE, "tensor": "rellu"}], "f.jsonl:2: the model has no tensor rellu"),
        ([LINE, {**LINE, "id": 1, "indices": [4704]}], "f.jsonl:3: index 4704 is beyond relu, which has 4704 elements"),
        ([{**LINE, "indices": [-1]}], "index -1 is beyond"),
        ([{**LINE, "operands": ["0x100000000"]}], "f.jsonl:2: bit 32 is beyond an element of relu, of type float32"),
        ([{**LINE, "op": "fixed_xor", "operands": ["0x100000000"]}], "which has 32 bits for fixed_xor"),
        ([LINE, LINE], "f.jsonl:3: the id 0 stands there twice"),
        ([{**LINE, "id": 3}, LINE], "f.jsonl:3: the id 0 follows 3"),
        ([{**LINE, "sample": 9}], "input 9 is struck, and there are 9 inputs"),
        ([{**LINE, "sample": -2}], "input -2 is struck"),
        ([{**LINE, "dtype": "int8"}], "has elements of type float32, and the list says int8"),
        ([{**LINE, "indices": [5, 5], "operands": ["0x1", "0x2"]}], "an element stands twice in one fault"),
        ([{**LINE, "indices": [5, 6]}], "2 indices have 1 operands"),
        ([{**LINE, "op": "nand"}], "the operation 'nand' is not known"),
        ([{**LINE, "operands": [3]}], "f.jsonl:2: the fault is not of the form: operand 3 of xor"),
        ([{**LINE, "operands": ["40000000"]}], "not hexadecimal"),
        ([{**LINE, "operands": ["0x10000000000000000"]}], "beyond 64 bits"),
        ([{**LINE, "id": "a"}], "no whole number"),
        ([{**LINE, "id": True}], "no whole number"),
        ([{**LINE, "colour": 1}], "the key 'colour' is not known"),
        ([{k: v for k, v in LINE.items() if k != "op"}], "the fault has no op"),
        ([{k: v for k, v in LINE.items() if k != "dtype"}], "nothing says the element type of relu"),
        ([LINE, {**LINE, "id": 1, "dtype": "int8"}], "dtype of relu is 'int8' here and 'float32' before"),
        ([{**LINE, "persistence": "permanent"}], "persistence differs"),
        (["{"], "f.jsonl:2: no JSON object"),
        (["[1]"], "f.jsonl:2: no JSON object"),
        (['{"id": 1, "id": 2}'], "a key stands there twice"),
        ([""], "f.jsonl:2: no JSON object"),
    ],
)  # fmt: skip
def test_what_does_not_fit_is_named_with_its_line(tmp_path: Path, lines: list[Any], message: str) -> None:
    path = written(tmp_path / "f.jsonl", *lines)
    with pytest.raises(InjectionProblem) as caught:
        check(read(path), TENSORS, 9, MODEL, str(path))
    assert message in caught.value.message
    assert caught.value.fix


@pytest.mark.parametrize(
    ("header", "message"),
    [
        ({"format": "other"}, "does not name the format"), ({"model": None}, "does not name the model"),
        ({"faults": 5}, "counts 5 faults, and there are 1"), ({"persistence": "often"}, "persistence is 'often'"),
        ({"tensors": [{"name": "relu"}]}, "not of the form"), ({"tensors": 3}, "not of the form"),
    ],
)  # fmt: skip
def test_a_header_that_is_none_is_refused(tmp_path: Path, header: dict[str, Any], message: str) -> None:
    with pytest.raises(InjectionProblem, match=message):
        read(written(tmp_path / "f.jsonl", LINE, **header))


def test_an_empty_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "f.jsonl").write_bytes(b"")
    with pytest.raises(InjectionProblem, match=r"f\.jsonl:1: no JSON object"):
        read(tmp_path / "f.jsonl")


def test_a_list_for_another_model_is_refused() -> None:
    with pytest.raises(InjectionProblem, match="is for the model cdcdcdcdcdcd, and this is abababababab"):
        check(drawn(), TENSORS, 9, "ab" * 32)


def test_the_nearest_names_are_offered() -> None:
    faults = replace(drawn(), tensors=(replace(TENSORS[0], name="conv1.wight"), *TENSORS[1:]))
    with pytest.raises(InjectionProblem) as caught:
        check(faults, TENSORS, 9, MODEL)
    assert caught.value.fix == "Did you mean conv1.weight?"


def test_drawn_lists_fit() -> None:
    for kind, parameters in (
        ("bitflip", {}),
        ("stuck_at_0", {}),
        ("byte", {}),
        ("zeros", {"percent": 50.0}),
        ("fixed_point", {}),
        ("word", {}),
    ):
        faults = drawn(kind, **parameters)
        assert columns(check(faults, TENSORS, 9, MODEL)) == columns(faults)


def test_a_parquet_file_of_other_columns_is_refused(tmp_path: Path) -> None:
    arrow = pytest.importorskip("pyarrow")
    parquet = pytest.importorskip("pyarrow.parquet")
    head = json.dumps({"format": formats.FORMAT, "model": MODEL})
    parquet.write_table(arrow.table({"x": [1]}, metadata={"casework": head}), tmp_path / "f.parquet")
    with pytest.raises(InjectionProblem, match="has not the columns"):
        read(tmp_path / "f.parquet")
    parquet.write_table(arrow.table({"x": [1]}), tmp_path / "g.parquet")
    with pytest.raises(InjectionProblem, match="metadata"):
        read(tmp_path / "g.parquet")
    (tmp_path / "h.parquet").write_bytes(b"PAR1 no")
    with pytest.raises(InjectionProblem, match="no Parquet file"):
        read(tmp_path / "h.parquet")


def test_without_pyarrow_the_way_out_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "pyarrow", None)
    with pytest.raises(InjectionProblem) as caught:
        write(drawn(), tmp_path / "f.parquet")
    assert "casework[parquet]" in caught.value.fix
    assert list(tmp_path.iterdir()) == []
