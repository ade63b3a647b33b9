"""Which predictions of a detector can have other detections than the golden run: a cheap question asked before decoding.

Detections at and above a score threshold depend on few numbers: the scores that reach it, and the boxes at those places. A
prediction is calm where the same places reach the threshold (and none is within rounding of it), no two scores that compete
with each other can have changed places, and no box has moved so far that its overlap could be in doubt. The screens are cautious:
a calm prediction has the golden detections, one that is not calm may have them as well.

Overlap: a box w by h whose sides move by at most e keeps an intersection over union of ((w - 2e)(h - 2e)) / ((w + 2e)(h + 2e)).
It cannot be taken for its neighbour either: 1 - IoU is a metric (Kosub, Pattern Recognition Letters 120, 2019), so that with an own
overlap of at least q and golden boxes of one class overlapping by m < 2q - 1, every box overlaps most with its own.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]

NOISE: Final = 1e-6
"""Distance from the threshold, relative to it, within which a score is in doubt."""

_NEVER: Final = -1.0


@dataclass(frozen=True, slots=True)
class Screen:
    """Places of the golden detections and how far their values may move. Indices are flat, of one prediction's row.

    Attributes:
        scores: Position of the output with the scores.
        low: Scores below it do not count; threshold less noise.
        high: Scores at and above it count; threshold plus noise.
        hot: int64 [N, H]: places of the scores that count; the first is repeated where there are fewer.
        count: int64 [N]: how many.
        slack: float64 [N]: score change below which no competitors change places; negative where the input is never calm.
        boxes: By output, the places int64 [N, B] of the values that make the boxes.
        reach: float64 [N]: greatest change of those values.
        labels: Position of the output with a box's class, and its places int64 [N, B]; -1 for none.
    """

    scores: int
    low: float
    high: float
    hot: Array
    count: Array
    slack: Array
    boxes: tuple[tuple[int, Array], ...]
    reach: Array
    labels: tuple[int, Array]

    def calm(self, outputs: Sequence[Array | None], golden: Sequence[Array], samples: Array) -> Array:
        """Return bool [R]: the predictions that are sure to have the golden detections.

        Args:
            outputs: Each [R, ...]; None for one that equals the golden one.
            golden: Each [N, ...].
            samples: int64 [R].
        """
        fit = self.slack[samples] >= 0
        rows = outputs[self.scores]
        if rows is not None:
            fit &= self._scores_hold(rows.reshape(len(samples), -1), golden[self.scores], samples)
        for position, places in self.boxes:
            fit &= _moved(outputs[position], golden[position], places, samples) <= self.reach[samples]
        position, places = self.labels
        if position >= 0:
            fit &= _moved(outputs[position], golden[position], places, samples) == 0
        return np.asarray(fit)

    def _scores_hold(self, rows: Array, golden: Array, samples: Array) -> Array:
        reached = np.flatnonzero(rows >= self.low)
        fit = np.bincount(reached // max(rows.shape[1], 1), minlength=len(rows)) == self.count[samples]
        if self.hot.shape[1]:
            places = self.hot[samples]
            there = np.take_along_axis(rows, places, axis=1)
            used = self.count[samples] > 0
            fit &= ~used | (there >= self.high).all(axis=1)
            moved = _moved(rows, golden, self.hot, samples)
            fit &= ~used | (moved < self.slack[samples]) | (moved == 0)
        return np.asarray(fit)


def center_screen(golden: Sequence[Array], threshold: float, *, iou: float = 0.5, topk: int = 100) -> Screen:
    """Return the screen of a detector of centre points (Zhou et al., arXiv:1904.07850): peaks of 3 x 3 neighbourhoods.

    Args:
        golden: heat [N, C, h, w], size [N, 2, h, w] and offset [N, 2, h, w] in cells, in this order.
        threshold: Least score of a detection.
        iou: Least overlap of a match.
        topk: Detections kept a prediction.
    """
    heat, size, offset = golden
    low, high = threshold * (1 - NOISE), threshold * (1 + NOISE)
    _, height, width = heat.shape[1:]
    area = height * width
    hot: list[Array] = []
    cells: list[Array] = []
    slacks: list[float] = []
    reaches: list[float] = []
    for sample in range(len(heat)):
        values = heat[sample].astype(np.float64).ravel()
        places = np.flatnonzero(values >= low)
        grid = np.stack(np.unravel_index(places, heat.shape[1:]), axis=1)
        gaps = np.abs(grid[:, None] - grid[None])
        rivals = (gaps[..., 0] == 0) & (gaps[..., 1:].max(axis=2, initial=0) <= 1)
        beaten = (rivals & (values[places][None] > values[places][:, None])).any(axis=1)
        peaks = grid[~beaten]
        at = peaks[:, 1] * width + peaks[:, 2]
        extent = size[sample].reshape(2, -1)[:, at].T.astype(np.float64)
        centre = peaks[:, :0:-1] + offset[sample].reshape(2, -1)[:, at].T.astype(np.float64)
        boxes = np.concatenate([centre - extent / 2, centre + extent / 2], axis=1)
        slack = _gap(values[places], rivals) / 2
        doubtful = bool((values[places] < high).any()) or len(peaks) > topk
        reach = _reach(boxes, peaks[:, 0], iou) / 1.5  # a side moves with the offset and half the size
        slacks.append(_NEVER if doubtful or reach <= 0 else slack)
        reaches.append(reach)
        hot.append(places)
        cells.append(np.concatenate([at, at + area]))
    held = _padded(cells)
    count = np.array([len(h) for h in hot], np.int64)
    boxes_at = ((1, held), (2, held))
    return Screen(0, low, high, _padded(hot), count, np.array(slacks), boxes_at, np.array(reaches), (-1, held[:, :0]))


def boxes_screen(
    golden: Sequence[Array],
    threshold: float,
    *,
    iou: float = 0.5,
    topk: int = 100,
    form: Literal["xyxy", "xywh", "cxcywh"] = "xyxy",
) -> Screen:
    """Return the screen of a detector that gives boxes.

    Args:
        golden: boxes [N, K, 4], scores [N, K] or [N, K, C], and with the former labels [N, K], in this order.
        threshold: Least score of a detection.
        iou: Least overlap of a match.
        topk: Detections kept a prediction.
        form: What a box's four values are.
    """
    low, high = threshold * (1 - NOISE), threshold * (1 + NOISE)
    scores = golden[1].reshape(*golden[1].shape[:2], -1)
    kinds = scores.shape[2]
    hot: list[Array] = []
    owners: list[Array] = []
    slacks: list[float] = []
    reaches: list[float] = []
    for sample in range(len(scores)):
        values = scores[sample].astype(np.float64).ravel()
        places = np.flatnonzero(values >= low)
        owner = np.unique(places // kinds)
        rivals = (places // kinds)[:, None] == (places // kinds)[None]
        labels = scores[sample, owner].argmax(axis=1) if len(golden) < 3 else golden[2][sample].reshape(-1)[owner]
        reach = _reach(_corners(golden[0][sample, owner].astype(np.float64), form), labels, iou) / 2
        doubtful = bool((values[places] < high).any()) or len(owner) > topk
        slacks.append(_NEVER if doubtful or reach <= 0 else _gap(values[places], rivals) / 2)
        reaches.append(reach)
        hot.append(places)
        owners.append(owner)
    held = _padded(owners)
    sides = (held[:, :, None] * 4 + np.arange(4)).reshape(len(held), -1)
    count = np.array([len(h) for h in hot], np.int64)
    labels_at = (2, held) if len(golden) > 2 else (-1, held[:, :0])
    return Screen(1, low, high, _padded(hot), count, np.array(slacks), ((0, sides),), np.array(reaches), labels_at)


def _moved(rows: Array | None, golden: Array, places: Array, samples: Array) -> Array:
    """Return the greatest absolute change float64 [R] at each prediction's places; NaN where it is none."""
    if rows is None or not places.shape[1]:
        return np.zeros(len(samples))
    before = np.take_along_axis(golden.reshape(len(golden), -1), places, axis=1)[samples]
    after = np.take_along_axis(rows.reshape(len(samples), -1), places[samples], axis=1)
    with np.errstate(invalid="ignore", over="ignore"):
        return np.asarray(np.abs(after.astype(np.float64) - before).max(axis=1))


