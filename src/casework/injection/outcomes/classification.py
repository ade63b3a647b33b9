"""Outcomes of classifiers: decisions, five best, confidence, for scores [R, C], sequences [R, T, C], and labels [R].

Most faults change scores by a little, and a little cannot change a decision: with d the Euclidean distance of a row from its
golden row, the difference of two scores moves by at most sqrt(2) d, and so do the log-odds of a softmax confidence, whose
gradient (1, -softmax of the others) is no longer than sqrt(2) (Cauchy and Schwarz). Rows nearer than each golden row's own limit
are settled by that one number, most others by their leading scores; only what is left is looked at one by one, in float64.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal

import numpy as np
from numpy.typing import NDArray

from casework.injection.outcomes.comparison import (
    Comparison,
    comparison_of,
    contiguous,
    differ,
    require_alike,
    silent,
    unusable,
)
from casework.injection.outcomes.flags import CHANGED, DROP10, DROP20, DUE, NEAR_TIE, SDC, SDC5
from casework.injection.outcomes.leaders import leaders
from casework.injection.problem import InjectionProblem

Array = NDArray[Any]

Scores = Literal["logits", "probabilities", "labels"]
"""What the deciding output holds: scores to be put through softmax, confidences as they stand, or decided labels."""

TIE: Final = 1e-6
"""Margin, relative to the greater of the two leading scores, below which a decision is as good as a tie in float32 (about 8
machine epsilons)."""

_FAR: Final = 1e18  # its square is a float32
_SAFE: Final = 0.999  # the limits are compared with a distance summed in float32


@dataclass(frozen=True, slots=True)
class Decision:
    """What became of one prediction, for people.

    Attributes:
        golden: Decision of the golden run.
        faulty: Decision under the fault.
        margin: Score of the faulty decision less that of the golden one, in the faulty outputs; NaN for labels.
    """

    golden: int
    faulty: int
    margin: float


@dataclass(frozen=True, slots=True)
class ClassificationJudge:
    """Judges outputs of a classifier. A decision is the first of the greatest scores; one with NaN is none (DUE).

    Of a sequence [R, T, C] every position is judged, and a prediction has the flags of all its positions together. SDC5 only
    where there are more than five classes; a tie at the fifth place goes to the lower class number.

    Near ties: a changed row, with its golden or its faulty margin (best score less second best) at most `tie` times the greater
    magnitude of these two. The other scores have no say, however large: sums that do not lead do not round those that do.

    Attributes:
        comparison: Golden outputs.
        decisive: Position of the output that decides.
        scores: What it holds.
        classes: int64 [N]: golden decision of each input; of a sequence, that of its first position.
        golden: float [N * T, C]: golden scores.
        best: int64 [N * T]: golden decisions.
        confidence: float64 [N * T]: of the golden decisions.
        tied: bool [N * T]: golden margin of a near tie.
        limits: float [N * T]: squared distance up to which nothing but CHANGED can hold; -1 where there is none.
        whole: All golden scores are finite.
        positions: T.
        class_axis: Axis of the classes in the output.
        tie: Relative margin of a near tie.
    """

    comparison: Comparison
    decisive: int
    scores: Scores
    classes: Array
    golden: Array
    best: Array
    confidence: Array
    tied: Array
    limits: Array
    whole: bool
    positions: int
    class_axis: int
    tie: float

    def __call__(self, outputs: Sequence[Array | None], samples: Array) -> Array:
        """Return flags uint16 [R]; see `engines.protocol.Judge`. None stands for an output known to equal the golden one."""
        return self.comparison.blocks(outputs, samples, self._block)

    def describe(self, outputs: Sequence[Array | None], samples: Array) -> list[Decision]:
        """Return what became of each of R predictions; of a sequence, at the first position that is decided otherwise."""
        rows = outputs[self.decisive]
        if rows is None:
            return [Decision(int(c), int(c), math.nan) for c in self.classes[samples]]
        found, of = self._positions(rows, samples)
        decided = found[:, 0].astype(np.int64) if self.scores == "labels" else found.argmax(axis=1)
        other = (decided != self.best[of]).reshape(len(rows), self.positions)
        at = np.arange(len(rows)) * self.positions + other.argmax(axis=1)
        told = []
        for position in at:
            golden, faulty = int(self.best[of[position]]), int(decided[position])
            row = found[position].astype(np.float64)
            told.append(
                Decision(golden, faulty, math.nan if self.scores == "labels" else float(row[faulty] - row[golden]))
            )
        return told

    def _block(self, outputs: Sequence[Array | None], samples: Array) -> Array:
        rows = outputs[self.decisive]
        flags = np.zeros(len(samples), np.uint16)
        if rows is not None:
            require_alike(rows, self.comparison.golden[self.decisive], self.decisive)
            found, of = self._positions(rows, samples)
            each = self._labels(found, of) if self.scores == "labels" else self._scores(found, of)
            flags = each if self.positions == 1 else np.bitwise_or.reduce(each.reshape(-1, self.positions), axis=1)
        if len(outputs) > 1:
            flags |= self.comparison.flags(outputs, samples, skip=self.decisive)
        return silent(flags)

    def _positions(self, rows: Array, samples: Array) -> tuple[Array, Array]:
        """Return scores [R * T, C] and their golden rows int64 [R * T]."""
        found = _by_class(rows, self.class_axis, self.scores)
        if self.positions == 1:
            return found, samples
        return found, (samples[:, None] * self.positions + np.arange(self.positions)).ravel()

    def _labels(self, found: Array, of: Array) -> Array:
        changed = found[:, 0] != self.best[of]
        flags = np.where(changed, np.uint16(CHANGED | SDC), np.uint16(0))
        flags[unusable(found, self.golden[of])] = CHANGED | DUE
        return flags

    def _scores(self, found: Array, of: Array) -> Array:
        expected = np.take(self.golden, of, axis=0, mode="clip")
        changed = differ(found, expected)
        flags = changed.astype(np.uint16)  # CHANGED is the lowest bit
        with np.errstate(invalid="ignore", over="ignore"):
            expected -= found
            distance = np.einsum("ij,ij->i", expected, expected)
            changed &= ~(distance <= np.take(self.limits, of, mode="clip"))
        far = np.flatnonzero(changed)
        if len(far):
            flags[far] |= self._far(found[far], of[far])
        return flags

    def _far(self, found: Array, of: Array) -> Array:
        """Return the flags, less CHANGED, of rows that a distance does not settle."""
        if self.scores != "logits":
            return self._exactly(found, of)
        settled = leaders(found, self.best[of], self.confidence[of], self.tie, whole=self.whole)
        flags = settled.flags | self.tied[of] * np.uint16(NEAR_TIE)
        left = np.flatnonzero(settled.doubtful)
        if len(left):
            flags[left] = self._exactly(found[left], of[left])
        return silent(flags)

    def _exactly(self, found: Array, of: Array) -> Array:
        """Return the flags, less CHANGED, of rows looked at one by one, in float64."""
        golden = self.best[of]
        flags = np.where(found.argmax(axis=1) != golden, np.uint16(SDC), np.uint16(0))
        with np.errstate(invalid="ignore", over="ignore"):
            columns = found.T.astype(np.float64, order="C")  # sums and maxima over classes then run along memory
            drop = self.confidence[of] - _confidence(columns, golden, self.scores)
            flags |= (drop > 0.1) * np.uint16(DROP10) | (drop > 0.2) * np.uint16(DROP20)
            flags |= (self.tied[of] | _tied(columns, self.tie)) * np.uint16(NEAR_TIE)
        moved = np.flatnonzero(flags & SDC)
        if len(columns) > 5 and len(moved):
            flags[moved[_place(found[moved], golden[moved]) >= 5]] |= SDC5
        if not np.isfinite(found).all():
            flags[unusable(found, self.golden[of])] |= DUE
        return silent(flags)


def judge_of(
    golden: Sequence[Array],
    *,
    decisive: int = 0,
    guards: Sequence[int] = (),
    scores: Scores | Literal["auto"] = "auto",
    class_axis: int = -1,
    tie: float | None = None,
) -> ClassificationJudge:
    """Return the judge of a classifier.

    Args:
        golden: Outputs [N, ...] of the golden run, in the order of the graph's outputs.
        decisive: Position of the output that decides; others only say whether anything changed or is unusable.
        guards: Positions of alarms.
        scores: What the deciding output holds. `auto`: labels if it is int32, int64 or boolean; probabilities if all golden
            values are within 0 and 1; else logits. An output with one score a prediction is of two classes: the score stands for
            the second, against 1 - p (probabilities) or 0 (logits).
        class_axis: Axis of the classes; all others but the first are positions of a sequence or map.
        tie: Relative margin of a near tie; the greater of 1e-6 and 8 machine epsilons of the output's dtype.

    Raises:
        InjectionProblem: A golden score is NaN, so that there is no decision to keep; or the output holds no numbers.
        ValueError: `decisive` is no output, or is a guard.
    """
    comparison = comparison_of(golden, guards, decisive)
    output = comparison.golden[decisive]
    _require_numbers(output, decisive)
    kind: Scores = _kind_of(output) if scores == "auto" else scores
    rows = _by_class(output, class_axis, kind)
    _require_decisions(rows, len(output), decisive)
    tie = _tie_of(output) if tie is None else tie
    labels = kind == "labels"
    columns = rows.T.astype(np.float64, order="C")
    best = rows[:, 0].astype(np.int64) if labels else rows.argmax(axis=1)
    confidence = np.ones(len(rows)) if labels else _confidence(columns, best, kind)
    tied = np.zeros(len(rows), bool) if labels else _tied(columns, tie)
    limits = np.full(len(rows), -1.0) if labels else _limits(columns, confidence, kind, tie)
    limits = limits.astype(np.float32 if rows.dtype == np.float32 else np.float64)
    classes = best.reshape(len(output), -1)[:, 0].copy()
    positions = len(rows) // len(output)
    return ClassificationJudge(
        comparison,
        decisive,
        kind,
        classes,
        rows,
        best,
        confidence,
        tied,
        limits,
        bool(np.isfinite(rows).all()),
        positions,
        class_axis,
        tie,
    )


def _require_numbers(output: Array, decisive: int) -> None:
    if output.dtype.kind not in "fiub":
        raise InjectionProblem(
            f"output {decisive} of the model holds {output.dtype}, not scores",
            "Name an output of numbers as the one that decides.",
        )


def _tie_of(output: Array) -> float:
    """Return the margin of a near tie that suits the type of an output."""
    return max(TIE, 8 * float(np.finfo(output.dtype).eps)) if output.dtype.kind == "f" else TIE


def _kind_of(output: Array) -> Scores:
    if output.dtype.kind == "b" or output.dtype in (np.int64, np.int32):
        return "labels"
    if output.dtype.kind == "f" and bool(((output >= 0) & (output <= 1)).all()):
        return "probabilities"
    return "logits"


def _require_decisions(rows: Array, samples: int, decisive: int) -> None:
    if rows.dtype.kind == "f" and np.isnan(rows).any():
        first = int(np.flatnonzero(np.isnan(rows).any(axis=1))[0]) // max(len(rows) // samples, 1)
        raise InjectionProblem(
            f"output {decisive} of the model without faults is NaN for input {first}, so there is no decision to compare with",
            "Leave that input out, or mend the model.",
        )


def _by_class(output: Array, class_axis: int, kind: Scores) -> Array:
    """Return an output as rows [R * T, C], in float32 or float64; labels as [R * T, 1]."""
    if kind == "labels":
        return output.reshape(-1, 1)
    if output.ndim == 1:
        output = output[:, None]
    if class_axis not in (-1, output.ndim - 1):
        output = np.moveaxis(output, class_axis, -1)
    rows = contiguous(output).reshape(-1, output.shape[-1])
    if rows.dtype not in (np.float32, np.float64):
        rows = rows.astype(np.float64 if rows.dtype.itemsize > 2 else np.float32)
    if rows.shape[1] == 1:
        rows = np.concatenate([1 - rows if kind == "probabilities" else np.zeros_like(rows), rows], axis=1)
    return rows


def _confidence(columns: Array, classes: Array, kind: Scores) -> Array:
    """Return the confidence in each row's class, float64 [R]: softmax of logits [C, R], probabilities as they stand."""
    at = np.arange(len(classes))
    if kind == "probabilities":
        return np.asarray(columns[classes, at])
    powers = np.exp(columns - columns.max(axis=0))
    return np.asarray(powers[classes, at] / powers.sum(axis=0))


