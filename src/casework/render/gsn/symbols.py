"""The outlines of the GSN symbols and of the decorators that are attached to them."""

from __future__ import annotations

import math
from typing import NamedTuple

from casework.render.gsn.lettering import PILL, SMALL
from casework.render.gsn.picture import Decorator, Kind, Status
from casework.render.gsn.shapes import TAB, Figure, acp_label
from casework.render.gsn.svg import number, tag, words

INK = "#1d2127"
QUIET = "#5c636d"
PAPER = "#ffffff"


class Tone(NamedTuple):
    """Colours of a status. Told apart by hue (blue, grey, amber, red), by lightness, by symbol and by word."""

    line: str
    fill: str
    text: str


TONES: dict[str | None, Tone] = {
    None: Tone(INK, PAPER, INK),
    Status.SUPPORTED: Tone("#0b5cad", "#eff6fd", "#0a4a8c"),
    Status.OPEN: Tone("#646b75", "#ffffff", "#464c54"),
    Status.DOUBTED: Tone("#b36b00", "#ffe9bd", "#7d4a00"),
    Status.DEFEATED: Tone("#a3211b", "#f9dcd8", "#8a1a15"),
    Status.ACCEPTED: Tone("#b36b00", "#ffe9bd", "#7d4a00"),
    Status.HOLDS: Tone("#a3211b", "#f9dcd8", "#8a1a15"),
}


def path(*steps: str | float) -> str:
    """Path data from letters and coordinates."""
    return " ".join(step if isinstance(step, str) else number(step) for step in steps)


def _polygon(*points: tuple[float, float]) -> str:
    return "M " + " L ".join(f"{number(x)} {number(y)}" for x, y in points) + " Z"


def _rectangle(x: float, y: float, width: float, height: float) -> str:
    return _polygon((x, y), (x + width, y), (x + width, y + height), (x, y + height))


def outline(drawn: Figure) -> list[str]:
    """Path data of a symbol's outline, its top left corner at the origin; filled in order."""
    w, h = drawn.width, drawn.height
    match drawn.kind:
        case Kind.GOAL | Kind.AWAY_GOAL:
            return [_rectangle(0, 0, w, h)]
        case Kind.STRATEGY:
            return [_polygon((drawn.slant, 0), (w, 0), (w - drawn.slant, h), (0, h))]
        case Kind.SOLUTION | Kind.ASSUMPTION | Kind.JUSTIFICATION:
            a, b = w / 2, h / 2
            return [path("M", 0, b, "A", a, b, 0, 0, 1, w, b, "A", a, b, 0, 0, 1, 0, b, "Z")]
        case Kind.CONTEXT:
            r = h / 2
            return [path("M", r, 0, "H", w - r, "A", r, r, 0, 0, 1, w - r, h, "H", r, "A", r, r, 0, 0, 1, r, 0, "Z")]
        case Kind.AWAY_SOLUTION | Kind.AWAY_ASSUMPTION | Kind.AWAY_JUSTIFICATION:
            d = drawn.dome
            return [path("M", 0, h, "V", d, "A", w / 2, d, 0, 0, 1, w, d, "V", h, "Z")]
        case Kind.AWAY_CONTEXT:
            d = drawn.dome
            return [
                path("M", 0, h, "V", d, "A", d, d, 0, 0, 1, d, 0, "H", w - d, "A", d, d, 0, 0, 1, w, d, "V", h, "Z")
            ]
        case Kind.MODULE:
            return [_rectangle(0, 0, w * 0.3, TAB), _rectangle(0, TAB, w, h - TAB)]
        case Kind.CONTRACT:
            tab = w * 0.3
            return [
                _rectangle(0, 0, tab, TAB),
                _rectangle(0, TAB, w, h - 2 * TAB),
                _rectangle(w - tab, h - TAB, tab, TAB),
            ]


def module_sign(x: float, y: float, fill: str) -> str:
    """The miniature module symbol, 11 by 9 units (public decorator, and shaded in away elements)."""
    data = _rectangle(x, y, 5, 3) + " " + _rectangle(x, y + 3, 11, 6)
    return tag("path", d=data, fill=fill, stroke=INK, stroke_width=0.9)


def _contract_sign(x: float, y: float) -> str:
    """The miniature contract symbol, 17 by 11 units, centred on x."""
    parts = (
        _rectangle(x - 8.5, y, 6, 2.8),
        _rectangle(x - 8.5, y + 2.8, 17, 5.4),
        _rectangle(x + 2.5, y + 8.2, 6, 2.8),
    )
    data = " ".join(parts)
    return tag("path", d=data, fill=PAPER, stroke=INK, stroke_width=1.0)


