"""Colours of charts: a scale whose steps look alike, for eyes of every kind and on grey paper.

The scale runs through OKLab, in which equal distances look equally far, from a pale yellow over red to a dark violet; its
lightness falls evenly, so that it keeps its order without colour. Source of the matrices: B. Ottosson, "A perceptual color
space for image processing", 2020, https://bottosson.github.io/posts/oklab/. The colours of categories are those of Okabe
and Ito, "Color Universal Design", 2008, https://jfly.uni-koeln.de/color/, which differ for all kinds of colour vision.
"""

from __future__ import annotations

import math
from functools import cache
from typing import Final

SDC: Final = "#d55e00"
DUE: Final = "#56b4e9"
DETECTED: Final = "#009e73"
BEFORE: Final = "#b9c0c9"
AFTER: Final = "#0072b2"
INK: Final = "#1c2530"
SOFT: Final = "#56616e"
FAINT: Final = "#9aa4af"
GRID: Final = "#dde2e8"
PALE: Final = "#f4f6f8"
PAPER: Final = "#ffffff"

STEPS: Final = 48
_PATH: Final = (
    (0.955, 0.060, 105.0),
    (0.800, 0.140, 70.0),
    (0.630, 0.185, 32.0),
    (0.450, 0.150, 350.0),
    (0.270, 0.095, 310.0),
)
"""Lightness (0 to 1), chroma, and hue in degrees, at equal distances of the scale; the hue falls all along."""


def scale(at: float) -> str:
    """Return the colour at a place of the scale, 0 for the least and 1 for the most."""
    step = round(min(max(at, 0.0), 1.0) * (STEPS - 1))
    return _colours()[step]


@cache
def _colours() -> tuple[str, ...]:
    return tuple(_at(step / (STEPS - 1)) for step in range(STEPS))


def _at(position: float) -> str:
    place = position * (len(_PATH) - 1)
    first = min(int(place), len(_PATH) - 2)
    part = place - first
    one, two = _PATH[first], _PATH[first + 1]
    turn = (two[2] - one[2] + 180) % 360 - 180
    lightness = _PATH[0][0] + position * (_PATH[-1][0] - _PATH[0][0])
    return _hex(lightness, one[1] + part * (two[1] - one[1]), one[2] + part * turn)


def _hex(lightness: float, chroma: float, hue: float) -> str:
    a, b = chroma * math.cos(math.radians(hue)), chroma * math.sin(math.radians(hue))
    long = (lightness + 0.3963377774 * a + 0.2158037573 * b) ** 3
    middle = (lightness - 0.1055613458 * a - 0.0638541728 * b) ** 3
    short = (lightness - 0.0894841775 * a - 1.2914855480 * b) ** 3
    linear = (
        4.0767416621 * long - 3.3077115913 * middle + 0.2309699292 * short,
        -1.2684380046 * long + 2.6097574011 * middle - 0.3413193965 * short,
        -0.0041960863 * long - 0.7034186147 * middle + 1.7076147010 * short,
    )
    return "#" + "".join(f"{round(_gamma(value) * 255):02x}" for value in linear)


def _gamma(value: float) -> float:
    """Return a linear component as sRGB (IEC 61966-2-1)."""
    value = min(max(value, 0.0), 1.0)
    return 12.92 * value if value <= 0.0031308 else 1.055 * value ** (1 / 2.4) - 0.055
