"""Boxes, and symbols at their place."""

from __future__ import annotations

from dataclasses import dataclass

from casework.render.fonts import advance
from casework.render.gsn.shapes import SMALL, SMALL_LINE, Figure

TRIANGLE = 11.0  # height of the off-diagram triangle


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
    """A symbol at its place."""

    figure: Figure
    x: float
    y: float
    above: tuple[str, ...] = ()
    under: tuple[str, ...] = ()

    @property
    def outline(self) -> Box:
        """The bounding box of the outline."""
        return Box(self.x, self.y, self.x + self.figure.width, self.y + self.figure.height)

    @property
    def extent(self) -> Box:
        """The outline with decorators and labels."""
        half = label_width(self.above + self.under) / 2
        left = min(self.x, self.top[0] - half)
        right = max(self.x + self.figure.width + self.figure.right_extra, self.top[0] + half)
        return Box(left, self.y - head_room(self.above), right, self.y + self.figure.height + self.foot)

    @property
    def foot(self) -> float:
        """How far decorators and labels reach below the outline."""
        return max(self.figure.below, head_room(self.under))

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


def head_room(labels: tuple[str, ...]) -> float:
    """Height of an off-diagram triangle with its labels."""
    return TRIANGLE + 3 + SMALL_LINE * len(labels) if labels else 0.0


def label_width(labels: tuple[str, ...]) -> float:
    """Width of the widest label."""
    return max((advance(label, SMALL) for label in labels), default=0.0)
