"""Zip archives: written so that equal content gives equal bytes, and read as foreign bytes.

Written archives store their members uncompressed by default, because the output of a compressor changes with its version;
names are sorted, times and permissions fixed. So two people who seal the same content get the same file.

Reading trusts nothing that a header says. The whole file must be accounted for: local headers and data stand one after the
other from the first byte, the central directory lists exactly them, and nothing stands before, between or behind. That leaves no
room for overlapping members, hidden members, or a second archive. Sizes are counted while decompressing. Nothing is
written to disk: members are read one by one, and each is compared with the digest that was taken when the archive was opened.

Source of the format: PKWARE, APPNOTE.TXT - .ZIP File Format Specification, 6.3.10.
"""

from __future__ import annotations

import hashlib
import io
import os
import stat
import struct
import zlib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType, TracebackType
from typing import BinaryIO, Final

from casework.artifact.archive_writer import write_archive
from casework.artifact.digest import sha256_bytes
from casework.artifact.safe_names import unsafe_reason
from casework.artifact.zip_format import (
    ALLOWED_FLAGS,
    CENTRAL,
    CENTRAL_MARK,
    DEFLATED,
    DESCRIPTOR,
    DESCRIPTOR_MARK,
    ENCRYPTED,
    END,
    END_MARK,
    FULL16,
    FULL32,
    LOCAL,
    LOCAL_MARK,
    MASKED,
    STORED,
    STRONG,
    ZIP64_FIELD,
    Entry,
    twins_of,
)  # fmt: skip

__all__ = ["DEFAULT_LIMITS", "Archive", "ArchiveProblem", "Limits", "Member", "read_archive", "write_archive"]

_CHUNK: Final = 1 << 16


@dataclass(frozen=True, slots=True)
class Limits:
    """How much an archive may hold.

    Attributes:
        members: Greatest number of members.
        member_bytes: Greatest size of one member, decompressed, bytes.
        total_bytes: Greatest size of all members together, decompressed, bytes.
        ratio: Greatest ratio of decompressed to compressed size of a member of more than 1 MiB.
        directory_bytes: Greatest size of the central directory, bytes.
    """

    members: int = 50_000
    member_bytes: int = 1 << 30
    total_bytes: int = 3 << 30
    ratio: int = 200
    directory_bytes: int = 32 << 20


DEFAULT_LIMITS: Final = Limits()
_RATIO_FROM: Final = 1 << 20


@dataclass(frozen=True, slots=True)
class ArchiveProblem:
    """Why an archive is not read.

    Attributes:
        code: Always `ART-014`.
        message: The fact, without the name of the archive.
        member: Name of the member at fault, empty where it is the archive.
    """

    message: str
    member: str = ""
    code: str = "ART-014"


@dataclass(frozen=True, slots=True)
class Member:
    """One file of an archive that was read through once.

    Attributes:
        name: Relative path with forward slashes.
        size: Decompressed size, bytes.
        sha256: Digest of the decompressed bytes.
    """

    name: str
    size: int
    sha256: str


class _RefusedError(Exception):
    """Reading ends here; `args` are message and member."""


class Archive:
    """An archive whose structure, sizes and checksums hold. Members are read when asked for."""

    def __init__(self, file: BinaryIO, entries: Mapping[str, tuple[Entry, int]], members: Mapping[str, Member]) -> None:
        self._file, self._entries = file, entries
        self.members: Mapping[str, Member] = members

    def read(self, name: str) -> bytes:
        """Return the bytes of a member.

        Raises:
            FileNotFoundError: There is no such member.
            OSError: The archive changed since it was opened.
        """
        if name not in self._entries:
            raise FileNotFoundError(2, "no such member in the archive", name)
        entry, start = self._entries[name]
        try:
            data = b"".join(_inflated(self._file, entry, start, self.members[name].size))
        except _RefusedError as error:
            raise OSError(f"{name}: the archive changed while it was read: {error.args[0]}") from error
        if sha256_bytes(data) != self.members[name].sha256:
            raise OSError(f"{name}: the archive changed while it was read")
        return data

    def close(self) -> None:
        """Close the file."""
        self._file.close()

    def __enter__(self) -> Archive:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()


def read_archive(source: bytes | Path, limits: Limits = DEFAULT_LIMITS) -> Archive | ArchiveProblem:
    """Open an archive and read all of it once: structure, names, sizes, checksums. Nothing is unpacked.

    Args:
        source: Its bytes, or its path; a path is kept open until `close`.
        limits: How much it may hold.

    Returns:
        The archive, or the first problem. Never raises, whatever the bytes.
    """
    try:
        file = io.BytesIO(source) if isinstance(source, bytes) else _opened(source)
    except OSError as error:
        return ArchiveProblem(f"the archive cannot be read: {error.strerror or error}")
    try:
        return _archive(file, limits)
    except _RefusedError as error:
        file.close()
        return ArchiveProblem(*error.args)
    except OSError as error:
        file.close()
        return ArchiveProblem(f"the archive cannot be read: {error.strerror or error}")


