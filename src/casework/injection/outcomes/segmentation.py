"""Outcomes of segmentation: the mask under the fault against the golden mask."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Final, Literal

import numpy as np
from numpy.typing import NDArray

from casework.injection.outcomes.comparison import Comparison, comparison_of, silent
from casework.injection.outcomes.flags import CHANGED, DETECTED, DUE, NEAR_TIE, SDC
from casework.injection.outcomes.ledger import FIXED, Ledger
from casework.injection.problem import InjectionProblem

Array = NDArray[Any]

Masks = Literal["scores", "labels", "probability", "logit"]
"""What the output holds: scores of each class, decided classes, or one probability or logit of the foreground."""

TIED: Final = 1e-9
_MOST: Final = 65_535


@dataclass(frozen=True, slots=True)
class MaskChange:
    """What became of one prediction, for people.

    Attributes:
        changed: Share of pixels of another class.
        mean_iou: Over the classes that occur in either mask.
        iou: Intersection over union of each class; NaN for one that occurs in neither mask.
    """

    changed: float
    mean_iou: float
    iou: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class SegmentationJudge:
    """Judges masks: SDC where the mean IoU of faulty against golden mask is below the bound.

    The mean is over the classes that occur in either of the two masks (PASCAL VOC's measure, one image at a time). NEAR_TIE: the
    mean differs from the bound by at most 1e-9, the rounding of the mean; ties between classes of a pixel are not looked at.

    The ledger has, by input, of predictions with CHANGED and neither DUE nor DETECTED: the sum of the mean IoU in units of
    1 / `ledger.FIXED`, changed pixels, then the intersection and the union in pixels of each class.

    Attributes:
        comparison: Golden outputs.
        decisive: Position of the output with the masks.
        masks: What it holds.
        class_axis: Axis of the classes in the output, for scores.
        labels: int [N, P]: golden classes of the pixels.
        kinds: Number of classes.
        pixels: int64 [N, K]: golden pixels of each class.
        bound: Mean IoU below which a mask is corrupted.
        ledger: What is counted beside the flags.
    """

    comparison: Comparison
    decisive: int
    masks: Masks
    class_axis: int
    labels: Array
    kinds: int
    pixels: Array
    bound: float
    ledger: Ledger

    @property
    def classes(self) -> Array:
        """A mask has many classes: -1 for each input, int64 [N]."""
        return np.full(len(self.labels), -1, np.int64)

    def fresh(self) -> SegmentationJudge:
        """Return this judge with an empty ledger."""
        return replace(self, ledger=Ledger.empty(len(self.labels), 2 + 2 * self.kinds))

    def __call__(self, outputs: Sequence[Array | None], samples: Array) -> Array:
        """Return flags uint16 [R]; see `engines.protocol.Judge`. None stands for an output known to equal the golden one."""
        return self.comparison.blocks(outputs, samples, self._block)

    def describe(self, outputs: Sequence[Array | None], samples: Array) -> list[MaskChange]:
        """Return what became of each of R predictions."""
        held = outputs[self.decisive]
        rows = self.comparison.golden[self.decisive][samples] if held is None else held
        shared, union, changed = self._overlap(_labels(rows, self.masks, self.class_axis), samples)
        iou = np.where(union > 0, shared / np.maximum(union, 1), np.nan)
        means = _mean_iou(shared, union)
        share = changed / self.labels.shape[1]
        return [
            MaskChange(float(c), float(m), tuple(float(v) for v in i))
            for c, m, i in zip(share, means, iou, strict=True)
        ]

    def _overlap(self, found: Array, samples: Array) -> tuple[Array, Array, Array]:
        """Return intersections and unions int64 [R, K] in pixels, and changed pixels int64 [R], of masks int64 [R, P]."""
        golden, kinds = self.labels[samples], self.kinds
        places = np.flatnonzero(found != golden)  # all that is asked follows from these and the golden counts
        rows = places // max(golden.shape[1], 1) * kinds
        before = golden.ravel()[places].astype(np.int64)
        after = found.ravel()[places].astype(np.int64)
        after = np.where((after >= 0) & (after < kinds), after, kinds - 1)
        shape = (len(found), kinds)
        left, come = (
            np.bincount(rows + which, minlength=len(found) * kinds).reshape(shape) for which in (before, after)
        )
        present = self.pixels[samples]
        return present - left, present + come, left.sum(axis=1)

    def _block(self, outputs: Sequence[Array | None], samples: Array) -> Array:
        flags = self.comparison.flags(outputs, samples)
        rows = outputs[self.decisive]
        asked = np.flatnonzero((flags & (CHANGED | DUE | DETECTED)) == CHANGED)
        if rows is None or not len(asked):
            return flags
        shared, union, changed = self._overlap(_labels(rows[asked], self.masks, self.class_axis), samples[asked])
        means = _mean_iou(shared, union)
        flags[asked[means < self.bound]] |= SDC
        flags[asked[np.abs(means - self.bound) <= TIED]] |= NEAR_TIE
        fixed = np.rint(means * FIXED).astype(np.int64)
        self.ledger.add(samples[asked], np.column_stack([fixed, changed, shared, union]))
        return silent(flags)


def judge_of(
    golden: Sequence[Array],
    *,
    bound: float = 0.9,
    decisive: int = 0,
    guards: Sequence[int] = (),
    masks: Masks | Literal["auto"] = "auto",
    class_axis: int = 1,
) -> SegmentationJudge:
    """Return the judge of a segmentation.

    Args:
        golden: Outputs [N, ...] of the golden run, in the order of the graph's outputs.
        bound: Mean IoU below which a mask is corrupted, above 0 and at most 1 (1: any changed pixel).
        decisive: Position of the output with the masks; others only say whether anything changed or is unusable.
        guards: Positions of alarms.
        masks: What the output holds. `auto`: labels for integers; else, with more than one value along `class_axis`, scores; else
            probability (cut at 0.5) where all golden values are within 0 and 1, and logit (cut at 0) where not.
        class_axis: Axis of the classes, for scores.

    Raises:
        InjectionProblem: The bound is none, a golden value is NaN, or a golden mask holds what is no class.
        ValueError: `decisive` is no output, or is a guard.
    """
    if not 0 < bound <= 1:
        raise InjectionProblem(f"the bound {bound:g} on the mean IoU is not in 0 to 1", "Give a bound such as 0.9.")
    comparison = comparison_of(golden, guards, decisive)
    output = comparison.golden[decisive]
    if output.dtype.kind not in "fiub" or (output.dtype.kind == "f" and np.isnan(output).any()):
        raise InjectionProblem(
            f"output {decisive} of the model without faults has values that are no numbers",
            "Name another output as the one that decides, or mend the model.",
        )
    kind = _masks_of(output, class_axis) if masks == "auto" else masks
    labels = _labels(output, kind, class_axis)
    if labels.min(initial=0) < 0 or labels.max(initial=0) > _MOST:
        raise InjectionProblem(
            f"output {decisive} of the model without faults has masks with classes beyond 0 to {_MOST}",
            "Name the output that holds the classes of the pixels, or their scores.",
        )
    kinds = output.shape[class_axis] if kind == "scores" else max(2, int(labels.max(initial=0)) + 1)
    kinds += kind == "labels"  # the last stands for any faulty label that no golden mask has
    pixels = np.stack([np.bincount(row.astype(np.int64), minlength=kinds) for row in labels])
    ledger = Ledger.empty(len(labels), 2 + 2 * kinds)
    return SegmentationJudge(comparison, decisive, kind, class_axis, labels, kinds, pixels, bound, ledger)


def mean_iou(ledger: Ledger, predictions: Array) -> float:
    """Return the mean over predictions of the mean IoU against the golden masks.

    Masked predictions count 1; unusable and detected ones, which have no mask, are to be left out.

    Args:
        ledger: Of a `SegmentationJudge`.
        predictions: int64 [N]: of each input, without those with DUE or DETECTED.
    """
    total = int(predictions.sum())
    same = total - int(ledger.judged.sum())
    return (int(ledger.amounts[:, 0].sum()) / FIXED + same) / total if total else 1.0


def _masks_of(output: Array, class_axis: int) -> Masks:
    if output.dtype.kind in "iub" and (output.ndim < 4 or output.shape[class_axis] == 1):
        return "labels"
    if output.ndim > 3 and output.shape[class_axis] > 1:
        return "scores"
    return "probability" if bool(((output >= 0) & (output <= 1)).all()) else "logit"


def _labels(rows: Array, masks: Masks, class_axis: int) -> Array:
    """Return the class of each pixel, int [R, P]; the first of the greatest scores."""
    if masks == "labels":
        return rows.reshape(len(rows), -1).astype(np.int64)
    if masks != "scores":
        return (rows.reshape(len(rows), -1) >= (0.5 if masks == "probability" else 0.0)).astype(np.uint8)
    planes = np.moveaxis(rows, class_axis, 0)
    kind = np.uint8 if len(planes) <= 256 else np.int32
    best, labels = planes[0], np.zeros(planes.shape[1:], kind)
    for number, plane in enumerate(planes[1:], 1):  # plane by plane runs along memory, argmax over this axis does not
        np.copyto(labels, kind(number), where=plane > best)
        best = np.maximum(best, plane)
    return labels.reshape(len(rows), -1)


def _mean_iou(shared: Array, union: Array) -> Array:
    occurs = union > 0
    ratios = np.where(occurs, shared / np.maximum(union, 1), 0.0)
    return np.asarray(ratios.sum(axis=1) / np.maximum(occurs.sum(axis=1), 1))
