"""The frame of a page: title, breadcrumb and mini-map above, legend and footer below."""

from __future__ import annotations

from dataclasses import dataclass

from casework.render.fonts import advance
from casework.render.gsn.legend import entries
from casework.render.gsn.page import MapCell, Page
from casework.render.gsn.svg import Canvas, tag, words
from casework.render.gsn.symbols import INK, QUIET
from casework.render.gsn.text import one_line, wrap

MARGIN = 28.0
_MAP_WIDTH = 168.0
_MAP_HEIGHT = 34.0
_TITLE, _SUB, _CRUMB, _FOOT = 14.0, 9.0, 8.5, 8.0
_ACCENT = "#0b5cad"


@dataclass(slots=True)
class Frame:
    """Measures and draws what surrounds the picture; all in points."""

    page: Page
    canvas: Canvas
    cycle: bool = False
    top: float = 0.0
    bottom: float = 0.0

    def measure(self, width: float) -> None:
        """Find the height of head and foot for a page of this width."""
        self.top = max(self._text_bottom(width), MARGIN + _MAP_HEIGHT + 12) + 14
        self.bottom = MARGIN + 12 * len(self._foot_lines(width)) + 8 + 19 * len(self._legend_rows(width)) + 6

    # -- head

    def _room(self, width: float) -> float:
        return width - 2 * MARGIN - (_MAP_WIDTH + 24 if len(self.page.cells) > 1 else 0)

    def _title_lines(self, width: float) -> list[tuple[str, float, bool]]:
        room = self._room(width)
        lines = [(line, _TITLE, True) for line in wrap(one_line(self.page.title), room, _TITLE, bold=True)]
        lines += [(line, _SUB, False) for line in wrap(one_line(self.page.subtitle), room, _SUB)]
        return lines

    def _crumb_rows(self, width: float) -> list[list[tuple[str, int, float]]]:
        """Breadcrumb parts with page and x, in rows no wider than the room."""
        rows: list[list[tuple[str, int, float]]] = [[]]
        x = 0.0
        trail = self.page.breadcrumb
        for index, (name, page) in enumerate(trail):
            # The separator stays with what precedes it, so that a row that goes on says so.
            text = (
                one_line(name)
                + (f" (p. {page})" if page != self.page.number else "")
                + (" ›" if index < len(trail) - 1 else "")
            )
            for piece in wrap(text, self._room(width), _CRUMB) or ("",):
                step = advance(piece, _CRUMB)
                if x and x + step > self._room(width):
                    rows.append([])
                    x = 0.0
                rows[-1].append((piece, page, x))
                x += step + 5
        return rows if self.page.breadcrumb else []

    def _text_bottom(self, width: float) -> float:
        lines = sum(size * 1.25 for _, size, _ in self._title_lines(width))
        return MARGIN + lines + 12.0 * len(self._crumb_rows(width)) + 4

    def head(self, width: float) -> None:
        """Title, subtitle, breadcrumb and mini-map."""
        y = MARGIN
        for text, size, bold in self._title_lines(width):
            y += size * 1.25
            self.canvas.add(words(text, MARGIN, y - size * 0.3, size, bold=bold, fill=INK if bold else QUIET))
        for row in self._crumb_rows(width):
            y += 12.0
            for text, page, x in row:
                here = page == self.page.number
                label = words(text, MARGIN + x, y, _CRUMB, fill=INK if here else _ACCENT)
                box = (MARGIN + x, y - _CRUMB, advance(text, _CRUMB), 12.0)
                if here:
                    self.canvas.add(label)
                else:
                    self.canvas.page_link(label, page, box)
        if len(self.page.cells) > 1:
            mini_map(self.canvas, self.page, width - MARGIN - _MAP_WIDTH, MARGIN, (_MAP_WIDTH, _MAP_HEIGHT))
        self.canvas.add(_rule(MARGIN, width - MARGIN, self.top - 9))

    # -- foot

    def _foot_lines(self, width: float) -> tuple[str, ...]:
        return wrap(one_line(self.page.footer), width - 2 * MARGIN - 110, _FOOT) or ("",)

    def _legend_rows(self, width: float) -> list[list[tuple[str, str, float]]]:
        rows: list[list[tuple[str, str, float]]] = [[]]
        x = MARGIN
        for drawing, label in entries(self.page, cycle=self.cycle):
            step = 32 + advance(label, _FOOT) + 13
            if rows[-1] and x + step > width - MARGIN:
                rows.append([])
                x = MARGIN
            rows[-1].append((drawing, label, x))
            x += step
        return rows

    def foot(self, width: float, height: float) -> None:
        """Legend, footer and page number."""
        y = height - self.bottom + 6
        self.canvas.add(_rule(MARGIN, width - MARGIN, y))
        for row in self._legend_rows(width):
            y += 19
            for drawing, label, x in row:
                self.canvas.add(f'<g transform="translate({x:.2f} {y - 9.5:.2f})">{drawing}</g>')
                self.canvas.add(words(label, x + 32, y - 1, _FOOT, fill=QUIET))
        lines = self._foot_lines(width)
        base = height - MARGIN - 12 * (len(lines) - 1)
        for index, line in enumerate(lines):
            self.canvas.add(words(line, MARGIN, base + 12 * index, _FOOT, fill=QUIET))
        number = f"page {self.page.number} of {self.page.total}"
        self.canvas.add(words(number, width - MARGIN - advance(number, 9.0, bold=True), base, 9.0, bold=True, fill=INK))


def _rule(left: float, right: float, y: float) -> str:
    return tag("path", d=f"M {left:.2f} {y:.2f} H {right:.2f}", stroke="#c9ced6", stroke_width=0.8)


def mini_map(canvas: Canvas, page: Page, x: float, y: float, size: tuple[float, float]) -> None:
    """All pages as an icicle, top page above: the current one dark, the way to it tinted."""
    depth = max(cell.depth for cell in page.cells) + 1
    row = min(size[1] / depth, 10.0)
    way = {number for _, number in page.breadcrumb}
    step = depth // 34 + 1  # of very deep arguments, every so many levels
    for cell in page.cells:
        if cell.depth % step and cell.page not in way:
            continue
        fill = _ACCENT if cell.page == page.number else "#b7d2ee" if cell.page in way else "#e6e9ee"
        left, wide = x + cell.start * size[0], (cell.end - cell.start) * size[0]
        if wide < 0.6 and fill == "#e6e9ee":
            continue
        box = (left + 0.3, y + cell.depth * row, max(wide - 0.6, 0.8), max(row - 0.6, 1.0))
        canvas.page_link(_cell(cell, box, fill, row), cell.page, box)
    text = f"page {page.number} in the argument"
    canvas.add(words(text, x + size[0] - advance(text, 7.5), y + depth * row + 8, 7.5, fill=QUIET))


def _cell(cell: MapCell, box: tuple[float, float, float, float], fill: str, row: float) -> str:
    drawn = tag("title", f"page {cell.page}") + ""
    drawn += tag("rect", x=box[0], y=box[1], width=box[2], height=box[3], fill=fill, stroke="#7f8a99", stroke_width=0.4)
    label = str(cell.page)
    wide = advance(label, 7.0)
    if row >= 8 and wide + 2 < box[2]:
        colour = "#ffffff" if fill == _ACCENT else INK
        drawn += words(label, box[0] + (box[2] - wide) / 2, box[1] + row / 2 + 2.0, 7.0, fill=colour)
    return drawn
