"""What storage does about faults, against counting by hand and against the graph that does the same."""

from __future__ import annotations

import numpy as np
import onnx
import onnxruntime
import pytest
from onnx import numpy_helper

from casework.injection.faults.bits import faulty_values
from casework.injection.faults.fault_list import OPS, FaultList, FaultTensor
from casework.injection.hardening.harden import harden
from casework.injection.hardening.registry import parse_measure
from casework.injection.hardening.storage import KEY, Protection, from_metadata, screen, to_metadata
from casework.injection.hardening.vulnerability import ranking
from casework.injection.problem import InjectionProblem
from doubles import injection_models as models

GOLDEN = np.array([0.5, -0.25, 0.125, 1.0], np.float32)


def faults(*sites: list[tuple[int, int]], op: str = "xor", tensor: str = "w", dtype: str = "float32") -> FaultList:
    """Return a list of faults, each with the sites (element, operand)."""
    counts = [len(s) for s in sites]
    flat = [site for fault in sites for site in fault]
    total = len(sites)
    return FaultList(
        "0" * 64, (FaultTensor(tensor, tensor, "weight", dtype, (4,)),), np.arange(total), np.zeros(total, np.int32),
        np.concatenate([[0], np.cumsum(counts)]).astype(np.int64), np.array([i for i, _o in flat], np.int64),
        np.array([o for _i, o in flat], np.uint64), np.full(total, OPS.index(op), np.uint8), np.full(total, -1), np.arange(total),
    )  # fmt: skip


def passed(listed: FaultList, *protections: Protection) -> tuple[list[bool], list[bool], list[bool], list[int]]:
    found = screen(listed, protections, lambda _name: GOLDEN)
    assert found.faults.ids.tolist() == listed.ids.tolist()
    return found.left.tolist(), found.detected.tolist(), found.corrected.tolist(), found.faults.operand.tolist()


def test_copies_undo_flips_of_their_bits_only() -> None:
    listed = faults([(0, 1 << 30)], [(1, 1 << 22)], [(2, 1 << 31 | 1 << 5)])
    left, detected, corrected, masks = passed(listed, Protection("copies", bits=tuple(range(23, 32))))
    assert left == [False, True, True]
    assert detected == [False, False, False]
    assert corrected == [True, False, True]
    assert masks == [0, 1 << 22, 1 << 5]


def test_parity_tells_odd_numbers_of_flips_and_restores_where_it_can() -> None:
    listed = faults([(0, 1 << 30)], [(1, 3 << 29)], [(2, 1)], [(3, 7 << 28)])
    plain = Protection("parity", bits=tuple(range(23, 32)))
    assert passed(listed, plain)[:2] == ([True, True, True, True], [True, False, False, True])
    restored = Protection("parity", bits=plain.bits, restore=True)
    assert passed(listed, restored)[:3] == ([False, True, True, False], [False] * 4, [True, False, False, True])


def test_secded_corrects_one_flip_in_a_word_and_detects_two() -> None:
    listed = faults([(0, 1)], [(0, 3)], [(0, 1), (1, 1)], [(1, 1), (2, 1)], [(0, 7)])
    left, detected, _corrected, _masks = passed(listed, Protection("secded", word=64))
    assert left == [False, True, True, False, True]  # elements 0 and 1 share a word of 64 bits, 1 and 2 do not
    assert detected == [False, True, True, False, False]
    left, detected, _corrected, _masks = passed(listed, Protection("secded", word=32))
    assert left == [False, True, False, False, True]
    assert detected == [False, True, False, False, False]


def test_scrubbing_zeroes_what_is_out_of_bounds() -> None:
    exponent = 1 << 30
    listed = faults([(0, exponent)], [(0, 1)], [(3, 1 << 30 | 1 << 22)])  # 2^127, nearly 0.5, NaN
    found = screen(listed, [Protection("scrub", ("w",), bounds={"w": (-0.25, 1.0)})], lambda _name: GOLDEN)
    values = faulty_values(GOLDEN, found.faults)
    assert values.tolist() == [0.0, float(faulty_values(GOLDEN, listed)[1]), 0.0]
    assert found.left.tolist() == [True, True, True]
    assert found.corrected.tolist() == [True, False, True]


@pytest.mark.parametrize(("op", "operand"), [("set", 0x7F800000), ("and", 0), ("or", 0x7F800000)])
def test_other_operations_are_seen_as_the_bits_that_they_change(op: str, operand: int) -> None:
    listed = faults([(0, operand)], op=op)
    struck = faulty_values(GOLDEN, listed)
    assert faulty_values(GOLDEN, screen(listed, [Protection("copies", bits=(0,))], lambda _n: GOLDEN).faults) == struck
    assert not screen(listed, [Protection("copies")], lambda _n: GOLDEN).left[0]


