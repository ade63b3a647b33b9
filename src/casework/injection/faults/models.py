"""What can go wrong in memory or logic, and how each of these compiles to sites and operations on bit patterns."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache
from typing import Final, Literal, assert_never, get_args

import numpy as np

from casework.injection.faults import bits as b
from casework.injection.faults.bits import Field
from casework.injection.faults.counter import below, distinct, outputs, unit_interval
from casework.injection.faults.fault_list import OPS, Array, FaultTensor
from casework.injection.problem import InjectionProblem

Kind = Literal[
    "bitflip", "multi", "burst", "field", "stuck_at_0", "stuck_at_1", "zeros", "random", "set", "byte", "word",
    "row", "column", "channel", "rowhammer", "ecc", "fixed_point",
]  # fmt: skip
KINDS: Final[tuple[Kind, ...]] = get_args(Kind)

ONE_BIT: Final = ("bitflip", "field", "stuck_at_0", "stuck_at_1", "fixed_point")
"""Kinds that act on one bit of each element they hit."""
BITWISE: Final = (*ONE_BIT, "multi", "burst")
"""Kinds that a choice of bits restricts."""
SLICES: Final = ("row", "column", "channel")
ECC_WORD: Final = 64
"""Data bits of a memory word with SECDED check bits; (72, 64) is what DRAM controllers use (Hsiao, IBM J. R&D 14(4), 1970)."""


@dataclass(frozen=True, slots=True)
class FaultModel:
    """A kind of fault with its parameters.

    Attributes:
        kind: `bitflip`: one bit of an element is inverted. `multi`: `flips` different bits of one element. `burst`: `flips` adjacent
            bits. `field`: one bit of a field. `stuck_at_0`, `stuck_at_1`: one bit reads so. `zeros`: the element is 0. `random`: the
            element has a value uniform in [low, high). `set`: the element has the value `value`. `byte`: one byte of the element has
            another value, each as likely. `word`: the element has another bit pattern, each as likely. `row`, `column`: a line
            along the last, the last but one axis reads `value`. `channel`: a slice of the first axis does. `rowhammer`: fault i
            inverts the bit `pages[i]` of the stored tensors. `ecc`: `flips` bits of one memory word of 64 bits are inverted, which
            the (72, 64) code detects but cannot correct for two; one is corrected, so that nothing happens. `fixed_point`: one bit
            of the fixed-point image of the value is inverted (1 sign, 21 integer, 10 fraction bits; bit 31 is the sign).
        bits: Bits that may be hit, 0 the least significant; empty for all (of `fixed_point`: 0 to 30;
            TensorFI 1 hits bits 10 to 31 of a float32).
        field: Bits of this field only.
        amount: Number of different elements (rows, ...) of one tensor that one fault hits.
        percent: This part of each tensor's elements instead of `amount`, in percent.
        flips: Number of bits of `multi`, `burst`, `ecc`.
        low: Least value of `random`.
        high: Upper bound of `random`, not reached.
        value: Value of `set`, `row`, `column`, `channel`.
        pages: (page, bit in the page) of `rowhammer`; bit 0 is the least significant of the page's first byte.
        page_bytes: Bytes of a page.
    """

    kind: Kind = "bitflip"
    bits: tuple[int, ...] = ()
    field: Field | None = None
    amount: int = 1
    percent: float | None = None
    flips: int = 2
    low: float = 0.0
    high: float = 1.0
    value: float = 0.0
    pages: tuple[tuple[int, int], ...] = ()
    page_bytes: int = 4096

    def __post_init__(self) -> None:
        """Refuse parameters that fit no tensor.

        Raises:
            InjectionProblem: A parameter is out of its range.
        """
        for wrong, message, fix in _wrong(self):
            if wrong:
                raise InjectionProblem(message, fix)

    @property
    def op(self) -> int:
        """The operation that the faults compile to: an index into `OPS`."""
        names = {"stuck_at_0": "and", "stuck_at_1": "or", "fixed_point": "fixed_xor"}
        sets = ("zeros", "random", "set", *SLICES)
        return OPS.index("set" if self.kind in sets else names.get(self.kind, "xor"))

    @property
    def single(self) -> bool:
        """True where every fault inverts or fixes one bit of one element: the common case, which has a fast path."""
        return self.kind in ONE_BIT and self.amount == 1 and self.percent is None


def _wrong(model: FaultModel) -> tuple[tuple[bool, str, str], ...]:
    percent = 1.0 if model.percent is None else model.percent
    return (
        (model.kind not in KINDS, f"fault model {model.kind} is not known", f"Choose one of {', '.join(KINDS)}."),
        (model.amount < 1, f"amount is {model.amount}", "Set amount to 1 or more."),
        (not 0 < percent <= 100, f"percent is {percent:g}", "Set percent to more than 0 and at most 100."),
        (model.flips < 1, f"flips is {model.flips}", "Set flips to 1 or more."),
        (
            model.kind == "random" and not (math.isfinite(model.low) and math.isfinite(model.high) and model.low < model.high),
            f"random values of [{model.low:g}, {model.high:g}) do not exist", "Set low below high, both finite.",
        ),
        (any(bit < 0 for bit in model.bits), f"bit {min(model.bits, default=0)} is negative", "Number bits from 0."),
        (
            bool(model.bits or model.field) and model.kind not in BITWISE,
            f"bits and field have no meaning for the fault model {model.kind}",
            f"Drop them, or choose one of {', '.join(BITWISE)}.",
        ),
        (
            model.kind == "field" and model.field is None, "the fault model field names no field",
            "Set field to sign, exponent, mantissa or top.",
        ),
        (
            model.kind == "fixed_point" and model.field is not None,
            "a fixed-point image has no exponent and no mantissa", "Choose bits of 0 to 31 instead: 0-9 fraction, 10-30 integer, 31 sign.",
        ),
        (model.kind == "rowhammer" and not model.pages, "the rowhammer profile lists no bit", "List pages and bits."),
        (
            any(page < 0 or not 0 <= bit < 8 * model.page_bytes for page, bit in model.pages),
            f"the rowhammer profile lists a bit beyond a page of {model.page_bytes} bytes",
            f"Number pages from 0 and bits from 0 to {8 * model.page_bytes - 1}, or set the page size.",
        ),
        (
            model.kind == "ecc" and model.flips > 2, f"{model.flips} flips in a word are more than SECDED defines",
            "Set flips to 1, which is corrected, or 2, which is not; what a decoder makes of more depends on its matrix.",
        ),
    )  # fmt: skip


BITFLIP: Final = FaultModel()
"""One bit of one element is inverted."""


@lru_cache(maxsize=256)
def allowed_bits(model: FaultModel, dtype: str) -> tuple[int, ...]:
    """Return the bits of an element type that a model may hit, ascending."""
    if model.kind == "fixed_point":
        return tuple(sorted({bit for bit in model.bits if bit < 32})) if model.bits else tuple(range(31))
    every = range(b.width(dtype)) if model.field is None else b.field_bits(dtype, model.field)
    return tuple(bit for bit in every if not model.bits or bit in model.bits)


@lru_cache(maxsize=256)
def _windows(model: FaultModel, dtype: str) -> tuple[int, ...]:
    """Return the lowest bits of all bursts that lie within the allowed bits."""
    allowed = set(allowed_bits(model, dtype))
    return tuple(low for low in sorted(allowed) if all(low + more in allowed for more in range(model.flips)))


def choices(model: FaultModel, dtype: str) -> tuple[int, ...]:
    """Return what one element of a type offers a model: the bits, or the lowest bits of bursts; (0,) where there is no choice."""
    if model.kind == "burst":
        return _windows(model, dtype)
    return allowed_bits(model, dtype) if model.kind in BITWISE else (0,)


def masks(model: FaultModel, dtype: str) -> Array:
    """Return the operands uint64 that belong to `choices`, for kinds that act on one bit or one burst."""
    run = (1 << model.flips) - 1 if model.kind == "burst" else 1
    hit = [run << low for low in choices(model, dtype)]
    if model.kind == "stuck_at_0":
        full = (1 << 8 * b.numpy_type(dtype).itemsize) - 1
        hit = [full ^ mask for mask in hit]
    return np.array(hit, np.uint64)


def places(model: FaultModel, tensor: FaultTensor) -> int:
    """Return the number of places of a tensor that one fault can hit: elements, lines, slices or memory words."""
    elements = math.prod(tensor.shape)
    match model.kind:
        case "row":
            return elements // tensor.shape[-1] if len(tensor.shape) > 1 else 0
        case "column":
            return elements // tensor.shape[-2] if len(tensor.shape) > 1 else 0
        case "channel":
            return tensor.shape[0] if tensor.shape else 0
        case "ecc":
            return -(-elements * 8 * b.numpy_type(tensor.dtype).itemsize // ECC_WORD)
        case "bitflip" | "field" | "stuck_at_0" | "stuck_at_1" | "fixed_point" | "multi" | "burst":
            return elements
        case "zeros" | "random" | "set" | "byte" | "word" | "rowhammer":
            return elements
        case _:
            assert_never(model.kind)


def count(model: FaultModel, tensor: FaultTensor) -> int:
    """Return the number of places that one fault hits in a tensor."""
    if model.percent is None:
        return model.amount
    return max(1, round(places(model, tensor) * model.percent / 100))


def unfit(model: FaultModel, tensor: FaultTensor) -> str:
    """Return why a model has no fault in a tensor; empty where it has."""
    if tensor.dtype not in b.dtypes():
        return f"faults cannot be put into elements of type {tensor.dtype}"
    if not all(tensor.shape):
        return "it has no elements"
    found = places(model, tensor)
    if found < count(model, tensor):
        return f"it has {found} {_named(model)}, fewer than the amount of {count(model, tensor)}"
    return _unfit_bits(model, tensor.dtype)


def _named(model: FaultModel) -> str:
    if model.kind in SLICES:
        return f"{model.kind}s"
    return "memory words" if model.kind == "ecc" else "elements"


def _unfit_bits(model: FaultModel, dtype: str) -> str:
    if model.kind in ("byte", "ecc") and b.width(dtype) < 8:
        return f"an element of type {dtype} is no whole byte"
    if model.kind in ("random", "set", *SLICES) and not b.is_float(dtype):
        return _unfit_values(model, dtype)
    found = choices(model, dtype)
    if model.field is not None and not b.field_bits(dtype, model.field):
        return f"elements of type {dtype} have no {model.field}"
    if not found:
        wanted = f"{model.flips} adjacent bits of those chosen" if model.kind == "burst" else "bit that is chosen"
        return f"elements of type {dtype} have no {wanted}"
    if model.kind == "multi" and len(found) < model.flips:
        return f"elements of type {dtype} have {len(found)} of the bits chosen, fewer than {model.flips} flips"
    return ""


def _unfit_values(model: FaultModel, dtype: str) -> str:
    """Return why integers of a type cannot hold the values of a model."""
    least, most = b.limits(dtype)
    if model.kind != "random":
        fits = math.isfinite(model.value) and least <= model.value <= most
        return "" if fits else f"elements of type {dtype} cannot hold {model.value:g}"
    low, high = math.ceil(model.low), math.ceil(model.high)
    if low >= high:
        return f"no integer lies in [{model.low:g}, {model.high:g})"
    fits = least <= low and high - 1 <= most and high - low < 1 << 32
    return "" if fits else f"elements of type {dtype} cannot hold all of [{model.low:g}, {model.high:g})"


@dataclass(frozen=True, slots=True)
class Sites:
    """Sites of F faults of one tensor: how many each has int64 [F], flat index int64 [S] and operand uint64 [S]."""

    counts: Array
    index: Array
    operand: Array


def compile_sites(model: FaultModel, tensor: FaultTensor, place: Array, keys: Array) -> Sites:
    """Return the sites of F faults of one tensor.

    Args:
        model: The fault model.
        tensor: What is hit.
        place: int64 [F]: the place hit, for faults that hit one.
        keys: uint64 [F]: start of each fault's own stream. Its stream 0 gives the places of faults that hit several, and stream 1 the
            word of each place.
    """
    hit = count(model, tensor)
    chosen = place[:, None] if hit == 1 else distinct(outputs(keys, 0), places(model, tensor), hit)
    words = outputs(outputs(keys, 1)[:, None], np.arange(hit)[None, :]).reshape(-1)
    if model.kind == "ecc":
        return _ecc(model, tensor, chosen, words)
    if model.kind in SLICES:
        sites = _lines(model, tensor, chosen)
        return Sites(*sites, np.full(len(sites[1]), b.pattern_of(model.value, tensor.dtype), np.uint64))
    operand = operands(model, tensor.dtype, words)
    return Sites(np.full(len(place), hit, np.int64), chosen.reshape(-1), operand)


def operands(model: FaultModel, dtype: str, words: Array) -> Array:
    """Return one operand for each element hit, from its word.

    Raises:
        ValueError: The model hits lines, slices or memory, whose elements have no operand of their own.
    """
    match model.kind:
        case "zeros":
            return np.zeros(len(words), np.uint64)
        case "set":
            return np.full(len(words), b.pattern_of(model.value, dtype), np.uint64)
        case "random":
            return _random_patterns(model, dtype, words)
        case "word":
            bits = b.width(dtype)
            return np.maximum(words, np.uint64(1)) if bits == 64 else below(words, (1 << bits) - 1) + np.uint64(1)
        case "byte":
            chosen = below(outputs(words, 0), b.width(dtype) // 8) * np.uint64(8)
            return (below(outputs(words, 1), 255) + np.uint64(1)) << chosen
        case "multi":
            single = np.uint64(1) << np.array(choices(model, dtype), np.uint64)
            sets = distinct(words, len(single), model.flips)
            return np.asarray(np.bitwise_or.reduce(single[sets], axis=1))
        case "bitflip" | "field" | "stuck_at_0" | "stuck_at_1" | "fixed_point" | "burst":
            table = masks(model, dtype)
            return table[below(words, len(table)).astype(np.int64)]
        case "row" | "column" | "channel" | "ecc" | "rowhammer":
            raise ValueError(f"what {model.kind} does to an element does not follow from a word of it alone")
        case _:
            assert_never(model.kind)


def _random_patterns(model: FaultModel, dtype: str, words: Array) -> Array:
    kind = b.numpy_type(dtype)
    if not b.is_float(dtype):
        low = math.ceil(model.low)
        drawn = below(words, math.ceil(model.high) - low).astype(np.int64) + low
        return np.asarray(drawn.astype(kind).view(b.pattern_type(dtype)).astype(np.uint64))
    values = (model.low + unit_interval(words) * (model.high - model.low)).astype(kind)
    # Rounding to the element type may reach the bound, which does not belong to the interval.
    reached = values.astype(np.float64) >= model.high
    patterns = values.view(b.pattern_type(dtype)).astype(np.uint64)
    return np.where(reached, np.uint64(_below(model.high, dtype)), patterns)


def _below(high: float, dtype: str) -> int:
    """Return the pattern of the greatest value of a floating-point type that is less than `high`."""
    pattern = b.pattern_of(high, dtype)
    value = float(np.array([pattern], b.pattern_type(dtype)).view(b.numpy_type(dtype))[0])
    if value < high:
        return pattern
    sign = 1 << (b.width(dtype) - 1)
    if value == 0:
        return sign | 1
    return pattern + 1 if pattern & sign else pattern - 1


def _lines(model: FaultModel, tensor: FaultTensor, chosen: Array) -> tuple[Array, Array]:
    """Return (counts, index) of the elements on the chosen lines [F, k]."""
    axis = {"row": len(tensor.shape) - 1, "column": len(tensor.shape) - 2, "channel": 0}[model.kind]
    numbers = np.arange(math.prod(tensor.shape), dtype=np.int64).reshape(tensor.shape)
    table = numbers.reshape(len(numbers), -1) if axis == 0 and model.kind == "channel" else (
        np.moveaxis(numbers, axis, -1).reshape(-1, tensor.shape[axis])
    )  # fmt: skip
    index = np.sort(table[chosen].reshape(len(chosen), chosen.shape[1] * table.shape[1]), axis=1)
    return np.full(len(chosen), index.shape[1], np.int64), index.reshape(-1)


def _ecc(model: FaultModel, tensor: FaultTensor, chosen: Array, words: Array) -> Sites:
    """Return the sites of memory words with several flips; a word with one is corrected and has none."""
    faults, hit = chosen.shape
    if model.flips == 1:
        return Sites(np.zeros(faults, np.int64), np.empty(0, np.int64), np.empty(0, np.uint64))
    element_bits = 8 * b.numpy_type(tensor.dtype).itemsize
    total = math.prod(tensor.shape) * element_bits
    first = chosen.reshape(-1) * ECC_WORD
    flipped = distinct(words, ECC_WORD, model.flips)
    # The last word may end beyond the tensor; what it holds there is another's, and flips there do not matter.
    at = first[:, None] + flipped
    fault = np.repeat(np.repeat(np.arange(faults), hit), model.flips)
    at, fault = at.reshape(-1)[at.reshape(-1) < total], fault[at.reshape(-1) < total]
    elements = at // element_bits
    starts = (
        np.flatnonzero(np.r_[True, (np.diff(elements) != 0) | (np.diff(fault) != 0)])
        if len(at)
        else np.empty(0, np.int64)
    )
    flips = np.uint64(1) << (at % element_bits).astype(np.uint64)
    operand = np.bitwise_or.reduceat(flips, starts) if len(at) else flips
    return Sites(np.bincount(fault[starts], minlength=faults), elements[starts], operand)
