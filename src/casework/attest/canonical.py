"""Whether bytes are the canonical JSON (RFC 8785) of their value: the library's answer, mostly without asking it.

The library writes in Python and takes more than half of a verification. The standard library's encoder, in C, writes
the same text except for some numbers and some orders of keys. Where none of these can occur, equal text is canonical
text; in all other cases the library answers.
"""

from __future__ import annotations

import json
import re
from typing import Any, Final

from casework.artifact.digest import jcs_bytes

_ENCODER: Final = json.JSONEncoder(ensure_ascii=False, check_circular=False, sort_keys=True, separators=(",", ":"))

# Python and ECMAScript write a finite float alike unless it is whole or has an exponent (`1.0` for `1`, `1e-05` for
# `0.00001`; RFC 8785, 3.2.2.3). Python's exponents have a sign. A match inside a string only costs time.
_WHOLE: Final = re.compile(rb"\.0[,}\]]")
_EXPONENT: Final = re.compile(rb"e[+-][0-9]")

# Keys are sorted by UTF-16 units (RFC 8785, 3.2.3), which is the order of code points except beyond U+FFFF; UTF-8
# writes those with such a byte.
_BEYOND_BMP: Final = re.compile(rb"[\xf0-\xff]")


def is_canonical(value: Any, data: bytes) -> bool:
    """Tell whether the bytes are the canonical JSON of the value that was strictly read from them."""
    if _same_in_both(data) and _ENCODER.encode(value).encode("utf-8") == data:
        return True
    return jcs_bytes(value) == data


def _same_in_both(data: bytes) -> bool:
    """Tell whether text that the standard library wrote would have been written alike by the canonical form."""
    if not data.endswith((b"}", b"]")) or _WHOLE.search(data) or _EXPONENT.search(data):
        return False
    return data.isascii() or not _BEYOND_BMP.search(data)
