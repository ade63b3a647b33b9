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
_BITS: Final = {8: "8 bit", 16: "16 bit", 32: "float32", 64: "64 bit"}
"""What is said of a type that is only told from its width: float32 alone is usual enough to name its parts."""
_SURE: Final = ((8, 20), (16, 60), (32, 60))
"""Width and the number of flips, of any bit, after which one above that width would have been seen if there were any: the
chance that there is none is below 1e-12."""


def width_of(dtype: str) -> int:
    """Return the number of bits of an element; 0 of a type that is not known."""
    if dtype in _FLOATS:
        return _FLOATS[dtype][0]
    return _WHOLE.get(dtype) or next((width for width, name in _BITS.items() if name == dtype), 0)


def fields_of(dtype: str) -> tuple[Field, ...]:
    """Return the parts of an element, highest first; none of a type that is not known."""
    if dtype in _FLOATS:
        width, mantissa = _FLOATS[dtype]
        return (
            Field("sign", width - 1, width - 1),
            Field("exponent", width - 2, mantissa),
            Field("mantissa", mantissa - 1, 0),
        )
    width = width_of(dtype)
    if not width:
        return ()
    if dtype.startswith("u") or dtype == "bool" or dtype in _BITS.values():
        return (Field("value", width - 1, 0),)
    return (Field("sign", width - 1, width - 1), Field("value", width - 2, 0))


def guessed(kind: str, operator: str, own: Iterable[int], flips: int, others: Iterable[int]) -> str:
    """Return what can be said of a type that a record does not name, such as `float32`, `8 bit`; nothing where nothing was hit.

    Quantised operators of ONNX (QuantizeLinear, QLinearConv and the like, DequantizeLinear, ConvInteger) hold 8-bit weights,
    zero points and results, int32 biases and float32 scales. Of all else the highest bit that was hit tells the width.

    Args:
        kind: What the tensor is.
        operator: Type of its operator.
        own: Bits hit in it.
        flips: How many faults hit it.
        others: Bits hit in all tensors of its kind, for those that were hit too seldom.
    """
    top = max(own, default=-1)
    whole = operator.startswith(("QLinear", "Quantize", "DynamicQuantize")) or operator.endswith("Integer")
    if whole or (operator.startswith("Dequantize") and kind not in ("activation", "output", "input")):
        if kind == "scale":
            return "float32"
        return "int32" if top >= 8 or kind == "bias" else "8 bit"
    sure = next((width for width, least in _SURE if top < width and flips >= least), 0)
    top = top if sure else max(top, *others, -1)
    return _BITS.get(sure) or next((name for width, name in _BITS.items() if 0 <= top < width), "")


def field_of(dtype: str, bit: int) -> str:
    """Return the name of the part that a bit belongs to, or nothing."""
    return next((one.name for one in fields_of(dtype) if one.low <= bit <= one.high), "")
