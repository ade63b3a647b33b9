"""The oracle's own strike: against patterns worked out by hand, and against the strike of the engines."""

from __future__ import annotations

import math
import struct
from fractions import Fraction
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from casework.injection.engines.plain_strike import after, put_all_in, put_in
from casework.injection.faults import bits
from casework.injection.faults.fault_list import EVERY_SAMPLE, OPS, FaultList, FaultTensor

VALUES = ("add", "scale", "fixed_xor")


def double(value: float) -> int:
    return int.from_bytes(struct.pack("<d", value), "little")


def listed(dtype: str, elements: int, faults: list[tuple[str, list[int], list[int]]]) -> FaultList:
    counts = [len(index) for _, index, _ in faults]
    ids = np.arange(len(faults))
    return FaultList(
        "m", (FaultTensor("w", "w", "weight", dtype, (elements,)),), ids, np.zeros(len(faults), np.int32),
        np.cumsum([0, *counts]), np.array([i for _, index, _ in faults for i in index], np.int64),
        np.array([o for _, _, operand in faults for o in operand], np.uint64),
        np.array([OPS.index(op) for op, _, _ in faults], np.uint8), np.full(len(faults), EVERY_SAMPLE), ids,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("dtype", "held", "op", "operand", "expected"),
    [
        ("float32", 0x3F800000, "xor", 1 << 30, 0x7F800000),  # 1 becomes infinity
        ("float32", 0x3F800000, "xor", 1 << 31, 0xBF800000),
        ("float32", 0x3F800001, "and", 0xFFFFFFFE, 0x3F800000),
        ("float32", 0x3F800000, "or", 3, 0x3F800003),
        ("float32", 0x3F800000, "set", 0x40490FDB, 0x40490FDB),
        ("float32", 0x3F800000, "add", double(1.0), 0x40000000),
        ("float32", 0x3F800000, "add", double(2**-24), 0x3F800000),  # half way: to even
        ("float32", 0x3F800001, "add", double(2**-24), 0x3F800002),
        ("float32", 0x3F800000, "scale", double(1e39), 0x7F800000),
        ("float32", 0x00000001, "scale", double(0.5), 0x00000000),  # half of the least subnormal: to even
        ("float32", 0x00000003, "scale", double(0.5), 0x00000002),
        ("float32", 0x80000000, "add", double(-0.0), 0x80000000),
        ("float32", 0x3F800000, "fixed_xor", 1 << 10, 0x00000000),  # 1 is bit 10 of its image
        ("float32", 0x3F800000, "fixed_xor", 1 << 31 | 1 << 11, 0xC0400000),  # -(1 + 2)
        ("float32", 0x7F800000, "fixed_xor", 1 << 31, 0x7F800000),
        ("float16", 0x7BFF, "add", double(16.0), 0x7C00),  # 65504 + 16 is half way to 65536
        ("float16", 0x7BFF, "add", double(15.99), 0x7BFF),
        ("float16", 0x3C00, "xor", 1 << 14, 0x7C00),
        ("bfloat16", 0x3F80, "add", double(2**-8), 0x3F80),
        ("bfloat16", 0x3F80, "add", double(2**-8 + 2**-40), 0x3F81),  # above half way: not twice rounded
        ("bfloat16", 0x3F81, "add", double(2**-8 - 2**-40), 0x3F81),
        ("float64", double(1.5), "scale", double(-2.0), double(-3.0)),
        ("int8", 0x7F, "add", double(1.0), 0x7F),
        ("int8", 0x80, "scale", double(-1.0), 0x7F),
        ("int8", 0x05, "scale", double(0.5), 0x02),  # 2.5 to even
        ("int8", 0x07, "scale", double(-0.5), 0xFC),  # -3.5 to even
        ("int8", 0x00, "xor", 0x80, 0x80),
        ("int8", 0x05, "add", double(math.nan), 0x00),
        ("uint8", 0x05, "add", double(-9.0), 0x00),
        ("uint8", 0x05, "scale", double(math.inf), 0xFF),
        ("int64", 1, "scale", double(1e30), 2**63 - 1),
        ("int64", 1, "scale", double(-1e30), 2**63),
        ("uint64", 1, "scale", double(1e30), 2**64 - 1),
        ("bool", 1, "xor", 1, 0),
        ("bool", 0, "add", double(0.25), 1),
    ],
)
def test_an_element_after_an_operation_is_what_the_definition_says(
    dtype: str, held: int, op: str, operand: int, expected: int
) -> None:
    assert after(held, op, operand, dtype) == expected
    values = np.array([0, held, 0], bits.pattern_type(dtype)).view(bits.numpy_type(dtype))
    faults = listed(dtype, 3, [(op, [1], [operand])])
    by_engines = values.copy()
    put_in(values, faults, 0)
    bits.strike(by_engines[None], faults, np.array([0]))
    for found in (values, by_engines):
        assert bits.patterns(found).tolist() == [0, expected, 0]


