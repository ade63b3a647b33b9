"""What every command needs of the terminal: the root, the day, where output goes, and progress on a terminal only."""

from __future__ import annotations

import argparse
import os
import re
import sys
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime
from pathlib import Path
from typing import TypeVar

from casework.compute.pace import Pace
from casework.model.problem import CallProblem

T = TypeVar("T")


def positive(text: str) -> int:
    """Read a whole number of at least 1, as argparse wants its types."""
    number = int(text) if text.isdecimal() else 0
    if number < 1:
        raise argparse.ArgumentTypeError(f"{text} is no whole number of at least 1")
    return number


def seed(text: str) -> int:
    """Read a whole number from 0 to 2^53 - 1, which is what records can hold."""
    number = int(text) if text.isdecimal() and len(text) < 20 else -1
    if not 0 <= number < 2**53:
        raise argparse.ArgumentTypeError(f"{text} is no whole number from 0 to 2^53 - 1")
    return number


def add_root(parser: argparse.ArgumentParser) -> None:
    """Add `--root`."""
    parser.add_argument("--root", metavar="DIR", default=".", help="folder inside the case (default: the current one)")


def add_now(parser: argparse.ArgumentParser) -> None:
    """Add `--now`."""
    parser.add_argument("--now", metavar="YYYY-MM-DD", help="day of judgement (default: today, UTC)")


def add_output(parser: argparse.ArgumentParser) -> None:
    """Add `--output`."""
    parser.add_argument("-o", "--output", metavar="FILE", help="write there instead of standard output")


def root_of(args: argparse.Namespace) -> Path:
    """Return the root of the case that the call means."""
    from casework.store.working_tree import CONFIG, find_root

    start = Path(args.root)
    if not start.is_dir():
        raise CallProblem(f"--root {args.root}: no such folder")
    root = find_root(start)
    if not (root / CONFIG).exists() and not (root / "requirements").is_dir():
        raise CallProblem(
            f"{start.resolve()} is in no case: there is no {CONFIG} here or above; go into one, give --root DIR, or `casework init`"
        )
    return root


def today_of(args: argparse.Namespace) -> date:
    """Return the day of judgement: `--now`, or today."""
    if not getattr(args, "now", None):
        return datetime.now(UTC).date()
    try:
        day = date.fromisoformat(args.now)
    except ValueError:
        raise CallProblem(f"--now {args.now}: write the day as YYYY-MM-DD") from None
    if not 2000 <= day.year < 2200:
        raise CallProblem(f"--now {args.now}: give a day from 2000 to 2199")
    return day


def started() -> str:
    """Return the present moment, UTC, RFC 3339, in whole seconds."""
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def use_colour(stream_is_terminal: bool | None = None) -> bool:
    """Return True if colour is wanted: on a terminal, unless NO_COLOR is set; FORCE_COLOR overrules."""
    if os.environ.get("NO_COLOR"):
        return False
    if os.environ.get("FORCE_COLOR"):
        return True
    return sys.stdout.isatty() if stream_is_terminal is None else stream_is_terminal


def columns() -> int:
    """Return the width to lay text out for: the terminal's, at most 120; 100 where there is none."""
    import shutil

    return min(120, shutil.get_terminal_size((100, 24)).columns)


def harmless(text: str) -> str:
    """Write out the control characters of a text, so that a terminal shows them and does not obey them; our colours stay."""
    colour = use_colour()

    def shown(found: re.Match[str]) -> str:
        if colour and found[0].startswith("\x1b["):
            return found[0]
        return "".join(f"\\x{ord(c):02x}" if not c.isprintable() else c for c in found[0])

    return _CONTROL.sub(shown, text)


def write_out(content: str | bytes, output: str | None) -> None:
    """Write a result to a file, atomically, or to standard output."""
    if output is None or output == "-":
        data = harmless(content).encode("utf-8") if isinstance(content, str) else content
        sys.stdout.flush()
        sys.stdout.buffer.write(data)
        sys.stdout.buffer.flush()
        return
    write_file(Path(output), content.encode("utf-8") if isinstance(content, str) else content)
    print(f"wrote {output}", file=sys.stderr)


def write_file(path: Path, data: bytes) -> None:
    """Write a file so that it is there whole or not at all; a device or pipe is written to, and never replaced by a file."""
    try:
        if path.exists() and not path.is_file() and not path.is_dir():
            path.write_bytes(data)
            return
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(data)
            os.chmod(temporary, 0o644)  # a document, readable like any other file
            os.replace(temporary, path)
        except BaseException:
            Path(temporary).unlink(missing_ok=True)
            raise
    except OSError as error:
        raise CallProblem(f"{path} cannot be written: {error.strerror or error}") from error


