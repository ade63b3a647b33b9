"""The cache: derived, outside the tree, and may be deleted at any time.

Two things are kept for a case. For each node file what reading it gave, so that an edit costs one file; found again by its
stamp (times, size, inode) or, where the stamp differs, by its content hash. And the last answer of the gate with the stamps
of every file that had a say in it, so that a check of an unchanged tree need not even build the graph.

A stamp is believed only if the file was already at rest when it was read: a file changed within the same tick of the clock
could otherwise keep its stamp and change its content. Any trouble with the cache means working without it.
"""

from __future__ import annotations

import contextlib
import hashlib
import marshal
import os
import sqlite3
import sys
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from casework.model.version import __version__
from casework.store.working_tree import Seen, Stamp

if TYPE_CHECKING:
    from casework.store.tree import FileRecord

_REST_NS = 50_000_000
"""How long a file must have been at rest for its stamp to be believed; kernels stamp in ticks of up to 10 ms."""

_SCHEMA = """
CREATE TABLE IF NOT EXISTS about (version TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS files (
    path TEXT PRIMARY KEY, stamp BLOB, sha BLOB NOT NULL, light BLOB NOT NULL, blob BLOB NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS records (name TEXT PRIMARY KEY, anchors TEXT NOT NULL, stamps BLOB, value BLOB NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS answers (question TEXT PRIMARY KEY, inputs BLOB NOT NULL, answer BLOB NOT NULL) WITHOUT ROWID;
"""


def cache_folder() -> Path:
    """Return the folder of caches: `CASEWORK_CACHE_DIR`, else the user's cache folder (XDG base directories)."""
    named = os.environ.get("CASEWORK_CACHE_DIR")
    if named:
        return Path(named)
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "casework"


def _version() -> str:
    """Return what must be equal for cached results to be used: Casework's sources, Python, and the format."""
    newest, count = 0, 0
    for folder, _folders, files in os.walk(Path(__file__).parents[1]):
        for name in files:
            if name.endswith(".py"):
                newest, count = max(newest, os.stat(os.path.join(folder, name)).st_mtime_ns), count + 1
    return f"3 {__version__} {sys.hexversion:x} {newest} {count}"


@dataclass(frozen=True, slots=True)
class Answer:
    """A remembered answer: all that had a say (stamps, folders, kinds of paths), the days on which it holds, the answer."""

    stamps: dict[str, Stamp | None]
    listings: dict[str, list[str]]
    kinds: list[tuple[str, int, int]]
    from_day: str
    until_day: str
    payload: Any


@dataclass(frozen=True, slots=True)
class Opened:
    """A sealed record that was opened before: the stamps of its files (None where they are not believed), and what it gave."""

    stamps: list[Stamp] | None
    value: Any


