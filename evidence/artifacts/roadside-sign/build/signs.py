# SPDX-License-Identifier: Apache-2.0
"""Artwork of the road signs, drawn by script.

Every sign is drawn with strokes and polygons at four times the final size and reduced by
area averaging, which gives anti-aliased edges. Nothing is copied from a font or a picture.
Colours are RGB. The result is RGBA, uint8, ``SIZE`` x ``SIZE``, with straight (not
premultiplied) alpha.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import cache
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

Image = NDArray[np.uint8]
Point = tuple[float, float]

CLASSES: Final = ("stop", "yield", "no_entry", "speed_30", "speed_80", "crossing")
"""Labels of the detection task, in the order of the model's heat channels."""

DISTRACTORS: Final = ("priority", "roundabout", "children", "speed_50")
"""Signs that occur in scenes without a label: a detection on one of them is false."""

SIZE: Final = 96
_OVER: Final = 4
_SHIFT: Final = 4  # sub-pixel bits of cv2's drawing functions

RED: Final = (193, 18, 28)
WHITE: Final = (244, 244, 240)
BLUE: Final = (0, 80, 158)
YELLOW: Final = (246, 190, 0)
BLACK: Final = (20, 20, 20)

Colour = tuple[int, int, int]


class _Canvas:
    """Draws in units of the finished sign: x to the right, y down, both from 0 to 1."""

    def __init__(self) -> None:
        side = SIZE * _OVER
        self.side = side
        self.rgb: Image = np.zeros((side, side, 3), np.uint8)
        self.alpha: Image = np.zeros((side, side), np.uint8)

    def _fixed(self, points: list[Point]) -> NDArray[np.int32]:
        scale = self.side * (1 << _SHIFT)
        return np.round(np.array(points) * scale).astype(np.int32).reshape(-1, 1, 2)

    def polygon(self, points: list[Point], colour: Colour, *, body: bool = False) -> None:
        """Fill a polygon; ``body`` also makes it opaque."""
        fixed = [self._fixed(points)]
        cv2.fillPoly(self.rgb, fixed, colour, cv2.LINE_8, _SHIFT)
        if body:
            cv2.fillPoly(self.alpha, fixed, (255,), cv2.LINE_8, _SHIFT)

    def disc(self, centre: Point, radius: float, colour: Colour, *, body: bool = False) -> None:
        """Fill a disc; ``body`` also makes it opaque."""
        self.polygon(arc(centre, radius, radius, 0.0, 360.0), colour, body=body)

    def stroke(self, points: list[Point], width: float, colour: Colour) -> None:
        """Draw a line with round ends and joints."""
        thickness = max(1, round(width * self.side))
        fixed = [self._fixed(points)]
        cv2.polylines(
            self.rgb, fixed, isClosed=False, color=colour, thickness=thickness, lineType=cv2.LINE_8, shift=_SHIFT
        )

    def finish(self) -> Image:
        """Reduce to ``SIZE`` and return RGBA with straight alpha."""
        alpha = self.alpha.astype(np.float32) / 255.0
        premultiplied = self.rgb.astype(np.float32) * alpha[..., None]
        small = cv2.resize(premultiplied, (SIZE, SIZE), interpolation=cv2.INTER_AREA)
        cover = cv2.resize(alpha, (SIZE, SIZE), interpolation=cv2.INTER_AREA)
        straight = small / np.maximum(cover, 1e-3)[..., None]
        rgba = np.dstack([straight, cover * 255.0])
        return np.clip(np.round(rgba), 0, 255).astype(np.uint8)


def arc(centre: Point, rx: float, ry: float, start: float, stop: float) -> list[Point]:
    """Points of an elliptic arc; angles in degrees, clockwise from the right."""
    steps = max(8, round(abs(stop - start) / 6))
    angles = [math.radians(start + (stop - start) * i / steps) for i in range(steps + 1)]
    return [(centre[0] + rx * math.cos(a), centre[1] + ry * math.sin(a)) for a in angles]


