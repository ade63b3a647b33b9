"""Outcomes of detectors: objects that the golden run reports and the faulty one does not, and the reverse."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final, Protocol

import numpy as np
from numpy.typing import NDArray

from casework.injection.outcomes.comparison import Comparison, comparison_of, silent
from casework.injection.outcomes.flags import CHANGED, DETECTED, DUE, GHOST, LOST, NEAR_TIE, SDC
from casework.injection.outcomes.ledger import Ledger
from casework.injection.outcomes.screens import NOISE, Screen, overlap

Array = NDArray[Any]

LOST_COLUMN: Final = 0
GHOST_COLUMN: Final = 1
BINS: Final = 20
"""Equal parts of the scores from the threshold to 1 by which detections are ranked for the average precision."""


class Detected(Protocol):
    """Detections of one input, in any order."""

    @property
    def boxes(self) -> Array:
        """float64 [K, 4]: x0, y0, x1, y1."""

    @property
    def scores(self) -> Array:
        """float64 [K]."""

    @property
    def labels(self) -> Array:
        """int64 [K]: classes."""


Decode = Callable[[list[Array]], Detected]
"""From the outputs of one input, without batch axis, to its detections; a function that can be pickled."""


@dataclass(frozen=True, slots=True)
class Reported:
    """Detections at and above the deployed threshold, best first; equals stay in the order of the decoder.

    Attributes:
        boxes: float64 [K, 4].
        labels: int64 [K].
        bins: int64 [K]: part of the scores, 0 to BINS - 1, that each one's lies in.
        doubtful: Some score is within rounding of the threshold.
    """

    boxes: Array
    labels: Array
    bins: Array
    doubtful: bool

    def amounts(self) -> Array:
        """Return the ledger's columns of a prediction that reports just these, int64 [2 + 2 BINS]."""
        return np.concatenate([[0, 0], np.bincount(self.bins, minlength=BINS), np.zeros(BINS, np.int64)])


@dataclass(frozen=True, slots=True)
class ObjectChange:
    """What became of one prediction, for people.

    Attributes:
        golden: Objects that the golden run reports.
        faulty: Objects that the faulty one reports.
        lost: Of the former, those without a match.
        ghosts: Of the latter, those without a match.
    """

    golden: int
    faulty: int
    lost: int
    ghosts: int


@dataclass(frozen=True, slots=True)
class DetectionJudge:
    """Judges detections against those of the golden run: LOST, GHOST, and SDC where either holds.

    Detections are matched one to one, greedily as in COCO: in the order of their scores, each faulty one to the free golden one of
    its class with the greatest intersection over union, if that is at least `iou`. NEAR_TIE: a golden or faulty score within
    `screens.NOISE` of the threshold, relative to it, or a greatest overlap within `NOISE` of `iou`.

    The ledger has, by input, of predictions with CHANGED and neither DUE nor DETECTED: lost objects, ghost boxes, then of each part
    of the scores the boxes with a match, and of each part those without. Those that the screen settles count as the golden ones.

    Attributes:
        comparison: Golden outputs.
        decode: From the outputs `reads` of one input to detections.
        reads: Positions of the outputs that it takes, in its order.
        threshold: Deployed score threshold.
        iou: Least intersection over union of a match.
        screen: Settles predictions without decoding; None decodes all that changed.
        golden: Detections of each input.
        normal: int64 [N, 2 + 2 BINS]: the ledger's columns of a golden prediction of each input.
        ledger: What is counted beside the flags.
    """

    comparison: Comparison
    decode: Decode
    reads: tuple[int, ...]
    threshold: float
    iou: float
    screen: Screen | None
    golden: tuple[Reported, ...]
    normal: Array
    ledger: Ledger

    @property
    def classes(self) -> Array:
        """Class of each input's best golden detection, int64 [N]; -1 where there is none."""
        return np.array([int(g.labels[0]) if len(g.labels) else -1 for g in self.golden], np.int64)

    @property
    def objects(self) -> Array:
        """Golden detections of each input, int64 [N]: what lost objects are counted against."""
        return np.array([len(g.labels) for g in self.golden], np.int64)

    def fresh(self) -> DetectionJudge:
        """Return this judge with an empty ledger."""
        return replace(self, ledger=Ledger.empty(*self.normal.shape))

    def __call__(self, outputs: Sequence[Array | None], samples: Array) -> Array:
        """Return flags uint16 [R]; see `engines.protocol.Judge`. None stands for an output known to equal the golden one."""
        return self.comparison.blocks(outputs, samples, self._block)

    def describe(self, outputs: Sequence[Array | None], samples: Array) -> list[ObjectChange]:
        """Return what became of each of R predictions."""
        told = []
        for row, sample in enumerate(samples):
            found, golden = self._decoded(outputs, row, int(sample)), self.golden[int(sample)]
            right, lost, _ = _matched(golden, found, self.iou)
            told.append(ObjectChange(len(golden.labels), len(found.labels), lost, int((~right).sum())))
        return told

    def _decoded(self, outputs: Sequence[Array | None], row: int, sample: int) -> Reported:
        held = [(self.comparison.golden[p][sample], outputs[p]) for p in self.reads]
        return _reported(self.decode([golden if o is None else o[row] for golden, o in held]), self.threshold)

    def _block(self, outputs: Sequence[Array | None], samples: Array) -> Array:
        flags = self.comparison.flags(outputs, samples)
        asked = (flags & (CHANGED | DUE | DETECTED)) == CHANGED
        changed = np.flatnonzero(asked)
        if not len(changed):
            return flags
        if self.screen is not None:
            read = [None if (o := outputs[p]) is None else o[changed] for p in self.reads]
            calm = self.screen.calm(read, [self.comparison.golden[p] for p in self.reads], samples[changed])
            asked[changed[calm]] = False
        counted = self.normal[samples]
        for row in np.flatnonzero(asked):
            golden, found = self.golden[samples[row]], self._decoded(outputs, int(row), int(samples[row]))
            right, lost, near = _matched(golden, found, self.iou)
            ghosts = int((~right).sum())
            by_score = [np.bincount(found.bins[which], minlength=BINS) for which in (right, ~right)]
            counted[row] = np.concatenate([[lost, ghosts], *by_score])
            flags[row] |= (LOST | SDC) * (lost > 0) | (GHOST | SDC) * (ghosts > 0) | NEAR_TIE * near
        self.ledger.add(samples[changed], counted[changed])
        return silent(flags)


