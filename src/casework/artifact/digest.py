"""Digests: SHA-256 of bytes and files, and of values in their canonical JSON form (RFC 8785, JCS).

The only place that hashes. A digest is 64 lower-case hexadecimal digits.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import rfc8785

_CHUNK = 1 << 20


class NotCanonicalError(ValueError):
    """A value that has no canonical JSON form, such as one with NaN, an integer beyond 2^53 - 1, or an alien type."""


def sha256_bytes(content: bytes) -> str:
    """Return the SHA-256 of bytes, as 64 hex digits."""
    return hashlib.sha256(content).hexdigest()


def sha256_file(path: Path) -> str:
    """Return the SHA-256 of a file's bytes, as 64 hex digits, read in pieces of 1 MiB.

    Raises:
        OSError: The file cannot be read.
    """
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while chunk := file.read(_CHUNK):
            digest.update(chunk)
    return digest.hexdigest()


def jcs_bytes(value: Any) -> bytes:
    """Return the RFC 8785 canonical JSON of a value: sorted keys, shortest numbers, UTF-8, no blanks.

    Tuples count as lists. Strings are not normalised (RFC 8785, 3.1).

    Raises:
        NotCanonicalError: The value holds something that JSON cannot carry exactly.
    """
    try:
        quick = _quick(value) if _text_keys(value) else None
        return rfc8785.dumps(value) if quick is None else quick
    except (rfc8785.CanonicalizationError, RecursionError) as error:
        raise NotCanonicalError(f"no canonical JSON form: {error}") from error


# The library writes in Python and would take most of the time of a large check. The standard library's encoder, in C, writes the
# same text except for some numbers and some orders of keys. Where none of these can occur, its text is canonical.
_ENCODER: Final = json.JSONEncoder(
    ensure_ascii=False, check_circular=False, allow_nan=False, sort_keys=True, separators=(",", ":")
)

# Python and ECMAScript write a finite float alike unless it is whole or has an exponent (`1.0` for `1`, `1e-05` for
# `0.00001`; RFC 8785, 3.2.2.3). Python's exponents have a sign. Integers beyond 2^53 - 1 have 16 digits or more. A match
# inside a string only costs time.
_WHOLE: Final = re.compile(rb"\.0[,}\]]")
_EXPONENT: Final = re.compile(rb"[0-9]e[+-][0-9]")
_LONG: Final = re.compile(rb"[0-9]{16}")

# Keys are sorted by UTF-16 units (RFC 8785, 3.2.3), which is the order of code points except beyond U+FFFF; UTF-8
# writes those with such a byte.
_BEYOND_BMP: Final = re.compile(rb"[\xf0-\xff]")


def _quick(value: Any) -> bytes | None:
    """Return the canonical form of a value whose keys are texts, where the standard library is sure to write it; else None."""
    try:
        data = _ENCODER.encode(value).encode("utf-8")
    except (ValueError, TypeError, RecursionError):  # UnicodeEncodeError is a ValueError
        return None
    return None if _LONG.search(data) or not _written_alike(data) else data


def _written_alike(data: bytes) -> bool:
    """Tell whether text that the standard library wrote, of integers up to 2^53 - 1, would have been written alike."""
    # Searching for two bytes is many times faster than for a pattern, and mostly finds nothing.
    if not data.endswith((b"}", b"]")) or (b".0" in data and _WHOLE.search(data)):
        return False
    if (b"e+" in data or b"e-" in data) and _EXPONENT.search(data):
        return False
    return data.isascii() or not _BEYOND_BMP.search(data)


def _text_keys(value: Any) -> bool:
    """Tell whether all keys are texts; the standard library would turn other keys into texts."""
    if isinstance(value, dict):
        return all(isinstance(key, str) for key in value) and all(map(_text_keys, value.values()))
    return not isinstance(value, list | tuple) or all(map(_text_keys, value))


def is_canonical(value: Any, data: bytes) -> bool:
    """Tell whether bytes are the canonical JSON of the value that was strictly read from them.

    Args:
        value: With texts for keys, and no integer beyond 2^53 - 1, as `strict_json` reads it.
        data: The bytes.
    """
    try:
        if _ENCODER.encode(value).encode("utf-8") == data and _written_alike(data):
            return True
    except (ValueError, TypeError, RecursionError):
        pass
    return jcs_bytes(value) == data


def plain_digest(value: Any) -> str:
    """Return the SHA-256 of the canonical JSON of a value whose keys are all texts, such as what a model dumps.

    Raises:
        NotCanonicalError: As `jcs_bytes`.
    """
    quick = _quick(value)
    return jcs_digest(value) if quick is None else sha256_bytes(quick)


def jcs_digest(value: Any) -> str:
    """Return the SHA-256 of a value's canonical JSON.

    Raises:
        NotCanonicalError: As `jcs_bytes`.
    """
    return sha256_bytes(jcs_bytes(value))


def closure_digest(files: Mapping[str, str]) -> str:
    """Return the digest of a set of files that belong together: SHA-256 of the canonical JSON of the files, sorted by name.

    Unlike the digest of an OpenSSF model signature's subject it covers the names, so that two files cannot change places.

    Args:
        files: SHA-256 by name.
    """
    return jcs_digest([{"algorithm": "sha256", "digest": files[name], "name": name} for name in sorted(files)])


def git_object_id(kind: str, content: bytes, *, sha256: bool = False) -> str:
    """Return git's id of an object: the hash of its kind, its length and its content.

    Args:
        kind: `blob`, `tree` or `commit`.
        content: Its bytes.
        sha256: Whether the repository names objects by SHA-256; else by SHA-1, which nothing but git's own ids is trusted to.
    """
    data = b"%s %d\0" % (kind.encode("ascii"), len(content)) + content
    if sha256:
        return sha256_bytes(data)
    return hashlib.sha1(data, usedforsecurity=False).hexdigest()
