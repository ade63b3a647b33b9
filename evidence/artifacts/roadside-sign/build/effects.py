# SPDX-License-Identifier: Apache-2.0
"""Light, weather, motion and sensor noise: what happens between the painted scene and the picture."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final, cast

import cv2
import numpy as np
from layers import SIDE, Field

_AMBIENT: Final = {
    "day": (1.0, 1.0, 1.0),
    "dusk": (0.56, 0.50, 0.54),
    "night": (0.15, 0.16, 0.21),
    "low_sun": (0.86, 0.74, 0.58),
}
_HEADLIGHT: Final = {"day": 0.0, "dusk": 0.12, "night": 0.52, "low_sun": 0.0}
_SENSOR_NOISE: Final = {"day": 1.5, "dusk": 2.4, "night": 4.5, "low_sun": 2.0}
_AIRLIGHT: Final = {
    "day": (206.0, 208.0, 210.0),
    "dusk": (112.0, 106.0, 112.0),
    "night": (44.0, 46.0, 52.0),
    "low_sun": (222.0, 200.0, 168.0),
}

_ROWS, _COLUMNS = (np.mgrid[0:SIDE, 0:SIDE] + 0.5).astype(np.float32)


def _glow(centre: tuple[float, float], radius: float) -> Field:
    squared = (_COLUMNS - centre[0]) ** 2 + (_ROWS - centre[1]) ** 2
    return cast("Field", np.exp(squared * np.float32(-1.0 / (2.0 * radius * radius))))


def _rain(rng: np.random.Generator) -> Field:
    """Streaks of falling rain, 0..1."""
    canvas = np.zeros((SIDE, SIDE), np.uint8)
    count = int(rng.integers(50, 90))
    starts = rng.uniform(-10, SIDE, (count, 2))
    lengths, slant = rng.uniform(5, 13, count), float(rng.uniform(-0.25, 0.25))
    ends = starts + np.stack([lengths * slant, lengths], axis=1)
    lines = np.round(np.stack([starts, ends], axis=1) * 16).astype(np.int32)
    cv2.polylines(canvas, list(lines), isClosed=False, color=(110,), thickness=1, lineType=cv2.LINE_AA, shift=4)
    return canvas.astype(np.float32) / 255.0


def _motion_kernel(rng: np.random.Generator) -> Field:
    """A line of 4 to 5.5 px, mostly horizontal, drawn at eight times the size and reduced."""
    length, angle = float(rng.uniform(4.0, 5.5)), math.radians(float(rng.uniform(-25, 25)))
    offsets = np.linspace(-length / 2, length / 2, 33)
    kernel = np.zeros((7, 7), np.float32)
    for offset in offsets:
        x, y = 3 + offset * math.cos(angle), 3 + offset * math.sin(angle)
        x0, y0 = math.floor(x), math.floor(y)
        for dx, dy in ((0, 0), (1, 0), (0, 1), (1, 1)):
            if 0 <= x0 + dx < 7 and 0 <= y0 + dy < 7:
                kernel[y0 + dy, x0 + dx] += (1 - abs(x - x0 - dx)) * (1 - abs(y - y0 - dy))
    return cast("Field", kernel / kernel.sum())


@dataclass(frozen=True, slots=True, eq=False)
class Chance:
    """Everything random in the rendering of one scene, drawn before it is known what is needed."""

    beam: tuple[float, float]
    sun: tuple[float, float]
    fog: float
    rain: Field
    kernel: Field
    noise: Field


def draw_chance(seed: int) -> Chance:
    rng = np.random.default_rng([seed, 2])
    return Chance(
        beam=(float(rng.uniform(44, 84)), float(rng.uniform(62, 92))),
        sun=(float(rng.uniform(0, SIDE)), float(rng.uniform(0, 60))),
        fog=float(rng.uniform(1.0, 1.8)),
        rain=_rain(rng),
        kernel=_motion_kernel(rng),
        noise=rng.standard_normal((SIDE, SIDE, 3), dtype=np.float32),
    )


def apply(colour: Field, depth: Field, reflection: Field, light: str, weather: str, blur: str, chance: Chance) -> Field:
    """Light, fog, rain, glare, motion and sensor noise, in the order in which light meets them."""
    gain = np.asarray(_AMBIENT[light], np.float32) + np.zeros((SIDE, SIDE, 1), np.float32)
    if _HEADLIGHT[light]:
        beam = _HEADLIGHT[light] * (0.35 + 0.65 * _glow(chance.beam, 46.0))
        gain = gain + (beam * (0.3 * (1.0 - depth) + reflection))[..., None]
    image = colour * gain
    haze = {"clear": 0.0, "rain": 0.3, "fog": chance.fog}[weather]
    if haze:
        through = np.exp(-haze * depth)[..., None]
        image = image * through + np.asarray(_AIRLIGHT[light], np.float32) * (1.0 - through)
    if weather == "rain":
        streak = 0.55 * chance.rain[..., None]
        image = image * (1.0 - streak) + streak * np.asarray(_AIRLIGHT[light], np.float32)
    if light == "low_sun":
        image = image * 0.82 + np.asarray((128.0, 104.0, 66.0), np.float32) * _glow(chance.sun, 34.0)[..., None] + 14.0
    if blur == "motion":
        image = cast("Field", cv2.filter2D(image, -1, chance.kernel, borderType=cv2.BORDER_REPLICATE))
    return cast("Field", image + np.float32(_SENSOR_NOISE[light]) * chance.noise)
