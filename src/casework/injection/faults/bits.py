"""Puts faults into arrays and takes them out again. All widths and layouts of numbers that faults know stand here."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final, Literal, assert_never

import numpy as np

from casework.injection.faults.fault_list import OPS, Array, FaultList
from casework.injection.problem import InjectionProblem

Field = Literal["sign", "exponent", "mantissa", "top"]

# Exponent and mantissa bits (IEEE 754-2008, table 3.5; bfloat16: the upper half of a binary32).
_FLOATS: Final = {"float16": (5, 10), "bfloat16": (8, 7), "float32": (8, 23), "float64": (11, 52)}
# A bool is stored in a byte, of which 0 and 1 are the only defined values: it has one bit that can be hit.
_INTEGERS: Final = {
    "bool": 1, "int8": 8, "uint8": 8, "int16": 16, "uint16": 16, "int32": 32, "uint32": 32, "int64": 64, "uint64": 64,
}  # fmt: skip

_XOR, _AND, _OR, _SET, _ADD, _SCALE, _FIXED = range(len(OPS))

_FRACTION: Final = 1024.0
"""Fixed-point image of TensorFI 1 (`faultTypes.py`): 1 sign, 21 integer, 10 fraction bits of the magnitude."""
_FIXED_TOP: Final = float(2**31 - 1)


def dtypes() -> tuple[str, ...]:
    """Return the names of the element types that faults can be put into."""
    return (*_FLOATS, *_INTEGERS)


def is_float(dtype: str) -> bool:
    """True for element types that have a sign, an exponent and a mantissa."""
    return dtype in _FLOATS


def width(dtype: str) -> int:
    """Return the number of bits of an element that can be hit.

    Raises:
        InjectionProblem: Faults cannot be put into this element type.
    """
    if dtype in _FLOATS:
        return 1 + sum(_FLOATS[dtype])
    if dtype in _INTEGERS:
        return _INTEGERS[dtype]
    raise InjectionProblem(
        f"faults cannot be put into elements of type {dtype}", f"Choose tensors of one of {', '.join(dtypes())}."
    )


def field_bits(dtype: str, field: Field) -> tuple[int, ...]:
    """Return the bits of a field, ascending; bit 0 is the least significant. Empty where the type has no such field.

    `top` is the most significant bit of the exponent for floats, the most significant bit for integers.
    """
    bits = width(dtype)
    exponent, mantissa = _FLOATS.get(dtype, (0, 0))
    match field:
        case "sign":
            return (bits - 1,) if exponent or dtype.startswith("int") else ()
        case "exponent":
            return tuple(range(mantissa, mantissa + exponent))
        case "mantissa":
            return tuple(range(mantissa))
        case "top":
            return (bits - 2,) if exponent else (bits - 1,)
        case _:
            assert_never(field)


def limits(dtype: str) -> tuple[int, int]:
    """Return the least and the greatest value of an integer type, or of bool."""
    bits = width(dtype)
    return (-(1 << bits - 1), (1 << bits - 1) - 1) if dtype.startswith("int") else (0, (1 << bits) - 1)


@lru_cache(maxsize=32)
def numpy_type(dtype: str) -> np.dtype[Any]:
    """Return the numpy type of an element type; bfloat16 comes from ml_dtypes, which onnx requires."""
    width(dtype)
    if dtype == "bfloat16":
        import ml_dtypes

        kind: np.dtype[Any] = np.dtype(ml_dtypes.bfloat16)
        return kind
    return np.dtype(dtype)


@lru_cache(maxsize=32)
def pattern_type(dtype: str) -> np.dtype[Any]:
    """Return the unsigned integer type that is as wide as an element in memory."""
    return np.dtype(f"u{numpy_type(dtype).itemsize}")


def patterns(values: Array) -> Array:
    """Return the bit patterns of an array: a view of it as unsigned integers, of the same shape."""
    return values.view(pattern_type(values.dtype.name))


def pattern_of(value: float, dtype: str) -> int:
    """Return the bit pattern of a value in an element type; integers are rounded to even and clipped to their range."""
    return int(_cast(np.array([value]), dtype).view(pattern_type(dtype))[0])


@dataclass(frozen=True, slots=True)
class Saved:
    """What `strike` overwrote: flat positions int64 [S] in the rows, and the bit patterns that stood there."""

    positions: Array
    held: Array


def strike(rows: Array, faults: FaultList, fault: Array) -> Saved:
    """Put one fault into each row, in place.

    Args:
        rows: [R, ...], C-contiguous: each row is the whole tensor that the faults hit (of one sample for activations).
        faults: Faults of this tensor.
        fault: int64 [R]: position in `faults` of the fault of each row.

    Returns:
        What `restore` needs.
    """
    flat = _flat(rows)
    elements = flat.size // len(fault) if len(fault) else 0
    starts = np.arange(len(fault), dtype=np.int64)
    starts *= elements
    op = faults.op[fault]
    if faults.single:
        sites = fault
    else:
        counts = faults.starts[fault + 1] - faults.starts[fault]
        sites = ranges(faults.starts[fault], counts)
        starts, op = np.repeat(starts, counts), np.repeat(op, counts)
    positions = np.add(starts, faults.index[sites], out=starts)
    held = flat[positions]
    flat[positions] = struck(held, op, faults.operand[sites], rows.dtype.name)
    return Saved(positions, held)


def restore(rows: Array, saved: Saved) -> None:
    """Put back what `strike` overwrote, in place."""
    _flat(rows)[saved.positions] = saved.held


def faulty_values(golden: Array, faults: FaultList) -> Array:
    """Return the values after the fault at every site, [S] of the tensor's type; [F] where each fault has one site.

    Args:
        golden: Values of the tensor without faults, any shape.
        faults: Faults of this tensor.
    """
    held = _flat(np.ascontiguousarray(golden))[faults.index]
    op = faults.op if faults.single else np.repeat(faults.op, np.diff(faults.starts))
    return struck(held, op, faults.operand, golden.dtype.name).view(golden.dtype)


def apply(values: Array, faults: FaultList) -> None:
    """Put all faults of one tensor into it together, in place, in their order: for groups that strike one inference."""
    if bool((faults.op == _XOR).all()):
        flat = _flat(values)
        np.bitwise_xor.at(flat, faults.index, faults.operand.astype(flat.dtype))
        return
    for position in range(len(faults)):
        strike(values[None], faults, np.array([position]))


def _flat(rows: Array) -> Array:
    """Return a flat view of the bit patterns. A copy would be struck without effect, so what is not contiguous is refused."""
    if not rows.flags.c_contiguous:
        raise ValueError("faults are put into C-contiguous arrays only")
    return rows.view(pattern_type(rows.dtype.name)).reshape(-1)


def ranges(starts: Array, counts: Array) -> Array:
    """Return the numbers of ranges one after the other: starts[0], starts[0] + 1, ... (counts[0] of them), starts[1], ..."""
    ends = np.cumsum(counts)
    total = int(ends[-1]) if len(ends) else 0
    return np.repeat(starts - (ends - counts), counts) + np.arange(total)


def struck(held: Array, op: Array, operand: Array, dtype: str) -> Array:
    """Return the bit patterns after the fault, for the patterns, operations and operands [S] of the sites."""
    if len(held) == 0:
        return held
    if bool((op == op[0]).all()):
        return _operated(held, int(op[0]), operand, dtype)
    struck = held.copy()
    for number in np.unique(op):
        chosen = op == number
        struck[chosen] = _operated(held[chosen], int(number), operand[chosen], dtype)
    return struck


def _operated(held: Array, op: int, operand: Array, dtype: str) -> Array:
    if op in (_ADD, _SCALE, _FIXED):
        values = held.view(numpy_type(dtype)).astype(np.float64)
        with np.errstate(over="ignore", invalid="ignore"):
            return _cast(_moved(values, op, operand), dtype).view(held.dtype)
    masks = operand.astype(held.dtype)
    if op == _XOR:
        masks ^= held
    elif op == _AND:
        masks &= held
    elif op == _OR:
        masks |= held
    return masks


def _moved(values: Array, op: int, operand: Array) -> Array:
    if op == _FIXED:
        return _fixed(values, operand)
    amount = operand.view(np.float64)
    moved: Array = values + amount if op == _ADD else values * amount
    return moved


def _fixed(values: Array, mask: Array) -> Array:
    """Return values after bits of their fixed-point image are flipped.

    The image is the magnitude in units of 2^-10, cut to 31 bits; flipping a bit adds or subtracts its weight and leaves what is
    finer than 2^-10 as it was; bit 31 is the sign. Not finite values have no image and stay.
    """
    magnitude = np.abs(values)
    finite = np.isfinite(values)
    image = np.minimum(np.floor(np.where(finite, magnitude, 0.0) * _FRACTION), _FIXED_TOP).astype(np.int64)
    bits = mask.astype(np.int64)
    moved = magnitude + ((image ^ (bits & (2**31 - 1))) - image) / _FRACTION
    negative = np.signbit(values) ^ (bits >> 31 & 1).astype(np.bool_)
    return np.where(finite, np.where(negative, -moved, moved), values)


def _cast(values: Array, dtype: str) -> Array:
    """Return float64 values in an element type: floats rounded to nearest, integers to even and clipped to their range."""
    kind = numpy_type(dtype)
    if dtype in _FLOATS:
        with np.errstate(over="ignore"):
            return (_odd(values) if dtype == "bfloat16" else values).astype(kind)
    if dtype == "bool":
        return np.asarray(values != 0)
    least, most = limits(dtype)
    inside = np.clip(np.rint(np.where(np.isnan(values), 0.0, values)), float(least), float(most))
    # 2^63 - 1 and 2^64 - 1 have no float64: the float above them would wrap.
    top = inside >= float(most)
    return np.where(top, kind.type(most), np.where(top, 0.0, inside).astype(kind))


def _odd(values: Array) -> Array:
    """Return float64 values in float32, cut off, with the last bit set wherever something was cut off.

    ml_dtypes rounds float64 to bfloat16 by way of float32, and so twice: what is just above the middle of two becomes the middle, and
    then may go down. Rounded so instead, it stays above the middle (Boldo and Melquiond, IEEE Trans. Computers 57, 2008).
    """
    single = values.astype(np.float32)
    pattern = single.view(np.uint32)
    inexact = np.isfinite(single) & (single != values)
    pattern -= inexact & (np.abs(single) > np.abs(values))
    pattern |= inexact
    return single
