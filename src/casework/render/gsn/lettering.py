"""What is lettered inside a symbol: its rows of text, their sizes, and how they stack. Lengths are in drawing units."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from casework.render.fonts import advance
from casework.render.gsn.picture import Element
from casework.render.gsn.text import one_line, wrap

BODY = 9.5
SMALL = 8.4
LINE = 11.6
SMALL_LINE = 10.6
PILL = 12.5
PILL_INK = 13.0  # room for the symbol before the word
PAD = 7.0
_LISTED = 3  # annotations that stand one a line


@dataclass(frozen=True, slots=True)
class Row:
    """One line inside a symbol; `x` is its left end, `y` its baseline (of a pill: its top)."""

    kind: str
    text: str
    width: float
    x: float = 0.0
    y: float = 0.0
    href: str = ""

    @property
    def size(self) -> float:
        """Font size."""
        return BODY if self.kind in ("id", "text") else SMALL

    @property
    def bold(self) -> bool:
        """Whether it is drawn bold."""
        return self.kind in ("id", "pill")

    @property
    def height(self) -> float:
        """Height of the row, leading included."""
        match self.kind:
            case "id" | "text":
                return LINE
            case "pill":
                return PILL + 2
            case _:
                return SMALL_LINE


def pill_width(word: str) -> float:
    """Width of the status badge that shows a word."""
    return PILL_INK + advance(word, SMALL, bold=True) + 6


def rows_of(kind: str, text: str, width: float, href: str = "") -> list[Row]:
    """Text as rows of one kind, not yet placed, none wider than `width` unless a single character is."""
    probe = Row(kind, "", 0.0)
    lines = wrap(text, width, probe.size, bold=probe.bold)
    return [Row(kind, line, advance(line, probe.size, bold=probe.bold), href=href) for line in lines]


def heading(element: Element) -> str:
    """Id and title on one line."""
    return f"{one_line(element.name)}  {one_line(element.title)}".strip()


def content(element: Element, width: float) -> list[Row]:
    """All rows, not yet placed, none wider than `width` unless a single character is."""
    rows = rows_of("id", heading(element), width)
    rows += rows_of("text", element.text, width)
    if element.status:
        rows.append(Row("pill", element.status, pill_width(element.status)))
    return rows + notes(element, width)


def notes(element: Element, width: float) -> list[Row]:
    """The annotations: up to three one a line, more of them in lines that are filled and separated by commas.

    A line holds one link at most; annotations with addresses of their own therefore keep a line each.
    """
    pairs = [(note, element.href) if isinstance(note, str) else note for note in element.annotations]
    if len(pairs) <= _LISTED or len({href for _, href in pairs}) > 1:
        return [row for text, href in pairs for row in rows_of("note", text, width, href)]
    return rows_of("note", ", ".join(one_line(text) for text, _ in pairs), width, pairs[0][1])


def spans(rows: list[Row]) -> Iterator[tuple[float, float, float]]:
    """Top, bottom and half width of each row, the block centred on the origin."""
    y = -block(rows) / 2
    for row in rows:
        yield y, y + row.height, row.width / 2
        y += row.height


def block(rows: list[Row]) -> float:
    """Height of rows that stand one below the other."""
    return sum(row.height for row in rows)


def stacked(rows: list[Row], left: float, top: float, centre: float | None = None) -> tuple[Row, ...]:
    """Rows one below the other, from `left`, or centred on `centre`."""
    placed = []
    y = top
    for row in rows:
        baseline = y + 1 if row.kind == "pill" else y + row.size * 0.92 + 0.4
        x = left if centre is None else centre - row.width / 2
        placed.append(Row(row.kind, row.text, row.width, x, baseline, row.href))
        y += row.height
    return tuple(placed)
