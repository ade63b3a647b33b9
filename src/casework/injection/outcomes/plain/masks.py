"""The outcome of a segmentation by its definition, in whole numbers of pixels."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from casework.injection.outcomes.flags import NEAR_TIE, SDC
from casework.injection.outcomes.plain.verdict import Verdict, common, silent

Array = NDArray[Any]

_TIED: Final = Fraction(1, 10**9)
_ROUNDED: Final = Fraction(1, 10**12)


@dataclass(frozen=True, slots=True)
class PlainSegmentation:
    """Says what became of a mask: the mean over classes of intersection over union, as an exact fraction.

    Attributes:
        decisive: Position of the output with the mask.
        guards: Positions of alarms.
        masks: What it holds: scores, labels, probability or logit.
        class_axis: Axis of the classes, for scores.
        kinds: Number of classes; of labels, the last stands for all that no golden mask has.
        bound: Mean below which a mask is corrupted.
    """

    decisive: int
    guards: tuple[int, ...]
    masks: str
    class_axis: int
    kinds: int
    bound: float

    def __call__(self, faulty: Sequence[Array], golden: Sequence[Array]) -> Verdict:
        """Return the verdict on one prediction."""
        flags = common(faulty, golden, self.guards)
        if not silent(flags):
            return Verdict(flags)
        mean = _mean_iou(self._classes(faulty[self.decisive]), self._classes(golden[self.decisive]))
        gap = abs(mean - Fraction(self.bound))
        flags |= SDC if mean < Fraction(self.bound) else 0
        flags |= NEAR_TIE if gap <= _TIED else 0
        # Two equal masks have a mean of exactly 1 whatever it is computed in.
        doubt = SDC if gap <= _ROUNDED and mean != 1 else 0
        doubt |= NEAR_TIE if abs(gap - _TIED) <= _ROUNDED else 0
        return Verdict(flags, doubt)

    def _classes(self, output: Array) -> Array:
        """Return the class of each pixel, int64 [P]."""
        if self.masks == "scores":
            return np.asarray(output.argmax(axis=self.class_axis).ravel())  # the first of the greatest
        if self.masks == "labels":
            labels = output.astype(np.int64).ravel()
            return np.where((labels >= 0) & (labels < self.kinds - 1), labels, self.kinds - 1)
        least = 0.5 if self.masks == "probability" else 0.0
        return np.asarray(output.astype(np.float64) >= least).astype(np.int64).ravel()


def _mean_iou(found: Array, expected: Array) -> Fraction:
    """Return the mean over the classes that occur in either of two masks."""
    occurring = {*np.unique(found).tolist(), *np.unique(expected).tolist()}
    ratios = []
    for number in sorted(occurring):
        one, other = found == number, expected == number
        ratios.append(Fraction(int((one & other).sum()), int((one | other).sum())))
    return sum(ratios, Fraction(0)) / max(len(ratios), 1)
