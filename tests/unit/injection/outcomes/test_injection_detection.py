"""The judge of detectors with the product's own decoders, and the screens that spare it decoding."""

from __future__ import annotations

import pickle
from functools import partial
from types import SimpleNamespace

import numpy as np
import pytest

from casework.generators.detections import decode_boxes, decode_center
from casework.injection.outcomes import detection
from casework.injection.outcomes.flags import CHANGED, DETECTED, DUE, GHOST, LOST, NEAR_TIE, SDC
from casework.injection.outcomes.screens import boxes_screen, center_screen

CENTER = SimpleNamespace(stride=4.0, topk=100)


def maps(rng, samples=4, classes=3, side=16, objects=4):
    """Heat maps with a few blobs, sizes and offsets, as a detector of centre points gives them."""
    heat = rng.random((samples, classes, side, side)) * 0.2
    size = 2 + rng.random((samples, 2, side, side)) * 4
    offset = rng.random((samples, 2, side, side))
    grid = np.mgrid[:side, :side]
    for sample in range(samples):
        for _ in range(objects):
            place, kind = rng.integers(0, side, 2), rng.integers(0, classes)
            blob = rng.uniform(0.6, 0.99) * np.exp(-((grid - place[:, None, None]) ** 2).sum(axis=0) / 3)
            heat[sample, kind] = np.maximum(heat[sample, kind], blob)
    return [a.astype(np.float32) for a in (heat, size, offset)]


def struck(rng, golden, samples):
    rows = [g[samples].copy() for g in golden]
    for row in range(len(samples)):
        hit = rng.integers(0, len(rows))
        size = rng.choice([0, 1e-6, 1e-3, 1e-2, 0.1, 1])
        few = rng.random(rows[hit][row].shape) < rng.choice([0.01, 0.2, 1])
        rows[hit][row] += (rng.normal(size=few.shape) * size * few).astype(np.float32)
    return rows


def center_judges(golden, **options):
    decode = partial(decode_center, interface=CENTER)
    plain = detection.judge_of(golden, decode, **options)
    screen = center_screen(golden, plain.threshold, iou=plain.iou)
    screened = detection.judge_of(golden, decode, screen=screen, **options)
    return plain, screened


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("iou", [0.5, 0.9])
def test_the_screen_of_centre_points_changes_no_outcome(seed, iou):
    rng = np.random.default_rng(seed)
    golden = maps(rng, objects=seed * 2)
    plain, screened = center_judges(golden, iou=iou)
    samples = rng.integers(0, 4, 300)
    rows = struck(rng, golden, samples)
    flags = plain(rows, samples)
    assert (flags == screened(rows, samples)).all()
    assert (plain.ledger.amounts[:, :2] == screened.ledger.amounts[:, :2]).all()
    assert (plain.ledger.judged == screened.ledger.judged).all()
    predictions = np.bincount(samples, minlength=4)
    exact, settled = (detection.kept(j, j.ledger, predictions) for j in (plain, screened))
    assert settled.average_precision == pytest.approx(exact.average_precision, abs=0.02)
    assert (flags & SDC).any()
    changed = np.flatnonzero(flags & CHANGED)
    calm = screened.screen.calm([r[changed] for r in rows], golden, samples[changed])
    assert not (flags[changed[calm]] & (SDC | NEAR_TIE)).any()
    assert calm.mean() > 0.3


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("labels", [False, True])
def test_the_screen_of_boxes_changes_no_outcome(seed, labels):
    rng = np.random.default_rng(seed)
    corner = rng.random((4, 30, 2)) * 60
    golden = [np.concatenate([corner, corner + 3 + rng.random((4, 30, 2)) * 8], axis=2), rng.random((4, 30, 5)) * 0.7]
    golden = [g.astype(np.float32) for g in golden]
    if labels:
        golden = [golden[0], golden[1].max(axis=2), golden[1].argmax(axis=2)]
    interface = SimpleNamespace(box_format="xyxy", normalised=False, size=(64, 64), topk=100)
    decode = partial(decode_boxes, interface=interface)
    plain = detection.judge_of(golden, decode, threshold=0.65)
    screened = detection.judge_of(golden, decode, threshold=0.65, screen=boxes_screen(golden, 0.65))
    samples = rng.integers(0, 4, 300)
    rows = struck(rng, golden[:2], samples)
    if labels:
        rows.append(golden[2][samples].copy())
        rows[2][::9, rng.integers(0, 30, 5)] += 1
    flags = plain(rows, samples)
    assert (flags == screened(rows, samples)).all()
    assert (flags & SDC).any()
    changed = np.flatnonzero(flags & CHANGED)
    assert screened.screen.calm([r[changed] for r in rows], golden, samples[changed]).mean() > 0.1