def _padded(lists: list[Array]) -> Array:
    """Return lists of places as int64 [N, longest], each filled up with its first; 0 for an empty one."""
    longest = max((len(one) for one in lists), default=0)
    held = np.zeros((len(lists), longest), np.int64)
    for row, one in enumerate(lists):
        if len(one):
            held[row] = one[0]
            held[row, : len(one)] = one
    return held


def _gap(values: Array, rivals: Array) -> float:
    """Return the least difference between a score and the best of its rivals; infinite without rivals.

    While all of these keep their signs, so does who is best among whom: what is best stays above all of its rivals, what is not
    stays below one of them.
    """
    best = np.where(rivals & ~np.eye(len(values), dtype=bool), values[None], -np.inf).max(axis=1, initial=-np.inf)
    return float(np.abs(values - best).min(initial=np.inf))


def _corners(boxes: Array, form: str) -> Array:
    if form == "xywh":
        return np.concatenate([boxes[:, :2], boxes[:, :2] + boxes[:, 2:]], axis=1)
    if form == "cxcywh":
        return np.concatenate([boxes[:, :2] - boxes[:, 2:] / 2, boxes[:, :2] + boxes[:, 2:] / 2], axis=1)
    return boxes


def _reach(boxes: Array, labels: Array, iou: float) -> float:
    """Return how far the sides of boxes [B, 4] may move with no match in doubt; 0 where not at all, infinite without boxes."""
    if not len(boxes):
        return float("inf")
    keep = max(0.9, (1 + iou) / 2)
    extent = (boxes[:, 2:] - boxes[:, :2]).min()
    mutual = np.where((labels[:, None] == labels[None]) & ~np.eye(len(boxes), dtype=bool), overlap(boxes, boxes), 0.0)
    if not extent > 0 or mutual.max() >= 2 * keep - 1:
        return 0.0
    root = float(np.sqrt(keep))
    return float(extent) * (1 - root) / (2 * (1 + root)) * 0.999


def overlap(first: Array, second: Array) -> Array:
    """Return the intersection over union of boxes [A, 4] and [B, 4] (x0, y0, x1, y1), as float64 [A, B]."""
    low = np.maximum(first[:, None, :2], second[None, :, :2])
    high = np.minimum(first[:, None, 2:], second[None, :, 2:])
    shared = np.clip(high - low, 0, None).prod(axis=2)
    own, other = (np.clip(b[:, 2:] - b[:, :2], 0, None).prod(axis=1) for b in (first, second))
    union = own[:, None] + other[None] - shared
    return np.asarray(np.divide(shared, union, out=np.zeros_like(shared), where=union > 0))
