"""The oracle's own way to put a fault into a tensor: one element at a time, in integers, from the definitions.

It shares nothing with `faults.bits`, by which every other engine strikes, but the record of the faults. Bit patterns are taken apart
and put together by hand (IEEE 754-2008, 3.4: a finite float is an integer times a power of two), and rounded by hand (4.3.1: to the
nearest, to even between two), so that neither numpy's conversions nor masks of whole arrays have a say.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, Final, Literal

import numpy as np
from numpy.typing import NDArray

from casework.injection.faults.fault_list import OPS, FaultList

Array = NDArray[Any]

_CODES: Final[dict[int, Literal["B", "H", "I", "Q"]]] = {1: "B", 2: "H", 4: "I", 8: "Q"}
"""Unsigned integers of `memoryview.cast` by their bytes."""

_CELLS: Final = 1024
"""Units of the fixed-point image in 1: it has 10 fraction bits."""
_TOP_IMAGE: Final = 2**31 - 1


@dataclass(frozen=True, slots=True)
class _Float:
    """A binary interchange format: sign, exponent, mantissa, from the most significant bit on."""

    exponent: int
    mantissa: int

    @property
    def least(self) -> int:
        """Power of two of the last mantissa bit of subnormal numbers."""
        return 2 - (1 << self.exponent - 1) - self.mantissa

    @property
    def infinity(self) -> int:
        """Pattern of infinity: an exponent of ones over a mantissa of zeros."""
        return ((1 << self.exponent) - 1) << self.mantissa

    @property
    def sign(self) -> int:
        """The sign bit."""
        return 1 << self.exponent + self.mantissa

    def value(self, pattern: int) -> float:
        """Return what a pattern stands for; every format here fits a Python float exactly."""
        sign = -1.0 if pattern & self.sign else 1.0
        size = pattern & ~self.sign
        if size > self.infinity:
            return math.nan
        if size == self.infinity:
            return sign * math.inf
        exponent, rest = size >> self.mantissa, size & (1 << self.mantissa) - 1
        whole = rest if exponent == 0 else rest + (1 << self.mantissa)
        return sign * math.ldexp(whole, self.least + max(exponent - 1, 0))

    def pattern(self, value: float) -> int:
        """Return the pattern of the number nearest to a value, the even one between two; infinity beyond the greatest."""
        sign = self.sign if math.copysign(1.0, value) < 0 else 0
        if math.isnan(value):
            return self.infinity | 1 << self.mantissa - 1
        if math.isinf(value):
            return sign | self.infinity
        if value == 0:
            return sign
        _, power = math.frexp(abs(value))  # abs(value) is at least 2 ** (power - 1) and below 2 ** power
        last = max(power - 1 - self.mantissa, self.least)
        whole = round(math.ldexp(abs(value), -last))  # exact but for `round`, which takes the even one between two
        # A whole of 2 ** mantissa and more carries into the exponent, as it should.
        return sign | min((last - self.least << self.mantissa) + whole, self.infinity)


@dataclass(frozen=True, slots=True)
class _Integer:
    """Integers, two's complement where they have a sign; a bool is an integer of one bit."""

    bits: int
    signed: bool

    def value(self, pattern: int) -> float:
        """Return what a pattern stands for, as a float: nearest, where it has more than 53 bits."""
        negative = self.signed and pattern >> self.bits - 1
        return float(pattern - (1 << self.bits) if negative else pattern)

    def pattern(self, value: float) -> int:
        """Return the pattern of a value rounded to even and clipped to the range; not a number is 0."""
        least = -(1 << self.bits - 1) if self.signed else 0
        most = least + (1 << self.bits) - 1
        if math.isnan(value):
            return 0
        whole = (most if value > 0 else least) if math.isinf(value) else min(max(round(value), least), most)
        return whole % (1 << self.bits)


@dataclass(frozen=True, slots=True)
class _Bool:
    """True and false, in a byte."""

    def value(self, pattern: int) -> float:
        """Return 1 for true."""
        return 1.0 if pattern else 0.0

    def pattern(self, value: float) -> int:
        """Return true for all but 0."""
        return 0 if value == 0 else 1


_DOUBLE: Final = _Float(11, 52)

_FORMATS: Final[dict[str, _Float | _Integer | _Bool]] = {
    "float16": _Float(5, 10), "bfloat16": _Float(8, 7), "float32": _Float(8, 23), "float64": _DOUBLE, "bool": _Bool(),
    **{f"int{bits}": _Integer(bits, signed=True) for bits in (8, 16, 32, 64)},
    **{f"uint{bits}": _Integer(bits, signed=False) for bits in (8, 16, 32, 64)},
}  # fmt: skip


def put_in(values: Array, faults: FaultList, fault: int) -> None:
    """Put one fault into a tensor, in place.

    Args:
        values: The tensor, C-contiguous.
        faults: Faults of this tensor.
        fault: Position of the fault.

    Raises:
        ValueError: The tensor is not contiguous, so that a copy of it would be struck.
    """
    if not values.flags.c_contiguous:
        raise ValueError("faults are put into C-contiguous arrays only")
    held: Any = values.reshape(-1).view(np.uint8)
    cells = memoryview(held).cast(_CODES[values.itemsize])
    full = 1 << 8 * values.itemsize
    name, dtype = OPS[int(faults.op[fault])], values.dtype.name
    first, last = int(faults.starts[fault]), int(faults.starts[fault + 1])
    for index, operand in zip(faults.index[first:last].tolist(), faults.operand[first:last].tolist(), strict=True):
        cells[index] = after(cells[index], name, operand, dtype) % full  # a mask may be wider than the element


def put_all_in(values: Array, faults: FaultList) -> None:
    """Put all faults of a tensor into it, one after the other, in place."""
    for fault in range(len(faults)):
        put_in(values, faults, fault)


def after(held: int, op: str, operand: int, dtype: str) -> int:
    """Return the bit pattern of one element after an operation of `fault_list.OPS`.

    Args:
        held: Its pattern before.
        op: Name of the operation.
        operand: Pattern, mask, or pattern of a float64, as the operation says.
        dtype: Element type.
    """
    if op == "xor":
        return held ^ operand
    if op == "and":
        return held & operand
    if op == "or":
        return held | operand
    if op == "set":
        return operand
    form = _FORMATS[dtype]
    value = form.value(held)
    if op == "add":
        return form.pattern(value + _DOUBLE.value(operand))
    if op == "scale":
        return form.pattern(value * _DOUBLE.value(operand))
    if op == "fixed_xor":
        return form.pattern(_image_flipped(value, operand)) if math.isfinite(value) else held
    raise ValueError(f"there is no operation {op!r}")


def _image_flipped(value: float, mask: int) -> float:
    """Return a finite value after bits of its fixed-point image are flipped, one by one.

    The image is the magnitude in units of 2^-10, cut to 31 bits, under a sign in bit 31. A bit that was not set adds its weight, one
    that was set takes it away; what is finer than the image stays.
    """
    image = int(min(abs(value) * _CELLS, _TOP_IMAGE))
    moved = sum((-1 if image >> bit & 1 else 1) << bit for bit in range(31) if mask >> bit & 1)
    negative = (math.copysign(1.0, value) < 0) != bool(mask >> 31 & 1)
    return math.copysign(abs(value) + moved / _CELLS, -1.0 if negative else 1.0)
