"""The working tree as a source of bytes: what lies where, and what it says, never following links out of it."""

from __future__ import annotations

import contextlib
import os
import stat
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

CONFIG = "casework.yaml"

Stamp = tuple[int, int, int, int]
"""Modification time and change time (ns), size (bytes), inode: equal stamps mean an unchanged file, but for racing writers."""

_NO_STAMP: Stamp = (0, 0, 0, 0)


@dataclass(frozen=True, slots=True)
class Seen:
    """A file that was found, with its stamp; `problem` says why it cannot be used."""

    path: str
    stamp: Stamp
    problem: str = ""


@dataclass(frozen=True, slots=True)
class Kind:
    """What `lstat` says of a path: its mode and its number of hard links."""

    path: str
    mode: int
    links: int


class Tree(Protocol):
    """A source of a case's bytes: a working tree, or a commit."""

    def list(self, folder: str, suffixes: tuple[str, ...]) -> list[Seen]:
        """Return the files below a folder whose names end in one of the suffixes, sorted by path."""

    def kinds(self, folder: str) -> Sequence[Kind]:
        """Return what everything below a folder is, folders and links too, sorted by path; nothing is followed."""

    def look(self, path: str) -> Seen | None:
        """Return what is known of one path without reading it; None if nothing is there."""

    def read(self, path: str) -> bytes:
        """Return the bytes of a file. Raises OSError with the reason if it cannot be read."""


def find_root(start: Path) -> Path:
    """Return the root of the case around a folder: the nearest folder with `casework.yaml`, else with `requirements/`, else `.git`."""
    folders = [start.resolve(), *start.resolve().parents]
    for marker in (CONFIG, "requirements", ".git"):
        for folder in folders:
            if (folder / marker).exists():
                return folder
    return start.resolve()


