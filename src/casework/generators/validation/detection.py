"""Metrics of a detector: COCO mAP, and recall, precision and false detections at the deployed operating point."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from casework.artifact.onnx_model import OpenedModel
from casework.compute import map_shards
from casework.generators.average_precision import ClassCurve, CocoMatching, average_precision, coco_matching
from casework.generators.detections import Detections, Match, detect, iou, match, truth
from casework.generators.interface import Interface
from casework.generators.protocol import GeneratorProblem, Progress, Request
from casework.generators.record import Finds, metric, share, table
from casework.generators.resample import blind_margin, draws, percentile_interval, poisson_interval
from casework.generators.samples import SampleSet
from casework.generators.slices import Selection, Selector, Slice, plan_slices
from casework.model.result import Metric, SelfCheck

Array = NDArray[Any]

LIMITATIONS: Final = (
    "Intervals of recall, precision and fnr are exact binomial (Clopper-Pearson) and take objects as independent; "
    "those of one image are not wholly so.",
    "Intervals of mAP are percentile bootstraps by image; where no resample differs, they are widened by the rate that "
    "the sample leaves open.",
    "Intervals of fppi are the wider, on each side, of the bootstrap by image and the exact Poisson interval.",
)


@dataclass(frozen=True, slots=True)
class Evaluated:
    """A detector's outcome on a set of samples.

    Attributes:
        detections: One an image.
        matches: One an image, at the deployed operating point.
        truths: Boxes and class indices, one pair an image.
        found: bool [O]: over all objects of all images in order.
        scores: float64 [O]: score of the detection that found it, 0 if missed.
    """

    detections: list[Detections]
    matches: list[Match]
    truths: list[tuple[Array, Array]]
    found: Array
    scores: Array


def evaluate(
    content: bytes, interface: Interface, data: SampleSet, workers: int, progress: Progress, text: str
) -> Evaluated:
    """Run a detector and match its detections.

    Raises:
        GeneratorProblem: The data hold no object, or a label or file cannot be used.
    """
    truths = [truth(sample, interface.classes) for sample in data.samples]
    if not any(len(boxes) for boxes, _ in truths):
        raise GeneratorProblem("the data hold no labelled object", "Give data with objects.")
    detections = detect(content, interface, data, workers, progress, text)
    alien = {int(c) for d in detections for c in d.labels} - set(range(len(interface.classes)))
    if alien:
        raise GeneratorProblem(
            f"the model predicts class {max(alien)}, and {len(interface.classes)} classes are named",
            "Give the classes in the order of the outputs, background left out.",
        )
    matches = [match(d, b, c, interface) for d, (b, c) in zip(detections, truths, strict=True)]
    return Evaluated(
        detections,
        matches,
        truths,
        np.concatenate([m.found for m in matches]),
        np.concatenate([m.scores for m in matches]),
    )


def validate_detection(
    model: OpenedModel,
    interface: Interface,
    data: SampleSet,
    request: Request,
    options: dict[str, Any],
    finds: Finds,
    progress: Progress,
) -> None:
    """Measure a detector and fill in metrics, tables, self-checks and limitations."""
    outcome = evaluate(model.content, interface, data, request.workers, progress, "images")
    parts = plan_slices(options["slices"], request.odd, data.samples, interface.classes)
    finds.options["slices"] = [p.text for p in parts]
    selector = Selector(data.samples, request.odd)
    selections = [selector.select(p) for p in parts]
    empty = [p.text for p, s in zip(parts, selections, strict=True) if not _holds_anything(s)]
    finds.limitations += [f"No item lies in the slice {text}." for text in empty]
    if len(empty) == len(parts):
        raise GeneratorProblem("no item lies in any of the slices", "Check the slices against the items' conditions.")
    coco = coco_matching(outcome.detections, outcome.truths, len(interface.classes))
    for part, selection in zip(parts, selections, strict=True):
        finds.metrics += _object_figures(part, selection, outcome, request.confidence)
        finds.metrics += _image_figures(part, selection, outcome, interface, request, options["resamples"])
    precision_metrics, checks, notes = _precision_figures(
        parts, selections, coco, interface, request, options, progress
    )
    finds.metrics += precision_metrics
    finds.self_checks += checks
    finds.limitations += [*LIMITATIONS, *notes]
    finds.tables.append(_class_table(interface, outcome, finds.metrics))
    finds.tables.append(_miss_table(interface, data, outcome, options["worst"]))


def _holds_anything(selection: Selection) -> bool:
    return bool(selection.objects.any()) or (selection.images is not None and len(selection.images) > 0)


def _object_figures(part: Slice, selection: Selection, outcome: Evaluated, confidence: float) -> list[Metric]:
    n = int(selection.objects.sum())
    if n == 0:
        return []
    k = int(outcome.found[selection.objects].sum())
    return [share("recall", k, n, part.text, confidence), share("fnr", n - k, n, part.text, confidence)]


def _image_figures(
    part: Slice, selection: Selection, outcome: Evaluated, interface: Interface, request: Request, resamples: int
) -> list[Metric]:
    """Return precision and false detections an image; none where the conditions are known of objects only."""
    if selection.images is None or len(selection.images) == 0:
        return []
    wanted = None if part.label is None else interface.classes.index(part.label)
    right, wrong = [], []
    for index in selection.images:
        one = outcome.matches[index]
        of_class = np.ones(len(one.labels), bool) if wanted is None else one.labels == wanted
        right.append(int((one.correct & of_class).sum()))
        wrong.append(int((~one.correct & of_class).sum()))
    found = sum(right) + sum(wrong)
    images = len(right)
    drawn = draws(images, resamples, request.seed, "fppi", part.text) @ np.asarray(wrong, float) / images
    spread = percentile_interval(drawn, request.confidence)
    exact = poisson_interval(sum(wrong), images, request.confidence)
    figures = [
        metric(
            "fppi", sum(wrong) / images, part.text, n=images, confidence=request.confidence, method="bootstrap",
            ci_low=min(spread[0], exact[0]), ci_high=max(spread[1], exact[1]),
        )
    ]  # fmt: skip
    if found:
        figures.append(share("precision", sum(right), found, part.text, request.confidence))
    return figures


@dataclass(frozen=True, slots=True)
class _ApShard:
    """One slice's bootstrap: restricted curves and everything that it needs."""

    text: str
    curves: tuple[ClassCurve, ...]
    images: int
    resamples: int
    seed: int
    confidence: float


