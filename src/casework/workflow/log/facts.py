"""The evidence log of a case as a tree holds it: its files, what they say, and when that is proven to have been said."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Final

from casework.model.policy import Log
from casework.store.working_tree import Tree
from casework.workflow.judging.inputs import Inputs

if TYPE_CHECKING:
    from casework.attest.dating.stamps import Authority
    from casework.attest.log.dates import LogDates
    from casework.attest.log.judge import LogReading

STAMP_SUFFIX: Final = (".json",)


@dataclass(frozen=True, slots=True)
class LogFiles:
    """The files of a log.

    Attributes:
        folder: Where they lie, relative to the root.
        entries: Bytes; None where there is no such file.
        checkpoint: Bytes; None where there is no such file.
        stamps: Path to bytes.
    """

    folder: str
    entries: bytes | None
    checkpoint: bytes | None
    stamps: Mapping[str, bytes] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Book:
    """The log as it was read, before it is compared with the case, and the times that it proves."""

    reading: LogReading
    dates: LogDates


def log_files(tree: Tree, evidence: str, inputs: Inputs | None = None) -> LogFiles:
    """Read the files of the log.

    Args:
        tree: Where the case lies: a working tree or a commit.
        evidence: Folder of the evidence, relative to the root.
        inputs: Told of every path that had a say.
    """
    from casework.attest.log.judge import CHECKPOINT, ENTRIES, STAMPS

    folder = f"{evidence}/log"
    entries, checkpoint, stamps = (f"{folder}/{name}" for name in (ENTRIES, CHECKPOINT, STAMPS))
    seen = tree.list(stamps, STAMP_SUFFIX)
    held = {one.path: b"" if one.problem else _read(tree, one.path) or b"" for one in seen}
    files = LogFiles(folder, _read(tree, entries), _read(tree, checkpoint), held)
    if inputs is not None:
        inputs.note_listing(stamps, STAMP_SUFFIX, seen)
        inputs.paths.update((entries, checkpoint))
        there = ((entries, files.entries), (checkpoint, files.checkpoint))
        inputs.present.update(path for path, data in there if data is not None)
    return files


def read_book(files: LogFiles, log: Log, authorities: Sequence[Authority], older: Sequence[bytes] = ()) -> Book:
    """Judge the log by itself and by older checkpoints, and date what it holds; never raises."""
    from casework.attest.dating.stamps import judge_renewals
    from casework.attest.log.dates import dates
    from casework.attest.log.judge import read_log

    reading = read_log(files.entries, files.checkpoint, log, older=older, folder=files.folder)
    return Book(reading, dates(reading, files.stamps, log, partial(judge_renewals, authorities=authorities)))


def _read(tree: Tree, path: str) -> bytes | None:
    """Return the bytes of a file, or None where nothing is there; what is there and cannot be read is an empty one."""
    try:
        return tree.read(path)
    except FileNotFoundError:
        return None
    except OSError:
        return b""