class Cache:
    """The cache of one case; every method degrades to doing nothing."""

    def __init__(self, root: Path, folder: Path | None = None) -> None:
        self._started = time.time_ns()
        self._db: sqlite3.Connection | None = None
        name = hashlib.sha256(os.fspath(root.resolve()).encode()).hexdigest()[:24]
        with contextlib.suppress(OSError, RuntimeError, sqlite3.Error):  # RuntimeError: there is no home folder
            place = folder or cache_folder()
            place.mkdir(parents=True, exist_ok=True, mode=0o700)
            self._db = self._open(place / f"{name}.sqlite")

    @staticmethod
    def _open(path: Path) -> sqlite3.Connection:
        try:
            return Cache._connect(path)
        except sqlite3.DatabaseError:
            path.unlink(missing_ok=True)
            return Cache._connect(path)

    @staticmethod
    def _connect(path: Path) -> sqlite3.Connection:
        db = sqlite3.connect(path, timeout=2, isolation_level=None)
        db.execute("PRAGMA journal_mode = WAL")
        db.execute("PRAGMA synchronous = OFF")
        db.executescript(_SCHEMA)
        version = _version()
        if db.execute("SELECT version FROM about").fetchone() != (version,):
            db.executescript("DELETE FROM about; DELETE FROM files; DELETE FROM records; DELETE FROM answers;")
            db.execute("INSERT INTO about VALUES (?)", (version,))
        return db

    def close(self) -> None:
        """Close the cache."""
        if self._db is not None:
            self._db.close()
            self._db = None

    def files(self) -> dict[str, tuple[Stamp | None, bytes, bytes]]:
        """Return (stamp, content hash, light record) of every file known, by path."""
        if self._db is None:
            return {}
        try:
            rows = self._db.execute("SELECT path, stamp, sha, light FROM files").fetchall()
            return {path: (marshal.loads(stamp), sha, light) for path, stamp, sha, light in rows}  # noqa: S302 - our own cache
        except (sqlite3.Error, ValueError, EOFError, TypeError):
            return {}

    def blob(self, path: str) -> bytes | None:
        """Return the marshalled items of a file, or None."""
        if self._db is None:
            return None
        try:
            row = self._db.execute("SELECT blob FROM files WHERE path = ?", (path,)).fetchone()
        except sqlite3.Error:
            return None
        return row[0] if row else None

    def restamp(self, seen: Iterable[Seen]) -> None:
        """Remember the stamps of files whose content is known already."""
        if self._db is None:
            return
        rows = [(marshal.dumps(self._at_rest(s.stamp)), s.path) for s in seen]
        with contextlib.suppress(sqlite3.Error):
            self._db.executemany("UPDATE files SET stamp = ? WHERE path = ?", rows)

    def keep_files(self, rows: Iterable[tuple[Seen, bytes, bytes, bytes]], gone: Iterable[str]) -> None:
        """Remember (seen, content hash, light record, marshalled items) of files, and forget those that are gone."""
        if self._db is None:
            return
        packed = [(s.path, marshal.dumps(self._at_rest(s.stamp)), sha, light, blob) for s, sha, light, blob in rows]
        with contextlib.suppress(sqlite3.Error):
            self._db.execute("BEGIN IMMEDIATE")
            self._db.executemany("INSERT OR REPLACE INTO files VALUES (?, ?, ?, ?, ?)", packed)
            self._db.executemany("DELETE FROM files WHERE path = ?", [(path,) for path in gone])
            self._db.execute("COMMIT")

    def records(self, anchors: str) -> dict[str, Opened]:
        """Return every sealed record that was opened with the given anchors (their digest), by name."""
        if self._db is None or not anchors:
            return {}
        try:
            rows = self._db.execute("SELECT name, stamps, value FROM records WHERE anchors = ?", (anchors,)).fetchall()
            return {name: Opened(marshal.loads(stamps), marshal.loads(value)) for name, stamps, value in rows}  # noqa: S302 - our own cache
        except (sqlite3.Error, ValueError, EOFError, TypeError):
            return {}

    def keep_records(self, anchors: str, rows: Iterable[tuple[str, list[Stamp], Any]], gone: Iterable[str]) -> None:
        """Remember (name, stamps of its files, plain value) of opened records, and forget those that are gone."""
        if self._db is None or not anchors:
            return
        packed = []
        for name, stamps, value in rows:
            rested = [self._at_rest(stamp) for stamp in stamps]
            packed.append((name, anchors, marshal.dumps(None if None in rested else rested), marshal.dumps(value)))
        with contextlib.suppress(sqlite3.Error, ValueError):
            self._db.execute("BEGIN IMMEDIATE")
            self._db.executemany("INSERT OR REPLACE INTO records VALUES (?, ?, ?, ?)", packed)
            self._db.executemany("DELETE FROM records WHERE name = ?", [(name,) for name in gone])
            self._db.execute("COMMIT")

    def _at_rest(self, stamp: Stamp) -> Stamp | None:
        return stamp if max(stamp[0], stamp[1]) < self._started - _REST_NS else None

    def answer(self, question: str) -> Answer | None:
        """Return the remembered answer to a question, or None; whether it still holds is for the caller to see."""
        if self._db is None:
            return None
        try:
            row = self._db.execute("SELECT inputs, answer FROM answers WHERE question = ?", (question,)).fetchone()
            if row is None:
                return None
            stamps, listings, kinds, from_day, until_day = marshal.loads(row[0])  # noqa: S302 - our own cache
            return Answer(stamps, listings, kinds, from_day, until_day, marshal.loads(row[1]))  # noqa: S302 - our own cache
        except (sqlite3.Error, ValueError, EOFError, TypeError):
            return None

    def keep_answer(self, question: str, answer: Answer) -> None:
        """Remember an answer, unless a file that had a say was not at rest."""
        if self._db is None:
            return
        if any(stamp is not None and self._at_rest(stamp) is None for stamp in answer.stamps.values()):
            return
        inputs = marshal.dumps((answer.stamps, answer.listings, answer.kinds, answer.from_day, answer.until_day))
        with contextlib.suppress(sqlite3.Error, ValueError):
            self._db.execute(
                "INSERT OR REPLACE INTO answers VALUES (?, ?, ?)", (question, inputs, marshal.dumps(answer.payload))
            )


def light_of(record: FileRecord) -> bytes:
    """Return what the graph needs of a file, marshalled."""
    entries = [(e.key, e.type, e.id, e.module, e.title, e.position, e.light, e.links, e.valid) for e in record.entries]
    return marshal.dumps((entries, [finding_row(f) for f in record.findings]))


def record_of(path: str, light: bytes) -> FileRecord:
    """Return the file record that was remembered; its marshalled items are fetched when asked for."""
    from casework.graph.case import Entry
    from casework.store.tree import FileRecord

    entries, findings = marshal.loads(light)  # noqa: S302 - our own cache
    made = [Entry(key, kind, node_id, module, title, path, at, fields, links, valid)
            for key, kind, node_id, module, title, at, fields, links, valid in entries]  # fmt: skip
    return FileRecord(path, made, b"", [finding_of(row) for row in findings])


def finding_row(finding: Any) -> tuple[Any, ...]:
    """Return a finding as a plain tuple."""
    f = finding
    return (f.code, f.severity, f.node, f.field, f.message, f.fix, f.file, f.line, f.column, f.new)


def finding_of(row: tuple[Any, ...]) -> Any:
    """Return the finding of a plain tuple."""
    from casework.model.finding import Finding

    return Finding(*row)


def current_stamps(root: Path, paths: Mapping[str, Stamp | None]) -> dict[str, Stamp | None]:
    """Return the stamps of the given paths as they are now, without reading or following anything.

    A path below a folder that is a link, or that lies below one, has none.
    """
    made: dict[str, Stamp | None] = {}
    base = os.fspath(root)
    real = os.path.realpath(base)
    plain: dict[str, bool] = {}
    for path in paths:
        folder = path.rpartition("/")[0]
        if folder not in plain:
            plain[folder] = os.path.realpath(os.path.join(base, folder)) == os.path.normpath(os.path.join(real, folder))
        if not plain[folder]:
            made[path] = None
            continue
        try:
            s = os.lstat(os.path.join(base, path))
            made[path] = (s.st_mtime_ns, s.st_ctime_ns, s.st_size, s.st_ino)
        except (OSError, ValueError):
            made[path] = None
    return made
