"""Writing zip archives so that equal content gives equal bytes."""

from __future__ import annotations

import zlib
from collections.abc import Mapping
from typing import Final

from casework.artifact.safe_names import unsafe_reason
from casework.artifact.zip_format import (
    CENTRAL,
    CENTRAL_MARK,
    DEFLATED,
    DOS_DATE,
    DOS_TIME,
    END,
    END_MARK,
    FILE_ATTRIBUTES,
    FULL16,
    FULL32,
    LOCAL,
    LOCAL_MARK,
    STORED,
    UNIX,
    UTF8,
    Entry,
    twins_of,
)  # fmt: skip

LEVEL: Final = 9


def write_archive(members: Mapping[str, bytes], *, compress: bool = False) -> bytes:
    """Return a zip archive of members: equal members, equal bytes.

    Stored archives are equal on every machine; compressed ones on machines with the same zlib.

    Args:
        members: Content by relative path with forward slashes.
        compress: True to deflate what gets smaller by it.

    Raises:
        ValueError: A name that `read_archive` would refuse, twin names, or more than the plain format can hold.
    """
    _refuse_names(members)
    body, directory = bytearray(), bytearray()
    for name in sorted(members):
        entry, packed = _packed(name, members[name], len(body), compress=compress)
        body += _local_header(entry) + packed
        directory += _central_header(entry)
        if len(body) + len(directory) >= FULL32 - END.size:
            raise ValueError("the archive would have more than 4 GiB; leave out data, or keep it elsewhere by digest")
    end = END.pack(END_MARK, 0, 0, len(members), len(members), len(directory), len(body), 0)
    return bytes(body + directory + end)


def _refuse_names(members: Mapping[str, bytes]) -> None:
    if len(members) >= FULL16:
        raise ValueError(f"{len(members)} members are more than a plain zip archive can hold")
    for name in members:
        if reason := unsafe_reason(name):
            raise ValueError(f"`{name}` {reason}")
    if twins := twins_of(members):
        raise ValueError(f"`{twins[0]}` and `{twins[1]}` would be one file, or file and folder, on some systems")


def _packed(name: str, data: bytes, offset: int, *, compress: bool) -> tuple[Entry, bytes]:
    packed, method = data, STORED
    if compress:
        deflater = zlib.compressobj(LEVEL, zlib.DEFLATED, -zlib.MAX_WBITS)
        smaller = deflater.compress(data) + deflater.flush()
        if len(smaller) < len(data):
            packed, method = smaller, DEFLATED
    raw = name.encode("utf-8")
    flags = 0 if name.isascii() else UTF8
    if len(data) >= FULL32:
        raise ValueError(f"`{name}` has 4 GiB or more, which a plain zip archive cannot hold")
    return Entry(name, flags, method, zlib.crc32(data), len(packed), len(data), offset, raw), packed


def _local_header(entry: Entry) -> bytes:
    return LOCAL.pack(
        LOCAL_MARK, 20, entry.flags, entry.method, DOS_TIME, DOS_DATE, entry.crc, entry.packed, entry.size,
        len(entry.raw_name), 0,
    ) + entry.raw_name  # fmt: skip


def _central_header(entry: Entry) -> bytes:
    return CENTRAL.pack(
        CENTRAL_MARK, UNIX << 8 | 20, 20, entry.flags, entry.method, DOS_TIME, DOS_DATE, entry.crc, entry.packed,
        entry.size, len(entry.raw_name), 0, 0, 0, 0, FILE_ATTRIBUTES, entry.offset,
    ) + entry.raw_name  # fmt: skip
