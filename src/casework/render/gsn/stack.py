"""Context beside an element: one column, or two of which the outer one is staggered.

In two columns the lines of the outer one run straight through the gaps of the inner one, so that a long list of
context takes little more than half of the height.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from casework.render.fonts import advance
from casework.render.gsn.lettering import SMALL
from casework.render.gsn.picture import Connector
from casework.render.gsn.shapes import Figure
from casework.render.gsn.text import one_line

CONTEXT_GAP = 30.0  # between an element and its context
SLOT = 15.0  # room that a decorator takes on a line
_GAP = 13.0  # between stacked context elements
_PASS = 16.0  # the same, where a line passes between
_COLUMN_GAP = 20.0  # between the columns
_TALL = 230.0  # a taller column is split in two
_LEVEL = 24.0  # a line this close to the level of its element is put there

Contexts = list[tuple[Connector, Figure]]


@dataclass(frozen=True, slots=True)
class Seat:
    """Where a context element stands: its distance from the side of its element, and its top."""

    connector: Connector
    figure: Figure
    out: float
    top: float


@dataclass(frozen=True, slots=True)
class Stack:
    """All context on one side of an element.

    Attributes:
        seats: in order, tops relative to the top of the element's outline.
        depth: from the side of the element to the far end.
        top: of the highest.
        bottom: of the lowest, its letter or label included.
    """

    seats: tuple[Seat, ...] = ()
    depth: float = 0.0
    top: float = 0.0
    bottom: float = 0.0


def adornments(connector: Connector) -> int:
    """How many decorators sit on the line itself (a choice diamond sits on the trunk)."""
    return bool(connector.multiplicity or connector.optional) + len(connector.acps) + connector.defeated


def _gap(connectors: list[Connector]) -> float:
    """Distance between an element and a stack of context: the lines' labels must fit above the lines."""
    gap = CONTEXT_GAP + (8.0 if len(connectors) > 1 else 0.0)
    for connector in connectors:
        if adornments(connector):
            labels = [*map(one_line, connector.acps), one_line(connector.multiplicity)]
            widths = sum(max(advance(label, SMALL, bold=True) + 3, SLOT) for label in labels if label)
            gap = max(gap, 26.0 + widths + (SLOT if connector.defeated or connector.optional else 0) + 10.0)
    return gap


def stacked(contexts: Contexts, middle: float, lean: float, *, one_column: bool) -> Stack:
    """Arrange the context on one side of an element.

    Args:
        contexts: what stands there.
        middle: y of the element's side-middle below its top.
        lean: how far decorators or labels of the element stick out on this side.
        one_column: whether lines must not run between the elements, since something is attached to them.
    """
    if not contexts:
        return Stack()
    figures = [drawn for _, drawn in contexts]
    gap = _gap([connector for connector, _ in contexts]) + lean
    high = sum(f.height + f.below + _GAP for f in figures) - _GAP
    bare = not one_column and not any(adornments(connector) for connector, _ in contexts)
    if bare and len(figures) > 2 and high > _TALL:
        tops, outer = _staggered(figures)
        pivots = [top + f.middle for top, f in zip(tops, figures, strict=True)]
        centre = _levelled(pivots, figures, tops)
    else:
        tops, outer = _column(figures), frozenset()
        pivot = len(figures) // 2
        odd = len(figures) % 2
        centre = tops[pivot] + figures[pivot].middle if odd else (tops[0] + tops[-1] + figures[-1].height) / 2
    inner = max(f.width + f.right_extra for n, f in enumerate(figures) if n not in outer)
    beyond = gap + inner + _COLUMN_GAP
    seats = tuple(
        Seat(connector, drawn, beyond if n in outer else gap, tops[n] - centre + middle)
        for n, (connector, drawn) in enumerate(contexts)
    )
    return Stack(
        seats,
        max(seat.out + seat.figure.width + seat.figure.right_extra for seat in seats),
        min(seat.top for seat in seats),
        max(seat.top + seat.figure.height + seat.figure.below for seat in seats),
    )


def hung(stack: Stack, middle: float) -> Stack:
    """The same context, from the top of its element downwards; a line that is nearly level is made level.

    A single element stays level with its own, so that its line is straight.
    """
    if stack.top >= 0 or len(stack.seats) == 1:
        return stack
    levels = [seat.top + seat.figure.middle - stack.top for seat in stack.seats]
    nearest = min(levels, key=lambda y: abs(y - middle))
    shift = -stack.top + (middle - nearest if abs(nearest - middle) < _LEVEL else 0.0)
    seats = tuple(replace(seat, top=seat.top + shift) for seat in stack.seats)
    return Stack(seats, stack.depth, stack.top + shift, stack.bottom + shift)


def _column(figures: list[Figure]) -> list[float]:
    tops: list[float] = []
    y = 0.0
    for drawn in figures:
        tops.append(y)
        y += drawn.height + drawn.below + _GAP
    return tops


def _staggered(figures: list[Figure]) -> tuple[list[float], frozenset[int]]:
    """Tops, and which stand in the outer column: every other one, level with a gap of the inner column."""
    tops: list[float] = []
    free = level = 0.0  # end of the outer column so far, and the middle of the gap that is next
    for number, drawn in enumerate(figures):
        foot = drawn.height + drawn.below
        if number % 2 == 0:
            top = level + _PASS / 2 if number else 0.0
            tops.append(top)
            level = top + foot + _PASS / 2
        else:
            level = max(level, free + _GAP + drawn.middle) if number > 1 else level
            tops.append(level - drawn.middle)
            free = tops[-1] + foot
    return tops, frozenset(range(1, len(figures), 2))


def _levelled(pivots: list[float], figures: list[Figure], tops: list[float]) -> float:
    """The level of the element: in the middle of the stack, or of the line that is nearly there."""
    low = min(tops)
    high = max(top + f.height + f.below for top, f in zip(tops, figures, strict=True))
    centre = (low + high) / 2
    nearest = min(pivots, key=lambda y: abs(y - centre))
    return nearest if abs(nearest - centre) < _LEVEL else centre
