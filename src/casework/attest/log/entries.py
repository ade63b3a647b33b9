r"""The entries of the log: one a line, of six kinds, and nothing else.

    record <SHA-256 of the payload> <evidence key>        a sealed record, or a sealed act
    signature <SHA-256 of its bytes> <payload SHA-256>    a signature of a sealed record or act
    node <type> <key>                                     a node that nobody would miss but those whom it protects
    policy <version> <SHA-256 of its payload>             a version of the trust policy
    retired <node key> <SHA-256 of the review's payload>  a node's removal, confirmed by a sealed review
    release <SHA-256 of its payload>                      a sealed release

ASCII, each line ended by one LF, none twice. The leaf of the tree is the line without its LF, so that a list of lines has
exactly one form and one root.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Literal, assert_never

from casework.attest.carrier import Problem
from casework.attest.codes import shown
from casework.model.node import LINK_PATTERN

Kind = Literal["record", "signature", "node", "policy", "retired", "release"]

MAX_ENTRIES: Final = 2_000_000
"""More entries than any case will have; a file with more is not read."""

MAX_BYTES: Final = 256 * 1024 * 1024
_MAX_PROBLEMS: Final = 100

_DIGEST: Final = "[0-9a-f]{64}"
_KEY: Final = LINK_PATTERN.removeprefix("^").removesuffix("$")
_LINE: Final = re.compile(
    rf"record (?P<record>{_DIGEST}) (?P<evidence>{_KEY})"
    rf"|signature (?P<signature>{_DIGEST}) (?P<signed>{_DIGEST})"
    r"|node (?P<type>[a-z][a-z_]{0,39}) "
    rf"(?P<node>{_KEY})"
    r"|policy (?P<version>[1-9][0-9]{0,15}) "
    rf"(?P<policy>{_DIGEST})"
    rf"|retired (?P<retired>{_KEY}) (?P<review>{_DIGEST})"
    rf"|release (?P<release>{_DIGEST})",
    re.ASCII,
)


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry of the log.

    Attributes:
        kind: Which of the six.
        digest: SHA-256 of a payload, 64 hex digits: of the record, the policy, the review that retires, or the release.
        key: For a signature, the digest of the payload that it signs; else key of a node: of the evidence, of the node that is
            held, or of the one retired.
        type: Type of the node that is held.
        version: Version of the policy.
    """

    kind: Kind
    digest: str = ""
    key: str = ""
    type: str = ""
    version: int = 0

    @property
    def line(self) -> str:
        """The entry as it stands in the file, without its line feed."""
        match self.kind:
            case "record":
                return f"record {self.digest} {self.key}"
            case "signature":
                return f"signature {self.digest} {self.key}"
            case "node":
                return f"node {self.type} {self.key}"
            case "policy":
                return f"policy {self.version} {self.digest}"
            case "retired":
                return f"retired {self.key} {self.digest}"
            case "release":
                return f"release {self.digest}"
            case _:
                assert_never(self.kind)


@dataclass(frozen=True, slots=True)
class EntriesReading:
    """What reading the entries gave.

    Attributes:
        lines: Every ended line's bytes, without its line feed, whether or not it is an entry: the leaves of the tree.
        entries: The entries, in order; those lines left out that are none.
        indices: Index of the line of each entry.
        problems: What is wrong, with lines (`LOG-003`).
    """

    lines: tuple[bytes, ...]
    entries: tuple[Entry, ...]
    indices: tuple[int, ...]
    problems: tuple[Problem, ...] = ()


def read_entries(data: bytes) -> EntriesReading:
    """Read the file of entries strictly; of many lines that are wrong, the first hundred are told. Never raises."""
    if len(data) > MAX_BYTES or data.count(b"\n") > MAX_ENTRIES:
        return EntriesReading((), (), (), (Problem("LOG-003", "the log is larger than any log is"),))
    rows = data.split(b"\n")
    ended = not rows.pop()
    entries: list[Entry] = []
    indices: list[int] = []
    wrong: list[int] = []
    first: dict[bytes, int] = {}
    for index, row in enumerate(rows):
        entry = parse_entry(row) if first.setdefault(row, index) == index else None
        if entry is None:
            wrong.append(index)
            continue
        entries.append(entry)
        indices.append(index)
    problems = [_line_problem(rows, index, first) for index in wrong[:_MAX_PROBLEMS]]
    if len(wrong) > _MAX_PROBLEMS:
        problems.append(Problem("LOG-003", f"{len(wrong) - _MAX_PROBLEMS} more lines of the log are no entries"))
    if not ended:
        problems.append(Problem("LOG-003", "the last line of the log is not ended, so it is no entry", len(rows) + 1))
    return EntriesReading(tuple(rows), tuple(entries), tuple(indices), tuple(problems))


def _line_problem(rows: Sequence[bytes], index: int, first: Mapping[bytes, int]) -> Problem:
    row = rows[index]
    if first[row] != index:
        return Problem("LOG-003", f"line {index + 1} of the log repeats line {first[row] + 1}", index + 1)
    text = shown(row[:200].decode("latin-1"))
    return Problem("LOG-003", f"line {index + 1} of the log, `{text}`, is no entry", index + 1)


def parse_entry(row: bytes) -> Entry | None:
    """Return the entry that a line without its line feed is, or None where it is none."""
    try:
        found = _LINE.fullmatch(row.decode("ascii"))
    except UnicodeDecodeError:
        return None
    if found is None:
        return None
    group = found.lastgroup
    if group == "evidence":
        return Entry("record", found["record"], found["evidence"])
    if group == "signed":
        return Entry("signature", found["signature"], found["signed"])
    if group == "node":
        return Entry("node", "", found["node"], found["type"])
    if group == "policy":
        return Entry("policy", found["policy"], "", "", int(found["version"]))
    if group == "review":
        return Entry("retired", found["review"], found["retired"])
    return Entry("release", found["release"])


def write_entries(rows: Sequence[bytes]) -> bytes:
    """Return the bytes of the file that holds these lines."""
    return b"".join(row + b"\n" for row in rows)
