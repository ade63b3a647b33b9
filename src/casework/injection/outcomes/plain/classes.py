"""The decision of a classifier by its definition: each position's scores by themselves, in float64."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from casework.injection.outcomes.flags import CHANGED, DROP10, DROP20, NEAR_TIE, SDC, SDC5
from casework.injection.outcomes.plain.verdict import Verdict, changed, common, silent

Array = NDArray[Any]

_ROUNDED: Final = 1e-7
"""Confidences may differ by this much: those of a single score p are computed from 1 - p, in float32 elsewhere."""


@dataclass(frozen=True, slots=True)
class PlainClassification:
    """Says what became of a prediction of a classifier.

    Attributes:
        decisive: Position of the output that decides.
        guards: Positions of alarms.
        scores: What it holds: logits, probabilities or labels.
        class_axis: Axis of the classes.
        tie: Margin of a near tie, relative to the greater of the two leading scores.
    """

    decisive: int
    guards: tuple[int, ...]
    scores: str
    class_axis: int
    tie: float

    def __call__(self, faulty: Sequence[Array], golden: Sequence[Array]) -> Verdict:
        """Return the verdict on one prediction: the flags of all its positions together."""
        flags, doubt = common(faulty, golden, self.guards), 0
        if not silent(flags):
            return Verdict(flags)
        found, expected = faulty[self.decisive], golden[self.decisive]
        if self.scores == "labels":
            return Verdict(flags | (SDC if (found != expected).any() else 0))
        single = found.ndim == 1 or found.shape[self.class_axis] == 1
        for now, before in zip(_positions(found, self.class_axis), _positions(expected, self.class_axis), strict=True):
            if changed(now, before):
                one = self._position(self._both(now), self._both(before), single=single)
                flags, doubt = flags | one.flags, doubt | one.doubt
        return Verdict(flags, doubt)

    def _both(self, row: Array) -> Array:
        """Return the scores of one position in float64; of a single score, those of the two classes it stands for."""
        scores = row.astype(np.float64)
        if len(scores) > 1:
            return scores
        other = 1 - scores if self.scores == "probabilities" else np.zeros(1)
        return np.concatenate([other, scores])

    def _position(self, now: Array, before: Array, *, single: bool) -> Verdict:
        best = int(before.argmax())
        flags, doubt = CHANGED, 0
        if int(now.argmax()) != best:
            flags |= SDC
        if len(now) > 5 and _place(now, best) >= 5:
            flags |= SDC5
        with np.errstate(invalid="ignore"):
            drop = self._confidence(before, best) - self._confidence(now, best)
        for bit, points in ((DROP10, 0.1), (DROP20, 0.2)):
            flags |= bit if drop > points else 0
            doubt |= bit if abs(drop - points) <= _ROUNDED else 0
        for scores in (before, now):
            beyond, scale = self._beyond_tie(scores)
            flags |= NEAR_TIE if beyond <= 0 else 0
            doubt |= NEAR_TIE if abs(beyond) <= (2 * _ROUNDED if single else 1e-12) * scale else 0
        return Verdict(flags, doubt)

    def _confidence(self, scores: Array, number: int) -> float:
        """Return the confidence in a class: by softmax of logits."""
        if self.scores == "probabilities":
            return float(scores[number])
        powers = np.exp(scores - scores.max())
        return float(powers[number] / powers.sum())

    def _beyond_tie(self, scores: Array) -> tuple[float, float]:
        """Return by how much the margin of the best score is greater than that of a near tie, and the greater of the two leaders."""
        second, best = np.sort(scores)[-2:].tolist()
        scale = max((abs(one) for one in (best, second) if np.isfinite(one)), default=0.0)
        return best - second - self.tie * scale, scale


def _positions(output: Array, class_axis: int) -> Array:
    """Return the scores of one prediction [T, C]; T is 1 but for sequences and maps."""
    if output.ndim == 1:
        return output.reshape(1, 1)
    apart = np.moveaxis(output, class_axis, -1)
    return np.ascontiguousarray(apart).reshape(-1, apart.shape[-1])


def _place(scores: Array, number: int) -> int:
    """Return the place, from 0, of a class; among equals the lower number goes first."""
    above = int((scores > scores[number]).sum())
    return above + int((scores[:number] == scores[number]).sum())
