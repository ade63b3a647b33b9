"""Metrics of a classifier: accuracy, macro F1, recall of each class, confusion matrix."""

from __future__ import annotations

from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from casework.artifact.onnx_model import OpenedModel
from casework.generators.detections import classify
from casework.generators.interface import Interface
from casework.generators.protocol import GeneratorProblem, Progress, Request
from casework.generators.record import Finds, metric, share, table
from casework.generators.resample import blind_margin, draws, percentile_interval
from casework.generators.samples import SampleSet
from casework.generators.slices import Selector, plan_slices
from casework.model.result import Metric

Array = NDArray[Any]

LIMITATION: Final = (
    "Intervals of accuracy and recall are exact binomial (Clopper-Pearson) and take items as independent."
)


def predict(
    content: bytes, interface: Interface, data: SampleSet, workers: int, progress: Progress, text: str
) -> tuple[Array, Array, Array]:
    """Run a classifier and return predicted classes int64 [N], true classes int64 [N] and scores float64 [N, classes].

    Raises:
        GeneratorProblem: Outputs and classes do not fit, or a label is not among the classes.
    """
    order = {name: i for i, name in enumerate(interface.classes)}
    unknown = [s for s in data.samples if s.label not in order]
    if unknown:
        raise GeneratorProblem(
            f"{unknown[0].name} is labelled {unknown[0].label!r}, which is not among the model's classes",
            "Mend the label, or give the classes in the order of the outputs.",
        )
    scores = classify(content, interface, data, workers, progress, text)
    if scores.shape[1] < len(interface.classes):
        raise GeneratorProblem(
            f"the model gives {scores.shape[1]} scores, and {len(interface.classes)} classes are named",
            "Give the classes in the order of the outputs.",
        )
    return scores.argmax(axis=1), np.array([order[str(s.label)] for s in data.samples], np.int64), scores


def validate_classification(
    model: OpenedModel,
    interface: Interface,
    data: SampleSet,
    request: Request,
    options: dict[str, Any],
    finds: Finds,
    progress: Progress,
) -> None:
    """Measure a classifier and fill in metrics, tables and limitations."""
    predicted, true, scores = predict(model.content, interface, data, request.workers, progress, "items")
    parts = plan_slices(options["slices"], request.odd, data.samples, interface.classes)
    finds.options["slices"] = [p.text for p in parts]
    selector = Selector(data.samples, request.odd)
    for part in parts:
        images = selector.select(part).images
        chosen = np.zeros(0, np.int64) if images is None else images
        if part.label is not None:
            chosen = chosen[true[chosen] == interface.classes.index(part.label)]
        if len(chosen) == 0:
            finds.limitations.append(f"No item lies in the slice {part.text}.")
            continue
        right = int((predicted[chosen] == true[chosen]).sum())
        if part.label is not None:
            finds.metrics.append(share("recall", right, len(chosen), part.text, request.confidence))
            finds.metrics.append(share("fnr", len(chosen) - right, len(chosen), part.text, request.confidence))
            continue
        finds.metrics.append(share("accuracy", right, len(chosen), part.text, request.confidence))
        finds.metrics.append(_macro_f1(part.text, predicted[chosen], true[chosen], request, options["resamples"]))
    if not finds.metrics:
        raise GeneratorProblem("no item lies in any of the slices", "Check the slices against the items' conditions.")
    finds.limitations.append(LIMITATION)
    finds.tables.append(_confusion(interface.classes, predicted, true))
    finds.tables.append(_worst(interface.classes, data, predicted, true, scores, options["worst"]))


def f1_scores(predicted: Array, true: Array, weights: Array) -> float:
    """Return the mean F1 over the classes that occur, weighted by item: 2 TP / (2 TP + FP + FN)."""
    count = int(max(predicted.max(), true.max())) + 1
    hits = np.bincount(true, weights * (predicted == true), minlength=count)
    truly = np.bincount(true, weights, minlength=count)
    said = np.bincount(predicted, weights, minlength=count)
    present = (truly + said) > 0
    return float((2 * hits[present] / (truly + said)[present]).mean())


def _macro_f1(text: str, predicted: Array, true: Array, request: Request, resamples: int) -> Metric:
    weights = draws(len(true), resamples, request.seed, "macro_f1", text)
    low, high = percentile_interval([f1_scores(predicted, true, w) for w in weights], request.confidence)
    if high - low <= 0:
        margin = blind_margin(len(true), request.confidence)
        low, high = max(0.0, low - margin), min(1.0, high + margin)
    value = f1_scores(predicted, true, np.ones(len(true)))
    return metric(
        "macro_f1",
        value,
        text,
        n=len(true),
        ci_low=low,
        ci_high=high,
        confidence=request.confidence,
        method="bootstrap",
    )


def _confusion(classes: tuple[str, ...], predicted: Array, true: Array) -> Any:
    """Return the confusion matrix: a row a true class, a column a predicted one."""
    count = max(len(classes), int(predicted.max()) + 1)
    matrix = np.zeros((count, count), np.int64)
    np.add.at(matrix, (true, predicted), 1)
    names = [*classes, *(f"output {i}" for i in range(len(classes), count))]
    return table("confusion", ("true class", *names), [(name, *matrix[i].tolist()) for i, name in enumerate(names)])


def _worst(classes: tuple[str, ...], data: SampleSet, predicted: Array, true: Array, scores: Array, limit: int) -> Any:
    """Return the wrong items, those first in which the true class was furthest behind."""
    wrong = np.flatnonzero(predicted != true)
    behind = scores[wrong, predicted[wrong]] - scores[wrong, true[wrong]]
    rows = []
    for index in wrong[np.argsort(-behind, kind="stable")][:limit]:
        said = int(predicted[index])
        name = classes[said] if said < len(classes) else f"output {said}"
        gap = float(scores[index, said] - scores[index, true[index]])
        rows.append((data.samples[index].name, classes[true[index]], name, gap))
    return table("worst misses", ("item", "true class", "predicted class", "score gap"), rows)