def test_unprotected_tensors_are_left_alone() -> None:
    listed = faults([(0, 5)], op="set", tensor="v")
    found = screen(listed, [Protection("copies", ("w*",))], lambda _name: GOLDEN)
    assert (found.faults.op == listed.op).all()
    assert (found.faults.operand == listed.operand).all()
    assert found.left.all()


@pytest.mark.parametrize(
    ("protection", "share"),
    [
        (Protection("copies", bits=(30,)), 2 / 32), (Protection("parity"), 1 / 32), (Protection("secded", word=64), 8 / 64),
        (Protection("secded", word=32), 7 / 32), (Protection("scrub", bounds={}), 0.0), (Protection("copies"), 2.0),
    ],
)  # fmt: skip
def test_storage_overhead(protection: Protection, share: float) -> None:
    assert protection.overhead("float32") == pytest.approx(share)


def test_metadata_round_trip_and_damage() -> None:
    held = (Protection("parity", ("a*",), (1, 2), restore=True), Protection("scrub", ("w",), bounds={"w": (-1.0, 2.5)}))
    assert from_metadata({KEY: to_metadata(held)}) == held
    assert from_metadata({}) == ()
    doubled = '[{"scheme":"parity","scheme":"copies"}]'
    for damaged in ("{", "[{}]", '[{"scheme":"magic"}]', "[1]", "null", "[" * 100_000, doubled, "\ud800"):
        with pytest.raises(InjectionProblem):
            from_metadata({KEY: damaged})


def test_the_screen_does_what_the_graph_does_while_loading() -> None:
    """Faults in the stored tensor of a scrubbed file give what the screened faults give in the parent."""
    x = {"x": models.images(16, (784,), 1)}
    hardened = harden(models.mlp(), "m", [parse_measure("scrub:w2")], x)
    metadata = {p.key: p.value for p in onnx.load_model_from_string(hardened.content).metadata_props}
    golden = stored(models.mlp(), "w2")
    rng = np.random.default_rng(3)
    listed = faults(*[[(int(i), 1 << int(b))] for i, b in zip(rng.integers(0, golden.size, 60), rng.integers(22, 32, 60), strict=True)], tensor="w2")  # fmt: skip
    screened = screen(listed, from_metadata(metadata), {"w2": golden}.__getitem__)
    assert 0 < screened.corrected.sum() < 60
    for number in range(60):
        one = np.array([number])
        struck, left = (values(golden, source.take(one)) for source in (listed, screened.faults))
        np.testing.assert_array_equal(
            logits(with_stored(hardened.content, "w2.stored", struck), x),
            logits(with_stored(models.mlp(), "w2", left), x),
        )


def values(golden: np.ndarray, one: FaultList) -> np.ndarray:
    made = golden.copy()
    made.reshape(-1)[one.index] = faulty_values(golden, one)
    return made


def stored(content: bytes, name: str) -> np.ndarray:
    return numpy_helper.to_array(
        next(t for t in onnx.load_model_from_string(content).graph.initializer if t.name == name)
    )


def with_stored(content: bytes, name: str, value: np.ndarray) -> bytes:
    proto = onnx.load_model_from_string(content)
    next(t for t in proto.graph.initializer if t.name == name).CopyFrom(numpy_helper.from_array(value, name))
    return proto.SerializeToString()


def logits(content: bytes, x: dict[str, np.ndarray]) -> np.ndarray:
    return onnxruntime.InferenceSession(content, providers=["CPUExecutionProvider"]).run(["logits"], x)[0]


def test_ranking_weighs_rates_by_elements() -> None:
    rows = [["a", 100, 0.01], ["b", 10, 0.5], ["c", 1000, 0.0], ["d", 1, None]]
    record = {
        "tables": [
            {"name": "other"},
            {"name": "rates by tensor", "columns": ["tensor", "elements", "sdc_rate"], "rows": rows},
        ]
    }
    found = ranking(record)
    assert [t for t, _share in found] == ["b", "a", "c", "d"]
    assert sum(share for _t, share in found) == pytest.approx(1)


@pytest.mark.parametrize(
    "record",
    [
        {}, {"tables": None}, {"tables": []}, {"tables": [{"name": "rates by tensor", "columns": ["x"], "rows": []}]},
        {"tables": [{"name": "rates by tensor", "columns": ["tensor", "elements", "sdc_rate"], "rows": [["a", 5, 0.0]]}]},
    ],
)  # fmt: skip
def test_a_record_that_ranks_nothing_is_told(record: dict[str, object]) -> None:
    with pytest.raises(InjectionProblem):
        ranking(record)


def test_a_tensor_named_with_brackets_is_protected_by_its_name() -> None:
    assert Protection("copies", ("layers[0].weight",)).covers("layers[0].weight")
    assert not Protection("copies", ("layers[0].weight",)).covers("layers0.weight")
