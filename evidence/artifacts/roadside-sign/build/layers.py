# SPDX-License-Identifier: Apache-2.0
"""Drawing of the layers of a scene: background, road, buildings, signs and what stands before them.

Every function takes a numpy Generator and returns a colour image (RGB, 0..255) and an alpha mask
(0..1) of the whole frame, and for scenery a depth from 0 (at the camera) to 1 (horizon).
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final, cast

import cv2
import numpy as np
from numpy.typing import NDArray
from signs import artwork

Image = NDArray[np.uint8]
Field = NDArray[np.float32]
Box = tuple[float, float, float, float]

SIDE: Final = 128
"""Width and height of a scene in pixels."""

SIGN_SIZE: Final = {"near": (32.0, 44.0), "mid": (22.0, 30.0), "far": (15.0, 20.0)}
"""Side of a sign in pixels, by distance."""


def _noise(rng: np.random.Generator, height: int, width: int, cells: tuple[tuple[int, int, float], ...]) -> Field:
    """Smooth noise of zero mean: a weighted sum of random grids of (rows, columns, weight)."""
    total = np.zeros((height, width), np.float32)
    for rows, columns, weight in cells:
        grid = rng.uniform(-1.0, 1.0, (rows, columns)).astype(np.float32)
        total += weight * cv2.resize(grid, (width, height), interpolation=cv2.INTER_CUBIC)
    return total


def _tint(field: Field, colour: tuple[float, float, float], contrast: float) -> Field:
    """A texture around ``colour`` (RGB 0..255), brightened and darkened by ``field``."""
    return np.asarray(colour, np.float32) * (1.0 + contrast * field[..., None])


def to_image(values: Field) -> Image:
    return np.clip(np.round(values), 0, 255).astype(np.uint8)


_GROUNDS: Final[dict[str, tuple[tuple[float, float, float], float, tuple[tuple[int, int, float], ...]]]] = {
    "grass": ((86.0, 116.0, 52.0), 0.30, ((4, 5, 0.6), (24, 16, 0.5), (56, 30, 0.5))),
    "gravel": ((142.0, 132.0, 118.0), 0.22, ((4, 4, 0.5), (40, 40, 0.7))),
    "field": ((164.0, 142.0, 84.0), 0.22, ((6, 3, 0.8), (30, 10, 0.6))),
    "snowy": ((206.0, 210.0, 216.0), 0.09, ((5, 4, 0.9), (30, 24, 0.5))),
}
_SKIES: Final = ((128.0, 172.0, 222.0), (168.0, 190.0, 212.0), (190.0, 194.0, 198.0), (104.0, 150.0, 208.0))


def background(rng: np.random.Generator) -> tuple[Image, Field, int]:
    """Sky over ground; returns the image, its depth and the row of the horizon."""
    horizon = int(rng.integers(50, 84))
    base = np.asarray(_SKIES[int(rng.integers(len(_SKIES)))], np.float32)
    ramp = np.linspace(0.86, 1.12, horizon, dtype=np.float32)[:, None, None]
    clouds = np.clip(_noise(rng, horizon, SIDE, ((3, 4, 0.7), (8, 10, 0.4), (20, 24, 0.15))), 0.0, 1.0)[..., None]
    cover = np.float32(rng.uniform(0.1, 0.75))
    sky = base * ramp * (1 - cover * clouds) + 238.0 * cover * clouds
    name = list(_GROUNDS)[int(rng.choice(len(_GROUNDS), p=(0.42, 0.25, 0.23, 0.10)))]
    colour, contrast, cells = _GROUNDS[name]
    ground = _tint(_noise(rng, SIDE - horizon, SIDE, cells), colour, contrast)
    ground *= np.linspace(0.88, 1.08, SIDE - horizon, dtype=np.float32)[:, None, None]
    ground *= rng.uniform(0.85, 1.12, 3).astype(np.float32)
    image = np.concatenate([sky, ground])
    # A hedge or a range of hills hides the sharp edge in some scenes.
    if rng.random() < 0.6:
        ridge = 3.0 + 5.0 * (1.0 + _noise(rng, 1, SIDE, ((1, 5, 0.8), (1, 17, 0.3)))[0])
        shade = np.asarray((70.0, 92.0, 66.0), np.float32) * np.float32(rng.uniform(0.7, 1.3))
        rows = np.arange(SIDE, dtype=np.float32)[:, None]
        band = (rows < horizon) & (rows > horizon - ridge[None, :])
        image[band] = shade
    rows = np.arange(SIDE, dtype=np.float32)
    depth = np.where(rows < horizon, 1.0, 1.0 - (rows - horizon) / (SIDE - horizon)).astype(np.float32)
    return to_image(image), np.repeat(depth[:, None], SIDE, axis=1), horizon


def crop(rgb: Field | Image, alpha: Field) -> tuple[Image, tuple[int, int], Box] | None:
    """Cut a full-frame layer to its opaque part; None when nothing of it is visible."""
    rows = np.flatnonzero(alpha.max(axis=1) > 0.004)
    columns = np.flatnonzero(alpha.max(axis=0) > 0.004)
    if rows.size == 0:
        return None
    y0, y1, x0, x1 = int(rows[0]), int(rows[-1]) + 1, int(columns[0]), int(columns[-1]) + 1
    layer = np.empty((y1 - y0, x1 - x0, 4), np.uint8)
    layer[..., :3] = np.clip(np.round(rgb[y0:y1, x0:x1]), 0, 255)
    layer[..., 3] = np.clip(np.round(alpha[y0:y1, x0:x1] * 255.0), 0, 255)
    return layer, (x0, y0), (float(x0), float(y0), float(x1), float(y1))


def _mask(points: NDArray[np.float64] | list[tuple[float, float]]) -> Field:
    """Anti-aliased polygon mask of the whole frame, 0..1."""
    canvas = np.zeros((SIDE, SIDE), np.uint8)
    fixed = np.round(np.asarray(points) * 16).astype(np.int32).reshape(-1, 1, 2)
    cv2.fillPoly(canvas, [fixed], (255,), cv2.LINE_AA, 4)
    return canvas.astype(np.float32) / 255.0


def _rectangle(x0: float, y0: float, x1: float, y1: float) -> list[tuple[float, float]]:
    return [(x0, y0), (x1, y0), (x1, y1), (x0, y1)]


def _flat(colour: tuple[float, float, float] | NDArray[np.float64]) -> Field:
    return np.broadcast_to(np.asarray(colour, np.float32), (SIDE, SIDE, 3)).copy()


def _paint(canvas: Field, points: list[tuple[float, float]], colour: tuple[float, float, float]) -> None:
    """Fill a polygon on ``canvas`` in place; only the pixels around it are touched."""
    xs, ys = [x for x, _ in points], [y for _, y in points]
    x0, y0 = max(0, math.floor(min(xs)) - 1), max(0, math.floor(min(ys)) - 1)
    x1, y1 = min(SIDE, math.ceil(max(xs)) + 2), min(SIDE, math.ceil(max(ys)) + 2)
    if x0 >= x1 or y0 >= y1:
        return
    local = np.zeros((y1 - y0, x1 - x0), np.uint8)
    fixed = np.round((np.asarray(points) - (x0, y0)) * 16).astype(np.int32).reshape(-1, 1, 2)
    cv2.fillPoly(local, [fixed], (255,), cv2.LINE_AA, 4)
    window = canvas[y0:y1, x0:x1]
    window += (local.astype(np.float32) / 255.0)[..., None] * (np.asarray(colour, np.float32) - window)


def road(rng: np.random.Generator, horizon: int) -> tuple[Field, Field, float]:
    vanish = float(rng.uniform(20, 108))
    left, right = float(rng.uniform(-60, 40)), float(rng.uniform(88, 190))
    rgb = _tint(_noise(rng, SIDE, SIDE, ((5, 5, 0.6), (40, 40, 0.4))), (104.0, 104.0, 108.0), 0.13)
    rgb *= np.float32(rng.uniform(0.7, 1.25))
    alpha = _mask([(vanish - 2, horizon), (vanish + 2, horizon), (right, SIDE), (left, SIDE)])
    middle = (left + right) / 2
    for step in range(4):
        a, b = 0.12 + 0.24 * step, 0.22 + 0.26 * step
        ends = [(vanish + (middle - vanish) * t, horizon + (SIDE - horizon) * t, 0.4 + 2.2 * t) for t in (a, b)]
        (xa, ya, wa), (xb, yb, wb) = ends
        _paint(rgb, [(xa - wa, ya), (xa + wa, ya), (xb + wb, yb), (xb - wb, yb)], (222.0, 222.0, 216.0))
    return rgb, alpha, 0.45


def building(rng: np.random.Generator, horizon: int) -> tuple[Field, Field, float]:
    width, height = float(rng.uniform(22, 56)), float(rng.uniform(24, 60))
    x0, base = float(rng.uniform(-12, SIDE - 14)), horizon + float(rng.uniform(2, 9))
    wall = ((158.0, 92.0, 72.0), (206.0, 194.0, 168.0), (150.0, 150.0, 152.0), (196.0, 150.0, 110.0))
    colour = wall[int(rng.integers(len(wall)))]
    rgb = _tint(_noise(rng, SIDE, SIDE, ((5, 5, 0.5), (50, 50, 0.4))), colour, 0.12)
    if rng.random() < 0.5:  # brick courses
        rows, columns = np.mgrid[0:SIDE, 0:SIDE]
        joint = (rows % 4 == 0) | ((columns + 4 * ((rows // 4) % 2)) % 8 == 0)
        rgb[joint] *= 1.16
    top = base - height
    alpha = _mask(_rectangle(x0, top, x0 + width, base))
    glass = (70.0, 84.0, 100.0) if rng.random() < 0.7 else (190.0, 206.0, 220.0)
    pitch, window = float(rng.uniform(10, 14)), float(rng.uniform(5, 7.5))
    for row in range(int((height - 6) // pitch)):
        for column in range(int((width - 4) // pitch)):
            x, y = x0 + 4 + column * pitch, top + 5 + row * pitch
            _paint(rgb, _rectangle(x, y, x + window, y + window), glass)
    if rng.random() < 0.5:
        roof = [(x0 - 2, top), (x0 + width / 2, top - 12), (x0 + width + 2, top)]
        _paint(rgb, roof, (120.0, 62.0, 52.0))
        alpha = np.maximum(alpha, _mask(roof))
    return rgb, alpha, 0.85


def _foliage(
    rng: np.random.Generator,
    centre: tuple[float, float],
    radii: tuple[float, float],
    colour: tuple[float, float, float],
) -> tuple[Field, Field]:
    """A leafy blob with a ragged edge."""
    rows, columns = np.mgrid[0:SIDE, 0:SIDE].astype(np.float32) + np.float32(0.5)
    reach = np.hypot((columns - centre[0]) / radii[0], (rows - centre[1]) / radii[1])
    ragged = reach + 0.3 * _noise(rng, SIDE, SIDE, ((16, 16, 0.6), (44, 44, 0.6)))
    alpha = np.clip((1.0 - ragged) * 4.0 + 0.5, 0.0, 1.0).astype(np.float32)
    rgb = _tint(_noise(rng, SIDE, SIDE, ((14, 14, 0.6), (48, 48, 0.6))), colour, 0.38)
    return rgb, alpha


_LEAVES: Final = ((58.0, 92.0, 40.0), (84.0, 108.0, 46.0), (142.0, 104.0, 44.0), (70.0, 84.0, 58.0))


def tree(rng: np.random.Generator, horizon: int) -> tuple[Field, Field, float]:
    x, base = float(rng.uniform(2, SIDE - 2)), horizon + float(rng.uniform(2, 16))
    height, spread = float(rng.uniform(26, 52)), float(rng.uniform(9, 20))
    colour = _LEAVES[int(rng.integers(len(_LEAVES)))]
    rgb, crown = _foliage(rng, (x, base - height * 0.68), (spread, height * 0.4), colour)
    trunk = _mask(_rectangle(x - 1.5, base - height * 0.5, x + 1.5, base))
    rgb = np.where((crown < 0.5)[..., None], np.asarray((84.0, 66.0, 50.0), np.float32), rgb)
    return rgb, np.maximum(crown, trunk), 0.7


_PAINT: Final = (
    (176.0, 30.0, 36.0),
    (44.0, 62.0, 120.0),
    (216.0, 216.0, 218.0),
    (52.0, 54.0, 58.0),
    (150.0, 154.0, 160.0),
)


def vehicle(rng: np.random.Generator, horizon: int) -> tuple[Field, Field, float]:
    """A car seen from behind."""
    width = float(rng.uniform(16, 36))
    x, base = float(rng.uniform(10, SIDE - 10)), horizon + width * float(rng.uniform(0.6, 0.85))
    body, half = width * 0.42, width / 2
    colour = _PAINT[int(rng.integers(len(_PAINT)))]
    rgb = _flat(colour) * (1.0 + 0.1 * _noise(rng, SIDE, SIDE, ((6, 6, 1.0),)))[..., None]
    waist = base - body
    cabin = [
        (x - half * 0.86, waist),
        (x - half * 0.66, waist - body * 0.8),
        (x + half * 0.66, waist - body * 0.8),
        (x + half * 0.86, waist),
    ]
    shell = _rectangle(x - half, waist, x + half, base - 1.5)
    alpha = np.maximum(_mask(shell), _mask(cabin))
    glass = [
        (x - half * 0.72, waist),
        (x - half * 0.56, waist - body * 0.66),
        (x + half * 0.56, waist - body * 0.66),
        (x + half * 0.72, waist),
    ]
    _paint(rgb, glass, (58.0, 70.0, 82.0))
    for side in (-1.0, 1.0):
        lamp = sorted((x + side * half * 0.95, x + side * half * 0.68))
        _paint(rgb, _rectangle(lamp[0], waist + body * 0.15, lamp[1], waist + body * 0.4), (206.0, 24.0, 20.0))
        tyre = sorted((x + side * half * 0.9, x + side * half * 0.6))
        wheel = _rectangle(tyre[0], base - 3.0, tyre[1], base + 1.5)
        _paint(rgb, wheel, (24.0, 24.0, 26.0))
        alpha = np.maximum(alpha, _mask(wheel))
    plate = _rectangle(x - half * 0.25, base - body * 0.45, x + half * 0.25, base - body * 0.2)
    _paint(rgb, plate, (232.0, 230.0, 214.0))
    return rgb.astype(np.float32), alpha, 0.5


@dataclass(frozen=True, slots=True)
class Spot:
    """Where a sign stands: name of the artwork, centre and side in pixels."""

    label: str
    x: float
    y: float
    side: float


def spots(rng: np.random.Generator, labels: list[str], distance: str, horizon: int) -> list[Spot]:
    """Places for the signs that keep 3 px between them; one that finds no place is left out."""
    spots: list[Spot] = []
    low, high = SIGN_SIZE[distance]
    for label in labels:
        side = float(rng.uniform(low, high))
        half = side * 0.56 + 1.5
        for _ in range(30):
            x = float(rng.uniform(half, SIDE - half))
            y = float(rng.uniform(half, min(SIDE - half, horizon + 14.0)))
            if spots and rng.random() < 0.3:  # second sign on the same pole
                x, y = spots[-1].x, spots[-1].y + side * 1.15 + 2.0
            fits = half <= y <= SIDE - half
            if fits and all(max(abs(x - s.x), abs(y - s.y)) > (side + s.side) * 0.55 + 3.0 for s in spots):
                spots.append(Spot(label, x, y, side))
                break
    return spots


def sign(rng: np.random.Generator, spot: Spot) -> tuple[Field, Field, Box]:
    """Warp the artwork to its place with slight roll, foreshortening and fading; also returns the box."""
    roll = math.radians(float(rng.uniform(-6, 6)))
    squeeze, fade = float(rng.uniform(0.82, 1.0)), float(rng.uniform(0.82, 1.04))
    source = artwork(spot.label).astype(np.float32) / 255.0
    source[..., :3] *= source[..., 3:]
    # Area-average first, so that the bilinear warp below does not skip pixels of the artwork.
    inner = max(8, math.ceil(spot.side))
    source = cast("Field", cv2.resize(source, (inner, inner), interpolation=cv2.INTER_AREA))
    factor = spot.side / inner
    cos, sin = math.cos(roll) * factor, math.sin(roll) * factor
    matrix = np.array([[cos * squeeze, -sin * squeeze, 0.0], [sin, cos, 0.0]])
    centre = matrix[:, :2] @ np.array([(inner - 1) / 2, (inner - 1) / 2])
    matrix[:, 2] = np.array([spot.x - 0.5, spot.y - 0.5]) - centre
    warped = cast("Field", cv2.warpAffine(source, matrix, (SIDE, SIDE), flags=cv2.INTER_LINEAR))
    alpha = np.ascontiguousarray(warped[..., 3])
    rgb = warped[..., :3] / np.maximum(alpha, 1e-3)[..., None] * 255.0 * fade
    return rgb.astype(np.float32), alpha, _tight_box(alpha)


def _tight_box(alpha: Field) -> Box:
    """Sub-pixel box of a mask: the outermost rows and columns count by their largest cover."""
    columns, rows = alpha.max(axis=0), alpha.max(axis=1)
    xs, ys = np.flatnonzero(columns > 0.25), np.flatnonzero(rows > 0.25)
    return (
        float(xs[0] + 1 - min(1.0, columns[xs[0]])),
        float(ys[0] + 1 - min(1.0, rows[ys[0]])),
        float(xs[-1] + min(1.0, columns[xs[-1]])),
        float(ys[-1] + min(1.0, rows[ys[-1]])),
    )


def pole(rng: np.random.Generator, spot: Spot, horizon: int) -> tuple[Field, Field, float]:
    half = max(0.6, spot.side * 0.035)
    foot = min(float(SIDE), max(spot.y + spot.side * 1.6, horizon + spot.side * float(rng.uniform(0.6, 1.4))))
    shade = float(rng.uniform(96, 170))
    alpha = _mask(_rectangle(spot.x - half, spot.y - spot.side * 0.4, spot.x + half, foot))
    return _flat((shade, shade, shade + 4.0)), alpha, 0.0


def cover(rng: np.random.Generator, sign: Field, spot: Spot, others: list[Field]) -> tuple[Field, Field] | None:
    """An occluder that hides 15 to 38 percent of one sign and spares the others; None when none was found."""
    area = float(sign.sum())
    for _ in range(12):
        angle = float(rng.uniform(0, 2 * math.pi))
        if rng.random() < 0.65:
            reach = spot.side * float(rng.uniform(0.5, 0.68))
            radius = spot.side * float(rng.uniform(0.32, 0.56))
            centre = (spot.x + reach * math.cos(angle), spot.y + reach * math.sin(angle))
            colour = _LEAVES[int(rng.integers(len(_LEAVES)))]
            rgb, alpha = _foliage(rng, centre, (radius, radius * float(rng.uniform(0.7, 1.2))), colour)
        else:  # a post or a branch across the sign
            half, lean = spot.side * float(rng.uniform(0.06, 0.13)), float(rng.uniform(-0.35, 0.35))
            x = spot.x + spot.side * float(rng.uniform(-0.42, 0.42))
            run = lean * spot.side * 1.6
            top, foot = spot.y - spot.side * 0.9, spot.y + spot.side * 1.3
            alpha = _mask(
                [(x - half - run, top), (x + half - run, top), (x + half + run, foot), (x - half + run, foot)]
            )
            shade = float(rng.uniform(50, 130))
            rgb = _flat((shade, shade * 0.92, shade * 0.84))
        hidden = float((sign * alpha).sum()) / area
        spares = all(float((other * alpha).sum()) < 0.02 * float(other.sum()) for other in others)
        if 0.15 <= hidden <= 0.38 and spares:
            return rgb, alpha
    return None


def shelter(rng: np.random.Generator, signs: list[Field]) -> tuple[Field, Field] | None:
    """A bush in the foreground that touches no sign; None when none was found."""
    for _ in range(6):
        centre = (float(rng.uniform(0, SIDE)), float(rng.uniform(70, SIDE + 6)))
        radii = (float(rng.uniform(8, 24)), float(rng.uniform(6, 18)))
        rgb, alpha = _foliage(rng, centre, radii, _LEAVES[int(rng.integers(len(_LEAVES)))])
        if all(float((alpha * sign).max()) < 0.02 for sign in signs):
            return rgb, alpha
    return None
