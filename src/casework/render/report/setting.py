"""Preparing a report for a format: pointers that lead somewhere, columns that are wide enough, words that may break.

PDF has fixed columns, so a word that is wider than its column would run into the next one. `resolve` gives every column
at least the room of the longest piece that cannot be broken, and marks where longer pieces may break: with zero-width
spaces, after the separators of paths, digests, conditions and names. HTML breaks words by itself and gets no marks.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from dataclasses import fields, is_dataclass, replace
from typing import Any, Final

from casework.render.fonts.metrics import advance
from casework.render.report.document import Column, Facts, Report, Run, Table, clean

BREAK: Final = "\u200b"
_PAGE: Final = 499.0
"""Width of the text of an A4 page with the margins of the template, in points."""
_SIZE: Final = 7.8
_SMALL: Final = 6.9
"""Sizes of the type in tables of the template, in points."""
_PADDING: Final = 8.6
"""Space left and right of the text of a cell, in points."""
_SIGN: Final = 2.0
"""Width of the sign of a status with its frame, in em."""
_MONO: Final = 0.602 * 0.84
"""Advance of DejaVu Sans Mono, at the size that the template sets code in, in em."""
_ROOMS: Final = (12.0, 9.0, 7.0, 5.5, 4.0, 3.0, 2.0, 1.2)
"""Widths of the pieces that are kept together, in em, tried from the first until the columns fit the page."""
_HEADING: Final = 18.0
"""The same of headings, which have the whole width."""
_NAME: Final = 9.0
"""The same of the names of facts, whose column is as wide in every card."""
_CODE: Final = 7.2
"""The same of paths, digests, conditions and figures, which may break sooner than a word of a language."""
_CODE_LIKE: Final = re.compile(r"[0-9/_.:,;=|@\\]")
_AFTER: Final = re.compile(r"(?<=[/_.:,;=|?&)\]}\\\-])(?=.)")


def extent(text: str, style: str = "plain") -> float:
    """Return the width of a line of text in em of the text around it."""
    if style == "code":
        return len(text) * _MONO
    return advance(text, 1.0, bold=style in ("strong", "id", "status"))


def opened(text: str, style: str = "plain", room: float = _ROOMS[0]) -> str:
    """Return text in which no piece without a place to break is wider than a room in em."""
    return "".join(_open(part, style, room) for part in re.split(r"(\s+)", text))


def _open(word: str, style: str, room: float) -> str:
    codelike = style == "code" or _CODE_LIKE.search(word) is not None
    keep = min(room, _CODE) if codelike and style != "id" and room < _HEADING else room
    if len(word) < 2 or extent(word, style) <= keep:
        return word
    pieces = _AFTER.split(word) if codelike else [word]
    return BREAK.join(_chunked(piece, style, keep) for piece in pieces)


def _chunked(piece: str, style: str, room: float) -> str:
    """Return a piece cut into parts that are narrow enough and about equally wide."""
    whole = extent(piece, style)
    if whole <= room:
        return piece
    target = whole / math.ceil(whole / room)
    made, wide = "", 0.0
    for sign in piece:
        step = extent(sign, style)
        if made and (wide + step > room or wide >= target):
            made, wide = made + BREAK, 0.0
        made, wide = made + sign, wide + step
    return made


def fitted(table: Table) -> tuple[tuple[Column, ...], float]:
    """Return the columns of a table with widths that hold its widest pieces, and the room of those pieces in em."""
    declared = [column.share for column in table.columns]
    total = sum(declared) or 1.0
    wanted = [_PAGE * share / total for share in declared]
    for room in _ROOMS:
        least = [_least(table, number, room) for number in range(len(declared))]
        if sum(least) <= _PAGE:
            break
    widths = _spread(wanted, least)
    return tuple(replace(c, share=round(w, 2)) for c, w in zip(table.columns, widths, strict=True)), room


def _spread(wanted: list[float], least: list[float]) -> list[float]:
    """Return widths that are at least as asked for, the rest shared as wished."""
    fixed: set[int] = set()
    while True:
        free = [i for i in range(len(wanted)) if i not in fixed]
        room = _PAGE - sum(least[i] for i in fixed)
        whole = sum(wanted[i] for i in free) or 1.0
        made = [least[i] if i in fixed else wanted[i] * room / whole for i in range(len(wanted))]
        narrow = {i for i in free if made[i] < least[i]}
        if not narrow:
            return [max(width, 1.0) for width in made]
        fixed |= narrow


def _least(table: Table, column: int, room: float) -> float:
    """Return the width that a column needs at least, in points."""
    title = _widest(Run(table.columns[column].title, "strong"), room)
    cells = [row.cells[column] for row in table.rows if not row.group and column < len(row.cells)]
    found = max((_widest(run, room) for cell in cells for line in cell for run in line), default=0.0)
    return max(title, found) * (_SMALL if table.dense else _SIZE) + _PADDING


def _widest(run: Run, room: float) -> float:
    """Return the width of the widest piece of a run, in em."""
    pieces = re.split(rf"[\s{BREAK}]", opened(run.text, run.style, room))
    return max(extent(piece, run.style) for piece in pieces) + (_SIGN if run.style == "status" else 0.0)


def anchors_of(value: Any) -> Iterator[str]:
    """Yield every anchor that a value defines, in the order of reading."""
    if is_dataclass(value) and not isinstance(value, type):
        own = getattr(value, "anchor", "")
        if own:
            yield own
        for each in fields(value):
            yield from anchors_of(getattr(value, each.name))
    elif isinstance(value, tuple):
        for part in value:
            yield from anchors_of(part)


class _Setter:
    """Turns values into plain data; remembers which anchors were given out."""

    def __init__(self, known: frozenset[str], *, breaks: bool) -> None:
        self.known, self.breaks = known, breaks
        self.taken: set[str] = set()

    def data(self, value: Any, room: float = _HEADING) -> Any:
        """Return a value as data; pointers that lead nowhere and anchors that were taken before become empty."""
        if isinstance(value, tuple):
            return [self.data(part, room) for part in value]
        if isinstance(value, Run):
            return self.run(value, min(room, _ROOMS[0]))
        if not is_dataclass(value) or isinstance(value, type):
            return self.text(value, room) if isinstance(value, str) else value
        if isinstance(value, Table):
            return self.table(value)
        if isinstance(value, Facts):
            return self.plain(value, room) | {"pairs": [[self.text(n, _NAME), self.data(c)] for n, c in value.pairs]}
        return self.plain(value, room)

    def plain(self, value: Any, room: float) -> dict[str, Any]:
        # The one place through which all text passes; pictures alone are no text.
        return {each.name: self.field(each.name, getattr(value, each.name), room) for each in fields(value)}

    def table(self, table: Table) -> dict[str, Any]:
        columns, room = fitted(table)
        inner = {"columns": self.data(columns, room), "rows": self.data(table.rows, room)}
        return {each.name: self.field(each.name, getattr(table, each.name), _HEADING) for each in fields(table)} | inner

    def field(self, name: str, value: Any, room: float) -> Any:
        if name in ("svg", "kind", "day"):
            return value
        return self.anchor(value) if name == "anchor" else self.data(value, room)

    def run(self, run: Run, room: float) -> dict[str, str]:
        text = clean(run.text)
        return {
            "text": opened(text, run.style, room) if self.breaks else text,
            "style": run.style,
            "symbol": clean(run.symbol),
            "tone": clean(run.tone),
            "to": run.to if run.to in self.known else "",
            "url": clean(run.url),
        }

    def text(self, text: str, room: float) -> str:
        return opened(clean(text), room=room) if self.breaks else clean(text)

    def anchor(self, anchor: str) -> str:
        fresh = "" if anchor in self.taken else anchor
        self.taken.add(anchor)
        return fresh


def resolve(report: Report, *, breaks: bool = False) -> dict[str, Any]:
    """Return a report as plain data in which every pointer leads somewhere and every anchor is unique.

    Args:
        report: The report.
        breaks: Whether to mark with zero-width spaces where long words may break.
    """
    known = frozenset(anchors_of(report.front)) | frozenset(anchors_of(report.sections))
    made = _Setter(known, breaks=breaks).data(report)
    return dict(made)
