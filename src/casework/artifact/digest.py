"""Digests: SHA-256 of bytes and files, and of values in their canonical JSON form (RFC 8785, JCS).

The only place that hashes. A digest is 64 lower-case hexadecimal digits.
"""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

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
        return rfc8785.dumps(value)
    except (rfc8785.CanonicalizationError, RecursionError) as error:
        raise NotCanonicalError(f"no canonical JSON form: {error}") from error


def jcs_digest(value: Any) -> str:
    """Return the SHA-256 of a value's canonical JSON.

    Raises:
        NotCanonicalError: As `jcs_bytes`.
    """
    return sha256_bytes(jcs_bytes(value))


def git_blob_id(content: bytes) -> str:
    """Return git's id of a blob with this content (SHA-1 repositories). It identifies; nothing is trusted for it."""
    return hashlib.sha1(b"blob %d\0" % len(content) + content, usedforsecurity=False).hexdigest()
