"""Faults drawn by counter, in strata, and gone through."""

from __future__ import annotations

import pickle
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import chisquare

from casework.artifact.digest import jcs_digest
from casework.injection.faults.fault_list import EVERY_SAMPLE, OPS, FaultList, FaultTensor, concat
from casework.injection.faults.formats import digest
from casework.injection.faults.generate import Recipe, exhaustive, exhaustive_digest, generate, generate_in
from casework.injection.faults.models import KINDS, FaultModel
from casework.injection.faults.recipe import left_out, population, tensor_population
from casework.injection.faults.strata import strata, stratum_population, weight
from casework.injection.problem import InjectionProblem

TENSORS = (
    FaultTensor("w1", "w1", "weight", "float32", (6, 40)),
    FaultTensor("b1", "b1", "bias", "float32", (40,)),
    FaultTensor("w2", "w2", "weight", "float16", (5, 4, 3, 3)),
    FaultTensor("q", "q", "weight", "int8", (16, 9)),
)
FLOATS = TENSORS[:2]
MODEL = "ab" * 32
PARAMETERS: dict[str, dict[str, Any]] = {
    "field": {"field": "exponent"}, "burst": {"flips": 3}, "rowhammer": {"pages": tuple((0, 17 * n) for n in range(300))},
    "random": {"low": -4.0, "high": 4.0},
}  # fmt: skip


def recipe(kind: Any = "bitflip", tensors: tuple[FaultTensor, ...] = TENSORS, **changes: Any) -> Recipe:
    parameters = PARAMETERS.get(kind, {}) | changes.pop("fault", {})
    return Recipe(MODEL, tensors, FaultModel(kind, **parameters), **({"seed": 11, "samples": 7} | changes))


def columns(faults: FaultList) -> list[list[int]]:
    return [
        getattr(faults, name).tolist()
        for name in ("ids", "tensor", "starts", "index", "operand", "op", "sample", "group")
    ]


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("unit", ["tensor", "element"])
def test_a_fault_depends_on_its_number_alone(kind: str, unit: Any) -> None:
    drawn = recipe(kind, unit=unit)
    whole = generate(drawn, range(300))
    shards = [generate(drawn, range(start, stop)) for start, stop in ((0, 1), (1, 120), (120, 120), (120, 300))]
    assert columns(concat(shards)) == columns(whole)
    assert columns(generate(drawn, range(0, 300, 3))) == columns(whole.take(np.arange(0, 300, 3)))
    assert digest(generate(replace(drawn, seed=12), range(300))) != digest(whole) or kind == "rowhammer"


@given(st.integers(0, 2**40), st.integers(1, 50))
def test_far_numbers_are_drawn_as_near_ones(first: int, size: int) -> None:
    whole = generate(recipe(), range(first, first + size))
    last = generate(recipe(), range(first + size - 1, first + size))
    assert columns(whole.take(np.array([size - 1]))) == columns(last)
    assert whole.ids[0] == first


def test_blocks_join_without_a_seam() -> None:
    whole = generate(recipe(unit="element"), range(40_000))
    assert columns(whole.take(np.arange(16_380, 16_390))) == columns(
        generate(recipe(unit="element"), range(16_380, 16_390))
    )


@pytest.mark.parametrize("kind", KINDS)
def test_sites_lie_in_their_tensor_and_no_element_stands_twice(kind: str) -> None:
    faults = generate(recipe(kind), range(200))
    sizes = np.array([np.prod(t.shape) for t in TENSORS])
    counts = np.diff(faults.starts)
    fault = np.repeat(np.arange(200), counts)
    assert (faults.index >= 0).all()
    assert (faults.index < sizes[faults.tensor[fault]]).all()
    assert len(np.unique(np.stack([fault, faults.index]), axis=1)[0]) == len(faults.index)
    assert (counts >= 1).all()


def test_every_tensor_place_bit_and_input_is_equally_likely() -> None:
    tensors = FLOATS
    for unit in ("tensor", "element"):
        faults = generate(recipe(tensors=tensors, unit=unit), range(60_000))
        by_tensor = np.bincount(faults.tensor)
        expected = np.array([30_000, 30_000]) if unit == "tensor" else 60_000 * np.array([240, 40]) / 280
        assert chisquare(by_tensor, expected).pvalue > 0.001
        assert chisquare(np.bincount(faults.sample)).pvalue > 0.001
        assert chisquare(np.bincount(np.log2(faults.operand).astype(int))).pvalue > 0.001
        for number, tensor in enumerate(tensors):
            places = np.bincount(faults.index[faults.tensor == number], minlength=int(np.prod(tensor.shape)))
            assert chisquare(places).pvalue > 0.001
        together = np.bincount(faults.sample * 32 + np.log2(faults.operand).astype(int))
        assert chisquare(together).pvalue > 0.001