def _place(rows: Array, classes: Array) -> Array:
    """Return the place, from 0, of each row's class among its scores; the lower class number goes first among equals."""
    own = rows[np.arange(len(rows)), classes][:, None]
    before = (rows > own) | ((rows == own) & (np.arange(rows.shape[1]) < classes[:, None]))
    return np.asarray(before.sum(axis=1))


def _margin(columns: Array) -> tuple[Array, Array]:
    """Return the best score less the second best of columns [C, R], and the greater finite magnitude of the two; each float64 [R].

    The margin is infinite where there is one class.
    """
    best, second = columns[0], np.full(columns.shape[1], -np.inf)
    for column in columns[1:]:
        second = np.maximum(second, np.minimum(best, column))
        best = np.maximum(best, column)
    leading = np.stack([best, second])
    scale = np.abs(leading).max(axis=0, initial=0.0, where=np.isfinite(leading))
    return np.asarray(best - second), np.asarray(scale)


def _tied(columns: Array, tie: float) -> Array:
    margin, scale = _margin(columns)
    return np.asarray(margin <= tie * scale)


def _log_odds(columns: Array) -> Array:
    """Return the log-odds of the best class under softmax, float64 [R]; from the scores, as 1 - p is 0 long before it has no log."""
    powers = np.exp(columns - columns.max(axis=0))
    powers[columns.argmax(axis=0), np.arange(columns.shape[1])] = 0.0
    return np.asarray(-np.log(np.maximum(powers.sum(axis=0), 1e-300)))


def _limits(golden: Array, confidence: Array, kind: Scores, tie: float) -> Array:
    """Return the squared distance within which no decision, near tie or drop of confidence is possible, float64 [R].

    The faulty margin is at least margin - sqrt(2) d, the faulty leaders are at most scale + d; the golden class stays the best, and so
    among the five best. Confidence p falls by at most d (probabilities), its log-odds by at most sqrt(2) d (softmax).
    """
    with np.errstate(invalid="ignore", divide="ignore"):
        margin, scale = _margin(golden)
        apart = (margin - tie * scale) / (math.sqrt(2) + tie)
        left = np.maximum(confidence - 0.1, 0.0)
        odds = _log_odds(golden) - np.log(left / (1 - left))
    limit = np.minimum(apart, 0.1 if kind == "probabilities" else odds / math.sqrt(2)) * _SAFE
    return np.asarray(np.where((limit > 0) & np.isfinite(golden).all(axis=0), np.minimum(limit, _FAR) ** 2, -1.0))
