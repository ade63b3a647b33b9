"""The second judge that belongs to a judge: told what the outputs mean by it, and nothing else."""

from __future__ import annotations

from casework.injection.outcomes.classification import ClassificationJudge
from casework.injection.outcomes.detection import DetectionJudge
from casework.injection.outcomes.plain.classes import PlainClassification
from casework.injection.outcomes.plain.masks import PlainSegmentation
from casework.injection.outcomes.plain.objects import PlainDetection
from casework.injection.outcomes.plain.values import PlainRegression
from casework.injection.outcomes.plain.verdict import Second
from casework.injection.outcomes.regression import RegressionJudge
from casework.injection.outcomes.segmentation import SegmentationJudge


def second_judge(judge: object) -> Second | None:
    """Return the second judge of a judge; None for one of a kind that it does not know."""
    match judge:
        case ClassificationJudge():
            return PlainClassification(
                judge.decisive, judge.comparison.guards, judge.scores, judge.class_axis, judge.tie
            )
        case DetectionJudge():
            return PlainDetection(judge.decode, judge.reads, judge.comparison.guards, judge.threshold, judge.iou)
        case SegmentationJudge():
            return PlainSegmentation(
                judge.decisive, judge.comparison.guards, judge.masks, judge.class_axis, judge.kinds, judge.bound
            )
        case RegressionJudge():
            return PlainRegression(
                judge.decisive, judge.comparison.guards, judge.thresholds, judge.factor, judge.period
            )
        case _:
            return None
