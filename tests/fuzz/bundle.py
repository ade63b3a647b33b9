"""Fuzz the reader of release bundles: as an archive, and as manifest, seal and content inside an honest archive."""

from __future__ import annotations

import os
import sys
import tempfile
from collections.abc import Iterable
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

from harness import Target, fuzz, reach

MEMBERS = {
    "case/casework.yaml": b"schema: casework/v1\n",
    "manifest.json": b"{}",
    "seal.dsse.json": b"{}",
    "README.txt": b"Read me.\n",
}


def load() -> Target:  # noqa: C901 - a table of ways to read, each of them short
    from casework.artifact.archive import Archive, read_archive, write_archive
    from casework.workflow.release.bundle_contents import Contents, open_bundle

    handle, name = tempfile.mkstemp(suffix=".zip")
    os.close(handle)
    place = Path(name)

    def whole(source: bytes) -> None:
        archive = read_archive(source)
        if not isinstance(archive, Archive):
            if archive.code != "ART-014" or not archive.message:
                raise AssertionError(archive)
            return
        with archive:
            for path in archive.members:
                if path.startswith("/") or ".." in path.split("/") or "\\" in path or "\0" in path:
                    raise AssertionError(f"{path!r} leaves the folder")
                if len(archive.read(path)) != archive.members[path].size:
                    raise AssertionError("a size is not that of the bytes")

    def opened(source: bytes) -> None:
        place.write_bytes(source)
        contents = open_bundle(place)
        if isinstance(contents, Contents):
            contents.archive.__exit__(None, None, None)
        elif not contents:
            raise AssertionError("refused without a reason")

    def one_input(data: bytes) -> None:
        way, rest = (data[0] % 4 if data else 0), data[1:]
        match way:
            case 0:
                whole(rest)
            case 1:
                opened(rest)
            case 2:
                opened(write_archive(MEMBERS | {"manifest.json": rest}))
            case _:
                opened(write_archive(MEMBERS | {"seal.dsse.json": rest}, compress=True))

    return one_input


def seeds() -> Iterable[bytes]:
    import io
    import zipfile

    reach()
    from test_act import record, seal

    from casework.artifact.archive import write_archive

    for compress in (False, True):
        for way in (b"\x00", b"\x01"):
            yield way + write_archive(MEMBERS, compress=compress)
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("../x", "x" * 3000)
        archive.writestr("a/", "")
    yield b"\x00" + out.getvalue()
    yield (
        b'\x02{"files":{"case/casework.yaml":{"sha256":"'
        + b"0" * 64
        + b'","size":20}},"schema":"casework/release-manifest/v1"}'
    )
    yield b"\x03" + seal(record())


if __name__ == "__main__":
    fuzz(load, seeds)
