"""The outcome of a detector by its definition: every prediction decoded, every pair of boxes looked at."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from numpy.typing import NDArray

from casework.injection.outcomes.flags import GHOST, LOST, NEAR_TIE, SDC
from casework.injection.outcomes.plain.verdict import NOISE, Verdict, common, silent

if TYPE_CHECKING:
    from casework.injection.outcomes.detection import Decode

Array = NDArray[Any]

_ROUNDED: Final = 1e-12

Box = tuple[float, float, float, float]
Found = tuple[float, int, Box]
"""Score, class and sides of a detection."""


@dataclass(frozen=True, slots=True)
class PlainDetection:
    """Says what became of the objects of a prediction.

    Attributes:
        decode: From the outputs `reads` of one input to detections: part of what the model means, and not checked here.
        reads: Positions of the outputs that it takes.
        guards: Positions of alarms.
        threshold: Deployed score threshold.
        iou: Least intersection over union of a match.
    """

    decode: Decode
    reads: tuple[int, ...]
    guards: tuple[int, ...]
    threshold: float
    iou: float

    def __call__(self, faulty: Sequence[Array], golden: Sequence[Array]) -> Verdict:
        """Return the verdict on one prediction."""
        flags, doubt = common(faulty, golden, self.guards), 0
        if not silent(flags):
            return Verdict(flags)
        found, near_found = self._reported(faulty)
        expected, near_expected = self._reported(golden)
        lost, ghosts, overlaps = _unmatched(found, expected, self.iou)
        flags |= (LOST | SDC if lost else 0) | (GHOST | SDC if ghosts else 0)
        near = [*near_found, *near_expected, *(abs(one - self.iou) / NOISE for one in overlaps)]
        flags |= NEAR_TIE if any(one <= 1 for one in near) else 0
        # Screens compare scores in the type of the output.
        doubt |= NEAR_TIE if any(abs(one - 1) <= 0.2 for one in near) else 0
        doubt |= LOST | GHOST | SDC if any(abs(one - self.iou) <= _ROUNDED for one in overlaps) else 0
        return Verdict(flags, doubt)

    def _reported(self, outputs: Sequence[Array]) -> tuple[list[Found], list[float]]:
        """Return detections at and above the threshold, best first, and how far all scores are from it in units of noise."""
        made = self.decode([outputs[position][0] for position in self.reads])
        scores = np.asarray(made.scores, np.float64).tolist()
        labels, boxes = np.asarray(made.labels).tolist(), np.asarray(made.boxes, np.float64).tolist()
        found = [
            (score, label, tuple(box))
            for score, label, box in zip(scores, labels, boxes, strict=True)
            if score >= self.threshold
        ]
        noise = NOISE * abs(self.threshold)
        far = [abs(score - self.threshold) / noise if noise else np.inf for score in scores]
        return sorted(found, key=lambda one: -one[0]), far


def _unmatched(found: Sequence[Found], expected: Sequence[Found], iou: float) -> tuple[int, int, list[float]]:
    """Match detections one to one, greedily as in COCO, those of the best scores first.

    Returns:
        Expected detections without a match, found ones without, and the greatest overlap that each found one had to choose.
    """
    free = list(range(len(expected)))
    ghosts, overlaps = 0, []
    for _, label, box in found:
        open_to = [(_overlap(box, expected[at][2]), -at) for at in free if expected[at][1] == label]
        best, at = max(open_to, default=(-1.0, 0))  # of equals the first
        if open_to:
            overlaps.append(best)
        if open_to and best >= iou:
            free.remove(-at)
        else:
            ghosts += 1
    return len(free), ghosts, overlaps


def _overlap(one: Box, other: Box) -> float:
    """Return the intersection over union of two boxes."""
    width = min(one[2], other[2]) - max(one[0], other[0])
    height = min(one[3], other[3]) - max(one[1], other[1])
    if not (width > 0 and height > 0):
        return 0.0
    shared = width * height
    return shared / (_area(one) + _area(other) - shared)


def _area(box: Box) -> float:
    return max(box[2] - box[0], 0.0) * max(box[3] - box[1], 0.0)