def patterns_of(dtype: str) -> st.SearchStrategy[int]:
    width = 8 * bits.numpy_type(dtype).itemsize
    if dtype == "bool":
        return st.integers(0, 1)
    edges = [0, 1, 2, 3, (1 << width) - 1, 1 << width - 1, (1 << width - 1) - 1, (1 << width - 1) + 1]
    return st.integers(0, (1 << width) - 1) | st.sampled_from(edges)


def amounts() -> st.SearchStrategy[int]:
    """Float64 patterns: any, and sums of few powers of two, which end up between two numbers of a narrower type."""
    powers = st.lists(st.tuples(st.sampled_from([-1, 1]), st.integers(-150, 130)), min_size=1, max_size=3)
    return (
        st.floats().map(double)
        | st.sampled_from([1.0, -1.0, 0.5, 0.1, 1.5, 2.0, 1e-3]).map(double)
        | powers.map(lambda found: double(sum(sign * 2.0**power for sign, power in found)))
    )


def same(one: int, other: int, dtype: str) -> bool:
    """Equal patterns; what is not a number equals whatever else is none."""
    if one == other or not bits.is_float(dtype):
        return one == other
    pair = np.array([one, other], bits.pattern_type(dtype)).view(bits.numpy_type(dtype))
    return bool(np.isnan(pair.astype(np.float64)).all())


@pytest.mark.parametrize("op", OPS)
@pytest.mark.parametrize("dtype", bits.dtypes())
@settings(max_examples=60, deadline=None)
@given(data=st.data())
def test_oracle_and_engines_strike_alike(dtype: str, op: str, data: Any) -> None:
    elements = 6
    held = data.draw(st.lists(patterns_of(dtype), min_size=elements, max_size=elements))
    operand = amounts() if op in ("add", "scale") else st.integers(0, 2**32 - 1) if op in VALUES else patterns_of(dtype)
    index = data.draw(st.lists(st.integers(0, elements - 1), min_size=1, max_size=4, unique=True))
    operands = data.draw(st.lists(operand, min_size=len(index), max_size=len(index)))
    faults = listed(dtype, elements, [(op, [0], [0]), (op, index, operands)])
    mine, theirs = (np.array(held, bits.pattern_type(dtype)).view(bits.numpy_type(dtype)) for _ in range(2))
    put_in(mine, faults, 1)
    bits.strike(theirs[None], faults, np.array([1]))
    pairs = list(zip(bits.patterns(mine).tolist(), bits.patterns(theirs).tolist(), strict=True))
    assert all(same(*pair, dtype) for pair in pairs), (held, index, operands, [f"{a:x} {b:x}" for a, b in pairs])


@pytest.mark.parametrize("dtype", ["float16", "bfloat16", "float32"])
@settings(max_examples=300, deadline=None)
@given(amount=amounts(), zero=st.just(0))
def test_no_number_of_a_type_is_nearer_than_the_one_that_is_chosen(dtype: str, amount: int, zero: int) -> None:
    wanted = np.array([amount], np.uint64).view(np.float64)[0]
    chosen = after(zero, "add", amount, dtype)
    kind, sign = bits.numpy_type(dtype), 1 << bits.width(dtype) - 1
    infinity = int(np.array([np.inf]).astype(kind).view(bits.pattern_type(dtype))[0])
    if math.isnan(wanted):
        assert chosen & ~sign > infinity
        return
    if chosen & ~sign >= infinity:
        # Beyond the greatest number by half of its last place.
        most = np.array([infinity - 1, infinity - 2], bits.pattern_type(dtype)).view(kind).astype(np.float64)
        assert abs(wanted) >= most[0] + (most[0] - most[1]) / 2
        return
    near = [chosen, *(chosen + step for step in (-1, 1) if 0 <= (chosen & ~sign) + step < infinity)]
    exact = np.array(near, bits.pattern_type(dtype)).view(kind).astype(np.float64)
    gaps = [abs(Fraction(float(value)) - Fraction(float(wanted))) for value in exact]
    assert gaps[0] == min(gaps)
    assert gaps.count(gaps[0]) == 1 or chosen % 2 == 0


def test_several_faults_strike_one_after_the_other() -> None:
    values = np.ones(3, np.float32)
    put_all_in(values, listed("float32", 3, [("add", [0, 1], [double(1.0)] * 2), ("scale", [1, 2], [double(3.0)] * 2)]))
    assert values.tolist() == [2, 6, 3]
    twice = np.ones(3, np.float32)
    put_all_in(twice, listed("float32", 3, [("xor", [1], [1 << 22]), ("xor", [1], [1 << 22])]))
    assert twice.tolist() == [1, 1, 1]


def test_an_array_of_which_a_copy_would_be_struck_is_refused() -> None:
    faults = listed("float32", 6, [("xor", [1], [1])])
    with pytest.raises(ValueError, match="contiguous"):
        put_in(np.zeros((3, 2), np.float32).T, faults, 0)


def test_an_operation_that_is_none_is_refused() -> None:
    with pytest.raises(ValueError, match="no operation"):
        after(0, "nand", 0, "float32")
