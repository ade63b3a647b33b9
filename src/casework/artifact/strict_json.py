"""Strict reading of JSON: what a signature covers must mean the same thing to everybody who reads it.

`json.loads` keeps the last of doubled keys, takes `NaN`, turns `1e999` into infinity, guesses UTF-16 and follows any
nesting until the stack ends. Each of these lets two readers of the same bytes see different values. Here each of
them is a `JsonProblem` with its code and place, and nothing is raised.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from math import isfinite
from typing import Any, Final, Literal, NoReturn

MAX_BYTES: Final = 16 * 1024 * 1024
"""Largest document that is read, in bytes: a record with its tables is three orders smaller."""

MAX_DEPTH: Final = 48
"""Deepest nesting that is read: a record with its options needs about eight levels."""

MAX_INTEGER: Final = 2**53 - 1
"""Largest integer that every JSON reader holds exactly (RFC 8785, section 3.2.2.3; RFC 7493, section 2.2)."""

JsonCode = Literal["PRS-000", "PRS-001", "PRS-002", "PRS-003", "PRS-005", "PRS-006"]

# Characters that a person does not see, or that reorder what a person sees: C0 and C1 controls except tab, line feed
# and carriage return; soft hyphen; the marks, embeddings, overrides and isolates of Unicode's bidirectional
# algorithm (UAX #9); joiners and other zero-width characters; fillers; line and paragraph separators; interlinear
# annotation; tag characters.
_UNSEEN = (
    "\\x00-\\x08\\x0b\\x0c\\x0e-\\x1f\\x7f-\\x9f\\xad\\u034f\\u061c\\u115f\\u1160\\u17b4\\u17b5\\u180b-\\u180f\\u200b-\\u200f"
    "\\u2028-\\u202e\\u2060-\\u206f\\u3164\\ufeff\\uffa0\\ufff9-\\ufffb\\U000e0000-\\U000e0fff"
)
_UNSEEN_PATTERN = re.compile(f"[{_UNSEEN}]")
_SURROGATE_PATTERN = re.compile("[\\ud800-\\udfff]")

# A string to its end, closed or not: possessive, so that hostile input costs linear time.
_STRING_BYTES = re.compile(rb'"[^"\\]*+(?:\\.[^"\\]*+)*+"?+', re.DOTALL)
_NOT_BRACKETS = bytes(byte for byte in range(256) if byte not in b"[]{}")
_TOKEN = re.compile(r'"[^"\\]*+(?:\\.[^"\\]*+)*+"?+|[\[\]{}:,]|[^\s\[\]{}:,"]++', re.DOTALL)


@dataclass(frozen=True, slots=True)
class JsonProblem:
    """Why bytes were not accepted as strict JSON, and where.

    Attributes:
        code: `PRS-000` no single JSON document, `PRS-001` doubled key, `PRS-002` number that readers disagree about,
            `PRS-003` too large or too deep, `PRS-005` unseen characters, `PRS-006` encoding.
        message: The fact, without the name of the file.
        offset: Byte at which it begins, from 0.
        line: 1-based line.
        column: 1-based column, in characters.
    """

    code: JsonCode
    message: str
    offset: int
    line: int
    column: int


@dataclass(frozen=True, slots=True)
class JsonReading:
    """What strict reading gave: a value, or the problem that stood in its way (then the value is None)."""

    value: Any
    problem: JsonProblem | None = None


class _NumberError(ValueError):
    """A number that readers disagree about; `args[0]` is its text."""


class _DoubledKeyError(ValueError):
    """A key that occurs twice in one object."""


def read_json(data: bytes, *, max_bytes: int = MAX_BYTES, max_depth: int = MAX_DEPTH) -> JsonReading:
    """Read one JSON document strictly.

    Args:
        data: The bytes: UTF-8 without byte order mark.
        max_bytes: Largest size accepted, checked before anything else.
        max_depth: Deepest nesting accepted, checked before parsing.

    Returns:
        The value (dict, list, str, int, float, bool, None), or the first problem. Never raises, whatever the bytes.
    """
    if len(data) > max_bytes:
        return _refused("PRS-003", f"{len(data)} bytes are more than the {max_bytes} allowed", data, max_bytes)
    text, problem = _decoded(data)
    if problem is None:
        problem = _too_deep(data, max_depth)
    if problem is not None:
        return JsonReading(None, problem)
    return _parsed(text, data)


def has_unseen(text: str) -> bool:
    """Tell whether a text holds characters that a person does not see or that reorder what a person sees."""
    return _UNSEEN_PATTERN.search(text) is not None


def _decoded(data: bytes) -> tuple[str, JsonProblem | None]:
    if data.startswith((b"\xef\xbb\xbf", b"\xff\xfe", b"\xfe\xff")):
        return "", _problem("PRS-006", "a byte order mark stands at the start; plain UTF-8 is expected", data, 0)
    if b"\x00" in data:
        return "", _problem(
            "PRS-006", "a NUL byte: the text is UTF-16, UTF-32 or no text; UTF-8 is expected", data, data.index(b"\x00")
        )
    try:
        return data.decode("utf-8", "strict"), None
    except UnicodeDecodeError as error:
        return "", _problem("PRS-006", "the bytes are no UTF-8", data, error.start)


def _too_deep(data: bytes, max_depth: int) -> JsonProblem | None:
    if data.count(b"[") + data.count(b"{") <= max_depth:
        return None
    depth = 0
    for byte in _STRING_BYTES.sub(b"", data).translate(None, _NOT_BRACKETS):
        depth += 1 if byte in b"[{" else -1
        if depth > max_depth:
            return _problem(
                "PRS-003", f"nested more than {max_depth} levels deep", data, _depth_offset(data, max_depth)
            )
    return None


def _depth_offset(data: bytes, max_depth: int) -> int:
    depth = 0
    for match in _TOKEN.finditer(data.decode("latin-1")):  # one character for each byte: positions are byte offsets
        depth += {"[": 1, "{": 1, "]": -1, "}": -1}.get(match[0], 0)
        if depth > max_depth:
            return match.start()
    return 0


def _parsed(text: str, data: bytes) -> JsonReading:
    try:
        value = _DECODER.decode(text)
    except json.JSONDecodeError as error:
        return _refused("PRS-000", _syntax(error), data, _bytes_before(text, error.pos))
    except _NumberError as error:
        lexeme = str(error.args[0])
        place = next((at for at, token in _tokens(text) if token == lexeme), 0)
        return _refused(
            "PRS-002", f"{_shown(lexeme)} is no number that every reader holds alike", data, _bytes_before(text, place)
        )
    except _DoubledKeyError:
        place, key = _doubled(text)
        return _refused("PRS-001", f"key {_shown(key)} stands twice in one object", data, _bytes_before(text, place))
    problem = _unseen(value, text, data)
    return JsonReading(None, problem) if problem else JsonReading(value)


def _unseen(value: Any, text: str, data: bytes) -> JsonProblem | None:
    raw = ("\x7f" in text) if text.isascii() else has_unseen(text)
    if not raw and ("\\u" not in text or not _any_string(value, _is_unfit)):
        return None
    for at, token in _tokens(text):
        if token.startswith('"'):
            string = json.loads(token, strict=False)
            if _SURROGATE_PATTERN.search(string):
                return _problem(
                    "PRS-006", f"{_shown(string)} holds half a surrogate pair", data, _bytes_before(text, at)
                )
            if has_unseen(string):
                return _problem(
                    "PRS-005", f"{_shown(string)} holds unseen or reordering characters", data, _bytes_before(text, at)
                )
    return None


def _is_unfit(string: str) -> bool:
    return has_unseen(string) or _SURROGATE_PATTERN.search(string) is not None


def _any_string(value: Any, test: Any) -> bool:
    todo = [value]
    while todo:
        item = todo.pop()
        if isinstance(item, str):
            if test(item):
                return True
        elif isinstance(item, dict):
            todo.extend(item)
            todo.extend(item.values())
        elif isinstance(item, list):
            todo.extend(item)
    return False


def _pairs(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    value = dict(pairs)
    if len(value) != len(pairs):
        raise _DoubledKeyError
    return value


def _integer(text: str) -> int:
    if len(text) > 17:  # before int(): a million digits would take long
        raise _NumberError(text)
    number = int(text)
    if not -MAX_INTEGER <= number <= MAX_INTEGER:
        raise _NumberError(text)
    return number


def _float(text: str) -> float:
    number = float(text)
    if not isfinite(number):
        raise _NumberError(text)
    return number


def _constant(text: str) -> NoReturn:
    raise _NumberError(text)


_DECODER = json.JSONDecoder(object_pairs_hook=_pairs, parse_int=_integer, parse_float=_float, parse_constant=_constant)


def _tokens(text: str) -> Iterator[tuple[int, str]]:
    for match in _TOKEN.finditer(text):
        yield match.start(), match[0]


def _doubled(text: str) -> tuple[int, str]:
    """Find the first key that repeats an earlier one of its object; the text is well-formed up to there."""
    seen: list[set[str]] = []
    last = (0, '""')
    for at, piece in _tokens(text):
        if piece in "[{":
            seen.append(set())
        elif piece in "]}":
            seen.pop()
        elif piece == ":":
            key = json.loads(last[1])
            if key in seen[-1]:
                return last[0], key
            seen[-1].add(key)
        last = (at, piece)
    return 0, ""


def _syntax(error: json.JSONDecodeError) -> str:
    if error.msg == "Extra data":
        return "more follows after the end of the document; one document is expected"
    return f"no JSON: {error.msg[:1].lower()}{error.msg[1:]}"


def _shown(text: str) -> str:
    """A text safe to print: unseen characters escaped, and cut to a length that fits a message."""
    cut = text if len(text) <= 60 else f"{text[:57]}..."
    return json.dumps(cut, ensure_ascii=has_unseen(cut) or _SURROGATE_PATTERN.search(cut) is not None)


def _bytes_before(text: str, characters: int) -> int:
    return len(text[:characters].encode("utf-8", "surrogatepass"))


def _problem(code: JsonCode, message: str, data: bytes, offset: int) -> JsonProblem:
    before = data[:offset]
    start = before.rfind(b"\n") + 1
    column = len(before[start:].decode("utf-8", "replace")) + 1
    return JsonProblem(code, message, offset, before.count(b"\n") + 1, column)


def _refused(code: JsonCode, message: str, data: bytes, offset: int) -> JsonReading:
    return JsonReading(None, _problem(code, message, data, offset))
