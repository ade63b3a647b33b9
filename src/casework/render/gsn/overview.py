"""The overview: all pages of an argument on one sheet, as a map to click on."""

from __future__ import annotations

from collections.abc import Sequence

from casework.render.fonts import advance, families
from casework.render.gsn.page import Page
from casework.render.gsn.picture import Status
from casework.render.gsn.svg import Canvas, number, quoted, tag, words
from casework.render.gsn.symbols import INK, PAPER, QUIET, TONES, status_sign
from casework.render.gsn.text import one_line, wrap

_WIDTH = 842.0
_MARGIN = 28.0
_LINE = 11.0
_INDENT = 18.0
_COLUMN = 48.0  # of the count of one status


def index_svg(pages: Sequence[Page], page_href: str = "#page-{}") -> str:
    """A table of contents as SVG: every page with its heading, its place in the argument, and its status counts.

    Args:
        pages: all pages, from `paginate`.
        page_href: address of a page by its number.

    Raises:
        ValueError: there are no pages.
    """
    if not pages:
        message = "an overview needs at least one page"
        raise ValueError(message)
    canvas = Canvas(page_href=page_href)
    title = one_line(pages[0].title)
    y = _MARGIN + 14.0
    for line in wrap(title, _WIDTH - 2 * _MARGIN, 14.0, bold=True):
        canvas.add(words(line, _MARGIN, y, 14.0, bold=True, fill=INK))
        y += 18.0
    depth = {cell.page: cell.depth for cell in pages[0].cells}
    y += 6.0
    held = {element.status for page in pages for element in page.elements}
    counted = [status for status in Status if status in held]
    for page in pages:
        y = _entry(canvas, page, depth.get(page.number, 0), y, counted)
    for line in wrap(one_line(pages[0].footer), _WIDTH - 2 * _MARGIN, 8.0):
        y += _LINE
        canvas.add(words(line, _MARGIN, y, 8.0, fill=QUIET))
    height = y + _MARGIN
    body = "\n".join(canvas.parts)
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        f'<svg xmlns="http://www.w3.org/2000/svg" role="img" aria-label="{quoted(title)}: overview" '
        f'width="{number(_WIDTH)}pt" height="{number(height)}pt" viewBox="0 0 {number(_WIDTH)} {number(height)}" '
        f'font-family="{quoted(families())}">\n<title>{quoted(title)}: overview</title>\n'
        f'<rect width="{number(_WIDTH)}" height="{number(height)}" fill="#ffffff"/>\n{body}\n</svg>\n'
    )


def _entry(canvas: Canvas, page: Page, depth: int, y: float, counted: Sequence[Status]) -> float:
    left = _MARGIN + 34.0 + _INDENT * min(depth, 12)
    across = max(_COLUMN * len(counted), 192.0)
    room = _WIDTH - _MARGIN - left - across - 8.0
    lines = wrap(one_line(page.heading), room, 9.0) or ("",)
    label = str(page.number)
    canvas.add(words(label, _MARGIN + 24 - advance(label, 9.0, bold=True), y + 9, 9.0, bold=True, fill=INK))
    for index, line in enumerate(lines):
        text = words(line, left, y + 9 + _LINE * index, 9.0, fill="#0a4a8c")
        canvas.page_link(text, page.number, (left, y + _LINE * index, advance(line, 9.0), _LINE))
    x = _WIDTH - _MARGIN - across + 2.0
    leading = {connector.source for connector in page.connectors}
    copies = {off.element for off in page.off_diagram if off.below} - leading  # counted on their own page
    for status in counted:
        count = sum(e.status == status for e in page.elements if e.id not in copies)
        if count:
            _count(canvas, status, count, x, y + 6)
        x += _COLUMN
    bottom = y + _LINE * len(lines) + 6.0
    rule = f"M {number(_MARGIN)} {number(bottom - 1)} H {number(_WIDTH - _MARGIN)}"
    canvas.add(tag("path", d=rule, stroke="#e1e4e9", stroke_width=0.6))
    return bottom + 2


def _count(canvas: Canvas, status: Status, count: int, x: float, y: float) -> None:
    tone = TONES[status]
    hollow = status is Status.OPEN
    plate = tag("circle", cx=x, cy=y, r=5.6, fill=PAPER if hollow else tone.line, stroke=tone.line)
    title = tag("title", f"{count} {status.value}")
    sign = status_sign(status, x, y, tone.text if hollow else PAPER)
    canvas.add(tag("g", title + plate + sign + words(str(count), x + 9, y + 3, 8.5, fill=INK)))
