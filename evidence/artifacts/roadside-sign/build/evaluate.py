# SPDX-License-Identifier: Apache-2.0
"""Decode and judge the detector; a check on the models that shares no code with the product.

Run as a script it prints the metrics of the float and the int8 model on a split and writes nothing.
"""

from __future__ import annotations

import argparse
import contextlib
import io
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import cv2
import numpy as np
from numpy.typing import NDArray
from scenes import ODD
from signs import CLASSES

MODELS: Final = Path(__file__).resolve().parent.parent / "model"

STRIDE: Final = 4
TOP_K: Final = 20
SCORE: Final = 0.3
IOU: Final = 0.5
_MAP_FLOOR: Final = 0.01  # lowest score that enters the average precision

Floats = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Detections:
    """Detections of one image, best first: boxes [K, 4] in pixels (x0, y0, x1, y1), scores, class indices."""

    boxes: Floats
    scores: Floats
    classes: NDArray[np.int64]


def preprocess(images: NDArray[np.uint8]) -> Floats:
    """RGB uint8 [N, H, W, 3] to float32 [N, 3, H, W] in 0..1."""
    return np.ascontiguousarray(images.transpose(0, 3, 1, 2), dtype=np.float32) / np.float32(255.0)


def decode(heat: Floats, size: Floats, offset: Floats, floor: float = _MAP_FLOOR) -> Detections:
    """Peaks of one image's maps.

    A cell is a peak when no cell of the same channel in its 3 x 3 neighbourhood is hotter; of
    neighbours that are equally hot, as quantized maps have them, the first in row order is the peak. Of
    the peaks at or above ``floor`` the ``TOP_K`` hottest are kept. Cell (row, column) gives the centre
    ((column + offset[0]) * STRIDE, (row + offset[1]) * STRIDE) and the side lengths size * STRIDE.
    """
    peaks = np.stack([cv2.dilate(channel, np.ones((3, 3), np.uint8)) for channel in heat]) == heat
    scores = np.where(peaks & (heat >= floor), heat, 0.0).ravel()
    order = np.argsort(-scores, kind="stable")[: np.count_nonzero(scores)]
    order = order[_first_of_ties(np.stack(np.unravel_index(order, heat.shape), axis=1))]
    classes, rows, columns = np.unravel_index(order, heat.shape)
    centre = np.stack([columns + offset[0, rows, columns], rows + offset[1, rows, columns]], axis=1)
    half = size[:, rows, columns].T / 2
    boxes = np.concatenate([centre - half, centre + half], axis=1) * STRIDE
    return Detections(boxes.astype(np.float32), scores[order].astype(np.float32), classes)


def _first_of_ties(cells: NDArray[np.int64]) -> NDArray[np.int64]:
    """Indices of at most ``TOP_K`` cells (class, row, column; best first) that touch no earlier one of their class."""
    kept: list[int] = []
    for index, cell in enumerate(cells):
        if len(kept) == TOP_K:
            break
        gaps = np.abs(cells[kept] - cell)
        if not np.any((gaps[:, 0] == 0) & (gaps[:, 1:].max(axis=1) <= 1)):
            kept.append(index)
    return np.array(kept, np.int64)


def detect(model: Path, images: NDArray[np.uint8]) -> list[Detections]:
    """Run an ONNX model on RGB images."""
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    session = onnxruntime.InferenceSession(str(model), options, providers=["CPUExecutionProvider"])
    found: list[Detections] = []
    for start in range(0, len(images), 50):
        maps = session.run(["heat", "size", "offset"], {"image": preprocess(images[start : start + 50])})
        found += [decode(*one) for one in zip(*maps, strict=True)]
    return found


def coco_map(found: list[Detections], items: list[dict[str, Any]]) -> tuple[float, float]:
    """mAP at IoU 0.5 and averaged over 0.5 to 0.95, by pycocotools."""
    from pycocotools.coco import COCO
    from pycocotools.cocoeval import COCOeval

    truth: list[dict[str, Any]] = []
    results: list[dict[str, Any]] = []
    for image, (one, item) in enumerate(zip(found, items, strict=True)):
        for thing in item["objects"]:
            box = _xywh(thing["box"])
            category = CLASSES.index(thing["label"])
            truth.append({"id": len(truth) + 1, "image_id": image, "category_id": category, "bbox": box,
                          "area": box[2] * box[3], "iscrowd": 0})  # fmt: skip
        for box_, score, category in zip(one.boxes, one.scores, one.classes, strict=True):
            results.append(
                {"image_id": image, "category_id": int(category), "bbox": _xywh(box_), "score": float(score)}
            )
    with contextlib.redirect_stdout(io.StringIO()):
        coco = COCO()
        coco.dataset = {
            "info": {},
            "images": [{"id": i} for i in range(len(items))],
            "annotations": truth,
            "categories": [{"id": i, "name": name} for i, name in enumerate(CLASSES)],
        }
        coco.createIndex()
        judge = COCOeval(coco, coco.loadRes(results) if results else COCO(), "bbox")
        judge.evaluate()
        judge.accumulate()
        judge.summarize()
    return float(judge.stats[1]), float(judge.stats[0])


