"""Protection of stored bits, and checks of stored values, as filters on faults before they reach the graph.

What a memory does about a fault is no part of a graph. It is told here as data (`Protection`), kept in the model's metadata, and
applied to a fault list: what is corrected vanishes, what is detected is counted as such, what remains strikes as a change of bits.
The same holds for a check of stored weights while the model is loaded: the runtime computes it once, and what the inference then
reads is the checked value.

The model is of faults in one copy of the stored data. Check bits and further copies are more memory that can be hit; a fault in
them alone is corrected by the schemes here, so leaving it out makes no rate better, only its denominator smaller.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Final, Literal, assert_never

import numpy as np
from numpy.typing import NDArray

from casework.artifact.strict_json import read_json
from casework.injection.faults.bits import faulty_values, numpy_type, pattern_type, patterns, width
from casework.injection.faults.fault_list import OPS, FaultList
from casework.injection.network.patterns import fits
from casework.injection.outcomes.flags import DETECTED, DUE, SDC
from casework.injection.problem import InjectionProblem

Array = NDArray[Any]

KEY: Final = "casework.storage"
"""Key of a model's metadata whose value lists its protections as JSON."""

Scheme = Literal["parity", "copies", "secded", "scrub"]
SCHEMES: Final[tuple[Scheme, ...]] = ("parity", "copies", "secded", "scrub")

_XOR: Final = OPS.index("xor")


@dataclass(frozen=True, slots=True)
class Protection:
    """What storage does about faults in tensors.

    Attributes:
        scheme: parity (one check bit an element over the chosen bits: an odd number of flips is detected, and corrected where
            `restore` says that the element is read again from where it was loaded), copies (the chosen bits are stored three
            times, and two agreeing win), secded (a Hamming code with one more check bit over words of `word` bits: one flip is
            corrected, two are detected), scrub (a value outside [low, high] of its tensor, or NaN, becomes 0 while loading).
        tensors: Names or patterns of the stored tensors.
        bits: Protected bits of an element, 0 the least significant; all if empty.
        word: Data bits of a secded word.
        restore: Whether what parity detects is restored.
        bounds: Lower and upper bound by tensor (scrub).
    """

    scheme: Scheme
    tensors: tuple[str, ...] = ("*",)
    bits: tuple[int, ...] = ()
    word: int = 64
    restore: bool = False
    bounds: Mapping[str, tuple[float, float]] | None = None

    def overhead(self, dtype: str) -> float:
        """Return the further storage as a share of the tensor's own, for elements of a type."""
        bits = width(dtype)
        match self.scheme:
            case "parity":
                return 1 / bits
            case "copies":
                return 2 * len(self.chosen(dtype)) / bits
            case "secded":
                return _check_bits(self.word) / self.word
            case "scrub":
                return 0.0
            case _:
                assert_never(self.scheme)

    def chosen(self, dtype: str) -> tuple[int, ...]:
        """Return the protected bits of an element of a type."""
        return tuple(b for b in self.bits if b < width(dtype)) if self.bits else tuple(range(width(dtype)))

    def covers(self, tensor: str) -> bool:
        """Return True if a tensor is protected."""
        if self.bounds is not None:
            return tensor in self.bounds
        return any(fits(tensor, pattern) for pattern in self.tensors)


def _check_bits(data: int) -> int:
    """Return the check bits of a Hamming code over data bits, with one more for detecting two flips: 7 for 32, 8 for 64."""
    count = 1
    while (1 << count) < data + count + 1:
        count += 1
    return count + 1


def to_metadata(protections: Sequence[Protection]) -> str:
    """Return protections as JSON."""
    rows = [{k: v for k, v in asdict(p).items() if v is not None} for p in protections]
    return json.dumps(rows, sort_keys=True, separators=(",", ":"))


def from_metadata(metadata: Mapping[str, str]) -> tuple[Protection, ...]:
    """Return the protections that a model's metadata name; none where the key is missing.

    Raises:
        InjectionProblem: They cannot be read.
    """
    if KEY not in metadata:
        return ()
    try:
        return tuple(_read(row) for row in held_in(metadata, KEY))
    except (ValueError, TypeError, KeyError) as error:
        raise InjectionProblem(
            f"the model's metadata {KEY} cannot be read: {error}", "Harden the model again; do not edit its metadata."
        ) from error


