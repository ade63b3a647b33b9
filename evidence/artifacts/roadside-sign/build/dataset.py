# SPDX-License-Identifier: Apache-2.0
"""Write the data sets of the roadside sign detector: JPEG files and JSON Lines manifests.

The JPEG is the output of the sensor pipeline: the detector is trained, calibrated and tested on
decoded files, never on the rendered arrays. A scene whose perceptual hash lies within
``NEAR`` bits of any scene accepted before it, in whichever split, is drawn again from another
seed; so no two items of the two data sets are near duplicates of each other.
"""

from __future__ import annotations

import argparse
import hashlib
import itertools
import json
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import cv2
import numpy as np
from layers import SIDE, Image
from numpy.typing import NDArray
from scenes import ODD, Environment, Scene, draw_scene, render
from signs import CLASSES

ROOT: Final = Path(__file__).resolve().parent.parent / "data"
SCHEMA: Final = "casework/dataset-manifest/v1"
JPEG_QUALITY: Final = 92
NEAR: Final = 4
"""Greatest Hamming distance, in bits of 64, at which two images count as near duplicates."""

SEED: Final = 20_260_101
_REDRAW: Final = 1_000_000  # distance between the seeds of successive attempts at one item


@dataclass(frozen=True, slots=True)
class Split:
    """One split: number of items, first seed, whether images are kept in git, and how levels are drawn."""

    name: str
    purpose: str
    items: int
    first_seed: int
    stored: bool
    balanced: bool


DATASETS: Final[dict[str, tuple[Split, ...]]] = {
    "development": (
        Split("train", "development", 6000, SEED + 100_000_000, stored=False, balanced=False),
        Split("calibration", "development", 128, SEED + 200_000_000, stored=True, balanced=False),
        Split("internal_test", "internal_test", 300, SEED + 300_000_000, stored=True, balanced=False),
    ),
    "verification": (Split("verification", "verification", 1000, SEED + 950_000_000, stored=True, balanced=True),),
}


def perceptual_hash(image: Image) -> int:
    """64-bit DCT hash of an RGB image.

    Grey (ITU-R BT.601 weights), area-averaged to 32 x 32, two-dimensional DCT-II, the 8 x 8 lowest
    frequencies in row order; a bit is 1 where the coefficient exceeds the median of the 64. The
    first coefficient is the most significant bit.
    """
    grey = cv2.cvtColor(image, cv2.COLOR_RGB2GRAY)
    small = cv2.resize(grey, (32, 32), interpolation=cv2.INTER_AREA).astype(np.float32)
    low = cv2.dct(small)[:8, :8].ravel()
    bits = np.packbits(low > np.median(low))
    return int.from_bytes(bits.tobytes(), "big")


def encode(image: Image) -> bytes:
    """JPEG bytes of an RGB image."""
    done, data = cv2.imencode(".jpg", image[..., ::-1], [cv2.IMWRITE_JPEG_QUALITY, JPEG_QUALITY])
    if not done:
        raise RuntimeError("the JPEG encoder refused an image")
    return bytes(data)


def decode(data: bytes) -> Image:
    """RGB uint8 of JPEG bytes."""
    image = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR)
    if image is None:
        raise ValueError("not a JPEG file")
    return np.ascontiguousarray(image[..., ::-1])


def write_manifest(path: Path, header: dict[str, Any], items: list[dict[str, Any]]) -> None:
    """Write header and items, one JSON object a line: sorted keys, compact, LF; atomically."""
    lines = [json.dumps(line, sort_keys=True, separators=(",", ":")) for line in [header, *items]]
    temporary = path.with_suffix(".tmp")
    temporary.write_bytes(("\n".join(lines) + "\n").encode())
    os.replace(temporary, path)


def read_manifest(path: Path) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """Header and items of a manifest."""
    header, *items = (json.loads(line) for line in path.read_text(encoding="utf-8").splitlines())
    if header.get("schema") != SCHEMA:
        raise ValueError(f"{path}: schema is {header.get('schema')!r}, expected {SCHEMA!r}")
    return header, items


