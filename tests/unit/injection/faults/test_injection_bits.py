"""Faults put into arrays and taken out again."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from casework.injection.faults import bits
from casework.injection.faults.fault_list import EVERY_SAMPLE, OPS, FaultList, FaultTensor
from casework.injection.problem import InjectionProblem

ELEMENTS = 24


def listed(dtype: str, faults: list[tuple[str, list[int], list[int]]]) -> FaultList:
    counts = [len(index) for _, index, _ in faults]
    ids = np.arange(len(faults))
    return FaultList(
        "m", (FaultTensor("w", "w", "weight", dtype, (ELEMENTS,)),), ids, np.zeros(len(faults), np.int32),
        np.cumsum([0, *counts]), np.array([i for _, index, _ in faults for i in index], np.int64),
        np.array([o for _, _, operand in faults for o in operand], np.uint64),
        np.array([OPS.index(op) for op, _, _ in faults], np.uint8), np.full(len(faults), EVERY_SAMPLE), ids,
    )  # fmt: skip


def pattern(value: float) -> int:
    return int(np.array([value]).view(np.uint64)[0])


def random_rows(dtype: str, rows: int) -> Any:
    raw = np.random.default_rng(3).integers(0, 256, (rows, ELEMENTS * bits.numpy_type(dtype).itemsize), np.uint8)
    return (raw & 1).astype(np.bool_) if dtype == "bool" else raw.view(bits.numpy_type(dtype)).copy()


@pytest.mark.parametrize("dtype", bits.dtypes())
@pytest.mark.parametrize("op", OPS)
def test_what_is_struck_is_restored(dtype: str, op: str) -> None:
    operand = pattern(1.5) if op in ("add", "scale") else (1 if dtype == "bool" else 1 << 5)
    faults = listed(dtype, [(op, [i, (i + 7) % ELEMENTS], [operand, operand]) for i in range(6)])
    rows = random_rows(dtype, 5)
    before = bits.patterns(rows).copy()
    saved = bits.strike(rows, faults, np.array([5, 0, 0, 3, 2]))
    bits.restore(rows, saved)
    assert np.array_equal(bits.patterns(rows), before)


@pytest.mark.parametrize("dtype", [d for d in bits.dtypes() if d != "bool"])
def test_a_flip_changes_that_bit_alone(dtype: str) -> None:
    faults = listed(dtype, [("xor", [b % ELEMENTS], [1 << b]) for b in range(bits.width(dtype))])
    rows = random_rows(dtype, len(faults))
    before = bits.patterns(rows).copy()
    bits.strike(rows, faults, np.arange(len(faults)))
    changed = bits.patterns(rows) ^ before
    wanted = np.zeros_like(before)
    for b in range(len(faults)):
        wanted[b, b % ELEMENTS] = 1 << b
    assert np.array_equal(changed, wanted)


def test_values_after_the_fault_are_what_strike_puts_in() -> None:
    golden = np.linspace(-3, 3, ELEMENTS).astype(np.float32)
    faults = listed("float32", [
        ("xor", [3], [1 << 30]), ("set", [4, 9], [0x7FC00000, 0]), ("or", [5], [1 << 31]), ("and", [6], [0x7FFFFFFF]),
        ("add", [7], [pattern(0.25)]), ("scale", [8], [pattern(-2.0)]), ("fixed_xor", [10], [1 << 10]),
    ])  # fmt: skip
    values = bits.faulty_values(golden, faults)
    rows = np.tile(golden, (len(faults), 1))
    bits.strike(rows, faults, np.arange(len(faults)))
    fault = np.repeat(np.arange(len(faults)), np.diff(faults.starts))
    assert np.array_equal(bits.patterns(values), bits.patterns(rows)[fault, faults.index])
    assert values[-2] == golden[8] * -2
    assert values[3] == -abs(golden[5])
    assert values[4] == abs(golden[6])


def test_a_group_strikes_together_and_twice_the_same_bit_is_none() -> None:
    values = np.ones(ELEMENTS, np.float32)
    bits.apply(values, listed("float32", [("xor", [2], [1 << 31]), ("xor", [2], [1 << 31]), ("xor", [3], [1 << 31])]))
    assert values[2] == 1
    assert values[3] == -1
    bits.apply(values, listed("float32", [("set", [2], [0]), ("add", [2], [pattern(4.0)])]))
    assert values[2] == 4


def test_a_view_with_gaps_is_refused() -> None:
    with pytest.raises(ValueError, match="contiguous"):
        bits.strike(
            np.ones((4, 2 * ELEMENTS), np.float32)[:, ::2],
            listed("float32", [("xor", [0], [1])]),
            np.zeros(4, np.int64),
        )


def reference_fixed(value: float, bit: int) -> float:
    """What `randomBitFlip` of TensorFI 1 does with a bit, restated: digits of the magnitude, whole part 21, fraction 10."""
    magnitude = abs(value)
    set_already = math.floor(magnitude / 2.0 ** (bit - 10)) % 2 == 1
    moved = magnitude + (-1 if set_already else 1) * 2.0 ** (bit - 10)
    return math.copysign(1, value) * moved


@given(st.floats(-2e6, 2e6, width=32), st.integers(0, 30))
def test_fixed_point_flips_are_those_of_tensorfi(value: float, bit: int) -> None:
    golden = np.full(ELEMENTS, value, np.float64)
    assert bits.faulty_values(golden, listed("float64", [("fixed_xor", [0], [1 << bit])]))[0] == reference_fixed(
        value, bit
    )


def test_fixed_point_leaves_what_has_no_image() -> None:
    golden = np.array([np.nan, np.inf, -np.inf, *([0.5] * (ELEMENTS - 3))], np.float32)
    values = bits.faulty_values(golden, listed("float32", [("fixed_xor", [i], [1 << 3]) for i in range(3)]))
    assert np.array_equal(bits.patterns(values), bits.patterns(golden[:3]))
    assert bits.faulty_values(golden, listed("float32", [("fixed_xor", [4], [1 << 31])]))[0] == -0.5


def test_integers_are_rounded_and_clipped_when_a_value_is_added() -> None:
    golden = np.full(ELEMENTS, 100, np.int8)
    faults = listed(
        "int8", [("add", [0], [pattern(100.0)]), ("scale", [1], [pattern(-5.0)]), ("add", [2], [pattern(1.5)])]
    )
    assert bits.faulty_values(golden, faults).tolist() == [127, -128, 102]
    wide = np.full(ELEMENTS, 2**62, np.int64)
    assert bits.faulty_values(wide, listed("int64", [("scale", [0], [pattern(8.0)])]))[0] == 2**63 - 1


@pytest.mark.parametrize(
    ("dtype", "sign", "exponent", "mantissa", "top"),
    [
        ("float32", (31,), (23, 30), (0, 22), (30,)), ("float16", (15,), (10, 14), (0, 9), (14,)),
        ("bfloat16", (15,), (7, 14), (0, 6), (14,)), ("float64", (63,), (52, 62), (0, 51), (62,)),
    ],
)  # fmt: skip
def test_fields_of_floats(dtype: str, sign: Any, exponent: Any, mantissa: Any, top: Any) -> None:
    assert bits.field_bits(dtype, "sign") == sign
    assert (bits.field_bits(dtype, "exponent")[0], bits.field_bits(dtype, "exponent")[-1]) == exponent
    assert (bits.field_bits(dtype, "mantissa")[0], bits.field_bits(dtype, "mantissa")[-1]) == mantissa
    assert bits.field_bits(dtype, "top") == top


def test_integers_have_a_sign_and_a_top_but_no_exponent() -> None:
    assert bits.field_bits("int8", "sign") == (7,)
    assert bits.field_bits("uint8", "sign") == ()
    assert bits.field_bits("uint8", "top") == (7,)
    assert bits.field_bits("int32", "exponent") == ()


def test_an_alien_type_is_refused_with_those_that_are_not() -> None:
    with pytest.raises(InjectionProblem) as caught:
        bits.width("complex64")
    assert "float32" in caught.value.fix