def test_an_amount_of_elements_is_spread_evenly() -> None:
    faults = generate(recipe(tensors=TENSORS[1:2], fault={"amount": 10}), range(3000))
    assert np.diff(faults.starts).tolist() == [10] * 3000
    assert chisquare(np.bincount(faults.index)).pvalue > 0.001
    assert chisquare(np.bincount(np.log2(faults.operand).astype(int))).pvalue > 0.001


def test_zeros_of_a_percentage_of_each_tensor() -> None:
    faults = generate(recipe("zeros", fault={"percent": 25.0}), range(50))
    counts = {0: 60, 1: 10, 2: 45, 3: 36}
    assert np.diff(faults.starts).tolist() == [counts[t] for t in faults.tensor.tolist()]
    assert not faults.operand.any()
    assert set(faults.op.tolist()) == {OPS.index("set")}


def bit_counts(values: Any) -> list[int]:
    return [bin(int(value)).count("1") for value in values]


def test_what_the_models_put_in() -> None:
    multi = generate(recipe("multi", fault={"flips": 3}), range(100))
    assert set(bit_counts(multi.operand)) == {3}
    burst = generate(recipe("burst"), range(300))
    lows = np.log2(burst.operand & -burst.operand.view(np.int64).astype(np.uint64)).astype(int)
    assert (burst.operand == np.uint64(7) << lows.astype(np.uint64)).all()
    assert (lows + 3 <= np.array([32, 32, 16, 8])[burst.tensor]).all()
    high = generate(recipe("stuck_at_1"), range(50))
    assert set(bit_counts(high.operand)) == {1}
    low = generate(recipe("stuck_at_0"), range(50))
    assert {
        count - [32, 32, 16, 8][t] for count, t in zip(bit_counts(low.operand), low.tensor.tolist(), strict=True)
    } == {-1}
    byte = generate(recipe("byte"), range(300))
    assert all(sum(bool(value >> 8 * n & 255) for n in range(4)) == 1 for value in byte.operand.tolist())
    word = generate(recipe("word"), range(300))
    assert (word.operand > 0).all()
    assert all(
        value >> [32, 32, 16, 8][t] == 0 for value, t in zip(word.operand.tolist(), word.tensor.tolist(), strict=True)
    )
    fixed = generate(recipe("fixed_point"), range(2000))
    assert {int(np.log2(v)) for v in fixed.operand.tolist()} == set(range(31))
    exponent = generate(recipe("field", FLOATS), range(2000))
    assert {int(np.log2(v)) for v in exponent.operand.tolist()} == set(range(23, 31))
    some = generate(recipe(tensors=FLOATS, fault={"bits": (0, 5, 30)}), range(500))
    assert {int(np.log2(v)) for v in some.operand.tolist()} == {0, 5, 30}


def test_random_values_lie_in_their_interval() -> None:
    for high in (1.0, 1e-4, 0.0):
        faults = generate(recipe("random", TENSORS[2:3], fault={"low": -1.0, "high": high}), range(5000))
        values = faults.operand.astype(np.uint16).view(np.float16).astype(np.float64)
        assert values.min() >= -1
        assert values.max() < high
        assert abs(values.mean() - (high - 1) / 2) < 0.03
    faults = generate(recipe("random", TENSORS[3:]), range(4000))
    values = faults.operand.astype(np.uint8).view(np.int8)
    assert chisquare(np.unique(values, return_counts=True)[1]).pvalue > 0.001
    assert sorted(set(values.tolist())) == list(range(-4, 4))


def test_lines_and_slices() -> None:
    numbers = np.arange(180).reshape(5, 4, 3, 3)
    wanted = {
        "row": {tuple(line) for line in numbers.reshape(-1, 3).tolist()},
        "column": {tuple(line) for line in np.moveaxis(numbers, 2, -1).reshape(-1, 3).tolist()},
        "channel": {tuple(part) for part in numbers.reshape(5, -1).tolist()},
    }
    for kind, lines in wanted.items():
        faults = generate(recipe(kind, TENSORS[2:3]), range(600))
        found = {tuple(faults.index[faults.starts[f] : faults.starts[f + 1]].tolist()) for f in range(600)}
        assert found == lines
        assert not faults.operand.any()
    assert left_out(recipe("row")) == {"b1": "it has 0 rows, fewer than the amount of 1"}


