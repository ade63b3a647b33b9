"""The legend: what occurs on the page, and nothing else."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from casework.render.gsn.lettering import pill_width
from casework.render.gsn.page import Page
from casework.render.gsn.picture import Connector, Decorator, Element, Kind, Relation, Status
from casework.render.gsn.shapes import Figure
from casework.render.gsn.strokes import line_sample
from casework.render.gsn.svg import tag, words
from casework.render.gsn.symbols import (
    INK,
    PAPER,
    TONES,
    acp_square,
    feet,
    letter,
    module_sign,
    outline,
    path,
    status_sign,
)

_NAMES = {
    Kind.GOAL: "goal",
    Kind.STRATEGY: "strategy",
    Kind.SOLUTION: "solution",
    Kind.CONTEXT: "context",
    Kind.ASSUMPTION: "assumption",
    Kind.JUSTIFICATION: "justification",
    Kind.AWAY_GOAL: "away goal",
    Kind.AWAY_SOLUTION: "away solution",
    Kind.AWAY_CONTEXT: "away context",
    Kind.AWAY_ASSUMPTION: "away assumption",
    Kind.AWAY_JUSTIFICATION: "away justification",
    Kind.MODULE: "module",
    Kind.CONTRACT: "contract",
}
_LINES = {
    Relation.SUPPORTED_BY: "supported by",
    Relation.IN_CONTEXT_OF: "in context of",
    Relation.CHALLENGES: "challenges",
}


def entries(page: Page, *, cycle: bool) -> Iterator[tuple[str, str]]:
    """Drawing (28 by 14 points) and meaning of everything that occurs on the page."""
    kinds = {Kind(e.kind) for e in page.elements}
    yield from ((_icon(kind), name) for kind, name in _NAMES.items() if kind in kinds)
    relations = {Relation(c.kind) for c in page.connectors}
    yield from ((line_sample(r, 1, 7, 24), name) for r, name in _LINES.items() if r in relations)
    if cycle:
        yield line_sample(Relation.SUPPORTED_BY, 1, 7, 24, backward=True), "closes a cycle"
    yield from _decorators(page)
    yield from _on_lines(page.connectors)
    if any(e.acps for e in page.elements) or any(c.acps for c in page.connectors):
        yield acp_square(14, 7), "assurance claim point"
    if page.off_diagram:
        yield tag("path", d="M 5 2 H 23 L 14 12 Z", fill="#aab0b9", stroke=INK), "continues on another page"
    statuses = {e.status for e in page.elements}
    yield from ((_badge(status), status.value) for status in Status if status in statuses)


def _icon(kind: Kind) -> str:
    dummy = Element("x", kind, "")
    shapes = {
        Kind.SOLUTION: Figure(dummy, 14, 14, (), bottom=14),
        Kind.STRATEGY: Figure(dummy, 26, 12, (), slant=5, bottom=12),
        Kind.AWAY_SOLUTION: Figure(dummy, 16, 14, (), dome=8, strip=4, bottom=14),
        Kind.AWAY_CONTEXT: Figure(dummy, 22, 14, (), dome=5, strip=4, bottom=14),
        Kind.AWAY_ASSUMPTION: Figure(dummy, 20, 14, (), dome=5, strip=4, bottom=14),
        Kind.AWAY_JUSTIFICATION: Figure(dummy, 20, 14, (), dome=5, strip=4, bottom=14),
        Kind.AWAY_GOAL: Figure(dummy, 22, 14, (), strip=5, bottom=14),
    }
    drawn = shapes.get(kind, Figure(dummy, 22, 13, (), bottom=13))
    if kind in (Kind.MODULE, Kind.CONTRACT):
        return _small_module(kind)
    drawn = replace(drawn, element=dummy)
    parts = [tag("path", d=d, fill=PAPER, stroke=INK, stroke_width=0.9) for d in outline(drawn)]
    if drawn.strip:
        parts.append(
            tag("path", d=path("M", 0, drawn.height - drawn.strip, "H", drawn.width), stroke=INK, stroke_width=0.8)
        )
    mark = letter(drawn)
    if mark:
        parts.append(
            words(
                "A" if "assumption" in kind.value else "J", drawn.width - 1, 6 if kind.is_away else 14, 7.5, bold=True
            )
        )
    return tag("g", "".join(parts), transform=f"translate({(26 - drawn.width) / 2:.1f} {(14 - drawn.height) / 2:.1f})")


def _small_module(kind: Kind) -> str:
    data = "M 3 1 H 11 V 4 H 25 V 11 H 3 Z M 3 4 H 11"
    if kind is Kind.CONTRACT:
        data = "M 3 1 H 11 V 4 H 25 V 13 H 17 V 10 H 3 Z M 3 4 H 11 M 17 10 H 25"
    return tag("path", d=data, fill=PAPER, stroke=INK, stroke_width=0.9)


def _decorators(page: Page) -> Iterator[tuple[str, str]]:
    seen = {frozenset(e.decorators & {Decorator.UNDEVELOPED, Decorator.UNINSTANTIATED}) for e in page.elements}
    both = frozenset({Decorator.UNDEVELOPED.value, Decorator.UNINSTANTIATED.value})
    for wanted, name in (
        (frozenset({Decorator.UNDEVELOPED.value}), "undeveloped"),
        (frozenset({Decorator.UNINSTANTIATED.value}), "uninstantiated"),
        (both, "undeveloped and uninstantiated"),
    ):
        if wanted in seen:
            yield "".join(feet(wanted, 14, 1)), name
    used = frozenset().union(*(e.decorators for e in page.elements))
    if Decorator.CONTRACT in used:
        yield "".join(feet(frozenset({Decorator.CONTRACT.value}), 14, 1)), "to be supported by contract"
    if Decorator.PUBLIC in used:
        yield module_sign(8, 2, PAPER), "public"
    if Decorator.DEFEATED in used or any(c.defeated for c in page.connectors):
        colour = TONES[Status.DEFEATED].line
        yield tag("path", d="M 6 2 L 22 12 M 22 2 L 6 12", stroke=colour, stroke_width=1.8), "defeated"


def _on_lines(connectors: tuple[Connector, ...]) -> Iterator[tuple[str, str]]:
    if any(c.multiplicity and not c.optional for c in connectors):
        yield tag("circle", cx=14, cy=7, r=4, fill=INK), "multiplicity"
    if any(c.optional for c in connectors):
        yield tag("circle", cx=14, cy=7, r=4, fill=PAPER, stroke=INK, stroke_width=1.2), "optional"
    if any(c.choice for c in connectors):
        yield tag("path", d="M 14 0 L 20 7 L 14 14 L 8 7 Z", fill=INK), "choice"


def _badge(status: Status) -> str:
    tone = TONES[status]
    hollow = status is Status.OPEN
    plate = tag(
        "rect", x=7, y=1, width=min(14.0, pill_width("")), height=12, rx=6, fill=PAPER if hollow else tone.line,
        stroke=tone.line,
    )  # fmt: skip
    return plate + status_sign(status, 14, 7, tone.text if hollow else PAPER)
