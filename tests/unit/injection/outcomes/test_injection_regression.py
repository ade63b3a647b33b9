from __future__ import annotations

import math
import pickle

import numpy as np
import pytest

from casework.injection.outcomes import regression
from casework.injection.outcomes.flags import BEYOND, CHANGED, DUE, NEAR_TIE, SDC
from casework.injection.problem import InjectionProblem


def test_thresholds_of_a_steering_angle_in_radians():
    golden = np.array([[0.1], [-1.0]], np.float32)
    judge = regression.judge_of([golden], [15, 30, 60, 120], factor=180 / math.pi)
    off = np.array([0.0, 10, 16, 31, -61, 121, 1e30])
    with np.errstate(over="ignore"):
        rows = (0.1 + off * math.pi / 180).astype(np.float32)[:, None]
    rows[0] = golden[0]
    flags = judge([rows], np.zeros(7, np.int64))
    first = CHANGED | SDC | BEYOND[0]
    second = first | BEYOND[1]
    third = second | BEYOND[2]
    assert flags.tolist() == [0, CHANGED, first, second, third, third | BEYOND[3], third | BEYOND[3]]


def test_values_beyond_numbers_are_unusable():
    judge = regression.judge_of([np.array([[0.0, 1.0]])], [1])
    rows = np.array([[np.nan, 1.0], [0.0, np.inf], [0.0, 3.0]])
    assert judge([rows], np.zeros(3, np.int64)).tolist() == [CHANGED | DUE, CHANGED | DUE, CHANGED | SDC | BEYOND[0]]
    assert pickle.loads(pickle.dumps(judge))([rows], np.zeros(3, np.int64)).tolist()[2] & SDC


def test_a_value_at_the_threshold_is_a_near_tie():
    judge = regression.judge_of([np.array([[10.0]])], [1])
    flags = judge([np.array([[11.0], [11.000001], [11.1]])], np.zeros(3, np.int64))
    assert flags.tolist() == [CHANGED | NEAR_TIE, CHANGED | NEAR_TIE | SDC | BEYOND[0], CHANGED | SDC | BEYOND[0]]


def test_around_a_circle_the_shorter_way_counts():
    judge = regression.judge_of([np.array([[350.0]])], [15, 60], period=360)
    flags = judge([np.array([[2.0], [10.0], [100.0]])], np.zeros(3, np.int64))
    assert flags.tolist() == [CHANGED, CHANGED | SDC | BEYOND[0], CHANGED | SDC | BEYOND[0] | BEYOND[1]]


def test_describe_tells_the_furthest_element():
    judge = regression.judge_of([np.array([[1.0, 2.0]])], [1])
    (told,) = judge.describe([np.array([[1.5, -2.0]])], np.array([0]))
    assert (told.golden, told.faulty, told.margin) == (2.0, -2.0, 4.0)


@pytest.mark.parametrize("thresholds", [[], [2, 1], [0], [-1], [1, 2, 3, 4, 5], [1, 1]])
def test_thresholds_that_are_none_are_told(thresholds):
    with pytest.raises(InjectionProblem, match="ascending"):
        regression.judge_of([np.zeros((1, 1))], thresholds)


def test_a_golden_run_without_numbers_is_told():
    with pytest.raises(InjectionProblem, match="finite"):
        regression.judge_of([np.array([[np.nan]])], [1])
