"""Archives: written alike from alike content; hostile ones refused, however their headers lie (attack 102)."""

from __future__ import annotations

import io
import os
import stat
import struct
import tracemalloc
import zipfile
import zlib
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from casework.artifact.archive import Archive, ArchiveProblem, Limits, read_archive, write_archive
from casework.artifact.digest import sha256_bytes

CONTENT = {"case/a.yaml": b"type: goal\n", "case/b/ä.txt": b"x" * 5000, "seal.dsse.json": b"{}", "empty": b""}


def opened(source: bytes | Path, limits: Limits | None = None) -> Archive:
    archive = read_archive(source, limits) if limits else read_archive(source)
    if isinstance(archive, ArchiveProblem):
        raise AssertionError(archive)
    return archive


def refused(source: bytes | Path, text: str, limits: Limits | None = None) -> ArchiveProblem:
    problem = read_archive(source, limits) if limits else read_archive(source)
    assert isinstance(problem, ArchiveProblem)
    assert problem.code == "ART-014"
    assert text in problem.message, problem
    return problem


def zipped(*members: tuple[str | zipfile.ZipInfo, bytes], compress: bool = False) -> bytes:
    """A zip by the standard library, which writes whatever it is told."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED if compress else zipfile.ZIP_STORED) as archive:
        for name, data in members:
            archive.writestr(name, data)
    return out.getvalue()


@pytest.mark.parametrize("compress", [False, True])
def test_what_was_written_is_read_back(tmp_path: Path, compress: bool) -> None:
    data = write_archive(CONTENT, compress=compress)
    place = tmp_path / "a.zip"
    place.write_bytes(data)
    for source in (data, place):
        with opened(source) as archive:
            assert list(archive.members) == sorted(CONTENT)
            assert {name: archive.read(name) for name in archive.members} == CONTENT
            assert archive.members["case/b/ä.txt"].sha256 == sha256_bytes(b"x" * 5000)


@pytest.mark.parametrize("compress", [False, True])
def test_equal_content_gives_equal_bytes(compress: bool) -> None:
    backwards = dict(reversed(list(CONTENT.items())))
    assert write_archive(CONTENT, compress=compress) == write_archive(backwards, compress=compress)


@pytest.mark.parametrize("compress", [False, True])
def test_the_standard_library_reads_what_was_written(compress: bool) -> None:
    with zipfile.ZipFile(io.BytesIO(write_archive(CONTENT, compress=compress))) as archive:
        assert archive.testzip() is None
        assert {i.filename: archive.read(i) for i in archive.infolist()} == CONTENT
        assert {i.date_time for i in archive.infolist()} == {(1980, 1, 1, 0, 0, 0)}
        assert {i.external_attr >> 16 for i in archive.infolist()} == {stat.S_IFREG | 0o644}


@pytest.mark.parametrize("compress", [False, True])
def test_archives_of_other_writers_are_read(compress: bool) -> None:
    class Pipe(io.RawIOBase):  # without seeking, sizes follow the data in descriptors
        def __init__(self) -> None:
            self.data = bytearray()

        def writable(self) -> bool:
            return True

        def write(self, piece: object) -> int:
            self.data += memoryview(piece)  # type: ignore[arg-type]
            return len(memoryview(piece))  # type: ignore[arg-type]

    pipe = Pipe()
    with zipfile.ZipFile(pipe, "w", zipfile.ZIP_DEFLATED if compress else zipfile.ZIP_STORED) as archive:  # type: ignore[arg-type]
        archive.writestr("one.txt", b"1" * 300_000)
        archive.writestr("two.txt", b"2")
    with opened(bytes(pipe.data)) as found:
        assert found.read("one.txt") == b"1" * 300_000


@given(
    st.dictionaries(st.from_regex(r"[a-z]{1,8}(/[a-z]{1,8}x)?", fullmatch=True), st.binary(max_size=2000), max_size=6)
)
def test_any_content_survives(content: dict[str, bytes]) -> None:
    try:
        data = write_archive(content, compress=True)
    except ValueError:
        return  # a file and a folder of one name
    with opened(data) as archive:
        assert {name: archive.read(name) for name in archive.members} == content


@given(st.data())
def test_no_change_of_a_byte_changes_content_unseen(data: st.DataObject) -> None:
    good = write_archive(CONTENT, compress=True)
    at = data.draw(st.integers(0, len(good) - 1))
    bad = good[:at] + bytes([good[at] ^ data.draw(st.integers(1, 255))]) + good[at + 1 :]
    archive = read_archive(bad)
    if isinstance(archive, Archive):  # times, permissions and versions have no say
        assert {name: archive.read(name) for name in archive.members} == CONTENT


@given(st.integers(0, 400))
def test_a_truncated_archive_is_refused(keep: int) -> None:
    good = write_archive(CONTENT, compress=True)
    assert isinstance(read_archive(good[: min(keep, len(good) - 1)]), ArchiveProblem)


@given(st.binary(max_size=300))
def test_any_bytes_are_answered(data: bytes) -> None:
    assert isinstance(read_archive(data), ArchiveProblem)


def bomb(size: int = 200 << 20) -> bytes:
    deflater = zlib.compressobj(9, zlib.DEFLATED, -15)
    piece, crc, packed = bytes(1 << 20), 0, bytearray()
    for _ in range(size >> 20):
        packed += deflater.compress(piece)
        crc = zlib.crc32(piece, crc)
    return by_hand([Raw("bomb.json", bytes(packed + deflater.flush()), crc=crc, size=size, method=8)])


class Raw:
    """A member whose two headers say whatever a test wants."""

    def __init__(
        self, name: str, packed: bytes, *, crc: int | None = None, size: int | None = None, method: int = 0, flags: int = 0x800,
        external: int = (stat.S_IFREG | 0o644) << 16, local_name: str | None = None, local_size: int | None = None,
        offset: int | None = None, extra: bytes = b"", local_extra: bytes = b"", central: bool = True, raw: bytes | None = None,
    ) -> None:  # fmt: skip
        self.name, self.packed, self.method, self.flags, self.external = name, packed, method, flags, external
        self.crc = zlib.crc32(packed) if crc is None else crc
        self.size = len(packed) if size is None else size
        self.local_name, self.local_size, self.offset = local_name or name, local_size, offset
        self.extra, self.local_extra, self.central, self.raw = extra, local_extra, central, raw

    def local(self) -> bytes:
        name = self.raw or self.local_name.encode()
        size = self.size if self.local_size is None else self.local_size
        head = struct.pack("<4sHHHHHIIIHH", b"PK\3\4", 20, self.flags, self.method, 0, 0x21, self.crc, len(self.packed), size, len(name), len(self.local_extra))  # fmt: skip
        return head + name + self.local_extra + self.packed

    def entry(self, offset: int) -> bytes:
        name = self.raw or self.name.encode()
        head = struct.pack("<4sHHHHHHIIIHHHHHII", b"PK\1\2", 0x314, 20, self.flags, self.method, 0, 0x21, self.crc, len(self.packed), self.size, len(name), len(self.extra), 0, 0, 0, self.external, offset if self.offset is None else self.offset)  # fmt: skip
        return head + name + self.extra


def by_hand(members: list[Raw], *, between: bytes = b"", comment: bytes = b"", count: int | None = None) -> bytes:
    body, directory, listed = b"", b"", 0
    for member in members:
        if member.central:
            directory += member.entry(len(body))
            listed += 1
        body += member.local()
    total = listed if count is None else count
    end = struct.pack(
        "<4sHHHHIIH", b"PK\5\6", 0, 0, total, total, len(directory), len(body) + len(between), len(comment)
    )
    return body + between + directory + end + comment


def test_the_hand_made_archive_is_read_when_it_is_honest() -> None:
    with opened(by_hand([Raw("a", b"1"), Raw("b", b"2")])) as archive:
        assert archive.read("b") == b"2"


def test_attack_102_a_bomb_is_refused_before_it_bursts(tmp_path: Path) -> None:
    data = bomb()
    assert len(data) < 210 << 10
    place = tmp_path / "bomb.zip"
    place.write_bytes(data)
    tracemalloc.start()
    refused(place, "times its packed size")
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 4 << 20


def test_attack_102_a_bomb_that_understates_its_size_is_refused() -> None:
    deflater = zlib.compressobj(9, zlib.DEFLATED, -15)
    packed = deflater.compress(bytes(50 << 20)) + deflater.flush()
    refused(by_hand([Raw("small.txt", packed, size=10, crc=0, method=8)]), "another size")


def test_attack_102_many_members_that_are_too_much_together_are_refused() -> None:
    data = write_archive({f"m{i}": os.urandom(1000) for i in range(20)})
    refused(data, "more than the", Limits(total_bytes=10_000))
    refused(data, "members are more than", Limits(members=10))
    refused(data, "more than the", Limits(member_bytes=999))


def test_attack_102_peak_memory_is_bounded(tmp_path: Path) -> None:
    place = tmp_path / "large.zip"
    place.write_bytes(write_archive({f"m{i}": os.urandom(4 << 20) for i in range(8)}, compress=True))
    tracemalloc.start()
    archive = opened(place)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    archive.close()
    assert peak < 2 << 20


SLIPS = [
    "../evil.txt", "case/../../evil.txt", "/etc/passwd", "C:/evil.txt", "c:evil", "case\\evil.txt", "..\\evil", "case/./a", "a//b",
    "CON", "case/nul.txt", "com1", "-rf", "case/.git/config", ".GIT/hooks/x", "git~1/config", "evil.", "evil ", "a\x1bb", "a\u202eb",
    "a\u200bb", "x" * 300, "case/" * 90 + "x",
]  # fmt: skip


@pytest.mark.parametrize("name", SLIPS)
def test_attack_102_slips_and_special_names_are_refused(name: str) -> None:
    refused(by_hand([Raw(name, b"evil")]), "name ")
    with pytest.raises(ValueError, match=r"^`"):
        write_archive({name: b""})


def test_attack_102_a_name_with_nul_is_refused() -> None:
    refused(by_hand([Raw("good.txt\0.exe", b"evil")]), "forbid")


def test_attack_102_a_name_that_is_not_utf8_is_refused() -> None:
    refused(by_hand([Raw("?", b"evil", raw=b"\xff\xfe.txt")]), "UTF-8")


def test_attack_102_a_doubled_member_is_refused() -> None:
    with pytest.warns(UserWarning, match="Duplicate"):
        data = zipped(("result.json", b"FAILED"), ("result.json", b"PASSED"))
    refused(data, "same name")


@pytest.mark.parametrize(
    "pair",
    [
        ("A.txt", "a.txt"),
        ("caf\u00e9", "cafe\u0301"),
        ("stra\u00dfe", "STRASSE"),
        ("a/b", "A/c"),
        ("a", "a/b"),
        ("a/B", "A"),
    ],
)
def test_attack_102_twin_names_are_refused(pair: tuple[str, str]) -> None:
    refused(zipped((pair[0], b"1"), (pair[1], b"2")), "on some systems")
    with pytest.raises(ValueError, match="on some systems"):
        write_archive({pair[0]: b"1", pair[1]: b"2"})


@pytest.mark.parametrize("kind", [stat.S_IFLNK, stat.S_IFIFO, stat.S_IFCHR, stat.S_IFDIR, stat.S_IFSOCK])
def test_attack_102_links_and_special_files_are_refused(kind: int) -> None:
    info = zipfile.ZipInfo("case/link")
    info.create_system, info.external_attr = 3, (kind | 0o777) << 16
    refused(zipped((info, b"/etc/passwd")), "the member is")


def test_attack_102_a_link_made_by_another_system_is_refused() -> None:
    info = zipfile.ZipInfo("case/link")
    info.create_system, info.external_attr = 0, (stat.S_IFLNK | 0o777) << 16
    refused(zipped((info, b"/etc/passwd")), "symbolic link")


def test_attack_102_folders_are_refused() -> None:
    refused(zipped(("case/", b"")), "folder")


@pytest.mark.parametrize("flags", [0x1, 0x40, 0x2000, 0x20, 0x10])
def test_attack_102_encrypted_and_odd_members_are_refused(flags: int) -> None:
    refused(by_hand([Raw("a", b"1", flags=flags)]), "the member")


def test_attack_102_other_methods_are_refused() -> None:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_LZMA) as archive:
        archive.writestr("a", b"1" * 100)
    refused(out.getvalue(), "the member")


def overlapping(parts: int = 50) -> bytes:
    """Many names over one body: the quoted-overlap bomb of D. Fifield, 'A better zip bomb', 2019, in its plainest form."""
    first = Raw("f00", b"x" * 1000)
    others = [Raw(f"f{i:02d}", b"x" * 1000, offset=0) for i in range(1, parts)]
    body = first.local()
    directory = b"".join(m.entry(0) for m in [first, *others])
    end = struct.pack("<4sHHHHIIH", b"PK\5\6", 0, 0, parts, parts, len(directory), len(body), 0)
    return body + directory + end


def test_attack_102_overlapping_members_are_refused() -> None:
    refused(overlapping(), "overlaps")


HIDDEN: dict[str, tuple[Callable[[], bytes], str]] = {
    "before": (lambda: b"#!/bin/sh\n" + zipped(("a", b"1")), "central directory"),
    "before, offsets moved": (lambda: by_hand([Raw("hidden", b"1", central=False), Raw("a", b"1")]), "hide"),
    "between members": (lambda: by_hand([Raw("a", b"1"), Raw("h", b"2", central=False), Raw("b", b"3")]), "hide"),
    "before the directory": (lambda: by_hand([Raw("a", b"1")], between=b"hidden"), "belong to no member"),
    "behind": (lambda: zipped(("a", b"1")) + b"junk", "appended"),
    "a comment": (lambda: by_hand([Raw("a", b"1")], comment=b"hello"), "appended"),
    "a second archive": (lambda: zipped(("a", b"1")) + zipped(("b", b"2")), "central directory"),
    "within packed data": (lambda: by_hand([Raw("a", zlib.compress(b"x" * 100)[2:-4] + b"hidden", crc=zlib.crc32(b"x" * 100), size=100, method=8)]), "behind the end"),
}  # fmt: skip


@pytest.mark.parametrize("name", HIDDEN)
def test_attack_102_bytes_that_belong_to_no_member_are_refused(name: str) -> None:
    make, text = HIDDEN[name]
    refused(make(), text)


LIES: dict[str, tuple[list[Raw], str]] = {
    "another name": ([Raw("good.json", b"1", local_name="evil.json")], "another name"),
    "another size": ([Raw("a", b"1", local_size=2)], "differ"),
    "checksum": ([Raw("a", b"1", crc=7)], "checksum"),
    "zip64 sizes": ([Raw("a", b"1", extra=struct.pack("<HHQ", 1, 8, 1))], "another size or name"),
    "zip64 sizes, locally": ([Raw("a", b"1", local_extra=struct.pack("<HHQ", 1, 8, 1))], "another size or name"),
    "unicode path": ([Raw("a", b"1", extra=struct.pack("<HHBI", 0x7075, 9, 1, 0) + b"evil")], "another size or name"),
    "damaged extra field": ([Raw("a", b"1", extra=b"\1\0\xff\xff")], "extra field"),
}  # fmt: skip


@pytest.mark.parametrize("name", LIES)
def test_attack_102_headers_that_lie_are_refused(name: str) -> None:
    members, text = LIES[name]
    refused(by_hand(members), text)


@pytest.mark.parametrize("count", [0, 1, 3, 65535])
def test_attack_102_a_directory_that_lists_another_number_is_refused(count: int) -> None:
    assert isinstance(read_archive(by_hand([Raw("a", b"1"), Raw("b", b"2")], count=count)), ArchiveProblem)


def test_a_pipe_or_folder_is_no_archive(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    refused(tmp_path / "pipe", "no regular file")
    refused(tmp_path, "cannot be read")
    refused(tmp_path / "absent", "cannot be read")


def test_an_archive_that_changes_after_it_was_opened_gives_nothing(tmp_path: Path) -> None:
    place = tmp_path / "a.zip"
    place.write_bytes(write_archive({"a": b"FAILED" * 50_000}))
    with opened(place) as archive:
        with place.open("r+b") as file:
            file.write(write_archive({"a": b"PASSED" * 50_000}))
        with pytest.raises(OSError, match="changed while it was read"):
            archive.read("a")
