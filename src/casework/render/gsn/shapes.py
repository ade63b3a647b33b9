"""The size of each symbol: a shape grows until its whole text lies inside its outline.

Widths are tried from narrow to wide and the cheapest shape wins; the cost favours shapes that are wider than tall, as
the figures of the standard are. All lengths are in drawing units; a page's scale turns them into points.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import lru_cache

from casework.render.fonts import advance
from casework.render.gsn.lettering import (
    BODY,
    LINE,
    PAD,
    PILL,
    SMALL,
    Row,
    block,
    content,
    heading,
    notes,
    pill_width,
    rows_of,
    spans,
    stacked,
)
from casework.render.gsn.picture import Decorator, Element, Kind
from casework.render.gsn.text import one_line

_LONGEST_ID = 150.0  # a longer one is broken
_SIGN = 16.0  # room for the public decorator
TAB = 8.0  # height of the small rectangles of module and contract symbols
_WIDTHS = (84.0, 98.0, 112.0, 126.0, 142.0, 160.0, 185.0, 215.0, 260.0, 330.0, 430.0, 560.0, 760.0)


@dataclass(frozen=True, slots=True)
class Figure:
    """A symbol of known size, its top left corner at the origin.

    Attributes:
        element: what it shows.
        width: of the outline.
        height: of the outline, with the tabs of module and contract symbols.
        rows: all of its text, placed.
        slant: horizontal shift of a parallelogram's edges.
        dome: height of the rounded top of an away element, or radius of a rounded corner.
        strip: height of the module strip of an away element.
        top: where SupportedBy enters (y).
        bottom: where SupportedBy leaves (y).
        right_extra: how far labels outside the outline reach beyond its right side.
        below: how far decorators and labels reach below the outline.
    """

    element: Element
    width: float
    height: float
    rows: tuple[Row, ...]
    slant: float = 0.0
    dome: float = 0.0
    strip: float = 0.0
    top: float = 0.0
    bottom: float = 0.0
    right_extra: float = 0.0
    below: float = 0.0

    @property
    def kind(self) -> Kind:
        """The symbol."""
        return Kind(self.element.kind)

    def inset(self, y: float) -> float:
        """How far the outline lies inside its bounding box at height `y` on the left (and right, but of strategies)."""
        match self.kind:
            case Kind.STRATEGY:
                return self.slant * (1 - y / self.height)
            case Kind.SOLUTION | Kind.ASSUMPTION | Kind.JUSTIFICATION:
                return self._arc(self.width / 2, self.height / 2, abs(y - self.height / 2))
            case Kind.CONTEXT:
                return self._arc(self.height / 2, self.height / 2, abs(y - self.height / 2))
            case Kind.AWAY_SOLUTION | Kind.AWAY_ASSUMPTION | Kind.AWAY_JUSTIFICATION:
                return self._arc(self.width / 2, self.dome, max(self.dome - y, 0.0))
            case Kind.AWAY_CONTEXT:
                return self._arc(self.dome, self.dome, max(self.dome - y, 0.0))
            case _:
                return 0.0

    @staticmethod
    def _arc(across: float, up: float, distance: float) -> float:
        return across * (1 - math.sqrt(max(0.0, 1 - (distance / up) ** 2)))

    def side(self, y: float, *, left: bool) -> float:
        """X of the outline at height `y`."""
        if left:
            return self.inset(y)
        if self.kind is Kind.STRATEGY:
            return self.width - self.slant * y / self.height
        return self.width - self.inset(y)

    @property
    def middle(self) -> float:
        """Y of the side-middles, where InContextOf leaves and enters (2:2.8)."""
        return (self.top + self.bottom) / 2


@lru_cache(maxsize=65_536)
def _built(element: Element, width: float) -> Figure:
    """The symbol with lines of this width; the variants of a symbol share them."""
    return _BUILDERS[Kind(element.kind)][0](element, width)


def _cheapest(element: Element, weight: float) -> Figure:
    best: Figure | None = None
    worse = 0
    ink = advance(one_line(element.text), BODY) * LINE
    likely = 0.7 * math.sqrt(weight * ink)  # a block of this width has about the best proportions; well below is lost
    for width in [w for w in _WIDTHS if w >= likely] or [_WIDTHS[-1], likely]:
        drawn = _built(element, width)
        if best is None or drawn.width + weight * drawn.height < best.width + weight * best.height - 0.5:
            best, worse = drawn, 0
            continue
        worse += 1
        if worse == 3:
            break
    if best is None:  # unreachable: _WIDTHS is not empty
        raise RuntimeError
    return best


def _header(element: Element, inner: float) -> tuple[list[Row], Row | None]:
    """Rows of a box, and the badge that stands right of the id, in the box's upper right corner."""
    reserved = _SIGN if Decorator.PUBLIC in element.decorators else 0.0
    badge = Row("pill", element.status, pill_width(element.status)) if element.status else None
    corner = reserved + (badge.width + 8 if badge else 0.0)
    rows = rows_of("text", element.text, inner) + notes(element, inner)
    return _beside(element, inner, corner) + rows, badge