def one_object():
    heat = np.full((1, 2, 8, 8), 0.1, np.float32)
    heat[0, 0, 3, 3] = 0.9
    return [heat, np.full((1, 2, 8, 8), 4, np.float32), np.zeros((1, 2, 8, 8), np.float32)]


def test_lost_and_ghost_objects_are_told_apart_and_counted():
    golden = one_object()
    plain, judge = center_judges(golden)
    heat = np.repeat(golden[0], 5, axis=0)
    heat[0, 0, 3, 3] = 0.3  # lost
    heat[1, 1, 6, 6] = 0.7  # ghost
    heat[2, 0, 3, 3], heat[2, 1, 3, 3] = 0.2, 0.8  # another class: lost and ghost
    heat[3, 0, 3, 3] = 0.6  # less sure, still there
    heat[4, 0, 0, 0] = np.nan
    zero = np.zeros(5, np.int64)
    expected = [CHANGED | SDC | LOST, CHANGED | SDC | GHOST, CHANGED | SDC | LOST | GHOST, CHANGED, CHANGED | DUE]
    for each in (plain, judge):
        assert each([heat, None, None], zero).tolist() == expected
        assert each.ledger.amounts[:, :2].tolist() == [[2, 2]]
        assert each.ledger.judged.tolist() == [4]
    kept = detection.kept(judge, judge.ledger, np.array([10]))
    assert (kept.objects, kept.lost, kept.ghosts) == (10, 2, 2)
    assert kept.recall == 0.8
    assert kept.precision == 0.8
    assert judge.fresh().ledger.judged.tolist() == [0]
    told = judge.describe([heat[:1], None, None], zero[:1])[0]
    assert (told.golden, told.faulty, told.lost, told.ghosts) == (1, 0, 1, 0)


def test_average_precision_against_the_golden_run():
    """Ten predictions of one object of score 0.9: eight as they were, one lost, one with a surer ghost beside it."""
    golden = one_object()
    _, judge = center_judges(golden)
    heat = np.repeat(golden[0], 2, axis=0)
    heat[0, 0, 3, 3] = 0.3
    heat[1, 1, 6, 6] = 0.99
    judge([heat, None, None], np.zeros(2, np.int64))
    kept = detection.kept(judge, judge.ledger, np.array([10]))
    assert (kept.objects, kept.lost, kept.ghosts) == (10, 1, 1)
    # One wrong box goes first, then nine right ones: precision 9 / 10 over recall 0 to 9 / 10.
    assert kept.average_precision == pytest.approx(0.9 * 0.9)
    none = detection.kept(judge, judge.fresh().ledger, np.array([10]))
    assert (none.recall, none.precision, none.average_precision) == (1, 1, 1)


def test_a_box_that_moves_away_is_lost_and_a_ghost():
    golden = one_object()
    _, judge = center_judges(golden)
    offset = np.repeat(golden[2], 2, axis=0)
    offset[0, 0, 3, 3] = 3.5
    offset[1, 0, 3, 3] = 0.5
    flags = judge([None, None, offset], np.zeros(2, np.int64))
    assert flags.tolist() == [CHANGED | SDC | LOST | GHOST, CHANGED]


def test_a_score_at_the_threshold_is_a_near_tie():
    golden = one_object()
    golden[0][0, 0, 3, 3] = 0.5
    for judge in center_judges(golden):
        heat = golden[0].copy()
        heat[0, 1, 0, 0] = 0.11
        assert judge([heat, None, None], np.array([0]))[0] == CHANGED | NEAR_TIE


def test_a_guard_silences_the_loss():
    golden = [*one_object(), np.array([[False]])]
    judge = detection.judge_of(golden, partial(decode_center, interface=CENTER), guards=[3])
    heat = golden[0] * np.float32(0.1)
    flags = judge([heat, None, None, np.array([[True]])], np.array([0]))
    assert flags.tolist() == [CHANGED | DETECTED]
    assert judge.ledger.judged.tolist() == [0]


def test_a_detection_judge_goes_through_pickle():
    _, judge = center_judges(one_object())
    again = pickle.loads(pickle.dumps(judge))
    assert again([judge.comparison.golden[0] * 0, None, None], np.array([0]))[0] & LOST
    assert judge.classes.tolist() == [0]
    assert judge.objects.tolist() == [1]