def _opened(path: Path) -> BinaryIO:
    handle = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)  # a pipe must not make us wait
    file = os.fdopen(handle, "rb")
    if not stat.S_ISREG(os.fstat(handle).st_mode):
        file.close()
        raise OSError("it is no regular file")
    return file


def _archive(file: BinaryIO, limits: Limits) -> Archive:
    entries, directory_at = _directory(file, limits)
    _check_names(entries)
    places: dict[str, tuple[Entry, int]] = {}
    members: dict[str, Member] = {}
    left, expected = limits.total_bytes, 0
    for entry in sorted(entries, key=lambda e: e.offset):
        start = _local(file, entry, expected)
        digest, size = hashlib.sha256(), 0
        for piece in _inflated(file, entry, start, min(limits.member_bytes, left), limits.ratio):
            digest.update(piece)
            size += len(piece)
        left -= size
        expected = _end_of(file, entry, start + entry.packed)
        places[entry.name] = (entry, start)
        members[entry.name] = Member(entry.name, size, digest.hexdigest())
    if expected != directory_at:
        raise _RefusedError("bytes between the last member and the central directory belong to no member")
    ordered = {name: members[name] for name in sorted(members)}
    return Archive(file, places, MappingProxyType(ordered))


def _read_at(file: BinaryIO, offset: int, length: int, what: str) -> bytes:
    file.seek(offset)
    data = file.read(length)
    if len(data) != length:
        raise _RefusedError(f"the archive ends within {what}")
    return data


def _directory(file: BinaryIO, limits: Limits) -> tuple[list[Entry], int]:
    total = file.seek(0, os.SEEK_END)
    if total < END.size:
        raise _RefusedError(f"{total} bytes are no zip archive")
    mark, disk, first_disk, here, count, length, offset, comment = END.unpack(
        _read_at(file, total - END.size, END.size, "its end record")
    )
    if mark != END_MARK or comment:
        raise _RefusedError("the last bytes are not the end of a zip archive: something was appended, or it is none")
    if FULL16 in (disk, first_disk, here, count) or FULL32 in (length, offset):
        raise _RefusedError("it is a zip64 archive; the plain format is expected")
    if disk or first_disk or here != count:
        raise _RefusedError("it is a part of an archive of several parts")
    if count > limits.members or length > limits.directory_bytes:
        raise _RefusedError(f"{count} members are more than the {limits.members} allowed")
    if offset + length + END.size != total:
        raise _RefusedError("the central directory does not end where the end record begins")
    entries = list(_entries(_read_at(file, offset, length, "its central directory"), count))
    return entries, offset


def _entries(data: bytes, count: int) -> Iterator[Entry]:
    at = 0
    for _ in range(count):
        if at + CENTRAL.size > len(data):
            raise _RefusedError("the central directory lists fewer members than it says")
        (
            mark, made_by, _needs, flags, method, _time, _date, crc, packed, size, name_length, extra_length, comment_length,
            disk, _internal, external, offset,
        ) = CENTRAL.unpack_from(data, at)  # fmt: skip
        at += CENTRAL.size
        raw, extra = data[at : at + name_length], data[at + name_length : at + name_length + extra_length]
        at += name_length + extra_length + comment_length
        if mark != CENTRAL_MARK or at > len(data):
            raise _RefusedError("the central directory is damaged")
        name = _decoded(raw)
        _check_kind(name, flags, method, made_by >> 8, external)
        _check_extra(name, extra)
        if disk or comment_length or FULL32 in (packed, size, offset):
            raise _RefusedError("the member has a comment, lies on another disk, or is too large", name)
        yield Entry(name, flags, method, crc, packed, size, offset, raw)
    if at != len(data):
        raise _RefusedError("the central directory lists more members than it says")


def _decoded(raw: bytes) -> str:
    # Without the UTF-8 flag the names are of code page 437 by the specification, and of any code page in practice. Names
    # beyond ASCII are therefore taken only as UTF-8, whatever the flag says.
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError:
        raise _RefusedError("a member's name is not UTF-8", raw.decode("ascii", "backslashreplace")) from None


def _check_kind(name: str, flags: int, method: int, system: int, external: int) -> None:
    if flags & (ENCRYPTED | STRONG | MASKED):
        raise _RefusedError("the member is encrypted", name)
    if flags & ~ALLOWED_FLAGS:
        raise _RefusedError(f"the member uses features that are not read (flags {flags:#06x})", name)
    if method not in (STORED, DEFLATED):
        raise _RefusedError(f"the member is packed by method {method}; stored or deflated is expected", name)
    kind = stat.S_IFMT(external >> 16)
    if external & 0x10 or name.endswith("/") or stat.S_ISDIR(kind):
        raise _RefusedError("the member is a folder; only files are expected", name)
    if kind and not stat.S_ISREG(kind):  # whatever system is said to have made it: unpackers read these bits anyway
        what = "a symbolic link" if stat.S_ISLNK(kind) else "no plain file"
        raise _RefusedError(f"the member is {what} (made by system {system})", name)