def _beside(element: Element, inner: float, corner: float) -> list[Row]:
    """Lines of a heading, the first of which leaves the corner free: the id, and the title if it fits as a whole."""
    whole = rows_of("id", heading(element), inner)
    if len(whole) == 1 and whole[0].width + corner <= inner:
        return whole
    return [*rows_of("id", element.name, max(inner - corner, _LONGEST_ID)), *rows_of("id", element.title, inner)]


def _box(element: Element, width: float, above: float = 0.0, under: float = 0.0, indent: float = 0.0) -> Figure:
    """A box with tabs above and under, or with slanting sides for which `indent` makes room."""
    rows, badge = _header(element, width)
    reserved = _SIGN if Decorator.PUBLIC in element.decorators else 0.0
    inner = max(84.0, *(row.width for row in rows))
    if badge is not None:
        inner = max(inner, rows[0].width + 8 + badge.width + reserved)
    text = block(rows)
    body = max(text + 2 * PAD - 2, 42.0)
    placed = stacked(rows, PAD + indent, above + min(PAD, (body - text) / 2))
    if badge is not None:
        right = PAD + indent + inner - reserved
        # Level with the id, whose capitals are 0.72 of the font size high, and a little off the line below.
        level = placed[0].y - 0.36 * BODY - PILL / 2 - 1.2
        placed = (*placed, replace(badge, x=right - badge.width, y=level))
    height = above + body + under
    return Figure(element, inner + 2 * PAD + 2 * indent, height, placed, top=above, bottom=above + body)


def _goal(element: Element, width: float) -> Figure:
    return _box(element, width)


def _module(element: Element, width: float) -> Figure:
    return _box(element, width, above=TAB)


def _contract(element: Element, width: float) -> Figure:
    return _box(element, width, above=TAB, under=TAB)


def _strategy(element: Element, width: float) -> Figure:
    plain = _box(element, width)
    slant = min(16.0, max(10.0, plain.height * 0.28))
    return replace(_box(element, width, indent=slant), slant=slant)


def _circle(element: Element, width: float) -> Figure:
    rows = content(element, width)
    radius = max(
        26.0, 4.0 + max((math.hypot(half, max(abs(top), abs(end))) for top, end, half in spans(rows)), default=0)
    )
    side = 2 * radius
    return Figure(element, side, side, stacked(rows, 0, radius - block(rows) / 2, radius), bottom=side)


def _oval(element: Element, width: float) -> Figure:
    rows = content(element, width)
    best = (math.inf, 0.0, 0.0)
    for aspect in (1.7, 2.0, 2.4, 2.8):
        corners = (math.hypot(half, aspect * max(abs(top), abs(end))) for top, end, half in spans(rows))
        across = max(46.0, 5.0 + max(corners, default=0.0))
        best = min(best, (across + 1.4 * across / aspect, across, across / aspect))
    _, across, up = best
    return Figure(element, 2 * across, 2 * up, stacked(rows, 0, up - block(rows) / 2, across), bottom=2 * up)


def _stadium(element: Element, width: float) -> Figure:
    rows = content(element, width)
    height = max(40.0, block(rows) + 10)
    radius = height / 2
    half = max(
        (half + Figure._arc(radius, radius, max(abs(top), abs(end))) for top, end, half in spans(rows)), default=0
    )
    across = max(half + 5.0, radius + 8)
    return Figure(element, 2 * across, height, stacked(rows, 0, radius - block(rows) / 2, across), bottom=height)


def _strip(element: Element, width: float) -> list[Row]:
    return rows_of("module", element.module or "?", max(width - 18, 20.0))