class WorkingTree:
    """The files below a root folder as they are now."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self._base = os.fspath(root)
        self.stamps: dict[str, Stamp] = {}
        """Stamp of each file as it was when it was first seen or read."""

    def list(self, folder: str, suffixes: tuple[str, ...]) -> list[Seen]:
        """Return the files below a folder; hidden ones are left out, links and unreadable folders are seen as problems."""
        found = sorted(self._walk(folder, suffixes), key=lambda s: s.path)
        for seen in found:
            if not seen.problem:
                self.stamps.setdefault(seen.path, seen.stamp)
        return found

    def _walk(self, folder: str, suffixes: tuple[str, ...]) -> Iterator[Seen]:
        start = folder.rstrip("/")
        problem = _escape(start) or self._linked(start)
        if problem:
            yield Seen(start, _NO_STAMP, problem)
            return
        pending = [start]
        while pending:
            here = pending.pop()
            try:
                with os.scandir(os.path.join(self._base, here)) as found:
                    entries = list(found)
            except FileNotFoundError:
                continue
            except OSError as error:
                yield Seen(here, _NO_STAMP, error.strerror or str(error))
                continue
            pending += [f"{here}/{e.name}" for e in entries if _is_folder(e)]
            yield from (seen for e in entries if (seen := _seen_entry(e, here, suffixes)) is not None)

    def _linked(self, path: str) -> str:
        full = os.path.join(self._base, path)
        straight = os.path.join(os.path.realpath(self._base), *path.split("/"))
        if not os.path.lexists(full) or os.path.realpath(full) == straight:
            return ""
        return "it is reached through a symbolic link, and links are not followed"

    def kinds(self, folder: str) -> Sequence[Kind]:
        """Return what everything below a folder is, sorted by path; hidden files too, links are not followed.

        Nothing is told of a folder that lies outside the case or behind a link; `list` says why it cannot be used.
        """
        start = folder.rstrip("/")
        found: list[Kind] = []
        pending = [] if _escape(start) or self._linked(start) else [start]
        while pending:
            here = pending.pop()
            try:
                names = os.listdir(os.path.join(self._base, here))
            except OSError:
                continue
            for name in names:
                path = f"{here}/{name}"
                with contextlib.suppress(OSError):
                    s = os.lstat(os.path.join(self._base, path))
                    found.append(Kind(_as_text(path), s.st_mode, s.st_nlink))
                    if stat.S_ISDIR(s.st_mode):
                        pending.append(path)
        return sorted(found, key=lambda k: k.path)

    def look(self, path: str) -> Seen | None:
        """Return what is known of one path; parts of it that are links make it unusable."""
        problem = _escape(path)
        if problem:
            return Seen(path, (0, 0, 0, 0), problem)
        full = os.path.join(self._base, path)
        try:
            found = os.lstat(full)
        except OSError:
            return None
        if stat.S_ISLNK(found.st_mode) or os.path.realpath(full) != os.path.join(
            os.path.realpath(self._base), *path.split("/")
        ):
            return Seen(path, (0, 0, 0, 0), "it is reached through a symbolic link, and links are not followed")
        if not stat.S_ISREG(found.st_mode):
            return Seen(path, (0, 0, 0, 0), "it is not a regular file")
        self.stamps.setdefault(path, _stamp(found))
        return _seen(path, found)

    def read(self, path: str) -> bytes:
        """Return the bytes of a file. Raises OSError with the reason if it cannot be read."""
        problem = _escape(path)
        if problem:
            raise OSError(problem)
        # Neither a link nor a pipe is read, whatever it became since it was looked at.
        handle = os.open(os.path.join(self._base, path), os.O_RDONLY | os.O_NONBLOCK | os.O_NOFOLLOW | os.O_CLOEXEC)
        with os.fdopen(handle, "rb") as file:
            found = os.fstat(file.fileno())
            if not stat.S_ISREG(found.st_mode):
                raise OSError("it is no regular file")
            self.stamps.setdefault(path, _stamp(found))
            return file.read()


def _is_folder(entry: os.DirEntry[str]) -> bool:
    return not entry.name.startswith(".") and _is_text(entry.name) and entry.is_dir(follow_symlinks=False)


def _seen_entry(entry: os.DirEntry[str], here: str, suffixes: tuple[str, ...]) -> Seen | None:
    """Return what is to be said of one entry of a folder, or None: it is hidden, a folder, or of another kind."""
    name, path = entry.name, f"{here}/{entry.name}"
    wanted = name.lower().endswith(suffixes)
    if name.startswith(".") or _is_folder(entry):
        return None
    if not _is_text(name):
        return Seen(_as_text(path), _NO_STAMP, "its name is not UTF-8")
    if entry.is_symlink():
        linked = "it is a symbolic link, and links are not followed"
        return Seen(path, _NO_STAMP, linked) if wanted or entry.is_dir() else None
    if not wanted:
        return None
    plain = entry.is_file(follow_symlinks=False)
    return _seen(path, entry.stat(follow_symlinks=False)) if plain else Seen(path, _NO_STAMP, "it is no regular file")


def _is_text(name: str) -> bool:
    try:
        name.encode("utf-8")
    except UnicodeEncodeError:
        return False
    return True


def _as_text(name: str) -> str:
    """Return a name with the bytes that are not UTF-8 written out, so that it can be shown and stored."""
    return name if _is_text(name) else name.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")


def _escape(path: str) -> str:
    parts = path.split("/")
    if path.startswith("/") or "\\" in path or "\0" in path or ".." in parts or (parts and parts[0] == ".git"):
        return "the path leads out of the case"
    return ""


def _seen(path: str, found: os.stat_result) -> Seen:
    return Seen(path, _stamp(found))


def _stamp(found: os.stat_result) -> Stamp:
    return found.st_mtime_ns, found.st_ctime_ns, found.st_size, found.st_ino


def evidence_kinds(tree: Tree, folder: str) -> list[Kind]:
    """Return what lies below the evidence, but for the artifacts: these are bound by digest, whatever they are called."""
    artifacts = f"{folder}/artifacts/"
    return [k for k in tree.kinds(folder) if not f"{k.path}/".startswith(artifacts)]
