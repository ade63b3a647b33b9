# SPDX-License-Identifier: Apache-2.0
"""Layered roadside scenes of 128 x 128 pixels.

A scene is a background, an ordered list of regions of interest (ROIs) that each own one RGBA
layer, and an environment. :func:`draw_scene` draws all of it from one seed;
:func:`render` paints any subset of the ROIs, on the scene's background or on a fill, under the
scene's environment or another one. Every random number that an effect needs (sensor noise, rain,
motion direction) comes from the scene's seed and is drawn whatever the subset and the environment
are, so two renderings of a scene differ only by what was changed on purpose.

Of the six factors of the operational design domain, ``light``, ``weather`` and ``blur`` are
effects of :func:`render`; ``distance``, ``occlusion`` and ``clutter`` are properties of the layers.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, fields
from typing import Final, Literal, cast

import cv2
import layers
import numpy as np
from effects import apply, draw_chance
from layers import SIDE, Box, Field, Image
from signs import CLASSES, DISTRACTORS

ODD: Final[dict[str, tuple[str, ...]]] = {
    "light": ("day", "dusk", "night", "low_sun"),
    "weather": ("clear", "rain", "fog"),
    "distance": ("near", "mid", "far"),
    "occlusion": ("none", "partial"),
    "blur": ("none", "motion"),
    "clutter": ("low", "high"),
}
"""Factors of the operational design domain and their levels: 4*3*3*2*2*2 = 288 combinations."""

SIGN_DEPTH: Final = {"near": 0.15, "mid": 0.4, "far": 0.75}

Kind = Literal["sign", "other_sign", "pole", "road", "building", "tree", "vehicle", "occluder"]
Role = Literal["target", "context", "occluder"]
Background = Literal["scene", "grey", "mean", "blur"]


@dataclass(frozen=True, slots=True)
class Environment:
    """One level of every factor; ``distance`` and ``occlusion`` hold for all signs of the scene."""

    light: str
    weather: str
    distance: str
    occlusion: str
    blur: str
    clutter: str

    def __post_init__(self) -> None:
        """Refuse a level that the operational design domain does not name."""
        for name, level in self.as_dict().items():
            if level not in ODD[name]:
                raise ValueError(f"{name}={level!r} is not one of {', '.join(ODD[name])}")

    def as_dict(self) -> dict[str, str]:
        """Factor name to level."""
        return {field.name: str(getattr(self, field.name)) for field in fields(self)}


@dataclass(frozen=True, slots=True, eq=False)
class Roi:
    """One region of interest with a layer of its own.

    ``layer`` is RGBA uint8 with straight alpha; its top left pixel lies at ``origin`` (x, y) of
    the image. ``box`` is (x0, y0, x1, y1) in pixels around the opaque part. ``label`` is the class
    of a target, the artwork's name for an unlabelled sign, else None. ``depth`` runs from 0 (at
    the camera) to 1 (horizon) and drives fog; ``reflection`` is the share of headlight returned.
    """

    name: str
    kind: Kind
    role: Role
    label: str | None
    box: Box
    layer: Image
    origin: tuple[int, int]
    depth: float
    reflection: float


@dataclass(frozen=True, slots=True, eq=False)
class Scene:
    """A drawn scene: ``background`` RGB uint8, ``depth`` float32 of the background, ROIs in paint order."""

    seed: int
    environment: Environment
    background: Image
    depth: Field
    rois: tuple[Roi, ...]

    @property
    def targets(self) -> tuple[Roi, ...]:
        """The labelled signs."""
        return tuple(roi for roi in self.rois if roi.role == "target")


class _Builder:
    """Collects ROIs in paint order and numbers them by kind."""

    def __init__(self) -> None:
        self.rois: list[Roi] = []

    def add(
        self,
        kind: Kind,
        role: Role,
        rgb: Field,
        alpha: Field,
        depth: float,
        *,
        label: str | None = None,
        box: Box | None = None,
        reflection: float = 0.0,
    ) -> None:
        """Append one layer unless it lies outside the frame."""
        cut = layers.crop(rgb, alpha)
        if cut is None:
            return
        layer, origin, outline = cut
        layer.setflags(write=False)
        number = 1 + sum(roi.kind == kind for roi in self.rois)
        name = f"{kind}-{number}"
        self.rois.append(Roi(name, kind, role, label, box or outline, layer, origin, depth, reflection))


def _draw_environment(rng: np.random.Generator) -> Environment:
    return Environment(**{name: levels[int(rng.integers(len(levels)))] for name, levels in ODD.items()})


def _draw_context(rng: np.random.Generator, builder: _Builder, clutter: str, horizon: int) -> None:
    """Buildings, trees, road and vehicles; each kind may be absent at either level of clutter."""
    many = clutter == "high"
    for _ in range(int(rng.integers(1, 3)) if many else int(rng.random() < 0.3)):
        builder.add("building", "context", *layers.building(rng, horizon))
    for _ in range(int(rng.integers(1, 4)) if many else int(rng.random() < 0.4)):
        builder.add("tree", "context", *layers.tree(rng, horizon))
    if rng.random() < 0.8:
        builder.add("road", "context", *layers.road(rng, horizon))
    if rng.random() < (0.75 if many else 0.2):
        builder.add("vehicle", "context", *layers.vehicle(rng, horizon), reflection=0.25)


def _draw_signs(rng: np.random.Generator, builder: _Builder, environment: Environment, horizon: int) -> None:
    """Poles first, then unlabelled signs, then targets, then what stands in front of them."""
    many = environment.clutter == "high"
    targets = [CLASSES[int(i)] for i in rng.integers(0, len(CLASSES), int(rng.choice(4, p=(0.04, 0.5, 0.4, 0.06))))]
    others = int(rng.choice(3, p=(0.3, 0.5, 0.2))) if many else int(rng.random() < 0.2)
    if not targets:
        others = max(others, 1)
    labels = targets + [DISTRACTORS[int(i)] for i in rng.integers(0, len(DISTRACTORS), others)]
    spots = layers.spots(rng, labels, environment.distance, horizon)
    depth = SIGN_DEPTH[environment.distance]
    for spot in spots:
        rgb, alpha, _ = layers.pole(rng, spot, horizon)
        builder.add("pole", "context", rgb, alpha, depth, reflection=0.1)
    drawn = [(spot, *layers.sign(rng, spot)) for spot in spots]
    for spot, rgb, alpha, box in drawn:
        if spot.label in DISTRACTORS:
            builder.add("other_sign", "context", rgb, alpha, depth, label=spot.label, box=box, reflection=0.8)
    covers: list[tuple[Field, Field]] = []
    for spot, rgb, alpha, box in drawn:
        if environment.occlusion == "partial":
            cover = layers.cover(rng, alpha, spot, [other for near, _, other, _ in drawn if near is not spot])
            if cover is None and spot.label not in DISTRACTORS:
                continue  # a target that could not be occluded would break the scene's level
            if cover is not None:
                covers.append(cover)
        if spot.label not in DISTRACTORS:
            builder.add("sign", "target", rgb, alpha, depth, label=spot.label, box=box, reflection=0.8)
    if environment.occlusion == "none" and rng.random() < 0.45:
        bush = layers.shelter(rng, [alpha for _, _, alpha, _ in drawn])
        if bush is not None:
            covers.append(bush)
    for rgb, alpha in covers:
        builder.add("occluder", "occluder", rgb, alpha, depth * 0.8)


def draw_scene(seed: int, environment: Environment | None = None) -> Scene:
    """Draw one scene.

    Args:
        seed: Seeds numpy's PCG64; equal arguments give an equal scene.
        environment: Levels to draw the scene at; by default each is drawn uniformly.
    """
    rng = np.random.default_rng([seed, 1])
    drawn = _draw_environment(rng)
    chosen = environment or drawn
    background, depth, horizon = layers.background(rng)
    builder = _Builder()
    _draw_context(rng, builder, chosen.clutter, horizon)
    _draw_signs(rng, builder, chosen, horizon)
    background.setflags(write=False)
    depth.setflags(write=False)
    return Scene(seed, chosen, background, depth, tuple(builder.rois))


def _fill(scene: Scene, background: str) -> Field:
    image = scene.background.astype(np.float32)
    match background:
        case "scene":
            return image
        case "grey":
            return np.full_like(image, 128.0)
        case "mean":
            return np.broadcast_to(image.mean(axis=(0, 1)), image.shape).astype(np.float32)
        case "blur":
            return cast("Field", cv2.GaussianBlur(image, (0, 0), 12.0))
        case _:
            raise ValueError(f"background={background!r} is not one of scene, grey, mean, blur")


def _compose(scene: Scene, rois: Collection[str] | None, background: str) -> tuple[Field, Field, Field]:
    """Paint the chosen ROIs in order; returns colour, depth and headlight reflection per pixel."""
    colour = _fill(scene, background)
    depth = scene.depth.copy()
    reflection = np.full((SIDE, SIDE), 0.06, np.float32)
    for roi in scene.rois:
        if rois is not None and roi.name not in rois:
            continue
        x, y = roi.origin
        height, width = roi.layer.shape[:2]
        window = np.s_[y : y + height, x : x + width]
        alpha = roi.layer[..., 3].astype(np.float32) / 255.0
        colour[window] += alpha[..., None] * (roi.layer[..., :3] - colour[window])
        depth[window] += alpha * (np.float32(roi.depth) - depth[window])
        reflection[window] += alpha * (np.float32(roi.reflection) - reflection[window])
    return colour, depth, reflection


def render(
    scene: Scene,
    rois: Collection[str] | None = None,
    background: Background = "scene",
    environment: Environment | None = None,
) -> Image:
    """Render a scene, or a part of it.

    Args:
        scene: What :func:`draw_scene` returned.
        rois: Names of the ROIs to paint, in the scene's order; None paints all of them.
        background: ``scene``, or a fill: ``grey`` (128), ``mean`` colour, or the blurred background.
        environment: Levels to render under; None takes the scene's own. Only ``light``,
            ``weather`` and ``blur`` may differ from the scene's.

    Returns:
        RGB uint8 of shape (128, 128, 3).

    Raises:
        ValueError: An unknown ROI or background, or a structural factor that differs.
    """
    chosen = environment or scene.environment
    for name in ("distance", "occlusion", "clutter"):
        if getattr(chosen, name) != getattr(scene.environment, name):
            raise ValueError(f"{name} belongs to the layers of the scene and cannot be changed by rendering")
    unknown = set(rois or ()) - {roi.name for roi in scene.rois}
    if unknown:
        raise ValueError(f"the scene has no ROI named {', '.join(sorted(unknown))}")
    colour, depth, reflection = _compose(scene, rois, background)
    return layers.to_image(
        apply(colour, depth, reflection, chosen.light, chosen.weather, chosen.blur, draw_chance(scene.seed))
    )
