"""Second judges: what they say of predictions worked out by hand, and that the judges of campaigns say the same of many."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from casework.injection.outcomes import classification, detection, regression, segmentation
from casework.injection.outcomes.flags import (
    BEYOND,
    CHANGED,
    DETECTED,
    DROP10,
    DROP20,
    DUE,
    GHOST,
    LOST,
    NEAR_TIE,
    SDC,
    SDC5,
)
from casework.injection.outcomes.plain.classes import PlainClassification
from casework.injection.outcomes.plain.masks import PlainSegmentation
from casework.injection.outcomes.plain.objects import PlainDetection
from casework.injection.outcomes.plain.second import second_judge
from casework.injection.outcomes.plain.values import PlainRegression
from casework.injection.outcomes.plain.verdict import Verdict, common
from casework.injection.outcomes.screens import boxes_screen


def row(*values: float, kind: Any = np.float32) -> Any:
    return np.array([values], kind)


def flags_of(judge: Any, faulty: Any, golden: Any) -> int:
    found = judge([faulty], [golden])
    assert not found.doubt
    return int(found.flags)


LOGITS = PlainClassification(0, (), "logits", -1, 1e-6)
EIGHT = (0.0, 1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 8.0)


@pytest.mark.parametrize(
    ("faulty", "golden", "expected"),
    [
        (EIGHT, EIGHT, 0),
        ((0.5, *EIGHT[1:]), EIGHT, CHANGED),
        ((-0.0, *EIGHT[1:]), EIGHT, CHANGED),  # another bit, the same value
        ((9.5, *EIGHT[1:]), EIGHT, CHANGED | SDC | DROP10 | DROP20),
        ((*EIGHT[:7], -1.0), EIGHT, CHANGED | SDC | SDC5 | DROP10 | DROP20),
        ((*EIGHT[:7], 2.5), EIGHT, CHANGED | SDC | DROP10 | DROP20),  # the fifth best
        ((*EIGHT[:7], 6.0), EIGHT, CHANGED | SDC | DROP10 | DROP20 | NEAR_TIE),  # of equals the first
        (
            (*EIGHT[:7], 2.0),
            EIGHT,
            CHANGED | SDC | SDC5 | DROP10 | DROP20,
        ),  # shares the fifth place with a lower number
        ((*EIGHT[:6], 7.0, 8.0), EIGHT, CHANGED | DROP10),
        ((np.nan, *EIGHT[1:]), EIGHT, CHANGED | DUE),
        ((*EIGHT[:7], np.inf), EIGHT, CHANGED | DUE),
        ((1.0, 2.0), (2.0, 2.0), CHANGED | SDC | NEAR_TIE | DROP10 | DROP20),
    ],
)
def test_scores(faulty: Any, golden: Any, expected: int) -> None:
    assert flags_of(LOGITS, row(*faulty), row(*golden)) == expected


def test_probabilities_labels_single_scores_and_sequences() -> None:
    probable = PlainClassification(0, (), "probabilities", -1, 1e-6)
    assert flags_of(probable, row(0.3, 0.7), row(0.15, 0.85)) == CHANGED | DROP10
    assert flags_of(probable, row(0.45), row(0.8)) == CHANGED | SDC | DROP10 | DROP20
    labels = PlainClassification(0, (), "labels", -1, 1e-6)
    assert flags_of(labels, np.array([4]), np.array([3])) == CHANGED | SDC
    assert (
        flags_of(LOGITS, np.array([-0.5], np.float32), np.array([2.0], np.float32)) == CHANGED | SDC | DROP10 | DROP20
    )
    golden = np.array([[[5.0, 0.0], [0.0, 5.0]]], np.float32)
    faulty = golden.copy()
    faulty[0, 1] = [6.0, 5.0]
    assert flags_of(LOGITS, faulty, golden) == CHANGED | SDC | DROP10 | DROP20
    across = PlainClassification(0, (), "logits", 1, 1e-6)
    assert flags_of(across, np.moveaxis(faulty, -1, 1), np.moveaxis(golden, -1, 1)) == CHANGED | SDC | DROP10 | DROP20


def test_guards_and_what_is_unusable_in_any_output() -> None:
    golden = [row(1.0, 2.0), np.array([[False, True]]), row(np.inf, 1.0)]
    assert common(golden, golden, (1,)) == 0
    assert common([golden[0], np.array([[True, True]]), golden[2]], golden, (1,)) == CHANGED | DETECTED
    assert common([golden[0], np.array([[False, False]]), golden[2]], golden, (1,)) == CHANGED
    assert common([*golden[:2], row(-np.inf, 1.0)], golden, (1,)) == CHANGED  # not finite before either
    assert common([*golden[:2], row(np.nan, 1.0)], golden, (1,)) == CHANGED | DUE
    loud = PlainClassification(0, (1,), "logits", -1, 1e-6)
    spoken = loud([row(9.0, 2.0), np.array([[True, True]]), golden[2]], golden)
    assert spoken == Verdict(CHANGED | DETECTED)


def test_values() -> None:
    judge = PlainRegression(0, (), (10.0, 20.0), 1.0, 0.0)
    golden = row(100.0, 0.0)
    expected = {5.0: CHANGED, 10.0: CHANGED | NEAR_TIE, 15.0: CHANGED | SDC | BEYOND[0]}
    expected |= {-25.0: CHANGED | SDC | BEYOND[0] | BEYOND[1], 10.00005: CHANGED | SDC | BEYOND[0] | NEAR_TIE}
    for off, flags in expected.items():
        assert flags_of(judge, row(100.0, off, kind=np.float64), golden.astype(np.float64)) == flags, off
    angle = PlainRegression(0, (), (10.0,), 180 / np.pi, 360.0)
    assert flags_of(angle, row(np.pi - 0.01), row(0.01 - np.pi)) == CHANGED
    assert flags_of(angle, row(0.2), row(0.01)) == CHANGED | SDC | BEYOND[0]


def test_masks() -> None:
    labels = PlainSegmentation(0, (), "labels", 1, 3, 0.6)
    golden = np.array([[0, 0, 1, 1]])
    assert flags_of(labels, np.array([[0, 0, 0, 1]]), golden) == CHANGED | SDC  # (2/3 + 1/2) / 2
    assert flags_of(labels, np.array([[0, 0, 9, 1]]), golden) == CHANGED | SDC  # (1 + 1/2 + 0) / 3
    half = PlainSegmentation(0, (), "labels", 1, 3, 0.5)
    assert flags_of(half, np.array([[0, 0, 0, 1]]), golden) == CHANGED
    found = half([np.array([[0, 0, 9, 1]])], [golden])
    assert (found.flags & NEAR_TIE, found.doubt & SDC) == (NEAR_TIE, SDC)
    scores = np.array([[[3.0, 3.0, 0.0, 0.0], [1.0, 3.0, 2.0, 2.0]]], np.float32)
    planes = PlainSegmentation(0, (), "scores", 1, 2, 0.6)
    assert flags_of(planes, scores * 2, scores) == CHANGED
    assert flags_of(planes, scores - np.array([[[0, 1, 0, 0], [0, 0, 0, 0]]], np.float32), scores) == CHANGED | SDC
    assert flags_of(PlainSegmentation(0, (), "logit", 1, 2, 1.0), row(0.0, -0.5), row(0.5, -0.5)) == CHANGED | NEAR_TIE
    assert flags_of(PlainSegmentation(0, (), "probability", 1, 2, 1.0), row(0.4, 0.2), row(0.6, 0.2)) == CHANGED | SDC


def decode(outputs: Any) -> Any:
    return SimpleNamespace(boxes=outputs[0][:, :4], scores=outputs[0][:, 4], labels=outputs[0][:, 5].astype(np.int64))


def test_objects() -> None:
    judge = PlainDetection(decode, (0,), (), 0.5, 0.5)
    golden = np.array([[[0, 0, 10, 10, 0.9, 1], [20, 0, 30, 10, 0.8, 1], [0, 0, 10, 9, 0.1, 1]]])

    def struck(place: tuple[int, int], value: float) -> Any:
        found = golden.copy()
        found[0][place] = value
        return found

    cases = {
        (0, 2): (9.0, CHANGED),  # nine tenths of the box
        (0, 3): (4.0, CHANGED | SDC | LOST | GHOST),
        (1, 4): (0.3, CHANGED | SDC | LOST),
        (1, 5): (2.0, CHANGED | SDC | LOST | GHOST),
        (0, 1): (5.0, CHANGED | NEAR_TIE),  # just half of the box
        (0, 4): (0.5, CHANGED | NEAR_TIE),
        (0, 0): (np.nan, CHANGED | DUE),
    }
    for place, (value, expected) in cases.items():
        assert judge([struck(place, value)], [golden]).flags == expected, place
    assert flags_of(judge, struck((2, 4), 0.7), golden) == CHANGED | SDC | GHOST  # one to one: the better score has it
    assert judge([struck((0, 1), 5.0)], [golden]).doubt == LOST | GHOST | SDC


def struck_rows(rng: Any, golden: Any, samples: Any) -> Any:
    """Rows as faults leave them: changed not at all, by a little, by much, at few or all places, and not finite."""
    rows = golden[samples].astype(np.float64)
    flat = rows.reshape(len(rows), -1)
    where = rng.random(flat.shape) < rng.choice([0.02, 0.3, 1.0], (len(rows), 1))
    flat += rng.normal(size=flat.shape) * rng.choice([0, 1e-7, 1e-3, 0.1, 1, 30], (len(rows), 1)) * where
    for special in (np.nan, np.inf, -np.inf):
        hit = np.flatnonzero(rng.random(len(rows)) < 0.02)
        flat[hit, rng.integers(0, flat.shape[1], len(hit))] = special
    return rows.astype(golden.dtype)


def agree(judge: Any, golden: list[Any], rows: list[Any], samples: Any) -> Any:
    second = second_judge(judge)
    assert second is not None
    flags = judge(rows, samples)
    for at, sample in enumerate(samples):
        found = second([r[at : at + 1] for r in rows], [g[sample : sample + 1] for g in golden])
        assert not found.differs(int(flags[at])), (at, found, flags[at])
    return flags


@pytest.mark.parametrize("classes", [1, 2, 3, 10, 43])
@pytest.mark.parametrize("scores", ["logits", "probabilities"])
@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64])
def test_both_judges_of_classifiers_agree(classes: int, scores: Any, dtype: Any) -> None:
    rng = np.random.default_rng(classes)
    golden = (rng.normal(size=(5, classes)) * rng.choice([0.5, 4], (5, 1))).astype(dtype)
    if scores == "probabilities":
        golden = (1 / (1 + np.exp(-golden.astype(np.float64)))).astype(dtype)
    samples = rng.integers(0, 5, 400)
    judge = classification.judge_of([golden], scores=scores)
    flags = agree(judge, [golden], [struck_rows(rng, golden, samples)], samples)
    assert all((flags & bit).any() for bit in (CHANGED, SDC, DUE, DROP20))


def test_both_judges_of_sequences_agree() -> None:
    rng = np.random.default_rng(5)
    golden = rng.normal(size=(4, 6, 7)).astype(np.float32)
    samples = rng.integers(0, 4, 200)
    for axis in (-1, 1):
        judge = classification.judge_of([golden], class_axis=axis)
        assert (agree(judge, [golden], [struck_rows(rng, golden, samples)], samples) & SDC).any()


def test_both_judges_of_values_agree() -> None:
    rng = np.random.default_rng(6)
    golden = (rng.normal(size=(4, 3)) * 2).astype(np.float32)
    samples = rng.integers(0, 4, 400)
    for options in ({}, {"factor": 180 / np.pi, "period": 360.0}):
        judge = regression.judge_of([golden], (0.1, 1.0, 20.0), **options)
        flags = agree(judge, [golden], [struck_rows(rng, golden, samples)], samples)
        assert all((flags & bit).any() for bit in (SDC, DUE, *BEYOND[:3]))


@pytest.mark.parametrize("bound", [0.9, 1.0])
def test_both_judges_of_masks_agree(bound: float) -> None:
    rng = np.random.default_rng(7)
    samples = rng.integers(0, 4, 200)
    planes = rng.normal(size=(4, 3, 6, 6)).astype(np.float32)
    for golden in (planes, planes[:, :1]):
        judge = segmentation.judge_of([golden], bound=bound)
        assert (agree(judge, [golden], [struck_rows(rng, golden, samples)], samples) & SDC).any()
    labels = rng.integers(0, 3, (4, 6, 6))
    rows = labels[samples]
    rows[::3, 2, rng.integers(0, 6, len(rows[::3]))] += rng.integers(-3, 5, len(rows[::3]))
    assert (agree(segmentation.judge_of([labels], bound=bound), [labels], [rows], samples) & SDC).any()


def decode_boxes(outputs: Any) -> Any:
    boxes, scores = (np.asarray(o, np.float64) for o in outputs)
    return SimpleNamespace(boxes=boxes, scores=scores.max(axis=1), labels=scores.argmax(axis=1))


def test_both_judges_of_detectors_agree_with_a_screen_and_without() -> None:
    rng = np.random.default_rng(8)
    corner = rng.random((4, 20, 2)) * 60
    boxes = np.concatenate([corner, corner + 3 + rng.random((4, 20, 2)) * 8], axis=2).astype(np.float32)
    golden = [boxes, (rng.random((4, 20, 3)) * 0.8).astype(np.float32)]
    samples = rng.integers(0, 4, 200)
    hit = rng.random(200) < 0.5
    rows = [struck_rows(rng, g, samples) for g in golden]
    rows[0][hit], rows[1][~hit] = boxes[samples[hit]], golden[1][samples[~hit]]
    for screen in (None, boxes_screen(golden, 0.6)):
        judge = detection.judge_of(golden, decode_boxes, threshold=0.6, screen=screen)
        flags = agree(judge, golden, rows, samples)
        assert all((flags & bit).any() for bit in (LOST, GHOST, DUE))


def test_a_judge_of_another_kind_has_no_second() -> None:
    assert second_judge(lambda outputs, samples: np.zeros(len(samples), np.uint16)) is None
