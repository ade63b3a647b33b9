"""Paired comparison of two models on the same items.

An item is an object (detection: found or missed at the deployed operating point) or an input (classification: its
predicted class). Pairing makes the comparison far sharper than two separate figures: what both models share cancels.
"""

from __future__ import annotations

from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from casework.artifact.onnx_model import OpenedModel
from casework.compute import map_shards
from casework.generators.average_precision import ClassCurve, average_precision, coco_matching
from casework.generators.interface import Interface
from casework.generators.protocol import GeneratorProblem, Progress, Request
from casework.generators.record import Finds, metric, share, table
from casework.generators.resample import blind_margin, draws, percentile_interval
from casework.generators.samples import SampleSet
from casework.generators.slices import Selection, Selector, Slice, plan_slices
from casework.generators.validation.classification import predict
from casework.generators.validation.detection import Evaluated, evaluate
from casework.model.result import Metric

Array = NDArray[Any]
Party = tuple[OpenedModel, Interface]

LIMITATION: Final = (
    "Intervals of differences are percentile bootstraps by image over paired items; in a direction in which no item "
    "moved, the limit is at least the rate that the sample leaves open."
)


def compare_detectors(
    parent: Party,
    child: Party,
    data: SampleSet,
    request: Request,
    options: dict[str, Any],
    finds: Finds,
    progress: Progress,
) -> None:
    """Compare two detectors object by object."""
    before = evaluate(parent[0].content, parent[1], data, request.workers, progress, "images, parent")
    after = evaluate(child[0].content, child[1], data, request.workers, progress, "images, model")
    selector, parts, selections = _plan(data, child[1], request, options, finds)
    counted = 0
    for part, selection in zip(parts, selections, strict=True):
        chosen = np.flatnonzero(selection.objects)
        if len(chosen):
            finds.metrics += _pair_metrics(
                part.text, before.found[chosen], after.found[chosen], before.found[chosen] != after.found[chosen],
                selector.owner[chosen], request, options["resamples"],
            )  # fmt: skip
            counted += 1
        else:
            finds.limitations.append(f"No object lies in the slice {part.text}.")
    if not counted:
        raise GeneratorProblem("no object lies in any of the slices", "Check the slices against the items' conditions.")
    finds.metrics += _map_drops(before, after, child[1], parts, selections, request, options["resamples"])
    finds.limitations.append(LIMITATION)
    finds.tables.append(_outcomes(before.found, after.found))
    finds.tables.append(_object_flips(data, before, after, options["worst"]))


def compare_classifiers(
    parent: Party,
    child: Party,
    data: SampleSet,
    request: Request,
    options: dict[str, Any],
    finds: Finds,
    progress: Progress,
) -> None:
    """Compare two classifiers item by item."""
    said_before, true, scores_before = predict(
        parent[0].content, parent[1], data, request.workers, progress, "items, parent"
    )
    said_after, _, scores_after = predict(child[0].content, child[1], data, request.workers, progress, "items, model")
    right_before, right_after = said_before == true, said_after == true
    _, parts, selections = _plan(data, child[1], request, options, finds)
    counted = 0
    for part, selection in zip(parts, selections, strict=True):
        chosen = np.zeros(0, np.int64) if selection.images is None else selection.images
        if part.label is not None:
            chosen = chosen[true[chosen] == child[1].classes.index(part.label)]
        if len(chosen) == 0:
            finds.limitations.append(f"No item lies in the slice {part.text}.")
            continue
        counted += 1
        flipped = said_before[chosen] != said_after[chosen]
        finds.metrics += _pair_metrics(
            part.text,
            right_before[chosen],
            right_after[chosen],
            flipped,
            np.arange(len(chosen)),
            request,
            options["resamples"],
        )
    if not counted:
        raise GeneratorProblem("no item lies in any of the slices", "Check the slices against the items' conditions.")
    finds.limitations.append(LIMITATION)
    finds.tables.append(_outcomes(right_before, right_after))
    rows = []
    for index in np.flatnonzero(said_before != said_after):
        change = float(scores_before[index, true[index]] - scores_after[index, true[index]])
        was, now = _name(child[1].classes, int(said_before[index])), _name(child[1].classes, int(said_after[index]))
        rows.append((data.samples[index].name, child[1].classes[true[index]], was, now, change))
    rows.sort(key=lambda r: (r[1] != r[2], -r[4], r[0]))
    columns = ("item", "true class", "parent says", "model says", "loss of true score")
    finds.tables.append(table("worst flips", columns, rows[: options["worst"]]))


def _name(classes: tuple[str, ...], index: int) -> str:
    return classes[index] if index < len(classes) else f"output {index}"


def _plan(
    data: SampleSet, interface: Interface, request: Request, options: dict[str, Any], finds: Finds
) -> tuple[Selector, tuple[Slice, ...], list[Selection]]:
    parts = plan_slices(options["slices"], request.odd, data.samples, interface.classes)
    finds.options["slices"] = [p.text for p in parts]
    selector = Selector(data.samples, request.odd)
    return selector, parts, [selector.select(p) for p in parts]