def _regular(sides: int, radius: float, turn: float, centre: Point = (0.5, 0.5)) -> list[Point]:
    angles = [math.radians(turn + 360.0 * i / sides) for i in range(sides)]
    return [(centre[0] + radius * math.cos(a), centre[1] + radius * math.sin(a)) for a in angles]


Strokes = list[list[Point]]


def _glyph(name: str) -> Strokes:
    """Strokes of one letter or digit in the unit square."""
    oval = arc((0.5, 0.5), 0.5, 0.5, 0, 360)
    glyphs: dict[str, Strokes] = {
        "O": [oval],
        "0": [oval],
        "T": [[(0, 0), (1, 0)], [(0.5, 0), (0.5, 1)]],
        "P": [[(0, 1), (0, 0), (0.5, 0), *arc((0.5, 0.27), 0.5, 0.27, -90, 90), (0, 0.54)]],
        "S": [arc((0.5, 0.26), 0.5, 0.26, -20, -270) + arc((0.5, 0.76), 0.5, 0.24, -90, 160)],
        "3": [arc((0.48, 0.25), 0.5, 0.25, -160, 90), arc((0.48, 0.75), 0.52, 0.25, -90, 160)],
        "5": [[(0.92, 0), (0.14, 0), (0.06, 0.48), *arc((0.46, 0.69), 0.5, 0.31, -130, 150)]],
        "8": [arc((0.5, 0.25), 0.44, 0.25, 0, 360), arc((0.5, 0.75), 0.5, 0.25, 0, 360)],
    }
    return glyphs[name]


def _text(
    canvas: _Canvas, text: str, box: tuple[float, float, float, float], gap: float, width: float, colour: Colour
) -> None:
    """Write ``text`` as strokes into ``box`` (x0, y0, x1, y1); ``gap`` lies between letters."""
    x0, y0, x1, y1 = box
    advance = (x1 - x0 + gap) / len(text)
    for index, letter in enumerate(text):
        left = x0 + index * advance
        for points in _glyph(letter):
            placed = [(left + px * (advance - gap), y0 + py * (y1 - y0)) for px, py in points]
            canvas.stroke(placed, width, colour)


def _walker(canvas: _Canvas, centre: Point, height: float, colour: Colour) -> None:
    """A walking person, ``height`` tall, standing with the hip at ``centre``."""
    cx, cy = centre
    h = height
    canvas.disc((cx, cy - 0.42 * h), 0.095 * h, colour)
    canvas.stroke([(cx, cy - 0.28 * h), (cx, cy)], 0.15 * h, colour)
    canvas.stroke([(cx, cy), (cx - 0.18 * h, cy + 0.46 * h)], 0.09 * h, colour)
    canvas.stroke([(cx, cy), (cx + 0.13 * h, cy + 0.2 * h), (cx + 0.18 * h, cy + 0.46 * h)], 0.09 * h, colour)
    canvas.stroke([(cx, cy - 0.28 * h), (cx - 0.2 * h, cy - 0.02 * h)], 0.07 * h, colour)
    canvas.stroke([(cx, cy - 0.28 * h), (cx + 0.2 * h, cy - 0.06 * h)], 0.07 * h, colour)


def _stop(canvas: _Canvas) -> None:
    canvas.polygon(_regular(8, 0.52, 22.5), WHITE, body=True)
    canvas.polygon(_regular(8, 0.485, 22.5), RED)
    _text(canvas, "STOP", (0.14, 0.37, 0.86, 0.63), 0.075, 0.058, WHITE)


def _yield(canvas: _Canvas) -> None:
    outer = [(0.02, 0.1), (0.98, 0.1), (0.5, 0.93)]
    centre = (0.5, 0.1 + 0.83 / 3)
    canvas.polygon(outer, RED, body=True)
    canvas.polygon([_towards(p, centre, 0.45) for p in outer], WHITE)


def _towards(point: Point, centre: Point, share: float) -> Point:
    return (point[0] + (centre[0] - point[0]) * share, point[1] + (centre[1] - point[1]) * share)