def feet(decorators: frozenset[str], x: float, y: float) -> list[str]:
    """The decorators attached to the bottom centre (Tables 1:2-1, 1:3-2 and 1:4-1), touching it at (x, y)."""
    style = {"fill": PAPER, "stroke": INK, "stroke_width": "1.1", "stroke_linejoin": "round"}
    undeveloped = Decorator.UNDEVELOPED in decorators
    pending = Decorator.UNINSTANTIATED in decorators
    drawn = []
    if Decorator.CONTRACT in decorators:
        drawn.append(_contract_sign(x, y))
    if undeveloped:
        drawn.append(tag("path", d=_polygon((x, y), (x + 7, y + 6), (x, y + 12), (x - 7, y + 6)), **style))
    if undeveloped and pending:
        drawn.append(tag("path", d=path("M", x - 7, y + 6, "H", x + 7), **style))
    elif pending:
        y += 11 if Decorator.CONTRACT in decorators else 0
        drawn.append(tag("path", d=_polygon((x, y), (x + 7.5, y + 11), (x - 7.5, y + 11)), **style))
    return drawn


def letter(drawn: Figure) -> str:
    """The letter of an assumption or justification: bottom right outside the oval, of an away element top right."""
    letters = {
        Kind.ASSUMPTION: "A",
        Kind.AWAY_ASSUMPTION: "A",
        Kind.JUSTIFICATION: "J",
        Kind.AWAY_JUSTIFICATION: "J",
    }
    text = letters.get(drawn.kind)
    if not text:
        return ""
    x, y = letter_place(drawn)
    return words(text, x, y, 11.0, bold=True, fill=INK)


def letter_place(drawn: Figure) -> tuple[float, float]:
    """Left end and baseline of the letter."""
    if drawn.kind.is_away:
        return drawn.width - 6.0, 7.0
    return drawn.width - 5.5, drawn.height + 1.5


def public(drawn: Figure) -> str:
    """The public decorator: inside boxes at the top right, beside round shapes."""
    if drawn.kind in (Kind.GOAL, Kind.STRATEGY, Kind.MODULE, Kind.CONTRACT, Kind.AWAY_GOAL):
        return module_sign(drawn.side(drawn.top + 10, left=False) - 15, drawn.top + 4, PAPER)
    return module_sign(drawn.width - 9, -3, PAPER)


def acp_square(x: float, y: float) -> str:
    """The solid square of an assurance claim point."""
    return tag("rect", x=x - 3.6, y=y - 3.6, width=7.2, height=7.2, fill=INK)


def acps(drawn: Figure) -> list[str]:
    """Assurance claim points on the element's outline, with their label outside it."""
    names = drawn.element.acps
    if not names:
        return []
    round_ = drawn.kind is Kind.SOLUTION
    share = 0.5 + 0.5 * math.sqrt(0.5) if round_ else 0.66
    x, y = drawn.width * share, drawn.height * (share if round_ else 1.0)
    squares = [acp_square(x + 9.0 * n, y) for n in range(len(names))]
    label = words(acp_label(names), x + 9.0 * len(names) - 3, y + 9.0, SMALL, bold=True, fill=INK)
    return [*squares, label]


def cross(drawn: Figure) -> str:
    """The defeated decorator: a cross over the whole element; the text is drawn upon it, and so stays legible."""
    w, h = drawn.width, drawn.height
    data = path("M", -3, -3, "L", w + 3, h + 3, "M", w + 3, -3, "L", -3, h + 3)
    return tag("path", d=data, fill="none", stroke=TONES[Status.DEFEATED].line, stroke_width=2.4, stroke_opacity=0.6)


def pill(status: str, x: float, y: float, width: float) -> str:
    """The status badge: symbol and word on a plate of the status colour."""
    tone = TONES[Status(status)]
    hollow = status == Status.OPEN
    plate = tag(
        "rect", x=x, y=y, width=width, height=PILL, rx=PILL / 2, fill=PAPER if hollow else tone.line, stroke=tone.line,
        stroke_width=1.0,
    )  # fmt: skip
    colour = tone.text if hollow else PAPER
    label = words(status, x + 13, y + PILL / 2 + SMALL * 0.34, SMALL, bold=True, fill=colour)
    return plate + status_sign(status, x + 7.2, y + PILL / 2, colour) + label


def status_sign(status: str, x: float, y: float, colour: str) -> str:
    """The symbol of a status, about 7 units wide: tick, hollow circle, question mark, cross, exclamation mark."""
    ends = {"stroke_linecap": "round", "stroke_linejoin": "round"}
    stroke = {"fill": "none", "stroke": colour, "stroke_width": "1.5", **ends}
    match Status(status):
        case Status.SUPPORTED:
            return tag("path", d=path("M", x - 3, y + 0.2, "L", x - 0.9, y + 2.5, "L", x + 3, y - 2.4), **stroke)
        case Status.OPEN:
            return tag("circle", cx=x, cy=y, r=2.7, **stroke)
        case Status.ACCEPTED | Status.HOLDS:
            return words("!", x - 1.4, y + 3.1, 9.0, bold=True, fill=colour)
        case Status.DOUBTED:
            return words("?", x - 2.6, y + 3.3, 9.0, bold=True, fill=colour)
        case Status.DEFEATED:
            data = path("M", x - 2.5, y - 2.5, "L", x + 2.5, y + 2.5, "M", x + 2.5, y - 2.5, "L", x - 2.5, y + 2.5)
            return tag("path", d=data, **stroke)
