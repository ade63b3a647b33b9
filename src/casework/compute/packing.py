"""Plain data and arrays as bytes that can be read without running anything that they say.

pickle would be shorter, but reading it runs code, and a folder of intermediate results is no place to trust.
"""

from __future__ import annotations

import json
import math
from dataclasses import dataclass, field
from typing import Any, Final

import numpy as np

_TAG: Final = "\0"  # keys that mark what JSON has no word for; a dictionary of the user's is written as pairs
_DTYPES: Final = frozenset("?bhilqBHILQefd")


def pack(value: Any) -> bytes:
    """Return the bytes of a value made of None, bool, int, float, str, bytes, list, tuple, dict and numpy arrays.

    Raises:
        TypeError: There is something else in it.
    """
    blobs = _Blobs()
    text = json.dumps(_plain(value, blobs), separators=(",", ":")).encode()
    return len(text).to_bytes(8, "little") + text + b"".join(blobs.parts)


def unpack(data: bytes) -> Any:
    """Return the value again; arrays are writable copies.

    Raises:
        ValueError: These are not such bytes.
    """
    size = int.from_bytes(data[:8], "little")
    blobs = memoryview(data)[8 + size :]
    try:
        return _value(json.loads(data[8 : 8 + size]), blobs)
    except (KeyError, IndexError, TypeError, RecursionError) as error:
        raise ValueError(f"not packed data: {error}") from error


@dataclass(slots=True)
class _Blobs:
    parts: list[bytes] = field(default_factory=list)
    size: int = 0

    def add(self, part: bytes) -> list[int]:
        self.parts.append(part)
        self.size += len(part)
        return [self.size - len(part), len(part)]


def _plain(value: Any, blobs: _Blobs) -> Any:
    match value:
        case None | bool() | str():
            return str(value) if isinstance(value, np.str_) else value
        case np.ndarray() | np.generic():
            return _array(value, blobs)
        case int():
            return int(value)
        case float():
            return float(value) if math.isfinite(value) else {_TAG: "float", "text": repr(float(value))}
        case bytes():
            return {_TAG: "bytes", "at": blobs.add(value)}
        case list():
            return [_plain(v, blobs) for v in value]
        case tuple():
            return {_TAG: "tuple", "items": [_plain(v, blobs) for v in value]}
        case dict():
            return {_TAG: "dict", "items": [[_plain(k, blobs), _plain(v, blobs)] for k, v in value.items()]}
        case _:
            raise TypeError(f"{type(value).__name__} is no plain data: make it numbers, texts, lists, tuples or arrays")


def _array(value: np.ndarray[Any, Any] | np.generic, blobs: _Blobs) -> Any:
    if value.dtype.char not in _DTYPES:
        raise TypeError(f"arrays of {value.dtype} are not kept: only numbers and truth values are")
    kind = "array" if isinstance(value, np.ndarray) else "number"
    return {
        _TAG: kind,
        "dtype": value.dtype.newbyteorder("<").str,
        "shape": list(value.shape),
        "at": blobs.add(value.astype(value.dtype.newbyteorder("<")).tobytes()),
    }


def _value(plain: Any, blobs: memoryview) -> Any:
    if isinstance(plain, list):
        return [_value(v, blobs) for v in plain]
    if not isinstance(plain, dict):
        return plain
    match plain[_TAG]:
        case "float":
            return float(plain["text"])
        case "bytes":
            return bytes(_blob(plain, blobs))
        case "tuple":
            return tuple(_value(v, blobs) for v in plain["items"])
        case "dict":
            return {_value(k, blobs): _value(v, blobs) for k, v in plain["items"]}
        case "array" | "number" as kind:
            dtype = np.dtype(plain["dtype"])
            if dtype.char not in _DTYPES:
                raise ValueError(f"not packed data: {dtype}")
            made = np.frombuffer(_blob(plain, blobs), dtype).reshape(plain["shape"]).astype(dtype.newbyteorder("="))
            return made if kind == "array" else made[()]
        case other:
            raise ValueError(f"not packed data: {other}")


def _blob(plain: dict[str, Any], blobs: memoryview) -> memoryview:
    start, size = plain["at"]
    if not 0 <= start <= start + size <= len(blobs):
        raise ValueError("not packed data: it is cut short")
    return blobs[start : start + size]
