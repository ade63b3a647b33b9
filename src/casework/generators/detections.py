"""From raw outputs to detections, and from detections to found and missed objects."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from casework.compute import map_shards, split_evenly
from casework.generators.inference import run_batches, to_inputs
from casework.generators.interface import Interface
from casework.generators.protocol import GeneratorProblem, Progress
from casework.generators.samples import Sample, SampleSet, load_pixels

Array = NDArray[Any]

SHARD: Final = 64
"""Samples a shard; a multiple of the batch, and independent of the number of workers."""

_FARTHEST: Final = 1e6  # pixels; beyond, areas and overlaps lose their meaning

SCORE_FLOOR: Final = 0.01
"""Least score that enters average precision; the deployed threshold would cut the curve short."""


@dataclass(frozen=True, slots=True)
class Detections:
    """Detections of one image, best first.

    Attributes:
        boxes: float64 [K, 4]: x0, y0, x1, y1 in pixels of the image.
        scores: float64 [K].
        labels: int64 [K]: index of the class.
    """

    boxes: Array
    scores: Array
    labels: Array


@dataclass(frozen=True, slots=True)
class _Shard:
    content: bytes
    interface: Interface
    data: SampleSet


def detect(
    content: bytes, interface: Interface, data: SampleSet, workers: int, progress: Progress, text: str
) -> list[Detections]:
    """Run a detector on all samples.

    Args:
        content: The model's bytes.
        interface: Its interface.
        data: Samples with files.
        workers: Processes.
        progress: Is told after each shard.
        text: What it is told.

    Raises:
        GeneratorProblem: A file or the model cannot be used.
    """
    parts = map_shards(_detect_shard, _shards(content, interface, data), workers, lambda d, t: progress(d, t, text))
    return [found for part in parts for found in part]


def classify(
    content: bytes, interface: Interface, data: SampleSet, workers: int, progress: Progress, text: str
) -> Array:
    """Run a classifier on all samples and return its scores, float64 [N, classes]; as `detect` otherwise."""
    parts = map_shards(_classify_shard, _shards(content, interface, data), workers, lambda d, t: progress(d, t, text))
    scores = np.concatenate(parts)
    if not np.isfinite(scores).all():
        raise GeneratorProblem(
            "the model gives scores that are no finite numbers", "Check its preprocessing and weights."
        )
    return scores


def _shards(content: bytes, interface: Interface, data: SampleSet) -> list[_Shard]:
    cuts = split_evenly(len(data.samples), SHARD)
    return [_Shard(content, interface, replace(data, samples=data.samples[c.start : c.stop])) for c in cuts]


def _classify_shard(shard: _Shard) -> Array:
    inputs = to_inputs(load_pixels(shard.data), shard.interface)
    (scores,) = run_batches(shard.content, shard.interface, inputs, shard.interface.outputs)
    return scores.reshape(len(inputs), -1).astype(np.float64)


def _detect_shard(shard: _Shard) -> list[Detections]:
    images = load_pixels(shard.data)
    outputs = run_batches(shard.content, shard.interface, to_inputs(images, shard.interface), shard.interface.outputs)
    decode = {"center": decode_center, "boxes": decode_boxes}[shard.interface.decoder]
    height, width = shard.interface.size
    found = []
    for index, image in enumerate(images):
        one = decode([o[index] for o in outputs], shard.interface)
        stretch = np.array([image.shape[1] / width, image.shape[0] / height] * 2)
        found.append(Detections(one.boxes * stretch, one.scores, one.labels))
    return found


def decode_center(maps: list[Array], interface: Interface) -> Detections:
    """Decode the maps of one image (centre points: arXiv:1904.07850).

    A cell is a peak where no cell of the same class in its 3 x 3 neighbourhood is hotter; of neighbours that are
    equally hot, as maps of few bits have them, the first in row order is the peak. Of the peaks at and above the score
    floor, the `topk` hottest are kept. Cell (row, column) has its centre at ((column + offset[0]) * stride,
    (row + offset[1]) * stride) and the sides size * stride: width first.

    Args:
        maps: heat [C, h, w] in 0..1, size [2, h, w] and offset [2, h, w] in cells.
        interface: Stride and topk.
    """
    heat, size, offset = (np.asarray(m, np.float64) for m in maps)
    padded = np.pad(heat, ((0, 0), (1, 1), (1, 1)), constant_values=-np.inf)
    rows, columns = heat.shape[1:]
    around = [padded[:, r : r + rows, c : c + columns] for r in range(3) for c in range(3)]
    peaks = heat >= np.maximum.reduce(around)
    candidates = np.flatnonzero(peaks & (heat >= SCORE_FLOOR))
    order = candidates[np.argsort(-heat.ravel()[candidates], kind="stable")]
    order = order[_first_of_ties(np.stack(np.unravel_index(order, heat.shape), axis=1), interface.topk)]
    labels, row, column = np.unravel_index(order, heat.shape)
    centre = np.stack([column + offset[0, row, column], row + offset[1, row, column]], axis=1)
    half = size[:, row, column].T / 2
    boxes = np.concatenate([centre - half, centre + half], axis=1) * interface.stride
    return _finite(Detections(boxes, heat.ravel()[order], labels.astype(np.int64)))


def _first_of_ties(cells: Array, limit: int) -> Array:
    """Return the indices of at most `limit` cells int64 [K, 3] (class, row, column) that touch no kept one before."""
    kept: list[int] = []
    for index in range(len(cells)):
        if len(kept) == limit:
            break
        gaps = np.abs(cells[kept] - cells[index])
        if not ((gaps[:, 0] == 0) & (gaps[:, 1:].max(axis=1, initial=0) <= 1)).any():
            kept.append(index)
    return np.array(kept, np.int64)


def decode_boxes(outputs: list[Array], interface: Interface) -> Detections:
    """Decode one image's boxes [K, 4], scores [K] or [K, C], and labels [K] if the scores are one a box."""
    boxes, scores = (np.asarray(o, np.float64) for o in outputs[:2])
    if scores.ndim == 2:
        labels, scores = scores.argmax(axis=1), scores.max(axis=1)
    elif len(outputs) == 3:
        labels = np.asarray(outputs[2]).reshape(-1).astype(np.int64)
    else:
        raise GeneratorProblem("the model gives one score a box and no labels", "Export the labels as third output.")
    if boxes.ndim != 2 or boxes.shape[1] != 4 or scores.shape != (len(boxes),) or labels.shape != scores.shape:
        raise GeneratorProblem(
            f"boxes {boxes.shape}, scores {scores.shape} and labels {labels.shape} do not belong together",
            "Export boxes [N, K, 4], scores [N, K] or [N, K, C], labels [N, K].",
        )
    match interface.box_format:
        case "xywh":
            boxes = np.concatenate([boxes[:, :2], boxes[:, :2] + boxes[:, 2:]], axis=1)
        case "cxcywh":
            boxes = np.concatenate([boxes[:, :2] - boxes[:, 2:] / 2, boxes[:, :2] + boxes[:, 2:] / 2], axis=1)
    if interface.normalised:
        boxes = boxes * np.array([interface.size[1], interface.size[0]] * 2)
    order = np.argsort(-scores, kind="stable")
    order = order[scores[order] >= SCORE_FLOOR][: interface.topk]
    return _finite(Detections(boxes[order], scores[order], labels[order].astype(np.int64)))