def held_in(metadata: Mapping[str, str], key: str) -> Any:
    """Return the JSON value of a key of a model's metadata, read strictly: the file may come from anybody.

    Raises:
        ValueError: It is no JSON, or of two meanings, or nested too deeply.
    """
    reading = read_json(metadata[key].encode())
    if reading.problem is not None:
        raise ValueError(reading.problem.message)
    return reading.value


def _read(row: Mapping[str, Any]) -> Protection:
    scheme = next((s for s in SCHEMES if s == row["scheme"]), None)
    if scheme is None:
        raise ValueError(f"there is no scheme {row['scheme']!r}")
    bounds = row.get("bounds")
    return Protection(
        scheme,
        tuple(map(str, row.get("tensors", ("*",)))),
        tuple(map(int, row.get("bits", ()))),
        int(row.get("word", 64)),
        bool(row.get("restore", False)),
        None if bounds is None else {str(k): (float(v[0]), float(v[1])) for k, v in bounds.items()},
    )


@dataclass(frozen=True, slots=True)
class Screened:
    """A fault list after storage has done what it does.

    Attributes:
        faults: The same faults, each with what is left of it, as XOR of bit patterns; a site where nothing is left has the
            mask 0, so that ids, tensors and counts stay. Unprotected tensors are as they were.
        left: bool [F]: something is left to strike. Where not, the prediction is the golden one (masked).
        detected: bool [F]: storage tells of an error that it could not correct. Whatever is left counts as detected.
        corrected: bool [F]: storage changed or undid something.
    """

    faults: FaultList
    left: Array
    detected: Array
    corrected: Array


def screen(faults: FaultList, protections: Sequence[Protection], value: Callable[[str], Array]) -> Screened:
    """Pass faults through the protections, in their order.

    Args:
        faults: Faults, of stored and other tensors.
        protections: What storage does.
        value: Gives the fault-free content of a stored tensor by its name.
    """
    count = len(faults)
    left, detected, corrected = np.ones(count, bool), np.zeros(count, bool), np.zeros(count, bool)
    op, operand = faults.op.copy(), faults.operand.copy()
    for number, tensor in enumerate(faults.tensors):
        acting = [p for p in protections if p.covers(tensor.name) or p.covers(tensor.original)]
        positions = np.flatnonzero(faults.tensor == number)
        if not acting or not len(positions):
            continue
        part = faults.take(positions)
        golden = np.ascontiguousarray(value(tensor.name))
        masks, told = _passed(part, golden, acting)
        sites = _sites(faults, positions)
        before = patterns(golden).reshape(-1)[part.index] ^ patterns(faulty_values(golden, part))
        owner = _owner(part)
        op[positions] = _XOR
        operand[sites] = masks.astype(np.uint64)
        left[positions] = np.bincount(owner, masks != 0, len(part)) > 0
        detected[positions] = told
        corrected[positions] = np.bincount(owner, masks != before, len(part)) > 0
    made = FaultList(
        faults.model, faults.tensors, faults.ids, faults.tensor, faults.starts, faults.index, operand, op, faults.sample,
        faults.group, faults.persistence,
    )  # fmt: skip
    return Screened(made, left, detected, corrected)


def _sites(faults: FaultList, positions: Array) -> Array:
    counts = (faults.starts[1:] - faults.starts[:-1])[positions]
    ends = np.cumsum(counts)
    return np.repeat(faults.starts[positions] - (ends - counts), counts) + np.arange(int(ends[-1]))


def _owner(part: FaultList) -> Array:
    """Return the fault of each site."""
    return np.repeat(np.arange(len(part)), np.diff(part.starts))


def _passed(part: FaultList, golden: Array, acting: Sequence[Protection]) -> tuple[Array, Array]:
    """Return the XOR masks [S] that are left of faults of one tensor, and whether each fault [F] was detected."""
    held = patterns(golden).reshape(-1)[part.index]
    masks = held ^ patterns(faulty_values(golden, part))
    told = np.zeros(len(part), bool)
    for protection in acting:
        match protection.scheme:
            case "copies":
                masks = masks & ~_mask(protection, golden.dtype.name, masks.dtype)
            case "parity":
                masks, more = _parity(protection, part, masks, golden.dtype.name)
                told |= more
            case "secded":
                masks, more = _secded(protection, part, masks)
                told |= more
            case "scrub":
                masks = _scrubbed(protection, part, held, masks, golden.dtype.name)
            case _:
                assert_never(protection.scheme)
    return masks, told