def _xywh(box: Any) -> list[float]:
    x0, y0, x1, y1 = (float(v) for v in box)
    return [x0, y0, x1 - x0, y1 - y0]


def overlap(first: Any, second: Any) -> float:
    """Intersection over union of two boxes (x0, y0, x1, y1)."""
    width = min(first[2], second[2]) - max(first[0], second[0])
    height = min(first[3], second[3]) - max(first[1], second[1])
    if width <= 0 or height <= 0:
        return 0.0
    areas = [(b[2] - b[0]) * (b[3] - b[1]) for b in (first, second)]
    return float(width * height / (sum(areas) - width * height))


@dataclass(frozen=True, slots=True)
class Match:
    """Per image at the operating point: whether each object was found, and the false detections."""

    hits: tuple[bool, ...]
    false: int


def match(one: Detections, item: dict[str, Any], score: float = SCORE) -> Match:
    """Greedy matching, best score first, class by class, at ``IOU``."""
    objects = item["objects"]
    hits = [False] * len(objects)
    false = 0
    for box, value, category in zip(one.boxes, one.scores, one.classes, strict=True):
        if value < score:
            continue
        options = [
            (overlap(box, thing["box"]), index)
            for index, thing in enumerate(objects)
            if not hits[index] and thing["label"] == CLASSES[category]
        ]
        best, index = max(options, default=(0.0, -1))
        if best >= IOU:
            hits[index] = True
        else:
            false += 1
    return Match(tuple(hits), false)


def _row(name: str, n: int, k: int, images: int, false: int, maps: tuple[float, float] | None) -> str:
    share = k / n if n else float("nan")
    average = f"  mAP50 {maps[0]:.4f}  mAP50-95 {maps[1]:.4f}" if maps else ""
    return (
        f"{name:24s} objects {n:5d}  found {k:5d}  recall {share:.4f}  FNR {1 - share:.4f}"
        f"  images {images:5d}  false {false:4d}  FPPI {false / images:.4f}{average}"
    )


def report(model: Path, images: NDArray[np.uint8], items: list[dict[str, Any]]) -> None:
    """Print the metrics of one model: overall, by level of each factor, by class, and the worst pairs."""
    found = detect(model, images)
    matches = [match(one, item) for one, item in zip(found, items, strict=True)]

    def line(name: str, chosen: list[int], with_map: bool = True) -> str:
        hits = [hit for i in chosen for hit in matches[i].hits]
        maps = coco_map([found[i] for i in chosen], [items[i] for i in chosen]) if with_map else None
        return _row(name, len(hits), sum(hits), len(chosen), sum(matches[i].false for i in chosen), maps)

    print(model.name)
    print(line("overall", list(range(len(items)))))
    for factor, levels in ODD.items():
        for level in levels:
            print(line(f"{factor}={level}", [i for i, item in enumerate(items) if item["odd"][factor] == level]))
    for label in CLASSES:
        hits = [
            hit
            for found_, item in zip(matches, items, strict=True)
            for hit, thing in zip(found_.hits, item["objects"], strict=True)
            if thing["label"] == label
        ]
        index = CLASSES.index(label)
        false = sum(_false_of(one, item, index) for one, item in zip(found, items, strict=True))
        print(_row(f"class={label}", len(hits), sum(hits), len(items), false, None))
    pairs = [
        (f"{a}={la},{b}={lb}", [i for i, item in enumerate(items) if item["odd"][a] == la and item["odd"][b] == lb])
        for a in ODD for b in ODD if a < b for la in ODD[a] for lb in ODD[b]
    ]  # fmt: skip
    support = [len(chosen) for _, chosen in pairs]
    print(f"2-way cells {len(pairs)}, images per cell {min(support)} to {max(support)}; the five of least recall:")
    worst = sorted(pairs, key=lambda pair: np.mean([hit for i in pair[1] for hit in matches[i].hits]))
    for name, chosen in worst[:5]:
        print(line(name, chosen, with_map=False))


def _false_of(one: Detections, item: dict[str, Any], category: int) -> int:
    chosen = one.classes == category
    return match(Detections(one.boxes[chosen], one.scores[chosen], one.classes[chosen]), item).false


def main() -> None:
    """Print the metrics of both models."""
    from dataset import load_split

    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--dataset", default="verification")
    parser.add_argument("--split", default="verification")
    chosen = parser.parse_args()
    images, items = load_split(chosen.dataset, chosen.split)
    for name in ("sign-detector-fp32.onnx", "sign-detector-int8.onnx"):
        if (MODELS / name).exists():
            report(MODELS / name, images, items)
            print()


if __name__ == "__main__":
    main()
