from __future__ import annotations

import pickle

import numpy as np
import pytest

from casework.injection.outcomes import segmentation
from casework.injection.outcomes.flags import CHANGED, DUE, SDC
from casework.injection.outcomes.ledger import FIXED
from casework.injection.problem import InjectionProblem


def iou_by_definition(golden, found, kinds):
    values = []
    for kind in range(kinds):
        union = ((golden == kind) | (found == kind)).sum()
        if union:
            values.append(((golden == kind) & (found == kind)).sum() / union)
    return sum(values) / len(values)


def test_masks_of_scores_against_the_definition():
    rng = np.random.default_rng(0)
    golden = rng.normal(size=(3, 4, 9, 7)).astype(np.float32)
    judge = segmentation.judge_of([golden], bound=0.8)
    samples = rng.integers(0, 3, 300)
    rows = golden[samples].copy()
    rows += rng.normal(size=rows.shape).astype(np.float32) * rng.choice([0, 0.05, 0.2, 1], (300, 1, 1, 1)).astype(
        np.float32
    )
    rows[5, 0, 0, 0] = np.nan
    flags = judge([rows], samples)
    total = 0
    for row, sample, flag in zip(rows, samples, flags, strict=True):
        if row.tobytes() == golden[sample].tobytes():
            assert flag == 0
        elif np.isnan(row).any():
            assert flag == CHANGED | DUE
        else:
            mean = iou_by_definition(golden[sample].argmax(axis=0), row.argmax(axis=0), 4)
            assert flag & ~np.uint16(1 << 7) == CHANGED | SDC * (mean < 0.8)
            total += round(mean * FIXED)
    assert (flags & SDC).any()
    assert judge.ledger.amounts[:, 0].sum() == total
    usable = np.bincount(samples[(flags & DUE) == 0], minlength=3)
    masked = int((flags == 0).sum())
    assert segmentation.mean_iou(judge.ledger, usable) == pytest.approx((total / FIXED + masked) / usable.sum())


def test_the_ledger_of_shards_adds_up_to_that_of_the_whole():
    rng = np.random.default_rng(1)
    golden = rng.random((2, 1, 8, 8)).astype(np.float32)
    judge = segmentation.judge_of([golden])
    assert judge.masks == "probability"
    samples = rng.integers(0, 2, 100)
    rows = np.clip(golden[samples] + rng.normal(size=(100, 1, 8, 8)) * 0.2, 0, 1).astype(np.float32)
    whole = judge([rows], samples)
    first, second = pickle.loads(pickle.dumps(judge.fresh())), judge.fresh()
    parts = np.concatenate([second([rows[40:]], samples[40:]), first([rows[:40]], samples[:40])])
    assert sorted(parts) == sorted(whole)
    first.ledger.merge(second.ledger)
    assert (first.ledger.amounts == judge.ledger.amounts).all()
    assert (first.ledger.judged == judge.ledger.judged).all()


def test_decided_masks_and_labels_never_seen():
    golden = np.array([[[0, 1], [1, 1]]], np.int64)
    judge = segmentation.judge_of([golden], bound=0.7)
    assert judge.masks == "labels"
    rows = np.array([[[0, 1], [1, 99]], [[-5, 1], [1, 1]], [[0, 1], [1, 1]]], np.int64)
    told = judge.describe([rows], np.zeros(3, np.int64))
    assert [t.changed for t in told] == [0.25, 0.25, 0.0]
    assert told[0].mean_iou == pytest.approx((1 + 2 / 3 + 0) / 3)
    assert judge([rows], np.zeros(3, np.int64)).tolist() == [CHANGED | SDC, CHANGED | SDC, 0]


def test_one_logit_a_pixel_is_cut_at_zero():
    judge = segmentation.judge_of([np.array([[[[-1.0, 2.0]]]], np.float32)], bound=1)
    assert judge.masks == "logit"
    rows = np.array([[[[-0.5, 2.0]]], [[[0.5, 2.0]]]], np.float32)
    assert [f & SDC for f in judge([rows], np.zeros(2, np.int64))] == [0, SDC]


def test_bad_bounds_and_models_are_told():
    with pytest.raises(InjectionProblem, match="bound"):
        segmentation.judge_of([np.zeros((1, 2, 2, 2))], bound=0)
    with pytest.raises(InjectionProblem, match="no numbers"):
        segmentation.judge_of([np.full((1, 2, 2, 2), np.nan)])
    for odd in (-1, 70_000):
        with pytest.raises(InjectionProblem, match="beyond 0"):
            segmentation.judge_of([np.array([[[0, odd]]])])