def _mask(protection: Protection, dtype: str, kind: Any) -> Any:
    return np.dtype(kind).type(sum(1 << bit for bit in protection.chosen(dtype)))


def _words(part: FaultList, unit: Array, flips: Array) -> tuple[Array, Array]:
    """Return the word of each site, numbered, and the flips in each word: sites of one fault in one word belong together."""
    keys = np.stack([_owner(part), unit])
    _found, inverse = np.unique(keys, axis=1, return_inverse=True)
    inverse = inverse.reshape(-1)
    return inverse, np.bincount(inverse, flips)


def _parity(protection: Protection, part: FaultList, masks: Array, dtype: str) -> tuple[Array, Array]:
    # A site is an element; where a fault lists one element twice, the flips of both count.
    word, flips = _words(part, part.index, np.bitwise_count(masks & _mask(protection, dtype, masks.dtype)))
    odd = (flips[word] % 2).astype(bool)
    told = np.bincount(_owner(part), odd, len(part)) > 0
    if protection.restore:
        return np.where(odd, masks.dtype.type(0), masks), np.zeros(len(part), bool)
    return masks, told


def _secded(protection: Protection, part: FaultList, masks: Array) -> tuple[Array, Array]:
    """Correct one flip in a word, detect an even number.

    An odd number from three on looks like one flip to the decoder, which then turns a wrong bit or none of the data. What was
    flipped is left as it is here.
    """
    unit = part.index * masks.dtype.itemsize * 8 // protection.word
    word, flips = _words(part, unit, np.bitwise_count(masks))
    count = flips[word]
    even = (count > 0) & (count % 2 == 0)
    told = np.bincount(_owner(part), even, len(part)) > 0
    return np.where(count == 1, masks.dtype.type(0), masks), told


def _scrubbed(protection: Protection, part: FaultList, held: Array, masks: Array, dtype: str) -> Array:
    tensor, bounds = part.tensors[int(part.tensor[0])], protection.bounds or {}
    low, high = bounds[tensor.name if tensor.name in bounds else tensor.original]
    struck = (held ^ masks).astype(pattern_type(dtype))
    with np.errstate(invalid="ignore"):
        values = struck.view(numpy_type(dtype)).astype(np.float64)
        inside = (values >= low) & (values <= high)  # false for NaN
    return np.where(inside, masks, held)  # XOR with itself: the pattern of 0


def apply_bit_protection(bits: str, dtypes: Sequence[str]) -> tuple[int, ...]:
    """Return the bits that a text names: numbers and ranges such as `30` or `23-31`, or `sign+exponent`, `exponent`, `all`.

    Raises:
        InjectionProblem: It names none.
    """
    from casework.injection.faults.bits import field_bits

    if bits == "all":
        return ()
    found: set[int] = set()
    for part in bits.split("+"):
        first, _dash, last = part.partition("-")
        if part in ("sign", "exponent", "mantissa", "top"):
            found |= {b for dtype in dtypes for b in field_bits(dtype, part)}  # type: ignore[arg-type]
        elif first.isdecimal() and (last.isdecimal() or not _dash):
            found |= set(range(int(first), int(last or first) + 1))
        else:
            raise InjectionProblem(
                f"bits={bits} names no bits",
                "Write numbers, ranges, or fields: bits=30, bits=23-31, bits=sign+exponent.",
            )
    if not found or max(found) > 63:
        raise InjectionProblem(f"bits={bits} names no bits of an element", "Give bits from 0 to 63.")
    return tuple(sorted(found))


def settled(flags: Array, screened: Screened, fault: Array) -> Array:
    """Return the flags uint16 [R] of predictions, given those of what was left of the faults.

    Args:
        flags: Of the predictions with the screened faults.
        screened: The fault list after storage.
        fault: int64 [R]: position in the list of each prediction's fault.

    Returns:
        Flags: none where nothing was left and nothing told; detected, and no longer silent or unusable, where storage told.
    """
    made = np.where(screened.left[fault], flags, 0).astype(np.uint16)
    told = screened.detected[fault]
    made[told] = (made[told] | DETECTED) & ~np.uint16(SDC | DUE)
    return made