def load_split(dataset: str, split: str) -> tuple[NDArray[np.uint8], list[dict[str, Any]]]:
    """Decoded images [N, 128, 128, 3] and manifest items of one split; every file's hash is checked."""
    folder = ROOT / dataset
    items = [item for item in read_manifest(folder / "manifest.jsonl")[1] if item["split"] == split]
    images = np.empty((len(items), SIDE, SIDE, 3), np.uint8)
    for index, item in enumerate(items):
        data = (folder / item["file"]).read_bytes()
        if hashlib.sha256(data).hexdigest() != item["sha256"]:
            raise ValueError(f"{folder / item['file']} differs from its manifest")
        images[index] = decode(data)
    return images, items


def scene_of(item: dict[str, Any]) -> Scene:
    """The layered scene behind a manifest item; rendering and encoding it gives the item's file again."""
    return draw_scene(int(item["group"].removeprefix("scene-")), Environment(**item["odd"]))


def _environments(split: Split) -> Iterator[Environment | None]:
    """Levels for each item: None lets the scene draw its own; balanced runs through all combinations."""
    if not split.balanced:
        yield from itertools.repeat(None, split.items)
        return
    cells = [Environment(*levels) for levels in itertools.product(*ODD.values())]
    rng = np.random.default_rng([split.first_seed, 3])
    rounds = (rng.permutation(len(cells)) for _ in itertools.count())
    order = itertools.chain.from_iterable(rounds)
    yield from (cells[int(index)] for index in itertools.islice(order, split.items))


def _item(scene: Scene, split: str, index: int, data: bytes, phash: int) -> dict[str, Any]:
    odd = scene.environment.as_dict()
    tags = {"distance": odd["distance"], "occlusion": odd["occlusion"]}
    objects = [{"label": t.label, "box": [round(v, 2) for v in t.box], "tags": tags} for t in scene.targets]
    return {
        "file": f"{split}/{index:06d}.jpg",
        "sha256": hashlib.sha256(data).hexdigest(),
        "split": split,
        "width": SIDE,
        "height": SIDE,
        "phash": f"{phash:016x}",
        "group": f"scene-{scene.seed}",
        "odd": odd,
        "objects": objects,
    }


class _Seen:
    """Hashes accepted so far."""

    def __init__(self) -> None:
        self._hashes = np.zeros(16_384, np.uint64)
        self._count = 0

    def near(self, phash: int) -> bool:
        """True when an accepted image lies within ``NEAR`` bits."""
        distance = np.bitwise_count(self._hashes[: self._count] ^ np.uint64(phash))
        return bool((distance <= NEAR).any())

    def add(self, phash: int) -> None:
        """Accept an image."""
        self._hashes[self._count] = phash
        self._count += 1


def _write_split(folder: Path, split: Split, seen: _Seen) -> tuple[list[dict[str, Any]], int]:
    """Draw, render and write one split; returns its items and how many scenes were drawn again."""
    (folder / split.name).mkdir(parents=True, exist_ok=True)
    items, redrawn = [], 0
    for index, environment in enumerate(_environments(split)):
        for attempt in itertools.count():
            scene = draw_scene(split.first_seed + index + attempt * _REDRAW, environment)
            data = encode(render(scene))
            phash = perceptual_hash(decode(data))
            if not seen.near(phash):
                break
            redrawn += 1
        seen.add(phash)
        (folder / split.name / f"{index:06d}.jpg").write_bytes(data)
        items.append(_item(scene, split.name, index, data, phash))
    return items, redrawn


def main() -> None:
    """Write both data sets."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, default=ROOT, help="folder that receives the data sets")
    out: Path = parser.parse_args().out
    cv2.setNumThreads(1)
    seen = _Seen()
    for name, splits in DATASETS.items():
        items: list[dict[str, Any]] = []
        for split in splits:
            part, redrawn = _write_split(out / name, split, seen)
            items += part
            print(f"{name}/{split.name}: {len(part)} items, {redrawn} near duplicates drawn again")
        header = {
            "schema": SCHEMA,
            "name": f"roadside-sign-{name}",
            "task": "detection",
            "classes": list(CLASSES),
            "splits": {s.name: {"purpose": s.purpose, "stored": s.stored} for s in splits},
            "generator": {"script": "build/dataset.py", "seed": SEED},
        }
        write_manifest(out / name / "manifest.jsonl", header, items)


if __name__ == "__main__":
    main()
