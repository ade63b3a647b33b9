"""Lines, arrowheads and the decorators on lines."""

from __future__ import annotations

import math
from itertools import pairwise
from typing import NamedTuple

from casework.render.fonts import advance
from casework.render.gsn.lettering import SMALL
from casework.render.gsn.lines import ARROW, Mark, Route
from casework.render.gsn.maze import Point
from casework.render.gsn.picture import Relation, Status
from casework.render.gsn.svg import number, quoted, tag, words
from casework.render.gsn.symbols import INK, PAPER, TONES, acp_square, path
from casework.render.gsn.text import one_line

_ROUND = 7.0
_HALF = 3.9  # half the width of an arrowhead
_BACK = "#7a3e9d"
_CHALLENGE = "#8a1a15"

Segment = tuple[Point, Point]


def stroke(routes: tuple[Route, ...]) -> list[str]:
    """All lines of a page. Where two cross that have no end in common, the later bridges the earlier by a gap."""
    bundles: dict[tuple[str, str, bool], list[Route]] = {}
    for route in routes:
        bundles.setdefault((route.connector.source, route.connector.kind, route.backward), []).append(route)
    drawn: list[str] = []
    earlier: list[tuple[Segment, frozenset[str]]] = []
    for bundle in bundles.values():
        drawn += _bundle(bundle, earlier)
    drawn += [_head(route, _style(route)) for route in routes]
    marks = [part for route in routes for mark in route.marks for part in _mark(mark)]
    return drawn + list(dict.fromkeys(marks))


def _bundle(bundle: list[Route], earlier: list[tuple[Segment, frozenset[str]]]) -> list[str]:
    """The lines that leave one source, as one path: where they share their course they are not drawn twice."""
    gaps = []
    fresh = []
    for route in bundle:
        ends = frozenset({f"from {route.connector.source}", f"to {route.connector.target}"})
        for segment in pairwise(route.points):
            gaps += [_gap(segment, other) for other, family in earlier if not family & ends]
            fresh.append((segment, ends))
    earlier += fresh
    style = _style(bundle[0])
    shafts = " ".join(_rounded(_shortened(r.points, 0.0 if style.dash else ARROW - 1.0)) for r in bundle)
    shaft = tag("path", d=shafts, fill="none", stroke=style.colour, stroke_width=1.25, stroke_dasharray=style.dash)
    return [*dict.fromkeys(gap for gap in gaps if gap), shaft]


def _gap(later: Segment, earlier: Segment) -> str:
    crossing = _crossing(later, earlier)
    if crossing is None:
        return ""
    x, y = crossing
    flat = abs(later[0][1] - later[1][1]) < 0.01
    data = path("M", x - 4, y, "H", x + 4) if flat else path("M", x, y - 4, "V", y + 4)
    return tag("path", d=data, stroke=PAPER, stroke_width=5)


def _crossing(one: Segment, two: Segment) -> Point | None:
    """Where a horizontal and a vertical part cross, away from the ends of both."""
    flat_one = abs(one[0][1] - one[1][1]) < 0.01
    if flat_one == (abs(two[0][1] - two[1][1]) < 0.01):
        return None
    flat, upright = (one, two) if flat_one else (two, one)
    x, y = upright[0][0], flat[0][1]
    low, high = sorted((flat[0][0], flat[1][0]))
    top, bottom = sorted((upright[0][1], upright[1][1]))
    inside = low + 5 < x < high - 5 and top + 5 < y < bottom - 5
    return (x, y) if inside else None


class _Style(NamedTuple):
    colour: str
    fill: str
    dash: str | None


def _style(route: Route) -> _Style:
    colour = _BACK if route.backward else INK
    match Relation(route.connector.kind):
        case Relation.SUPPORTED_BY:
            return _Style(colour, colour, None)
        case Relation.IN_CONTEXT_OF:
            return _Style(colour, PAPER, None)
        case Relation.CHALLENGES:
            return _Style(_CHALLENGE, "none", "6 3.5")


def _head(route: Route, style: _Style) -> str:
    connector = route.connector
    name = f"{one_line(connector.source)} {connector.kind.replace('_', ' ')} {one_line(connector.target)}"
    if route.backward:
        name += " (this closes a cycle)"
    head = _open_arrow(route.points, style.colour) if style.dash else _arrow(route.points, style.colour, style.fill)
    return tag("g", tag("title", quoted(name)) + head, class_=f"connector {connector.kind}")