def _bootstrap_slice(shard: _ApShard) -> tuple[tuple[float, float], tuple[float, float], tuple[float, float]] | None:
    """Return the estimates (mAP, mAP50) and the intervals of each; None without an object."""
    estimate = average_precision(shard.curves, np.ones(shard.images))
    if estimate is None:
        return None
    weights = draws(shard.images, shard.resamples, shard.seed, "map", shard.text)
    values = np.array([v for row in weights if (v := average_precision(shard.curves, row)) is not None])
    margin = blind_margin(int(sum(c.objects.sum() for c in shard.curves)), shard.confidence)
    intervals = []
    for column in (0, 1):
        low, high = percentile_interval(values[:, column], shard.confidence)
        if high - low <= 0:
            low, high = max(0.0, low - margin), min(1.0, high + margin)
        intervals.append((low, high))
    return estimate, intervals[0], intervals[1]


def _precision_figures(
    parts: Sequence[Slice], selections: Sequence[Selection], coco: CocoMatching, interface: Interface, request: Request,
    options: dict[str, Any], progress: Progress,
) -> tuple[list[Metric], list[SelfCheck], list[str]]:  # fmt: skip
    """Return mAP and mAP50 of every slice, the comparison with pycocotools, and remarks."""
    shards, indices = [], []
    for part, selection in zip(parts, selections, strict=True):
        if selection.images is None or len(selection.images) == 0:
            continue
        classes = list(range(len(interface.classes))) if part.label is None else [interface.classes.index(part.label)]
        curves = tuple(coco.curves[c].restricted(selection.images) for c in classes)
        shards.append(
            _ApShard(part.text, curves, len(selection.images), options["resamples"], request.seed, request.confidence)
        )
        indices.append((selection.images.tolist(), classes))
    results = map_shards(_bootstrap_slice, shards, request.workers, lambda d, t: progress(d, t, "slices"))
    metrics: list[Metric] = []
    worst = 0.0
    for shard, (images, classes), result in zip(shards, indices, results, strict=True):
        if result is None:
            continue
        estimate, *intervals = result
        reference = coco.reference(images, classes)
        worst = max(worst, abs(reference[0] - estimate[0]), abs(reference[1] - estimate[1]))
        for name, value, (low, high) in zip(("map", "map50"), reference, intervals, strict=True):
            fields = {
                "n": shard.images,
                "ci_low": low,
                "ci_high": high,
                "confidence": request.confidence,
                "method": "bootstrap",
            }
            metrics.append(metric(name, value, shard.text, **fields))
    check = SelfCheck(
        name="map-agrees-with-pycocotools", outcome="passed" if worst < 1e-9 else "failed",
        detail=f"greatest difference of {len(metrics)} figures between our accumulation and pycocotools: {worst:.2g}",
    )  # fmt: skip
    notes = []
    by_object = [p.text for p, s in zip(parts, selections, strict=True) if s.images is None and s.objects.any()]
    if by_object:
        notes.append(f"Known of objects only, hence without precision, fppi and mAP: {', '.join(by_object)}.")
    return metrics, [check], notes


def _class_table(interface: Interface, outcome: Evaluated, metrics: Sequence[Metric]) -> Any:
    """Return counts of every class over all images, and its average precision where its slice was asked for."""
    known = {(m.name, m.slice): m.value for m in metrics}
    labels = np.concatenate([c for _, c in outcome.truths])
    predicted = np.concatenate([m.labels for m in outcome.matches])
    correct = np.concatenate([m.correct for m in outcome.matches])
    rows = []
    for index, name in enumerate(interface.classes):
        mine = labels == index
        wrong = int(((predicted == index) & ~correct).sum())
        rows.append(
            (
                name,
                int(mine.sum()),
                int(outcome.found[mine].sum()),
                wrong,
                known.get(("map", f"class={name}")),
                known.get(("map50", f"class={name}")),
            )
        )
    return table("classes", ("class", "objects", "found", "false detections", "map", "map50"), rows)


def _miss_table(interface: Interface, data: SampleSet, outcome: Evaluated, limit: int) -> Any:
    """Return the missed objects, those first of which the model saw least."""
    rows = []
    position = 0
    for sample, detections, (boxes, labels) in zip(data.samples, outcome.detections, outcome.truths, strict=True):
        for index, thing in enumerate(sample.objects):
            if not outcome.found[position]:
                same = detections.labels == labels[index]
                near = same & (iou(detections.boxes, boxes[index : index + 1])[:, 0] >= interface.iou)
                best = float(detections.scores[near].max()) if near.any() else 0.0
                conditions = ",".join(f"{k}={v}" for k, v in sorted((sample.odd | thing.tags).items()))
                rows.append((best, sample.name, thing.label, " ".join(f"{v:g}" for v in thing.box), conditions))
            position += 1
    rows.sort(key=lambda r: (r[0], r[1], r[3]))
    columns = ("file", "label", "box", "conditions", "best score")
    return table("worst misses", columns, [(r[1], r[2], r[3], r[4], r[0]) for r in rows[:limit]])
