"""Finished shards as files, so that a campaign that was killed takes up where it stopped."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import re
import stat
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

_MAGIC: Final = b"casework/shard/v1\n"
_OURS: Final = b"casework/shard/"
_SUFFIX: Final = ".shard"
_FOLDER: Final = re.compile(r"[0-9a-f]{32}")
_FILE: Final = re.compile(r"[0-9]{6,}\.shard(\..+)?")
_WRITING: Final = re.compile(r"[0-9]{6,}\.shard\.[a-z0-9_]{8}")
"""A shard that is being written: `tempfile.mkstemp` adds eight characters."""

KEPT_DAYS: Final = 30
"""Days after which what a killed task left behind is dropped by `prune`."""


@dataclass(frozen=True, slots=True)
class Kept:
    """A result from the store, and the CPU seconds that it took when it was made."""

    value: Any
    cpu_seconds: float


class ShardStore:
    """A folder of finished shards of one task.

    Each file holds a checksum and names the task and the shard; a file that is damaged, cut short or of another task is
    taken for absent, and the shard is computed again. Files hold plain data (see `packing`), never code: reading a file
    that somebody else put there can give a wrong result, but cannot run anything.

    Args:
        folder: Where stores lie; made when the first shard is kept.
        key: Digest of all that decides the results: context, parameters, how the work is cut, and the version of the code.
    """

    def __init__(self, folder: str | os.PathLike[str], key: str) -> None:
        self._key = key
        self.folder: Final = Path(folder) / hashlib.sha256(key.encode()).hexdigest()[:32]

    def get(self, index: int, total: int) -> Kept | None:
        """Return shard `index` of `total`, or None where it is absent, damaged or of another task."""
        from casework.compute import packing

        try:
            data = self._path(index).read_bytes()
        except OSError:
            return None
        magic, digest, body = data[: len(_MAGIC)], data[len(_MAGIC) :][:32], data[len(_MAGIC) + 32 :]
        if magic != _MAGIC or hashlib.sha256(body).digest() != digest:
            return None
        header, _, content = body.partition(b"\n")
        try:
            said = json.loads(header)
            if said["key"] != self._key or said["index"] != index or said["total"] != total:
                return None
            return Kept(packing.unpack(content), float(said["cpu_seconds"]))
        except (ValueError, TypeError, KeyError):
            return None

    def put(self, index: int, total: int, value: Any, cpu_seconds: float) -> bool:
        """Keep a finished shard, whole or not at all; return False where the disk would not have it.

        Raises:
            TypeError: The value is no plain data.
        """
        from casework.compute import packing

        said = {"cpu_seconds": cpu_seconds, "index": index, "key": self._key, "total": total}
        body = json.dumps(said, sort_keys=True).encode() + b"\n" + packing.pack(value)
        path = self._path(index)
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f"{path.name}.")
            try:
                with os.fdopen(handle, "wb") as file:
                    file.write(_MAGIC + hashlib.sha256(body).digest() + body)
                os.replace(temporary, path)
            except BaseException:
                Path(temporary).unlink(missing_ok=True)
                raise
        except OSError:
            return False
        return True

    def discard(self) -> None:
        """Remove what was kept, when the task is done; files that are not of a store stay."""
        for path in self.folder.glob(f"*{_SUFFIX}*"):
            path.unlink(missing_ok=True)
        try:
            self.folder.rmdir()
        except OSError:
            return  # never made, or somebody else's file is in it

    def _path(self, index: int) -> Path:
        return self.folder / f"{index:06d}{_SUFFIX}"


def prune(folder: str | os.PathLike[str], before: float) -> int:
    """Drop the stores of tasks that were killed and not taken up again; return how many.

    A store goes where its newest file is older than a moment. Only files that a store wrote are removed: regular files, by name
    and first bytes, in folders named as stores are; whatever else lies there stays, links are not followed. Each file goes as a
    whole, and a store that lacks some of its shards is one of which fewer are done: a task that reads it meanwhile, or a prune
    that is killed, harms nothing.

    Args:
        folder: Where stores lie.
        before: Seconds since 1970, UTC.
    """
    dropped = 0
    for name, inner in _folders(folder):
        files = list(_files(inner))
        if not files or max(age for _path, age in files) >= before:
            continue
        with contextlib.suppress(OSError):
            for path, _age in files:
                path.unlink(missing_ok=True)
            dropped += 1
            (Path(folder) / name).rmdir()  # stays where somebody else's file is in it
    return dropped


def _folders(folder: str | os.PathLike[str]) -> Iterator[tuple[str, Path]]:
    try:
        names = sorted(os.listdir(folder))
    except OSError:
        return
    for name in names:
        path = Path(folder) / name
        if _FOLDER.fullmatch(name) and path.is_dir() and not path.is_symlink():
            yield name, path


def _files(folder: Path) -> Iterator[tuple[Path, float]]:
    """Yield the files of a store with the time at which each was written."""
    try:
        names = sorted(os.listdir(folder))
    except OSError:
        return
    for name in names:
        if not _FILE.fullmatch(name):
            continue
        with contextlib.suppress(OSError):
            handle = os.open(folder / name, os.O_RDONLY | os.O_NONBLOCK | os.O_NOFOLLOW | os.O_CLOEXEC)
            with os.fdopen(handle, "rb") as file:
                found = os.fstat(file.fileno())
                head = file.read(len(_OURS)) if stat.S_ISREG(found.st_mode) else b"-"
            # What a kill or a full disk cut short is ours too: it has the name of a file that is still being written.
            if head == _OURS or (_WRITING.fullmatch(name) and _OURS.startswith(head)):
                yield folder / name, found.st_mtime