def _rounded(points: tuple[Point, ...]) -> str:
    """Path data with rounded corners: a curve shows which of two meeting lines goes where."""
    steps: list[str | float] = ["M", *points[0]]
    for before, corner, after in zip(points, points[1:], points[2:], strict=False):
        radius = min(_ROUND, math.dist(before, corner) / 2, math.dist(corner, after) / 2)
        steps += ["L", *_towards(corner, before, radius), "Q", *corner, *_towards(corner, after, radius)]
    return path(*steps, "L", *points[-1])


def _towards(start: Point, end: Point, distance: float) -> Point:
    length = math.dist(start, end) or 1.0
    share = distance / length
    return start[0] + (end[0] - start[0]) * share, start[1] + (end[1] - start[1]) * share


def _shortened(points: tuple[Point, ...], by: float) -> tuple[Point, ...]:
    return (*points[:-1], _towards(points[-1], points[-2], min(by, math.dist(points[-1], points[-2]))))


def _barbs(points: tuple[Point, ...]) -> tuple[Point, Point, Point]:
    tip, before = points[-1], points[-2]
    length = math.dist(tip, before) or 1.0
    ux, uy = (tip[0] - before[0]) / length, (tip[1] - before[1]) / length
    base = (tip[0] - ux * ARROW, tip[1] - uy * ARROW)
    return (base[0] - uy * _HALF, base[1] + ux * _HALF), tip, (base[0] + uy * _HALF, base[1] - ux * _HALF)


def _arrow(points: tuple[Point, ...], colour: str, fill: str) -> str:
    one, tip, two = _barbs(points)
    data = path("M", *one, "L", *tip, "L", *two, "Z")
    return tag("path", d=data, fill=fill, stroke=colour, stroke_width=1.1, stroke_linejoin="round")


def _open_arrow(points: tuple[Point, ...], colour: str) -> str:
    one, tip, two = _barbs(points)
    return tag("path", d=path("M", *one, "L", *tip, "L", *two), fill="none", stroke=colour, stroke_width=1.5)


def _mark(mark: Mark) -> list[str]:
    x, y = mark.at
    drawn = []
    match mark.symbol:
        case "ball" | "hollow_ball":
            fill = INK if mark.symbol == "ball" else PAPER
            drawn.append(tag("circle", cx=x, cy=y, r=4.2, fill=fill, stroke=INK, stroke_width=1.2))
        case "diamond":
            data = path("M", x, y - 7, "L", x + 6, y, "L", x, y + 7, "L", x - 6, y, "Z")
            drawn.append(tag("path", d=data, fill=INK, stroke=INK))
        case "acp":
            drawn.append(acp_square(x, y))
        case _:
            data = path("M", x - 6, y - 6, "L", x + 6, y + 6, "M", x + 6, y - 6, "L", x - 6, y + 6)
            drawn.append(tag("path", d=data, stroke=PAPER, stroke_width=4.5))
            drawn.append(tag("path", d=data, stroke=TONES[Status.DEFEATED].line, stroke_width=2.0))
    if mark.label:
        drawn.append(_label(mark))
    return drawn


def _label(mark: Mark) -> str:
    text = one_line(mark.label)
    x, y = mark.at
    if mark.upright:
        return words(text, x + 8.0, y + SMALL * 0.35, SMALL, bold=True, fill=INK)
    width = advance(text, SMALL, bold=True)
    return words(text, x - width / 2, y - 7.0, SMALL, bold=True, fill=INK, width=width)


def line_sample(relation: Relation, x: float, y: float, width: float, *, backward: bool = False) -> str:
    """A short horizontal connector for the legend."""
    points = ((x, y), (x + width, y))
    ink = _BACK if backward else INK
    match relation:
        case Relation.SUPPORTED_BY:
            head, dash, colour = _arrow(points, ink, ink), None, ink
        case Relation.IN_CONTEXT_OF:
            head, dash, colour = _arrow(points, INK, PAPER), None, INK
        case Relation.CHALLENGES:
            head, dash, colour = _open_arrow(points, _CHALLENGE), "4 2.5", _CHALLENGE
    end = x + width - (0 if dash else ARROW)
    shaft = tag(
        "path", d=f"M {number(x)} {number(y)} H {number(end)}", stroke=colour, stroke_width=1.2, stroke_dasharray=dash
    )
    return shaft + head
