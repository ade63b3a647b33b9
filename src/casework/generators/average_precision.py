"""COCO average precision with a bootstrap by image.

Matching and the point estimate are pycocotools'. For the bootstrap only the accumulation is repeated, with a weight an
image (how often it was drawn): the weighted curve is that of the data set in which each image stands that many times.
(Where one image holds detections of equal score and class, COCO leaves their order open, and copies follow each other.)
"""

from __future__ import annotations

import contextlib
import io
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from casework.generators.detections import Detections

Array = NDArray[Any]

MAX_DETECTIONS: Final = 100
RECALLS: Final = np.linspace(0.0, 1.0, 101)


@dataclass(frozen=True, slots=True)
class ClassCurve:
    """What COCO matching made of one class.

    Attributes:
        images: int64 [D]: image of each detection, by falling score.
        correct: bool [10, D]: matched at IoU 0.50, 0.55, ... 0.95.
        objects: float64 [I]: objects of the class in each image.
    """

    images: Array
    correct: Array
    objects: Array

    def restricted(self, chosen: Array) -> ClassCurve:
        """Return the curve of a subset of images (indices), renumbered in that order."""
        position = np.full(len(self.objects), -1, np.int64)
        position[chosen] = np.arange(len(chosen))
        kept = position[self.images] >= 0
        return ClassCurve(position[self.images[kept]], self.correct[:, kept], self.objects[chosen])


@dataclass(frozen=True, slots=True)
class CocoMatching:
    """Matched detections of all classes, and pycocotools' own evaluation for its point estimates."""

    curves: tuple[ClassCurve, ...]
    evaluation: Any

    def reference(self, images: Sequence[int], classes: Sequence[int]) -> tuple[float, float]:
        """Return pycocotools' mAP over IoU 0.50..0.95 and mAP50 of a subset; -1 where it holds no object.

        Only `accumulate` runs again, on the cached matches of the subset.
        """
        import copy

        whole = self.evaluation
        count = len(whole.params.imgIds)
        part = copy.copy(whole)
        part.params = copy.deepcopy(whole.params)
        part.params.imgIds = list(images)
        part.params.catIds = list(classes)
        part._paramsEval = copy.deepcopy(part.params)
        part.evalImgs = [whole.evalImgs[c * count + i] for c in classes for i in images]
        with contextlib.redirect_stdout(io.StringIO()):
            part.accumulate()
        precision = part.eval["precision"]
        return _mean_of(precision), _mean_of(precision[0])


def _mean_of(precision: Array) -> float:
    valid = precision[precision > -1]
    return float(valid.mean()) if valid.size else -1.0


def coco_matching(
    detections: Sequence[Detections], truths: Sequence[tuple[Array, Array]], class_count: int
) -> CocoMatching:
    """Match by pycocotools, all sizes, at most 100 detections an image and class.

    Args:
        detections: One an image.
        truths: Boxes [objects, 4] and class indices [objects], one pair an image.
        class_count: Number of classes.
    """
    from pycocotools.coco import COCO
    from pycocotools.cocoeval import COCOeval

    with contextlib.redirect_stdout(io.StringIO()):
        objects, results = COCO(), COCO()
        skeleton = {
            "info": {},
            "images": [{"id": i} for i in range(len(truths))],
            "categories": [{"id": c} for c in range(class_count)],
        }
        # Ids start at 1: pycocotools takes a match with id 0 for none.
        objects.dataset = skeleton | {"annotations": _annotations([(b, c, None) for b, c in truths])}
        results.dataset = skeleton | {"annotations": _annotations([(d.boxes, d.labels, d.scores) for d in detections])}
        objects.createIndex()
        results.createIndex()
        evaluation = COCOeval(objects, results, "bbox")
        # COCO's own `all` ends at 1e10 pixels and ignores what is larger; an absurd box is an error, not to be ignored.
        evaluation.params.areaRng = [[0.0, float("inf")]]
        evaluation.params.areaRngLbl = ["all"]
        evaluation.params.maxDets = [MAX_DETECTIONS]
        evaluation.evaluate()
    return CocoMatching(tuple(_curve(evaluation, c, len(truths)) for c in range(class_count)), evaluation)


def _annotations(images: Sequence[tuple[Array, Array, Array | None]]) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    for image, (boxes, labels, scores) in enumerate(images):
        for index, (box, label) in enumerate(zip(boxes.tolist(), labels.tolist(), strict=True)):
            width, height = box[2] - box[0], box[3] - box[1]
            entry = {
                "id": len(found) + 1,
                "image_id": image,
                "category_id": label,
                "bbox": [box[0], box[1], width, height],
            }
            entry |= {"area": width * height, "iscrowd": 0}
            if scores is not None:
                entry["score"] = float(scores[index])
            found.append(entry)
    return found


def _curve(evaluation: Any, category: int, image_count: int) -> ClassCurve:
    thresholds = len(evaluation.params.iouThrs)
    images: list[Array] = [np.zeros(0, np.int64)]
    scores: list[Array] = [np.zeros(0)]
    correct: list[Array] = [np.zeros((thresholds, 0), bool)]
    objects = np.zeros(image_count)
    for image in range(image_count):
        entry = evaluation.evalImgs[category * image_count + image]
        if entry is None:
            continue
        objects[image] = len(entry["gtIds"])
        scores.append(np.asarray(entry["dtScores"], float))
        images.append(np.full(len(entry["dtScores"]), image, np.int64))
        correct.append(np.asarray(entry["dtMatches"]).reshape(thresholds, -1) > 0)
    order = np.argsort(-np.concatenate(scores), kind="mergesort")  # as pycocotools, ties in the order of the images
    return ClassCurve(np.concatenate(images)[order], np.concatenate(correct, axis=1)[:, order], objects)


def average_precision(curves: Sequence[ClassCurve], weights: Array) -> tuple[float, float] | None:
    """Return mAP over IoU 0.50..0.95 and mAP50 of weighted images, or None where they hold no object.

    Args:
        curves: One a class.
        weights: float64 [I]: how often each image counts.
    """
    rows = [row for curve in curves if (row := _class_precision(curve, weights)) is not None]
    if not rows:
        return None
    by_threshold = np.mean(rows, axis=0)
    return float(by_threshold.mean()), float(by_threshold[0])


def _class_precision(curve: ClassCurve, weights: Array) -> Array | None:
    """Return the mean interpolated precision at each IoU, float64 [10]; None without an object (COCO leaves it out)."""
    total = float(curve.objects @ weights)
    if total <= 0:
        return None
    each = weights[curve.images]
    hits = np.cumsum(curve.correct * each, axis=1)
    recall = hits / total
    precision = hits / (np.cumsum(each) + np.spacing(1))
    envelope = np.maximum.accumulate(precision[:, ::-1], axis=1)[:, ::-1]
    means = np.zeros(len(hits))
    for index in range(len(hits)):
        at = np.searchsorted(recall[index], RECALLS, side="left")
        means[index] = envelope[index][at[at < len(each)]].sum() / len(RECALLS)
    return means
