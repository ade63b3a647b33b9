"""The zip format, as much of it as is written and read here: its records, and the names that may stand in it.

Source: PKWARE, APPNOTE.TXT - .ZIP File Format Specification, 6.3.10.
"""

from __future__ import annotations

import stat
import struct
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from casework.artifact.safe_names import folded

STORED, DEFLATED = 0, 8
DOS_TIME, DOS_DATE = 0, 0x21  # 1980-01-01 00:00, the first moment that the format can hold
FILE_ATTRIBUTES: Final = (stat.S_IFREG | 0o644) << 16
UNIX: Final = 3
UTF8, ENCRYPTED, DESCRIPTOR, STRONG, MASKED = 0x800, 0x1, 0x8, 0x40, 0x2000
ALLOWED_FLAGS: Final = UTF8 | DESCRIPTOR | 0x6  # the last two bits: how hard a deflater tried

LOCAL = struct.Struct("<4sHHHHHIIIHH")
CENTRAL = struct.Struct("<4sHHHHHHIIIHHHHHII")
END = struct.Struct("<4sHHHHIIH")
LOCAL_MARK, CENTRAL_MARK, END_MARK, DESCRIPTOR_MARK = b"PK\x03\x04", b"PK\x01\x02", b"PK\x05\x06", b"PK\x07\x08"
FULL16, FULL32 = 0xFFFF, 0xFFFFFFFF
ZIP64_FIELD: Final = 1


@dataclass(frozen=True, slots=True)
class Entry:
    """A line of the central directory."""

    name: str
    flags: int
    method: int
    crc: int
    packed: int
    size: int
    offset: int
    raw_name: bytes


def twins_of(names: Iterable[str]) -> tuple[str, str] | None:
    """Return two names that some system takes for one, or of which one is the folder of the other."""
    files: dict[str, str] = {}
    folders: dict[str, str] = {}
    for name in sorted(names):
        parts = name.split("/")
        key = folded(name)
        if key in files or key in folders:
            return name, files.get(key, name)
        files[key] = name
        for end in range(1, len(parts)):
            folder = "/".join(parts[:end])
            known = folders.setdefault(folded(folder), folder)
            if known != folder or folded(folder) in files:
                return name, files.get(folded(folder), known)
    return None
