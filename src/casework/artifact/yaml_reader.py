"""Strict YAML from bytes to plain data, fast, and without ever raising on what a user wrote.

Reading walks libyaml's events with an explicit stack, so nesting can neither overflow Python's stack nor reach the C
composer (which crashes on some hundred thousand brackets). Scalars follow the YAML 1.2 core schema: `no` is a word and not
False, `2026-01-02` is text. What other YAML readers would read differently is a problem of its own. Positions are not kept
while reading, for they cost more than reading; `casework.artifact.yaml_places` looks them up in the one file that needs it.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from typing import Any, Final

import yaml
from yaml._yaml import CParser

MAX_BYTES: Final = 32 * 1024 * 1024
MAX_DEPTH: Final = 40

_INT: Final = re.compile(r"[-+]?[0-9]+\Z|0o[0-7]+\Z|0x[0-9a-fA-F]+\Z")
_FLOAT: Final = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?\Z")
_AMBIGUOUS_INT: Final = re.compile(r"[-+]?(0[0-9]+|[0-9]+(_[0-9_]+)+)\Z")
_WORDS: Final[dict[str, Any]] = {
    "": None, "~": None, "null": None, "Null": None, "NULL": None,
    "true": True, "True": True, "TRUE": True, "false": False, "False": False, "FALSE": False,
}  # fmt: skip
_TRUTH_1_1: Final = frozenset({"yes", "Yes", "YES", "no", "No", "NO", "on", "On", "ON", "off", "Off", "OFF"})
_SUSPECT_START: Final = frozenset("-+.0123456789~ntfNTFyYoO")
_FORBIDDEN: Final = re.compile(
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\x80-\x84\x86-\x9f\u200b-\u200f\u202a-\u202e\u2060-\u2064\u2066-\u2069\ufeff\ufffe\uffff]"
)


@dataclass(frozen=True, slots=True)
class Problem:
    """Something wrong in a file, with its place (1-based; 0 where unknown)."""

    code: str
    message: str
    fix: str
    line: int
    column: int


@dataclass(slots=True)
class Stream:
    """What a file holds.

    Attributes:
        documents: The value of each document that could be read.
        problems: What is wrong; reading goes on where that is possible.
        broken: True where the text could not be read to its end.
    """

    documents: list[Any]
    problems: list[Problem]
    broken: bool = False


class _Stop(Exception):  # noqa: N818 - it ends a loop and is no error
    """Reading cannot go on."""


def decode(data: bytes) -> tuple[str, list[Problem]]:
    """Return the text of a file, and what is wrong with its encoding; the text is empty where it cannot be used."""
    if len(data) > MAX_BYTES:
        return "", [
            Problem("FMT-008", f"the file has {len(data)} bytes, more than {MAX_BYTES}", "Split the file.", 0, 0)
        ]
    problems: list[Problem] = []
    if data[:2] in (b"\xff\xfe", b"\xfe\xff"):
        return "", [Problem("FMT-009", "the file is UTF-16", "Save it as UTF-8 without a byte order mark.", 1, 1)]
    if data[:3] == b"\xef\xbb\xbf":
        problems.append(
            Problem("FMT-009", "the file starts with a byte order mark", "Save it as UTF-8 without one.", 1, 1)
        )
        data = data[3:]
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        column = error.start - (data.rfind(b"\n", 0, error.start) + 1) + 1
        message = f"byte 0x{data[error.start]:02x} is not UTF-8"
        return "", [*problems, Problem("FMT-009", message, "Save the file as UTF-8.", line, column)]
    found = _FORBIDDEN.search(text)
    if found:
        at = found.start()
        line, column = text.count("\n", 0, at) + 1, at - (text.rfind("\n", 0, at) + 1) + 1
        message = f"the file holds the invisible or control character U+{ord(found[0]):04X}"
        return "", [
            *problems,
            Problem("FMT-009", message, "Remove it; such characters hide what a text says.", line, column),
        ]
    return text, problems


def scalar(text: str) -> Any:
    """Return the value of a plain scalar by the YAML 1.2 core schema."""
    if text[:1] not in _SUSPECT_START and text:
        return text
    if text in _WORDS:
        return _WORDS[text]
    if _INT.match(text):
        return _integer(text)
    if _FLOAT.match(text):
        value = float(text)
        return value if math.isfinite(value) else text  # no field holds it; as a text it is a misfit at its place
    return text


def _integer(text: str) -> int | str:
    if len(text) >= 40:
        return text  # no field holds such a number; as text it is a misfit at its place
    return int(text, 0) if text[:2] in ("0o", "0x") else int(text)


def _misread(text: str) -> str | None:
    """Return how another reader would take a plain scalar that this one takes as text or as a decimal number."""
    if text in _TRUTH_1_1:
        return "a truth value"
    if _AMBIGUOUS_INT.match(text):
        return "another number"
    return None


class _Reader:
    """One pass over the events of one file, with an explicit stack of open collections."""

    def __init__(self, text: str) -> None:
        self.problems: list[Problem] = []
        self.documents: list[Any] = []
        self.parser = CParser(text)
        self.stack: list[Any] = []
        self.keys: list[Any] = []
        self.top: Any = None
        self.key: Any = _NO_KEY

    def run(self) -> bool:
        """Read all events; return False where reading could not go on."""
        try:
            while self._run_scalars():
                pass
        except yaml.MarkedYAMLError as error:
            self._syntax(error)
        except yaml.YAMLError as error:
            self.problems.append(Problem("FMT-001", f"not YAML: {error}", "Mend the syntax.", 0, 0))
        except _Stop:
            pass
        else:
            return True
        return False

    def _run_scalars(self) -> bool:
        """Take events up to and including the next that is no scalar; the loop on which the speed of reading hangs."""
        get, scalar_event, suspect, no_key = self.parser.get_event, yaml.ScalarEvent, _SUSPECT_START, _NO_KEY
        top, key = self.top, self.key
        is_map = top.__class__ is dict
        while True:
            event = get()
            if event.__class__ is not scalar_event:
                self.key = key
                return self._other(event)
            value = event.value
            if event.tag is not None or event.anchor is not None:
                self._refuse_scalar(event)
            if is_map and key is no_key:  # a key is always text
                key = self._doubled(value, event) if value in top else value
                continue
            if (not value or value[0] in suspect) and event.implicit[0]:
                self.key = key
                value = self._plain(event)
            if is_map:
                if key is not _DOUBLED:
                    top[key] = value
                key = no_key
            else:
                self._add(value, event)

    def _doubled(self, key: str, event: Any) -> Any:
        self._problem("FMT-002", f"the key `{key}` stands twice in one mapping", "Keep one of the two.", event)
        return _DOUBLED

    def _plain(self, event: Any) -> Any:
        """Return the value of a plain scalar that may be more than text."""
        value = event.value
        taken = _misread(value)
        if taken is not None:
            message = f"`{value}` without quotes means {taken} to other readers"
            self._problem("FMT-013", message, f'Write "{value}", or true or false.', event)
        return scalar(value)

    def _refuse_scalar(self, event: Any) -> None:
        if event.anchor is not None:
            self._refuse_mark(event, "anchor")
        elif event.tag != "!":
            self._refuse_mark(event, f"tag {event.tag}")

    def _add(self, value: Any, event: Any) -> None:
        """Put a finished value where it belongs: the open mapping, the open list, or the documents."""
        top = self.top
        if top.__class__ is dict:
            if self.key is _NO_KEY:
                self._problem("FMT-001", "a mapping or list cannot be a key", "Write a word as the key.", event)
                raise _Stop
            if self.key is not _DOUBLED:
                top[self.key] = value
            self.key = _NO_KEY
        elif top.__class__ is list:
            top.append(value)
        else:
            self.documents.append(value)

    def _other(self, event: Any) -> bool:
        """Take an event that is no scalar; return False at the end of the file."""
        kind = event.__class__
        if event is None:
            return False
        if kind is yaml.MappingStartEvent or kind is yaml.SequenceStartEvent:
            self._open(event, {} if kind is yaml.MappingStartEvent else [])
        elif kind is yaml.MappingEndEvent or kind is yaml.SequenceEndEvent:
            done = self.top
            self.top, self.key = self.stack.pop(), self.keys.pop()
            self._add(done, event)
        elif kind is yaml.AliasEvent:
            self._refuse_mark(event, "alias")
            self._add(None, event)
        elif kind is yaml.DocumentStartEvent:
            self.top, self.key = None, _NO_KEY
        return True

    def _open(self, event: Any, made: Any) -> None:
        if event.anchor is not None or event.tag is not None:
            self._refuse_mark(event, "anchor" if event.anchor is not None else f"tag {event.tag}")
        if len(self.stack) >= MAX_DEPTH:
            self._problem(
                "FMT-008", f"nested deeper than {MAX_DEPTH} levels", "Flatten it; no node needs such nesting.", event
            )
            raise _Stop
        if self.top.__class__ is dict and self.key is _NO_KEY:
            self._add(made, event)
        self.stack.append(self.top)
        self.keys.append(self.key)
        self.top, self.key = made, _NO_KEY

    def _refuse_mark(self, event: Any, what: str) -> None:
        message = f"YAML {what} is not read: it can make a value differ from what it looks like"
        self._problem("FMT-007", message, "Write the value out.", event)

    def _problem(self, code: str, message: str, fix: str, event: Any) -> None:
        mark = event.start_mark
        self.problems.append(Problem(code, message, fix, mark.line + 1, mark.column + 1))

    def _syntax(self, error: yaml.MarkedYAMLError) -> None:
        mark = error.problem_mark or error.context_mark
        line, column = (mark.line + 1, mark.column + 1) if mark else (0, 0)
        text = " ".join(str(part) for part in (error.problem, error.context) if part)
        hint = (
            "Use spaces, not tabs, to indent."
            if "'\\t'" in text
            else "Mend the syntax: look at indentation, colons and quotes up to this place."
        )
        self.problems.append(Problem("FMT-001", f"not YAML: {text}", hint, line, column))


_NO_KEY: Final = object()
_DOUBLED: Final = object()


def read_stream(data: bytes) -> Stream:
    """Read every document of a file.

    Args:
        data: The file's bytes: UTF-8, with LF or CRLF.

    Returns:
        The documents and the problems; documents before a syntax error are kept.
    """
    text, problems = decode(data)
    if not text.strip():
        return Stream([], problems, broken=bool(problems))
    reader = _Reader(text)
    whole = reader.run()
    return Stream(reader.documents, problems + reader.problems, broken=not whole)
