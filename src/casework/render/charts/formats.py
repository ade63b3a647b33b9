"""Which bits of an element are what: sign, exponent and mantissa of floats (IEEE 754-2019, table 3.5; bfloat16), sign of integers."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class Field:
    """Bits `low` to `high`, both of them included, counted from the lowest."""

    name: str
    high: int
    low: int


_FLOATS: Final = {"float16": (16, 10), "bfloat16": (16, 7), "float32": (32, 23), "float64": (64, 52)}
_WHOLE: Final = {
    "int8": 8, "uint8": 8, "bool": 8, "int16": 16, "uint16": 16, "int32": 32, "uint32": 32, "int64": 64, "uint64": 64,
}  # fmt: skip
_GUESSED: Final = ((8, "int8"), (16, "float16"), (32, "float32"), (64, "float64"))


def width_of(dtype: str) -> int:
    """Return the number of bits of an element; 0 of a type that is not known."""
    return _FLOATS[dtype][0] if dtype in _FLOATS else _WHOLE.get(dtype, 0)


def fields_of(dtype: str) -> tuple[Field, ...]:
    """Return the parts of an element, highest first; none of a type that is not known."""
    if dtype in _FLOATS:
        width, mantissa = _FLOATS[dtype]
        return (
            Field("sign", width - 1, width - 1),
            Field("exponent", width - 2, mantissa),
            Field("mantissa", mantissa - 1, 0),
        )
    width = _WHOLE.get(dtype, 0)
    if not width:
        return ()
    if dtype.startswith("u") or dtype == "bool":
        return (Field("value", width - 1, 0),)
    return (Field("sign", width - 1, width - 1), Field("value", width - 2, 0))


def guessed(bits: Iterable[int], kind: str = "", operator: str = "") -> str:
    """Return the most usual type of an element, for records that do not name it.

    Quantised operators of ONNX (QLinearConv and the like, QuantizeLinear, DequantizeLinear, ConvInteger) hold 8-bit weights and
    zero points, int32 biases and float32 scales; of all others the highest bit that was hit tells the width.

    Args:
        bits: Bits hit in tensors of this kind.
        kind: What the tensor is.
        operator: Type of its operator.
    """
    stored = _QUANTISED.get(kind)
    if stored and (operator.startswith(("QLinear", "Dequantize", "Quantize")) or operator.endswith("Integer")):
        return stored
    top = max(bits, default=-1)
    return next((dtype for width, dtype in _GUESSED if top < width), "") if top >= 0 else ""


_QUANTISED: Final = {"weight": "int8", "bias": "int32", "scale": "float32", "zero_point": "int8"}


def field_of(dtype: str, bit: int) -> str:
    """Return the name of the part that a bit belongs to, or nothing."""
    return next((one.name for one in fields_of(dtype) if one.low <= bit <= one.high), "")