def _pair_metrics(
    where: str, before: Array, after: Array, flipped: Array, clusters: Array, request: Request, resamples: int
) -> list[Metric]:
    """Return metric_drop, flip_rate and negative_flip_rate of paired items.

    Args:
        where: Slice.
        before: bool [N]: the parent has the item right.
        after: bool [N]: the model has it right.
        flipped: bool [N]: the outcome differs.
        clusters: int64 [N]: image of each item.
        request: Seed and confidence.
        resamples: Bootstrap resamples.
    """
    n = len(before)
    _, cluster = np.unique(clusters, return_inverse=True)
    lost = np.bincount(cluster, before.astype(float) - after.astype(float))
    sizes = np.bincount(cluster).astype(float)
    weights = draws(len(sizes), resamples, request.seed, "drop", where)
    low, high = percentile_interval(100 * (weights @ lost) / (weights @ sizes), request.confidence)
    # A direction in which no item moved is not thereby excluded: its limit is at least what n trials leave open.
    margin = 100 * blind_margin(n, request.confidence)
    high = high if (before & ~after).any() else max(high, margin)
    low = low if (~before & after).any() else min(low, -margin)
    drop = 100 * float(lost.sum()) / n
    fields = {"ci_low": low, "ci_high": high, "confidence": request.confidence, "method": "bootstrap"}
    return [
        metric("metric_drop", drop, where, n=n, **fields),
        share("flip_rate", int(flipped.sum()), n, where, request.confidence),
        share("negative_flip_rate", int((before & ~after).sum()), n, where, request.confidence),
    ]


def _map_drops(
    before: Evaluated, after: Evaluated, interface: Interface, parts: tuple[Slice, ...], selections: list[Selection],
    request: Request, resamples: int,
) -> list[Metric]:  # fmt: skip
    """Return the paired difference of mAP50 of every slice; both models see the same draw of images."""
    count = len(interface.classes)
    matchings = [coco_matching(e.detections, e.truths, count) for e in (before, after)]
    shards = []
    for part, selection in zip(parts, selections, strict=True):
        if selection.images is None or not len(selection.images):
            continue
        classes = list(range(count)) if part.label is None else [interface.classes.index(part.label)]
        curves = tuple(tuple(m.curves[c].restricted(selection.images) for c in classes) for m in matchings)
        shards.append((part.text, curves, len(selection.images), resamples, request.seed, request.confidence))
    results = map_shards(_bootstrap_drop, shards, request.workers)
    fields = {"confidence": request.confidence, "method": "bootstrap"}
    return [
        metric("map50_drop", drop, shard[0], n=shard[2], ci_low=low, ci_high=high, **fields)
        for shard, result in zip(shards, results, strict=True)
        if result is not None
        for drop, low, high in (result,)
    ]


_DropShard = tuple[str, tuple[tuple[ClassCurve, ...], ...], int, int, int, float]


def _bootstrap_drop(shard: _DropShard) -> tuple[float, float, float] | None:
    """Return the drop of mAP50 in percentage points and its interval; None without an object."""
    text, (before, after), images, resamples, seed, confidence = shard

    def drop(weights: Array) -> float | None:
        first, second = average_precision(before, weights), average_precision(after, weights)
        return None if first is None or second is None else 100 * (first[1] - second[1])

    estimate = drop(np.ones(images))
    if estimate is None:
        return None
    values = [v for w in draws(images, resamples, seed, "map50_drop", text) if (v := drop(w)) is not None]
    low, high = percentile_interval(values, confidence)
    if high - low <= 0:
        margin = 100 * blind_margin(int(sum(c.objects.sum() for c in before)), confidence)
        low, high = max(-100.0, low - margin), min(100.0, high + margin)
    return estimate, low, high


def _outcomes(before: Array, after: Array) -> Any:
    """Return the two-by-two table of outcomes over all items, for McNemar's test and for the reader."""
    rows = [
        ("right", int((before & after).sum()), int((before & ~after).sum())),
        ("wrong", int((~before & after).sum()), int((~before & ~after).sum())),
    ]
    return table("paired outcomes", ("parent", "model right", "model wrong"), rows)


def _object_flips(data: SampleSet, before: Evaluated, after: Evaluated, limit: int) -> Any:
    """Return the objects whose outcome differs, lost ones first, then by loss of score."""
    rows = []
    position = 0
    for sample in data.samples:
        for thing in sample.objects:
            first, second = bool(before.found[position]), bool(after.found[position])
            if first != second:
                scores = float(before.scores[position]), float(after.scores[position])
                conditions = ",".join(f"{k}={v}" for k, v in sorted((sample.odd | thing.tags).items()))
                rows.append(
                    (not first, sample.name, thing.label, " ".join(f"{v:g}" for v in thing.box), conditions, *scores)
                )
            position += 1
    rows.sort(key=lambda r: (r[0], r[6] - r[5], r[1], r[3]))
    columns = ("file", "label", "box", "conditions", "outcome", "parent score", "model score")
    shown = [(r[1], r[2], r[3], r[4], "gained" if r[0] else "lost", r[5], r[6]) for r in rows[:limit]]
    return table("worst flips", columns, shown)
