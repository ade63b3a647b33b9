"""Draw one page as SVG: symbols, lines, and the frame around them."""

from __future__ import annotations

from dataclasses import dataclass

from casework.render.fonts import advance, families
from casework.render.gsn.frame import MARGIN, Frame
from casework.render.gsn.geometry import TRIANGLE, Placed
from casework.render.gsn.layout import Plan, off_lines, plan
from casework.render.gsn.lettering import SMALL, SMALL_LINE
from casework.render.gsn.lines import Route, lines
from casework.render.gsn.page import Page
from casework.render.gsn.picture import Decorator, Element
from casework.render.gsn.strokes import stroke
from casework.render.gsn.svg import Canvas, Link, identifier, number, quoted, safe_href, tag, words
from casework.render.gsn.symbols import INK, QUIET, TONES, acps, cross, feet, letter, module_sign, outline, pill, public
from casework.render.gsn.text import one_line

LEGIBLE = 7.0  # points: no text is printed smaller
_SMALLEST = LEGIBLE / SMALL
_LARGEST = 1.25
_OUTSIDE = 70.0  # what lines that pass round all symbols need on both sides


@dataclass(frozen=True, slots=True)
class Sheet:
    """A drawn page: its SVG, its size in points, and where it can be clicked."""

    svg: str
    width: float
    height: float
    links: tuple[Link, ...]


def draw(page: Page, page_href: str = "#page-{}") -> str:
    """The page as one self-contained SVG document.

    Args:
        page: from `paginate`.
        page_href: address of a page by its number, for links between pages.
    """
    return sheet(page, page_href).svg


def sheet(page: Page, page_href: str = "#page-{}") -> Sheet:
    """The page as SVG with its size and links."""
    laid = plan(page)
    routes = lines(laid)
    left, top, right, bottom = _reach(laid, routes)
    canvas = Canvas(page_href=page_href)
    frame = Frame(page, canvas, cycle=any(route.backward for route in routes))
    scale, width, height = _fit(page, right - left, bottom - top, frame)
    frame.head(width)
    canvas.scale = scale
    canvas.dx = (width - (right - left) * scale) / 2 - left * scale
    # A short picture hangs from the top third, where a reader starts, rather than in the middle of the page.
    spare = height - frame.top - frame.bottom - (bottom - top) * scale
    canvas.dy = frame.top + min(spare / 2, 30.0) - top * scale
    canvas.add(f'<g transform="translate({number(canvas.dx)} {number(canvas.dy)}) scale({scale:.4f})">')
    for part in stroke(routes):
        canvas.add(part)
    for placed in laid.placed.values():
        _symbol(canvas, page, placed)
    canvas.add("</g>")
    canvas.scale, canvas.dx, canvas.dy = 1.0, 0.0, 0.0
    frame.foot(width, height)
    return Sheet(_document(page, canvas, width, height), width, height, tuple(canvas.links))


def fits_paper(page: Page) -> bool:
    """Whether a page can be drawn on its paper with legible text."""
    laid = plan(page)
    frame = Frame(page, Canvas())
    frame.measure(page.paper[0])
    across = (page.paper[0] - 2 * MARGIN) / _SMALLEST
    down = (page.paper[1] - frame.top - frame.bottom) / _SMALLEST
    box = laid.box
    if box.right - box.left + _OUTSIDE <= across and box.bottom - box.top + _OUTSIDE <= down:
        return True
    left, top, right, bottom = _reach(laid, lines(laid))
    return right - left <= across and bottom - top <= down


def _reach(laid: Plan, routes: tuple[Route, ...]) -> tuple[float, float, float, float]:
    xs = [laid.box.left, laid.box.right, *(x for route in routes for x, _ in route.points)]
    ys = [laid.box.top, laid.box.bottom, *(y for route in routes for _, y in route.points)]
    return min(xs) - 4, min(ys) - 4, max(xs) + 4, max(ys) + 4


def _fit(page: Page, width: float, height: float, frame: Frame) -> tuple[float, float, float]:
    """Scale, and the paper's size, which grows where text would become too small to read."""
    paper_width, paper_height = page.paper
    frame.measure(paper_width)
    across = paper_width - 2 * MARGIN
    down = paper_height - frame.top - frame.bottom
    scale = max(_SMALLEST, min(_LARGEST, across / width, down / height))
    needed = width * scale + 2 * MARGIN
    if needed > paper_width:
        paper_width = needed
        frame.measure(paper_width)
    return scale, paper_width, max(paper_height, height * scale + frame.top + frame.bottom)


