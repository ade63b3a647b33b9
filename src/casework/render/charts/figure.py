"""A figure: a drawing with its title, caption, the words that stand for it, and the table of what it shows.

Drawing units are points at the width of a page of a screen; on A4 paper a figure is set about seven tenths as large.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final, Literal

from casework.render.charts import colour
from casework.render.charts.words import shortened
from casework.render.fonts import advance, families
from casework.render.gsn.svg import number, quoted, tag, words
from casework.render.gsn.text import wrap

WIDTH: Final = 720.0
MARGIN: Final = 14.0
TITLE: Final = 13.5
BODY: Final = 10.0
SMALL: Final = 9.0
_LEADING: Final = 1.35

Align = Literal["left", "middle", "right"]


@dataclass(frozen=True, slots=True)
class Figure:
    """One picture, or the sentence that stands where there is nothing to draw.

    Attributes:
        name: What its files are called, such as `heat-map-2`; unique within a record.
        title: Its heading.
        caption: What is drawn, with units, sample, and how intervals were made.
        alt: What it shows, in words, for those who do not see it.
        body: The drawing as SVG elements, below the title; empty where there is nothing to draw.
        height: Height of the drawing.
        columns: Titles of the table below it.
        rows: Rows of that table.
        needless: Whether nobody misses a drawing that there is none of: the campaign was not of the kind that it shows.
    """

    name: str
    title: str
    caption: str
    alt: str = ""
    body: str = ""
    height: float = 0.0
    columns: tuple[str, ...] = ()
    rows: tuple[tuple[str, ...], ...] = ()
    needless: bool = False


def svg(figure: Figure, *, source: str = "", prefix: str = "figure", captioned: bool = True) -> str:
    """Return a figure as a whole SVG document; the same figure gives the same bytes.

    Args:
        figure: With a drawing.
        source: What it was drawn from, small beside the title.
        prefix: Before the ids inside, so that several figures can stand in one page.
        captioned: Whether title and caption are drawn, which a picture needs that stands alone.
    """
    parts: list[str] = []
    top = MARGIN / 2
    if captioned:
        top = MARGIN + TITLE
        room = WIDTH - 2 * MARGIN
        parts.append(
            words(shortened(figure.title, room, TITLE, bold=True), MARGIN, top, TITLE, bold=True, fill=colour.INK)
        )
        if source:
            top += BODY * _LEADING + 2
            parts.append(words(shortened(source, room, SMALL), MARGIN, top, SMALL, fill=colour.SOFT))
        top += MARGIN
    parts.append(tag("g", figure.body, transform=f"translate(0 {number(top)})"))
    height = top + figure.height
    if captioned:
        for line in wrap(figure.caption.replace(" %", "\u00a0%"), WIDTH - 2 * MARGIN, SMALL):
            height += SMALL * _LEADING
            parts.append(words(line, MARGIN, height, SMALL, fill=colour.SOFT))
    height += MARGIN
    names = f"{prefix}-title", f"{prefix}-text"
    said = tag("title", quoted(figure.title), id=names[0]) + tag("desc", quoted(figure.alt), id=names[1])
    head = (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {number(WIDTH)} {number(height)}" width="{number(WIDTH)}" '
        f'height="{number(height)}" role="img" aria-labelledby="{" ".join(names)}" font-family="{quoted(families())}">'
    )
    ground = tag("rect", x=0, y=0, width=WIDTH, height=height, fill=colour.PAPER)
    return f"{head}{said}{ground}{_own_ids(''.join(parts), prefix)}</svg>\n"


_IDS: Final = re.compile(r'( id="| fill="url\(#)(?=[a-z])')


def _own_ids(body: str, prefix: str) -> str:
    """Return drawing with the ids that it defines and uses made its own; text has its quotation marks escaped."""
    return _IDS.sub(rf"\g<1>{prefix}-", body)


def text(
    said: str, x: float, y: float, size: float = BODY, *, align: Align = "left", bold: bool = False, fill: str = colour.INK
) -> str:  # fmt: skip
    """Return a line of text with its baseline at `y`."""
    if not said:
        return ""
    wide = advance(said, size, bold=bold)
    shift = {"left": 0.0, "middle": wide / 2, "right": wide}[align]
    return words(said, x - shift, y, size, bold=bold, fill=fill)


def box(x: float, y: float, width: float, height: float, fill: str, tip: str = "", **more: str | float | None) -> str:
    """Return a rectangle, with what a pointer that rests on it is told."""
    told = tag("title", quoted(tip)) if tip else ""
    return tag("rect", told, x=x, y=y, width=max(width, 0.0), height=height, fill=fill, **more)


def stroke(path: str, colour_of: str, width: float = 1.0, **more: str | float | None) -> str:
    """Return a line along a path."""
    return tag("path", d=path, stroke=colour_of, stroke_width=width, fill="none", **more)


def whisker(
    low: float, high: float, y: float, size: float = 3.0, ink: str = colour.INK, *, beyond: bool = False
) -> str:
    """Return a horizontal whisker from `low` to `high`, its caps `size` above and below; with an arrow where it goes on."""
    cap = f"M {number(low)} {number(y - size)} V {number(y + size)}"
    end = f"M {number(high)} {number(y - size)} V {number(y + size)}"
    if beyond:
        end = f"M {number(high - size)} {number(y - size)} L {number(high)} {number(y)} L {number(high - size)} {number(y + size)}"
    return stroke(f"M {number(low)} {number(y)} H {number(high)} {cap} {end}", ink, 1.1)


def upright(x: float, low: float, high: float, size: float = 3.0, ink: str = colour.INK) -> str:
    """Return a vertical whisker."""
    ends = "".join(f"M {number(x - size)} {number(y)} H {number(x + size)} " for y in (low, high))
    return stroke(f"M {number(x)} {number(low)} V {number(high)} {ends}".strip(), ink, 1.1)


def hatch() -> str:
    """Return the pattern for what was not sampled, to be filled with `url(#hatch)`."""
    lines = stroke("M -1 1 L 1 -1 M 0 5 L 5 0 M 4 6 L 6 4", "#98a1ac", 0.8)
    ground = tag("rect", x=0, y=0, width=5, height=5, fill="#eceff2")
    pattern = tag("pattern", ground + lines, id="hatch", width=5, height=5, patternUnits="userSpaceOnUse")
    return tag("defs", pattern)


def stripes(ink: str) -> str:
    """Return the pattern for what was detected, which is told from solid bars without colour too: `url(#stripes)`."""
    ground = tag("rect", x=0, y=0, width=4, height=4, fill=ink)
    line = stroke("M 2.8 0 V 4", colour.PAPER, 2.2)
    return tag("defs", tag("pattern", ground + line, id="stripes", width=4, height=4, patternUnits="userSpaceOnUse"))


def keys(entries: list[tuple[str, str]], x: float, y: float, gap: float = 18.0) -> str:
    """Return a legend on one line, from `x` or as far left of it as it takes: drawings of 12 by 10 units and their meanings."""
    made = []
    whole = sum(16 + advance(meaning, SMALL) + gap for _, meaning in entries) - gap
    x = max(MARGIN, min(x, WIDTH - MARGIN - whole))
    for drawing, meaning in entries:
        made.append(tag("g", drawing, transform=f"translate({number(x)} {number(y - 8.5)})"))
        made.append(text(meaning, x + 16, y, SMALL, fill=colour.SOFT))
        x += 16 + advance(meaning, SMALL) + gap
    return "".join(made)


def empty(name: str, title: str, why: str, *, needless: bool = False) -> Figure:
    """Return a figure that says in a sentence why there is nothing to draw."""
    return Figure(name, title, why, needless=needless)