def _no_entry(canvas: _Canvas) -> None:
    canvas.disc((0.5, 0.5), 0.48, WHITE, body=True)
    canvas.disc((0.5, 0.5), 0.46, RED)
    canvas.polygon([(0.15, 0.41), (0.85, 0.41), (0.85, 0.59), (0.15, 0.59)], WHITE)


def _speed(digits: str) -> Callable[[_Canvas], None]:
    def draw(canvas: _Canvas) -> None:
        canvas.disc((0.5, 0.5), 0.48, RED, body=True)
        canvas.disc((0.5, 0.5), 0.385, WHITE)
        _text(canvas, digits, (0.225, 0.315, 0.775, 0.685), 0.115, 0.08, BLACK)

    return draw


def _crossing(canvas: _Canvas) -> None:
    canvas.polygon([(0.04, 0.04), (0.96, 0.04), (0.96, 0.96), (0.04, 0.96)], WHITE, body=True)
    canvas.polygon([(0.07, 0.07), (0.93, 0.07), (0.93, 0.93), (0.07, 0.93)], BLUE)
    canvas.polygon([(0.5, 0.13), (0.9, 0.84), (0.1, 0.84)], WHITE)
    for left in (0.22, 0.38, 0.54, 0.7):
        canvas.polygon([(left, 0.75), (left + 0.08, 0.75), (left + 0.1, 0.82), (left, 0.82)], BLACK)
    _walker(canvas, (0.5, 0.53), 0.5, BLACK)


def _priority(canvas: _Canvas) -> None:
    canvas.polygon(_regular(4, 0.49, 0), WHITE, body=True)
    canvas.polygon(_regular(4, 0.46, 0), BLACK)
    canvas.polygon(_regular(4, 0.445, 0), WHITE)
    canvas.polygon(_regular(4, 0.32, 0), YELLOW)


def _roundabout(canvas: _Canvas) -> None:
    canvas.disc((0.5, 0.5), 0.48, WHITE, body=True)
    canvas.disc((0.5, 0.5), 0.46, BLUE)
    for start in (-60.0, 60.0, 180.0):
        canvas.stroke(arc((0.5, 0.5), 0.25, 0.25, start, start + 70), 0.075, WHITE)
        tip = math.radians(start + 92)
        head = (0.5 + 0.25 * math.cos(tip), 0.5 + 0.25 * math.sin(tip))
        base = arc((0.5, 0.5), 0.25, 0.25, start + 62, start + 66)[0]
        side = (base[0] - 0.5, base[1] - 0.5)
        out, inn = [(0.5 + side[0] * f, 0.5 + side[1] * f) for f in (1.5, 0.5)]
        canvas.polygon([head, out, inn], WHITE)


def _children(canvas: _Canvas) -> None:
    outer = [(0.5, 0.06), (0.98, 0.9), (0.02, 0.9)]
    centre = (0.5, 0.62)
    canvas.polygon(outer, RED, body=True)
    canvas.polygon([_towards(p, centre, 0.28) for p in outer], WHITE)
    _walker(canvas, (0.41, 0.65), 0.34, BLACK)
    _walker(canvas, (0.59, 0.68), 0.27, BLACK)


_PAINTERS: Final[dict[str, Callable[[_Canvas], None]]] = {
    "stop": _stop,
    "yield": _yield,
    "no_entry": _no_entry,
    "speed_30": _speed("30"),
    "speed_80": _speed("80"),
    "crossing": _crossing,
    "priority": _priority,
    "roundabout": _roundabout,
    "children": _children,
    "speed_50": _speed("50"),
}


@cache
def artwork(name: str) -> Image:
    """The sign ``name`` as RGBA uint8, ``SIZE`` x ``SIZE``; read-only, because it is shared."""
    canvas = _Canvas()
    _PAINTERS[name](canvas)
    rgba = canvas.finish()
    rgba.setflags(write=False)
    return rgba
