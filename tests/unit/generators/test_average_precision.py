"""The resampled accumulation is pycocotools' accumulation of the resampled data set."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from casework.generators.average_precision import average_precision, coco_matching
from casework.generators.detections import Detections, iou, match
from casework.generators.interface import Interface

CLASSES = 2


def boxes(rng: np.random.Generator, count: int) -> np.ndarray:
    corner = rng.integers(0, 30, (count, 2)).astype(float)
    return np.concatenate([corner, corner + rng.integers(4, 20, (count, 2))], axis=1)


def draw(seed: int, images: int) -> tuple[list[Detections], list[tuple[np.ndarray, np.ndarray]]]:
    """Objects, and detections near them and away from them; scores are tied between images, not within one."""
    rng = np.random.default_rng(seed)
    found, truths = [], []
    for _ in range(images):
        truth = boxes(rng, int(rng.integers(0, 4)))
        labels = rng.integers(0, CLASSES, len(truth))
        near = truth + rng.normal(0, 1.5, truth.shape)
        near[:, 2:] = np.maximum(near[:, 2:], near[:, :2] + 1)
        stray = boxes(rng, int(rng.integers(0, 3)))
        every = np.concatenate([near, stray])
        said = np.concatenate([labels, rng.integers(0, CLASSES, len(stray))])
        scores = rng.choice(np.arange(1, 12), len(every), replace=False) / 12
        order = np.argsort(-scores, kind="stable")
        found.append(Detections(every[order], scores[order], said[order].astype(np.int64)))
        truths.append((truth, labels.astype(np.int64)))
    return found, truths


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 10_000), st.integers(1, 8))
def test_weights_stand_for_repeated_images(seed: int, images: int) -> None:
    """A tie of scores between different images is resolved by their order, which repetition keeps."""
    found, truths = draw(seed, images)
    counts = np.random.default_rng(seed + 1).integers(0, 4, images)
    repeated = [i for i, c in enumerate(counts) for _ in range(c)]
    weighted = average_precision(coco_matching(found, truths, CLASSES).curves, counts.astype(float))
    copies = coco_matching([found[i] for i in repeated], [truths[i] for i in repeated], CLASSES) if repeated else None
    reference = copies.reference(range(len(repeated)), range(CLASSES)) if copies else (-1.0, -1.0)
    assert (weighted or (-1.0, -1.0)) == pytest.approx(reference, abs=1e-12)


def test_a_subset_is_the_evaluation_of_the_subset() -> None:
    found, truths = draw(5, 12)
    whole = coco_matching(found, truths, CLASSES)
    chosen = np.array([1, 4, 5, 9])
    alone = coco_matching([found[i] for i in chosen], [truths[i] for i in chosen], CLASSES)
    expected = alone.reference(range(4), range(CLASSES))
    assert whole.reference(chosen.tolist(), range(CLASSES)) == pytest.approx(expected, abs=1e-12)
    assert average_precision([c.restricted(chosen) for c in whole.curves], np.ones(4)) == pytest.approx(
        expected, abs=1e-12
    )


def test_the_reference_is_what_summarize_prints() -> None:
    found, truths = draw(11, 20)
    coco = coco_matching(found, truths, CLASSES)
    import contextlib
    import io

    from pycocotools.cocoeval import COCOeval

    plain = COCOeval(coco.evaluation.cocoGt, coco.evaluation.cocoDt, "bbox")
    with contextlib.redirect_stdout(io.StringIO()):
        plain.evaluate()
        plain.accumulate()
        plain.summarize()
    assert coco.reference(range(20), range(CLASSES)) == pytest.approx((plain.stats[0], plain.stats[1]), abs=1e-12)


def test_an_absurd_box_counts_as_false() -> None:
    box = np.array([[0.0, 0, 10, 10]])
    huge = Detections(np.concatenate([[[0.0, 0, 1e6, 1e6]], box]), np.array([0.9, 0.8]), np.array([0, 0]))
    coco = coco_matching([huge], [(box, np.array([0]))], 1)
    assert coco.reference([0], [0]) == pytest.approx((0.5, 0.5))
    assert average_precision(coco.curves, np.ones(1)) == pytest.approx((0.5, 0.5))


def interface(threshold: float, overlap: float) -> Interface:
    return Interface(
        "detection",
        "NCHW",
        "RGB",
        None,
        (),
        (),
        "center",
        (),
        ("a", "b"),
        "x",
        "float32",
        (8, 8),
        0,
        threshold,
        overlap,
        4.0,
        100,
        "xyxy",
        False,
    )


@pytest.mark.parametrize("seed", range(20))
def test_matching_agrees_with_pycocotools_at_one_iou(seed: int) -> None:
    """Found objects at IoU 0.5 and every score are those that pycocotools matches."""
    found, truths = draw(seed, 6)
    coco = coco_matching(found, truths, CLASSES)
    ours = [match(d, b, c, interface(0.0, 0.5)) for d, (b, c) in zip(found, truths, strict=True)]
    theirs = sum(int(curve.correct[0].sum()) for curve in coco.curves)
    assert sum(int(m.found.sum()) for m in ours) == theirs
    assert sum(int(m.correct.sum()) for m in ours) == theirs


def test_one_object_is_found_once() -> None:
    box = np.array([[0.0, 0, 10, 10]])
    twice = Detections(np.concatenate([box, box]), np.array([0.9, 0.8]), np.array([0, 0]))
    result = match(twice, box, np.array([0]), interface(0.5, 0.5))
    assert result.found.tolist() == [True]
    assert result.correct.tolist() == [True, False]
    assert result.scores.tolist() == [0.9]


def test_a_class_is_not_another() -> None:
    box = np.array([[0.0, 0, 10, 10]])
    result = match(Detections(box, np.array([0.9]), np.array([1])), box, np.array([0]), interface(0.5, 0.5))
    assert not result.found.any()
    assert not result.correct.any()


def test_intersection_over_union_by_hand() -> None:
    first = np.array([[0.0, 0, 2, 2], [5, 5, 5, 9]])
    second = np.array([[1.0, 1, 3, 3], [0, 0, 2, 2], [9, 9, 10, 10]])
    assert iou(first, second) == pytest.approx(np.array([[1 / 7, 1, 0], [0, 0, 0]]))