def test_a_memory_word_with_two_flips_is_not_corrected_and_one_is() -> None:
    two = generate(recipe("ecc", FLOATS), range(3000))
    flips = [sum(bit_counts(two.operand[two.starts[f] : two.starts[f + 1]])) for f in range(3000)]
    assert set(flips) == {2}
    words = two.index // 2
    assert all(len(set(words[two.starts[f] : two.starts[f + 1]].tolist())) == 1 for f in range(3000))
    same_element = np.mean(np.diff(two.starts) == 1)
    assert abs(same_element - 31 / 63) < 0.03
    one = generate(recipe("ecc", FLOATS, fault={"flips": 1}), range(10))
    assert len(one.index) == 0
    assert len(one) == 10


def test_rowhammer_lays_pages_over_the_stored_bytes() -> None:
    tensors = (FaultTensor("a", "a", "weight", "int8", (10,)), FaultTensor("b", "b", "weight", "float32", (100,)))
    drawn = recipe("rowhammer", tensors, fault={"pages": ((0, 3), (0, 79), (0, 80), (3, 17)), "page_bytes": 64})
    faults = generate(drawn, range(4))
    assert faults.tensor.tolist() == [0, 0, 1, 1]
    assert faults.index.tolist() == [0, 9, 0, (3 * 64 * 8 + 17 - 80) // 32]
    assert faults.operand.tolist() == [8, 128, 1, 1 << (3 * 64 * 8 + 17 - 80) % 32]
    assert faults.sample.tolist() == [EVERY_SAMPLE] * 4
    with pytest.raises(InjectionProblem, match="lists 4 bits"):
        generate(drawn, range(5))
    with pytest.raises(InjectionProblem, match="end in page 6"):
        recipe("rowhammer", tensors, fault={"pages": ((7, 0),), "page_bytes": 64})


@pytest.mark.parametrize("kind", ["bitflip", "field", "stuck_at_0", "burst", "zeros", "channel", "fixed_point"])
def test_all_faults_are_gone_through_once(kind: Any) -> None:
    drawn = recipe(kind, FLOATS)
    parts = [part for position in range(2) for part in exhaustive(drawn, position, chunk=101)]
    whole = concat(parts)
    assert len(whole) == population(drawn) == sum(tensor_population(drawn, p) for p in range(2))
    assert whole.ids.tolist() == list(range(len(whole)))
    named = {
        (t, tuple(whole.index[a:b].tolist()), tuple(whole.operand[a:b].tolist()))
        for t, a, b in zip(whole.tensor.tolist(), whole.starts[:-1], whole.starts[1:], strict=True)
    }
    assert len(named) == len(whole)
    seen = generate(drawn, range(500))
    assert named >= {
        (t, tuple(seen.index[a:b].tolist()), tuple(seen.operand[a:b].tolist()))
        for t, a, b in zip(seen.tensor.tolist(), seen.starts[:-1], seen.starts[1:], strict=True)
    }
    assert set(whole.sample.tolist()) == {EVERY_SAMPLE}


def test_the_digest_of_all_faults_depends_on_what_they_follow_from() -> None:
    drawn = recipe(tensors=FLOATS)
    assert exhaustive_digest(drawn) == exhaustive_digest(replace(drawn, seed=99, unit="element", samples=3))
    others = [recipe(tensors=FLOATS[:1]), recipe("field", FLOATS), recipe(tensors=FLOATS, fault={"bits": (3,)})]
    assert len({exhaustive_digest(other) for other in [drawn, *others]}) == 4


def test_values_and_sets_cannot_be_gone_through() -> None:
    for kind, change in (("random", {}), ("multi", {}), ("bitflip", {"amount": 2})):
        with pytest.raises(InjectionProblem, match="too many faults"):
            population(recipe(kind, fault=change))


@pytest.mark.parametrize("by", ["tensor", "bit", "tensor_bit"])
@pytest.mark.parametrize("unit", ["tensor", "element"])
@pytest.mark.parametrize("kind", ["bitflip", "burst", "zeros", "random"])
def test_strata_share_the_whole(by: Any, unit: Any, kind: Any) -> None:
    drawn = recipe(kind, unit=unit)
    parts = strata(drawn, by)
    assert sum(weight(drawn, part) for part in parts) == pytest.approx(1)
    if kind not in ("random",):
        assert sum(stratum_population(drawn, part) for part in parts) == population(drawn)
    plain = generate(drawn, range(20_000))
    share = [np.mean(in_stratum(plain, part)) for part in parts]
    assert np.allclose(share, [weight(drawn, part) for part in parts], atol=0.02)


def in_stratum(faults: FaultList, part: Any) -> Any:
    hit = np.isin(faults.tensor, part.tensors)
    if not part.bits:
        return hit
    lowest = faults.operand & (~faults.operand + np.uint64(1))
    return hit & np.isin(lowest, [np.uint64(1) << np.uint64(bit) for bit in part.bits])


def test_draws_of_strata_stay_within_and_can_be_continued() -> None:
    drawn = recipe()
    parts = strata(drawn, "tensor_bit")[5:9]
    first = generate_in(drawn, parts, [range(20)] * 4)
    assert len(first) == 80
    assert (np.diff(first.ids) > 0).all()
    for number, part in enumerate(parts):
        assert in_stratum(first, part)[20 * number : 20 * number + 20].all()
    more = generate_in(drawn, parts, [range(20, 30), range(0), range(20, 25), range(0)])
    long = generate_in(drawn, parts, [range(30), range(20), range(25), range(20)])
    merged = concat([first, more])
    assert columns(merged.take(np.argsort(merged.ids))) == columns(long)
    assert columns(generate_in(drawn, parts[1:2], [range(20)])) == columns(first.take(np.arange(20, 40)))
    assert len(generate_in(drawn, parts, [range(0)] * 4)) == 0


def test_places_within_a_stratum_are_even() -> None:
    drawn = recipe(unit="element")
    (part,) = [p for p in strata(drawn, "bit") if p.bits == (30,)]
    faults = generate_in(drawn, [part], [range(40_000)])
    assert chisquare(np.bincount(faults.tensor), 40_000 * np.array([240, 40]) / 280).pvalue > 0.001
    assert set(faults.operand.tolist()) == {1 << 30}


def test_a_recipe_is_a_value() -> None:
    drawn = recipe("rowhammer")
    assert pickle.loads(pickle.dumps(drawn)) == drawn
    assert hash(drawn) == hash(recipe("rowhammer"))
    options = recipe("bitflip", fault={"bits": (30, 3)}).as_options()
    assert options["bits"] == "3;30"
    assert options["fault"] == "bitflip"
    assert options["seed"] == 11
    assert recipe("set", FLOATS, fault={"value": float("nan")}).as_options()["value"] == "nan"
    assert jcs_digest(drawn.as_options())


@pytest.mark.parametrize(
    ("kind", "change", "message"),
    [
        ("bitflip", {"fault": {"bits": (32,)}}, "bit 32 is beyond"),
        ("bitflip", {"fault": {"bits": (-1,)}}, "negative"),
        ("bitflip", {"fault": {"amount": 100_000}}, "fewer than the amount"),
        ("bitflip", {"fault": {"amount": 0}}, "amount is 0"),
        ("bitflip", {"tensors": ()}, "no tensor is selected"),
        ("field", {"tensors": TENSORS[3:]}, "have no exponent"),
        ("field", {"fault": {"field": None}}, "names no field"),
        ("random", {"fault": {"low": 1.0, "high": 1.0}}, "do not exist"),
        ("random", {"tensors": TENSORS[3:], "fault": {"low": 0.1, "high": 0.9}}, "no integer lies"),
        ("random", {"tensors": TENSORS[3:], "fault": {"low": 0.0, "high": 200.0}}, "cannot hold"),
        ("set", {"tensors": TENSORS[3:], "fault": {"value": 200.0}}, "cannot hold 200"),
        ("zeros", {"fault": {"percent": 101.0}}, "percent is 101"),
        ("zeros", {"fault": {"bits": (3,)}}, "no meaning"),
        ("burst", {"fault": {"bits": (1, 3, 5)}}, "adjacent"),
        ("multi", {"fault": {"bits": (1,)}}, "fewer than 2 flips"),
        ("rowhammer", {"fault": {"pages": ()}}, "lists no bit"),
        ("rowhammer", {"fault": {"pages": ((0, 40_000),)}}, "beyond a page"),
        ("meteor", {}, "not known"),
        ("ecc", {"fault": {"flips": 3}}, "more than SECDED defines"),
        ("bitflip", {"tensors": (FaultTensor("c", "c", "weight", "complex64", (3,)),)}, "complex64"),
    ],
)  # fmt: skip
def test_what_cannot_be_drawn_is_refused_with_an_act(kind: Any, change: dict[str, Any], message: str) -> None:
    with pytest.raises(InjectionProblem, match=message) as caught:
        recipe(kind, **change)
    assert caught.value.fix.endswith(".")


def test_tensors_without_such_a_fault_are_left_out_and_named() -> None:
    drawn = recipe("field")
    assert left_out(drawn) == {"q": "elements of type int8 have no exponent"}
    assert set(generate(drawn, range(500)).tensor.tolist()) == {0, 1, 2}
