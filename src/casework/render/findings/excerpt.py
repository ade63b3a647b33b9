"""The quoted line of a finding, with the caret under the field."""

from __future__ import annotations

import re
from dataclasses import dataclass

from casework.render.findings.terminal import columns, safe

_KEY = re.compile(r"""(?:"[^"]*"|'[^']*'|[^\s:"'\[\]{},#][^:,\[\]{}]*?):(?=\s|$)""")
_QUOTED = re.compile(r""""(?:[^"\\]|\\.)*"|'(?:[^']|'')*'""")
_COMMENT = re.compile(r"\s#.*$")
_FLOW_END = re.compile(r"[,\]}]")


@dataclass(frozen=True, slots=True)
class Excerpt:
    """A line made harmless, and where the caret stands in it.

    Attributes:
        line: The line; an ellipsis at either end says that it was cut.
        offset: Columns before the caret.
        length: Columns under the caret; at least 1.
    """

    line: str
    offset: int
    length: int


def token_length(line: str, start: int) -> int:
    """Return the number of characters of the YAML token at an index: key, quoted or plain scalar, or flow entry."""
    rest = line[start:]
    if key := _KEY.match(rest):
        return key.end() - 1
    if quoted := _QUOTED.match(rest):
        return quoted.end()
    plain = _COMMENT.sub("", rest)
    before = line[:start]
    if before.count("[") + before.count("{") > before.count("]") + before.count("}"):
        end = _FLOW_END.search(plain)
        plain = plain[: end.start()] if end else plain
    return max(1, len(plain.rstrip()))


def excerpt(source: str | None, line: int, column: int, width: int) -> Excerpt | None:
    """Return the quoted line of a place, or None where the source has no such line.

    Args:
        source: Text of the file; lines may end in LF, CRLF or CR.
        line: 1-based.
        column: 1-based, in characters; 0 if unknown, then the caret spans the line.
        width: Columns that the line may take.
    """
    if source is None or line < 1:
        return None
    lines = source.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    if line > len(lines):
        return None
    raw = lines[line - 1].removeprefix("\ufeff") if line == 1 else lines[line - 1]
    start = column - 1 if column else len(raw) - len(raw.lstrip())
    start = min(start, len(raw))
    length = token_length(raw, start) if column else max(1, len(raw.strip()))
    return _window(safe(raw[:start]), safe(raw[start : start + length]), safe(raw[start + length :]), width)


def _window(before: str, token: str, after: str, width: int) -> Excerpt:
    """Cut a long line so that the token stays in sight."""
    if columns(before) + columns(token) + columns(after) <= width:
        return Excerpt(before + token + after, columns(before), max(1, columns(token)))
    room = max(8, width - 2)
    token = token if columns(token) <= room else _head(token, room - 1) + "…"
    left = max(0, min(columns(before), (room - columns(token)) // 2))
    head = before if columns(before) <= left else "…" + _tail(before, left)
    rest = width - columns(head) - columns(token)
    tail = after if columns(after) <= rest else _head(after, max(0, rest - 1)) + "…"
    return Excerpt(head + token + tail, columns(head), max(1, columns(token)))


def _head(text: str, width: int) -> str:
    while text and columns(text) > width:
        text = text[: max(0, min(len(text) - 1, width))]
    return text


def _tail(text: str, width: int) -> str:
    while text and columns(text) > width:
        text = text[len(text) - max(0, min(len(text) - 1, width)) :]
    return text