def _document(page: Page, canvas: Canvas, width: float, height: float) -> str:
    name = f"{one_line(page.title)}: page {page.number} of {page.total}, {one_line(page.heading)}"
    body = "\n".join(canvas.parts)
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        f'<svg xmlns="http://www.w3.org/2000/svg" id="page-{page.number}" role="img" aria-label="{quoted(name)}" '
        f'width="{number(width)}pt" height="{number(height)}pt" viewBox="0 0 {number(width)} {number(height)}" '
        f'font-family="{quoted(families())}">\n<title>{quoted(name)}</title>\n'
        f'<rect width="{number(width)}" height="{number(height)}" fill="#ffffff"/>\n{body}\n</svg>\n'
    )


def _symbol(canvas: Canvas, page: Page, placed: Placed) -> None:
    """One element with its decorators, in a group of its own."""
    drawn, element = placed.figure, placed.figure.element
    tone = TONES[element.status]
    canvas.add(
        f'<g id="el-{identifier(element.id)}" class="gsn {element.kind}" '
        f'transform="translate({number(placed.x)} {number(placed.y)})">'
    )
    inner = [tag("title", quoted(_tooltip(element)))]
    weight = 1.3 if element.status is None else 1.7
    pen = {"fill": tone.fill, "stroke": tone.line, "stroke_linejoin": "round"}
    inner += [tag("path", d=data, stroke_width=weight, **pen) for data in outline(drawn)]
    if Decorator.DEFEATED in element.decorators:
        inner.append(cross(drawn))
    inner += _strip(placed)
    for row in drawn.rows:
        if row.kind == "pill":
            inner.append(pill(row.text, row.x, row.y, row.width))
        elif row.kind != "note":
            inner.append(words(row.text, row.x, row.y, row.size, bold=row.bold, fill=INK, width=row.width))
    inner.append(letter(drawn))
    if Decorator.PUBLIC in element.decorators:
        inner.append(public(drawn))
    box = (placed.x, placed.y, drawn.width, drawn.height)
    canvas.link("".join(inner), element.href, box)
    _notes(canvas, placed)
    canvas.add(*acps(drawn))
    canvas.add("</g>")
    _triangles(canvas, page, placed)
    canvas.add(*feet(element.decorators, *placed.bottom))


def _tooltip(element: Element) -> str:
    lines_ = [f"{one_line(element.name)} ({element.kind.replace('_', ' ')}): {one_line(element.text)}"]
    if element.status:
        reason = one_line(element.status_reason)
        lines_.append(f"{element.status}: {reason}" if reason else element.status)
    return "\n".join(lines_)


def _strip(placed: Placed) -> list[str]:
    drawn = placed.figure
    if not drawn.strip:
        return []
    y = drawn.height - drawn.strip
    line = tag(
        "path", d=f"M 0 {number(y)} H {number(drawn.width)}", stroke=TONES[drawn.element.status].line, stroke_width=1.2
    )
    return [line, module_sign(4, y + drawn.strip / 2 - 4.5, "#b9bec6")]


def _notes(canvas: Canvas, placed: Placed) -> None:
    for row in placed.figure.rows:
        if row.kind == "note":
            href = safe_href(row.href)
            text = words(row.text, row.x, row.y, SMALL, fill="#0a4a8c" if href else QUIET, width=row.width)
            box = (placed.x + row.x, placed.y + row.y - SMALL, row.width, SMALL_LINE)
            canvas.link(text, row.href, box)


def _triangles(canvas: Canvas, page: Page, placed: Placed) -> None:
    """Off-diagram connectors: a shaded triangle at the edge, with page and id of where the argument goes on."""
    for off in page.off_diagram:
        labels = placed.under if off.below else placed.above
        if off.element != placed.figure.element.id or not labels:
            continue
        triangle, box = placed.marks(below=off.below)
        x, y, half = placed.triangle(below=off.below)
        tip = triangle.bottom if off.below else triangle.top
        data = f"M {number(x - half)} {number(y)} H {number(x + half)} L {number(x)} {number(tip)} Z"
        drawn = tag("path", d=data, fill="#aab0b9", stroke=INK, stroke_width=1.0, stroke_linejoin="round")
        area = (triangle.left, triangle.top, 2 * half, TRIANGLE)
        canvas.page_link(drawn, off.places[0][0], area)
        for row, (page_number, label) in enumerate(off_lines(off, placed.figure.width)):
            width = advance(label, SMALL)
            left = (box.left + box.right - width) / 2
            top = box.top + SMALL_LINE * row
            text = words(label, left, top + SMALL, SMALL, fill="#0a4a8c", width=width)
            canvas.page_link(text, page_number, (left, top, width, SMALL_LINE))