def _finite(found: Detections) -> Detections:
    """Drop boxes that are no boxes: not finite, or of no extent."""
    with np.errstate(invalid="ignore"):
        good = np.isfinite(found.boxes).all(axis=1) & np.isfinite(found.scores)
        good &= (found.boxes[:, 2] > found.boxes[:, 0]) & (found.boxes[:, 3] > found.boxes[:, 1])
    return Detections(found.boxes[good], found.scores[good], found.labels[good])


@dataclass(frozen=True, slots=True)
class Match:
    """What the deployed detector made of one image.

    Attributes:
        found: bool [objects]: a detection of the class covers it.
        scores: float64 [objects]: score of that detection, 0 where missed.
        labels: int64 [detections]: class of each detection at and above the threshold.
        correct: bool [detections]: it covers an object.
    """

    found: Array
    scores: Array
    labels: Array
    correct: Array


def match(detections: Detections, boxes: Array, labels: Array, interface: Interface) -> Match:
    """Match detections at and above the deployed threshold to objects, one to one.

    Greedy as in COCO: detections in the order of their scores, each to the free object of its class with the greatest
    intersection over union, if that is at least the deployed one.

    Args:
        detections: Best first.
        boxes: float64 [objects, 4].
        labels: int64 [objects].
        interface: Score threshold and IoU.
    """
    kept = detections.scores >= interface.score_threshold
    best, found_labels, scores = detections.boxes[kept], detections.labels[kept], detections.scores[kept]
    found, found_scores = np.zeros(len(boxes), bool), np.zeros(len(boxes))
    correct = np.zeros(len(best), bool)
    overlaps = iou(best, boxes)
    for index in range(len(best)):
        free = np.where(~found & (labels == found_labels[index]), overlaps[index], -1.0)
        if len(free) and free.max() >= interface.iou:
            chosen = int(free.argmax())
            found[chosen], found_scores[chosen], correct[index] = True, scores[index], True
    return Match(found, found_scores, found_labels, correct)


def iou(first: Array, second: Array) -> Array:
    """Return the intersection over union of boxes [A, 4] and [B, 4] (x0, y0, x1, y1), as [A, B]."""
    low = np.maximum(first[:, None, :2], second[None, :, :2])
    high = np.minimum(first[:, None, 2:], second[None, :, 2:])
    shared = np.clip(high - low, 0, None).prod(axis=2)
    areas = [np.clip(b[:, 2:] - b[:, :2], 0, None).prod(axis=1) for b in (first, second)]
    union = areas[0][:, None] + areas[1][None, :] - shared
    return np.asarray(np.divide(shared, union, out=np.zeros_like(shared), where=union > 0))


def truth(sample: Sample, classes: tuple[str, ...]) -> tuple[Array, Array]:
    """Return the boxes float64 [objects, 4] and the class indices int64 [objects] of a sample.

    Raises:
        GeneratorProblem: A label is not among the classes, or a box has no extent.
    """
    unknown = [o.label for o in sample.objects if o.label not in classes]
    if unknown:
        raise GeneratorProblem(
            f"{sample.name} is labelled {unknown[0]!r}, which is not among the model's classes",
            "Mend the label or the list of classes.",
        )
    boxes = np.array([o.box for o in sample.objects], np.float64).reshape(-1, 4)
    if not ((boxes[:, 2:] > boxes[:, :2]).all() and (np.abs(boxes) <= _FARTHEST).all()):
        raise GeneratorProblem(
            f"{sample.name} is labelled with a box that is none",
            "Mend the label; the generator dataset lists such labels.",
        )
    return boxes, np.array([classes.index(o.label) for o in sample.objects], np.int64)