_CONTROL = re.compile(r"\x1b\[[0-9;]*m|[\x00-\x08\x0b-\x1f\x7f-\x9f]")


def add_cluster(parser: argparse.ArgumentParser) -> None:
    """Add `--cluster`."""
    parser.add_argument(
        "--cluster", metavar="ADDRESS",
        help="spread long runs over a Dask cluster: the address of its scheduler, or `local` for one of this machine with "
        "--workers processes; needs the extra casework[cluster]; no say in the result",
    )  # fmt: skip


_KEPT = ("faults", "blocks of faults")
"""Tasks whose finished parts are kept until the whole is done."""


def _kept_task(text: str) -> bool:
    return text.rpartition(": ")[2] in _KEPT


def _folders(kept: Path) -> dict[Path, int]:
    """Return the folders of campaigns, and when each got its last file, in nanoseconds."""
    try:
        return {path: path.stat().st_mtime_ns for path in sorted(kept.iterdir()) if path.is_dir()}
    except OSError:
        return {}


class Progress:
    """One line on a terminal's standard error that is overwritten; silent elsewhere, but for a word where work is gone on with.

    Args:
        label: Begins the line.
        kept: Folder that keeps what an interrupted run had finished; None where nothing is kept.

    Attributes:
        finished: True once anything is finished that the same command, when it is run again, goes on from.
    """

    def __init__(self, label: str = "", kept: Path | None = None) -> None:
        self._on = sys.stderr.isatty()
        self._label, self._kept = label, kept
        self._task, self._pace, self._at = "", Pace(), (0, 0)
        self._before: dict[Path, int] | None = None
        self.finished = False

    def __call__(self, text: str) -> None:
        """Show a text."""
        if self._on:
            print(f"\r\033[K{self._label}{text}", end="", file=sys.stderr, flush=True)

    def count(self, done: int, total: int, text: str) -> None:
        """Show how far a long task is, and about how long it will take yet."""
        if text != self._task or done < self._at[0] or total != self._at[1]:
            self._task, self._pace = text, Pace()
            self._resumed(done, total, text)
        elif self._before is not None and done > self._at[0]:
            self._say_where()
        self.finished |= done > 0 and self._kept is not None and _kept_task(text)
        self._at = (done, total)
        seconds = self._pace.remaining(done, total)
        left = f", about {Pace.words(seconds)} left" if seconds is not None and total > done else ""
        self(f"{text} {done}/{total}{left}" if total else text)

    def _resumed(self, done: int, total: int, text: str) -> None:
        """Say so where a task that an interrupted run can leave behind does not begin at its beginning."""
        self._before = None
        if not done or self._kept is None or not _kept_task(text):
            return
        whose, colon, task = text.rpartition(": ")
        held = _folders(self._kept)
        where = ""
        if len(held) == 1:
            where = f" in {next(iter(held))}; delete that folder to start anew"
        elif done < total:
            self._before = held
        self._say(f"{whose}{colon}going on from {done} of {total} {task} kept{where}")

    def _say_where(self) -> None:
        """Name the folder of what is gone on with among those of several campaigns: the one that has got a file since."""
        before, self._before = self._before or {}, None
        after = {} if self._kept is None else _folders(self._kept)
        grown = [folder for folder, at in after.items() if before.get(folder, at) != at]
        if len(grown) == 1:  # more where another run writes at the same time
            self._say(f"they are kept in {grown[0]}; delete that folder to start anew")

    def _say(self, text: str) -> None:
        self.done()
        print(f"casework: {text}", file=sys.stderr, flush=True)

    @contextmanager
    def interruptible(self) -> Iterator[None]:
        """Say to who interrupts the run inside whether anything is kept to go on from."""
        try:
            yield
        except KeyboardInterrupt:
            self.done()
            kept = "what was finished is kept: run the same command again to go on"
            raise KeyboardInterrupt(f"interrupted; {kept if self.finished else 'nothing was finished yet'}") from None

    def told(self, made: Iterable[T]) -> Iterator[T]:
        """Yield what a run makes one by one, interruptible."""
        with self.interruptible():
            yield from made

    def done(self) -> None:
        """Clear the line."""
        if self._on:
            print("\r\033[K", end="", file=sys.stderr, flush=True)