def judge_of(
    golden: Sequence[Array],
    decode: Decode,
    *,
    reads: Sequence[int] | None = None,
    threshold: float = 0.5,
    iou: float = 0.5,
    screen: Screen | None = None,
    guards: Sequence[int] = (),
) -> DetectionJudge:
    """Return the judge of a detector.

    Args:
        golden: Outputs [N, ...] of the golden run, in the order of the graph's outputs.
        decode: From the outputs of one input to detections.
        reads: Positions of the outputs that it takes, in its order; all that are no guards by default.
        threshold: Deployed score threshold.
        iou: Least intersection over union of a match.
        screen: Of `screens.center_screen` or `boxes_screen`, made from the outputs `reads`.
        guards: Positions of alarms.

    Raises:
        InjectionProblem: There is no input.
        ValueError: `reads` names no output, or a guard.
    """
    positions = tuple(p for p in range(len(golden)) if p not in guards) if reads is None else tuple(reads)
    comparison = comparison_of(golden, guards, *positions)
    reported = tuple(
        _reported(decode([comparison.golden[p][sample] for p in positions]), threshold)
        for sample in range(len(comparison.golden[0]))
    )
    normal = np.stack([one.amounts() for one in reported])
    ledger = Ledger.empty(*normal.shape)
    return DetectionJudge(comparison, decode, positions, threshold, iou, screen, reported, normal, ledger)


@dataclass(frozen=True, slots=True)
class Kept:
    """How much of what the golden run reports is still right, over a campaign.

    Attributes:
        objects: Golden detections over all predictions counted.
        lost: Of them, those that were not found.
        ghosts: Boxes without a golden detection.
        average_precision: Area under precision over recall against the golden detections, all classes together, with precision made
            not to rise with recall (Everingham et al., PASCAL VOC, IJCV 88, 2010); 1 without faults, so that 1 less it is the loss.
            Boxes below the deployed threshold do not exist, and those of one part of the scores rank equal.
    """

    objects: int
    lost: int
    ghosts: int
    average_precision: float

    @property
    def recall(self) -> float:
        """Share of golden detections that were found; 1 without any."""
        return (self.objects - self.lost) / self.objects if self.objects else 1.0

    @property
    def precision(self) -> float:
        """Share of reported boxes that match a golden detection; 1 without any."""
        found = self.objects - self.lost
        return found / (found + self.ghosts) if found + self.ghosts else 1.0


def kept(judge: DetectionJudge, ledger: Ledger, predictions: Array) -> Kept:
    """Return the counts over a campaign against the golden detections.

    Args:
        judge: Knows the golden detections.
        ledger: Merged over all shards.
        predictions: int64 [N]: of each input, without those with DUE or DETECTED, which report nothing.
    """
    same = predictions - ledger.judged
    total = ledger.amounts.sum(axis=0) + (judge.normal * same[:, None]).sum(axis=0)
    objects = int((judge.objects * predictions).sum())
    right, wrong = total[2 : 2 + BINS][::-1], total[2 + BINS :][::-1]
    return Kept(objects, int(total[LOST_COLUMN]), int(total[GHOST_COLUMN]), _area(right, wrong, objects))


def _area(right: Array, wrong: Array, objects: int) -> float:
    """Return the area under precision over recall from boxes by score, best first."""
    if not objects:
        return 1.0
    found = np.cumsum(right)
    precision = found / np.maximum(found + np.cumsum(wrong), 1)
    envelope = np.maximum.accumulate(precision[::-1])[::-1]
    return float((right * envelope).sum() / objects)


def _reported(found: Detected, threshold: float) -> Reported:
    scores = np.asarray(found.scores, np.float64)
    order = np.argsort(-scores, kind="stable")
    order = order[scores[order] >= threshold]
    doubtful = bool((np.abs(scores - threshold) <= NOISE * abs(threshold)).any())
    part = (np.clip(scores[order], threshold, 1.0) - threshold) / max(1.0 - threshold, 1e-9) * BINS
    bins = np.minimum(part.astype(np.int64), BINS - 1)
    return Reported(np.asarray(found.boxes, np.float64)[order], np.asarray(found.labels)[order], bins, doubtful)


def _matched(golden: Reported, found: Reported, iou: float) -> tuple[Array, int, bool]:
    """Return which faulty detections have a match (bool [K]), how many golden ones have none, and whether that is a near tie."""
    near = golden.doubtful or found.doubtful
    free = np.ones(len(golden.labels), bool)
    right = np.zeros(len(found.labels), bool)
    overlaps = overlap(found.boxes, golden.boxes)
    for row, label in enumerate(found.labels):
        open_to = np.where(free & (golden.labels == label), overlaps[row], -1.0)
        best = int(open_to.argmax()) if len(open_to) else -1
        near = near or (best >= 0 and abs(float(open_to[best]) - iou) <= NOISE)
        if best >= 0 and open_to[best] >= iou:
            free[best], right[row] = False, True
    return right, int(free.sum()), near