def _check_extra(name: str, extra: bytes) -> None:
    at = 0
    while at < len(extra):
        if at + 4 > len(extra):
            raise _RefusedError("the member's extra field is damaged", name)
        kind, length = struct.unpack_from("<HH", extra, at)
        at += 4 + length
        if at > len(extra):
            raise _RefusedError("the member's extra field is damaged", name)
        if kind in (ZIP64_FIELD, 0x7075, 0x6375):  # other sizes, or another name or comment, than the header's
            raise _RefusedError("the member's extra field gives it another size or name", name)


def _check_names(entries: Iterable[Entry]) -> None:
    names: set[str] = set()
    for entry in entries:
        if reason := unsafe_reason(entry.name):
            raise _RefusedError(f"the member's name {reason}", entry.name)
        if entry.name in names:
            raise _RefusedError("two members have the same name", entry.name)
        names.add(entry.name)
    if twins := twins_of(names):
        raise _RefusedError(f"it and `{twins[1]}` would be one file, or file and folder, on some systems", twins[0])


def _local(file: BinaryIO, entry: Entry, expected: int) -> int:
    """Compare a member's local header with the central directory; return where its data begins."""
    if entry.offset != expected:
        raise _RefusedError(
            "the member does not begin where the one before it ends: it overlaps, or bytes hide there", entry.name
        )
    head = LOCAL.unpack(_read_at(file, entry.offset, LOCAL.size, "a member's header"))
    mark, _needs, flags, method, _time, _date, crc, packed, size, name_length, extra_length = head
    behind: int = entry.offset + LOCAL.size + name_length + extra_length
    rest = _read_at(file, entry.offset + LOCAL.size, name_length + extra_length, "a member's header")
    sizes = (crc, packed, size)
    same = sizes == (entry.crc, entry.packed, entry.size) or (flags & DESCRIPTOR and sizes == (0, 0, 0))
    if mark != LOCAL_MARK or (flags, method) != (entry.flags, entry.method) or not same:
        raise _RefusedError("its own header and the central directory differ", entry.name)
    if rest[:name_length] != entry.raw_name:
        raise _RefusedError("its own header gives it another name than the central directory", entry.name)
    _check_extra(entry.name, rest[name_length:])
    return behind


def _end_of(file: BinaryIO, entry: Entry, at: int) -> int:
    """Return where a member ends: behind its data, or behind the descriptor that repeats its sizes."""
    if not entry.flags & DESCRIPTOR:
        return at
    sizes = struct.pack("<III", entry.crc, entry.packed, entry.size)
    file.seek(at)
    found = file.read(16)
    if found == DESCRIPTOR_MARK + sizes:
        return at + 16
    if found[:12] == sizes:
        return at + 12
    raise _RefusedError("its descriptor and the central directory differ", entry.name)


def _inflated(file: BinaryIO, entry: Entry, start: int, limit: int, ratio: int = 0) -> Iterator[bytes]:
    """Yield the content of a member piece by piece, counted and checked; memory stays at a few pieces."""
    size, crc = 0, 0
    for piece in _pieces(file, entry, start):
        size += len(piece)
        if size > limit:
            raise _RefusedError(
                f"the member, or all members together, have more than the {limit} bytes allowed", entry.name
            )
        if ratio and size > _RATIO_FROM and size > ratio * entry.packed:
            raise _RefusedError(f"the member grows to more than {ratio} times its packed size", entry.name)
        if size > entry.size:
            break
        crc = zlib.crc32(piece, crc)
        yield piece
    if size != entry.size:
        raise _RefusedError("the member has another size than the archive says", entry.name)
    if crc != entry.crc:
        raise _RefusedError("the member's checksum does not fit: it is damaged", entry.name)


def _pieces(file: BinaryIO, entry: Entry, start: int) -> Iterator[bytes]:
    at, left = start, entry.packed
    inflater = zlib.decompressobj(-zlib.MAX_WBITS) if entry.method == DEFLATED else None
    while left:
        raw = _read_at(file, at, min(left, _CHUNK), "a member")
        at, left = at + len(raw), left - len(raw)
        if inflater is None:
            yield raw
            continue
        try:
            while raw:
                piece = inflater.decompress(raw, _CHUNK)
                raw = inflater.unconsumed_tail
                if inflater.unused_data:
                    raise _RefusedError("bytes stand behind the end of the member's packed data", entry.name)
                if not piece and not raw:
                    break
                yield piece
        except zlib.error:
            raise _RefusedError("the member's packed data is damaged", entry.name) from None
    if inflater is not None:
        yield from _tail(inflater, entry)


def _tail(inflater: zlib._Decompress, entry: Entry) -> Iterator[bytes]:
    # A full piece may leave output inside the decompressor although all input is consumed.
    while not inflater.eof:
        try:
            piece = inflater.decompress(b"", _CHUNK)
        except zlib.error:
            raise _RefusedError("the member's packed data is damaged", entry.name) from None
        if not piece:
            raise _RefusedError("the member's packed data ends early", entry.name)
        yield piece
