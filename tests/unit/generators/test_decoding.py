"""Decoding of raw outputs: peaks, ties, formats of boxes, and outputs that do not fit."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from casework.generators import GeneratorProblem
from casework.generators.detections import decode_boxes, decode_center
from casework.generators.interface import Interface


def interface(**fields: Any) -> Interface:
    values: dict[str, Any] = {
        "task": "detection", "layout": "NCHW", "channels": "RGB", "scale": None, "mean": (), "std": (), "decoder": "center",
        "outputs": ("heat", "size", "offset"), "classes": ("a", "b"), "input_name": "x", "input_dtype": "float32", "size": (20, 40),
        "batch": 0, "score_threshold": 0.5, "iou": 0.5, "stride": 4.0, "topk": 100, "box_format": "xyxy", "normalised": False,
    }  # fmt: skip
    return Interface(**(values | fields))


def maps(*hot: tuple[int, int, int, float]) -> list[np.ndarray]:
    heat = np.zeros((2, 5, 10))
    for label, row, column, value in hot:
        heat[label, row, column] = value
    size = np.stack([np.full((5, 10), 2.0), np.full((5, 10), 1.0)])  # width 2, height 1 cells
    offset = np.stack([np.full((5, 10), 0.25), np.full((5, 10), 0.5)])
    return [heat, size, offset]


def test_a_peak_becomes_a_box_by_hand() -> None:
    found = decode_center(maps((1, 2, 3, 0.9)), interface())
    assert found.scores.tolist() == [0.9]
    assert found.labels.tolist() == [1]
    assert found.boxes.tolist() == [[(3.25 - 1) * 4, (2.5 - 0.5) * 4, (3.25 + 1) * 4, (2.5 + 0.5) * 4]]


def test_a_neighbour_that_is_less_hot_is_no_peak_but_another_class_is() -> None:
    found = decode_center(maps((0, 2, 3, 0.9), (0, 3, 4, 0.8), (1, 2, 3, 0.7), (0, 2, 6, 0.6)), interface())
    assert found.scores.tolist() == [0.9, 0.7, 0.6]


def test_equally_hot_neighbours_give_one_peak() -> None:
    plateau = [(0, 1, 1, 0.5), (0, 1, 2, 0.5), (0, 2, 1, 0.5), (0, 2, 2, 0.5)]
    found = decode_center(maps(*plateau, (0, 4, 8, 0.5)), interface())
    assert found.boxes[:, 0].tolist() == [(1.25 - 1) * 4, (8.25 - 1) * 4]


def test_topk_keeps_the_hottest() -> None:
    hot = [(0, 0, 0, 0.3), (0, 0, 4, 0.9), (1, 4, 9, 0.6)]
    assert decode_center(maps(*hot), interface(topk=2)).scores.tolist() == [0.9, 0.6]


def test_what_lies_below_the_floor_or_is_no_box_is_dropped() -> None:
    assert len(decode_center(maps((0, 0, 0, 0.005)), interface()).scores) == 0
    broken = maps((0, 0, 0, 0.9), (0, 3, 3, 0.8))
    broken[1][0, 0, 0] = np.nan
    broken[1][1, 3, 3] = -1.0
    assert len(decode_center(broken, interface()).scores) == 0


@pytest.mark.parametrize(
    ("form", "box"), [("xyxy", [2, 4, 12, 14]), ("xywh", [2, 4, 10, 10]), ("cxcywh", [7, 9, 10, 10])]
)
def test_forms_of_boxes(form: str, box: list[float]) -> None:
    outputs = [np.array([box, box], float), np.array([0.4, 0.9]), np.array([1, 0])]
    found = decode_boxes(outputs, interface(decoder="boxes", box_format=form))
    assert found.scores.tolist() == [0.9, 0.4]
    assert found.labels.tolist() == [0, 1]
    assert found.boxes.tolist() == [[2, 4, 12, 14]] * 2
    shares = [np.array([box], float) / [40, 20, 40, 20], np.array([0.9]), np.array([0])]
    found = decode_boxes(shares, interface(decoder="boxes", box_format=form, normalised=True))
    assert found.boxes == pytest.approx(np.array([[2, 4, 12, 14]]))


def test_scores_of_every_class() -> None:
    found = decode_boxes([np.array([[0, 0, 5, 5.0]]), np.array([[0.2, 0.7]])], interface(decoder="boxes"))
    assert (found.labels.tolist(), found.scores.tolist()) == ([1], [0.7])


@pytest.mark.parametrize(
    "outputs",
    [
        [np.zeros((3, 4)), np.zeros(2), np.zeros(2)],
        [np.zeros((3, 5)), np.zeros(3), np.zeros(3)],
        [np.zeros((3, 4)), np.zeros(3)],
    ],
)
def test_outputs_that_do_not_belong_together(outputs: list[np.ndarray]) -> None:
    with pytest.raises(GeneratorProblem):
        decode_boxes(outputs, interface(decoder="boxes"))