def _domed(element: Element, width: float, dome: Callable[[float], float]) -> Figure:
    rows = content(element, width)
    full = max(max((row.width for row in rows), default=0.0) + 14.0, 76.0)
    strip = _strip(element, full)
    full = max([full, *(row.width + 22 for row in strip)])
    up = dome(full)
    probe = Figure(element, full, 1.0, (), dome=up)
    top = 4.0
    while not _fits(probe, rows, top):
        top += 2.0
    body = max(top + block(rows) + 4, up + 4)
    low = block(strip) + 5
    text = stacked(rows, 0, top + (body - 4 - top - block(rows)) / 2, full / 2)
    height = body + low
    placed = (*text, *stacked(strip, 18, body + 2.5))
    return Figure(element, full, height, placed, dome=up, strip=low, bottom=height)


def _fits(probe: Figure, rows: list[Row], top: float) -> bool:
    y = top
    for row in rows:
        if row.width / 2 + 4 > probe.width / 2 - probe.inset(y):
            return probe.inset(y) <= 0
        y += row.height
    return True


def _away_goal(element: Element, width: float) -> Figure:
    box = _box(element, width)
    strip = _strip(element, box.width)
    low = block(strip) + 5
    full = max([box.width, *(row.width + 22 for row in strip)])
    rows = (*box.rows, *stacked(strip, 18, box.height + 2.5))
    return replace(box, width=full, height=box.height + low, rows=rows, strip=low, bottom=box.height + low)


def _away_solution(element: Element, width: float) -> Figure:
    return _domed(element, width, lambda full: full / 2)


def _away_oval(element: Element, width: float) -> Figure:
    return _domed(element, width, lambda full: min(full * 0.2, 26.0))


def _away_context(element: Element, width: float) -> Figure:
    return _domed(element, width, lambda _: 18.0)


_BUILDERS: dict[Kind, tuple[Callable[[Element, float], Figure], float]] = {
    Kind.GOAL: (_goal, 1.9),
    Kind.STRATEGY: (_strategy, 2.2),
    Kind.SOLUTION: (_circle, 1.0),
    Kind.CONTEXT: (_stadium, 2.0),
    Kind.ASSUMPTION: (_oval, 1.6),
    Kind.JUSTIFICATION: (_oval, 1.6),
    Kind.AWAY_GOAL: (_away_goal, 1.9),
    Kind.AWAY_SOLUTION: (_away_solution, 1.2),
    Kind.AWAY_CONTEXT: (_away_context, 2.0),
    Kind.AWAY_ASSUMPTION: (_away_oval, 1.8),
    Kind.AWAY_JUSTIFICATION: (_away_oval, 1.8),
    Kind.MODULE: (_module, 1.9),
    Kind.CONTRACT: (_contract, 1.9),
}


NARROW, FLAT = (0.65, 0.4), (1.7, 3.0)
"""What height costs in narrow and in flat variants of the symbols, relative to their usual proportions."""


@lru_cache(maxsize=16_384)
def figure(element: Element, flatness: float = 1.0) -> Figure:
    """The symbol of an element, just large enough for all of its text.

    Args:
        element: what it shows.
        flatness: what height costs relative to the usual; above 1 the symbol becomes wider and flatter.
    """
    return _with_surroundings(_cheapest(element, _BUILDERS[Kind(element.kind)][1] * flatness))


def _with_surroundings(drawn: Figure) -> Figure:
    """Room for what is attached outside the outline."""
    below = 0.0
    decorators = drawn.element.decorators
    if decorators & {Decorator.UNDEVELOPED, Decorator.UNINSTANTIATED, Decorator.CONTRACT}:
        below = 24.0 if {Decorator.CONTRACT, Decorator.UNINSTANTIATED} <= decorators else 13.0
    right = 0.0
    if drawn.kind in (Kind.ASSUMPTION, Kind.JUSTIFICATION):
        right = 3.0
        below = max(below, 2.0)
    if drawn.element.acps:
        below = max(below, 12.0)
        start = drawn.width * (0.5 + 0.5 * math.sqrt(0.5)) if drawn.kind is Kind.SOLUTION else drawn.width * 0.66
        reach = start + 9.0 * len(drawn.element.acps) + advance(acp_label(drawn.element.acps), SMALL, bold=True)
        right = max(right, reach - drawn.width + 2)
    return replace(drawn, below=below, right_extra=right)


def acp_label(acps: tuple[str, ...]) -> str:
    """The label beside the solid squares of assurance claim points."""
    return ", ".join(one_line(acp) for acp in acps)
