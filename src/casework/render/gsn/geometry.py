"""Boxes, and symbols at their place."""

from __future__ import annotations

from dataclasses import dataclass

from casework.render.fonts import advance
from casework.render.gsn.lettering import SMALL, SMALL_LINE
from casework.render.gsn.shapes import Figure

TRIANGLE = 11.0  # height of the off-diagram triangle
ASIDE, ASIDE_ROUND = 0.2, 0.3  # shares of the width at which a triangle stands that leaves the middle to lines
_CLEAR = 9.0  # from a line in the middle to a label beside it
_FOOT = 9.0  # half the width of a decorator at the bottom middle


@dataclass(frozen=True, slots=True)
class Box:
    """A rectangle."""

    left: float
    top: float
    right: float
    bottom: float

    def overlaps(self, other: Box) -> bool:
        """Whether the two share an area."""
        return (
            self.left < other.right and other.left < self.right and self.top < other.bottom and other.top < self.bottom
        )

    def grown(self, by: float) -> Box:
        """The box with a margin."""
        return Box(self.left - by, self.top - by, self.right + by, self.bottom + by)


def around(boxes: list[Box]) -> Box:
    """The smallest box that holds all of them."""
    if not boxes:
        return Box(0.0, 0.0, 10.0, 10.0)
    return Box(
        min(box.left for box in boxes),
        min(box.top for box in boxes),
        max(box.right for box in boxes),
        max(box.bottom for box in boxes),
    )


@dataclass(frozen=True, slots=True)
class Placed:
    """A symbol at its place.

    Attributes:
        figure: the symbol.
        x: left end of its outline.
        y: top of its outline.
        above: labels of its upper off-diagram triangle, which it has if there are any.
        under: those of its lower one.
        entered: whether lines of support enter at the top, so that the upper triangle stands aside.
        left_off: whether lines of support or decorators take the bottom, so that the lower one does.
    """

    figure: Figure
    x: float
    y: float
    above: tuple[str, ...] = ()
    under: tuple[str, ...] = ()
    entered: bool = False
    left_off: bool = False

    @property
    def outline(self) -> Box:
        """The bounding box of the outline."""
        return Box(self.x, self.y, self.x + self.figure.width, self.y + self.figure.height)

    @property
    def extent(self) -> Box:
        """The outline with decorators and labels."""
        box, drawn = self.outline, self.figure
        whole = Box(box.left, box.top, box.right + drawn.right_extra, box.bottom + drawn.below)
        return around([whole, *self.marks(below=False), *self.marks(below=True)])

    def marks(self, *, below: bool) -> list[Box]:
        """The off-diagram triangle at the bottom or top, and the box of its labels; nothing if there are none."""
        labels = self.under if below else self.above
        if not labels:
            return []
        x, y, half = self.triangle(below=below)
        wide, high = label_width(labels), SMALL_LINE * len(labels)
        middle = self.top[0]
        left = x - wide / 2
        if self.left_off if below else self.entered:
            room = _CLEAR + (_FOOT if below and self.figure.below else 0.0)
            left = min(left, middle - room - wide)
        # Beside a round symbol the triangle stands on its shoulder; the labels keep clear of the whole symbol.
        if below:
            tip = y + TRIANGLE
            start = max(tip, self.y + self.figure.height) + 2
            return [Box(x - half, y, x + half, tip), Box(left, start, left + wide, start + high)]
        tip = y - TRIANGLE
        start = min(tip, self.y) - 2 - high
        return [Box(x - half, tip, x + half, y), Box(left, start, left + wide, start + high)]

    def triangle(self, *, below: bool) -> tuple[float, float, float]:
        """Middle and height of an off-diagram triangle's base, and half its width.

        It spans a third of the edge (1:2.2.20) unless it has to leave the middle to lines.
        """
        drawn = self.figure
        if not (self.left_off if below else self.entered):
            x, y = self.bottom if below else self.top
            return x, y, drawn.width / 6
        straight = drawn.side(drawn.bottom if below else drawn.top, left=True) < drawn.width * ASIDE
        x = drawn.width * (ASIDE if straight else ASIDE_ROUND)
        span = vertical_span(drawn, x)
        return self.x + x, self.y + span[below], min(drawn.width / 6, 14.0 if straight else 9.0)

    @property
    def top(self) -> tuple[float, float]:
        """Where SupportedBy enters."""
        return self.x + self.figure.width / 2, self.y + self.figure.top

    @property
    def bottom(self) -> tuple[float, float]:
        """Where SupportedBy leaves."""
        return self.x + self.figure.width / 2, self.y + self.figure.bottom

    @property
    def left(self) -> tuple[float, float]:
        """Side-middle for InContextOf."""
        return self.x + self.figure.side(self.figure.middle, left=True), self.y + self.figure.middle

    @property
    def right(self) -> tuple[float, float]:
        """Side-middle for InContextOf."""
        return self.x + self.figure.side(self.figure.middle, left=False), self.y + self.figure.middle


def vertical_span(drawn: Figure, x: float) -> tuple[float, float]:
    """Highest and lowest y of the outline at x; every outline is convex, and its middle the widest place."""
    return _edge(drawn, x, drawn.top), _edge(drawn, x, drawn.bottom)


def _edge(drawn: Figure, x: float, end: float) -> float:
    """Where the outline is at x, between its middle and one end, to a sixteenth of a unit."""

    def inside(y: float) -> bool:
        return drawn.side(y, left=True) <= x <= drawn.side(y, left=False)

    within = drawn.middle
    if inside(end) or not inside(within):
        return end
    without = end
    while abs(within - without) > 0.0625:
        y = (within + without) / 2
        within, without = (y, without) if inside(y) else (within, y)
    return within


def label_width(labels: tuple[str, ...]) -> float:
    """Width of the widest label."""
    return max((advance(label, SMALL) for label in labels), default=0.0)
