"""The judge of classifiers against the definitions, written out one row at a time."""

from __future__ import annotations

import math
import pickle
import time

import numpy as np
import pytest

from casework.injection.engines.protocol import Judge
from casework.injection.outcomes import classification
from casework.injection.outcomes.flags import (
    CHANGED,
    DETECTED,
    DROP10,
    DROP20,
    DUE,
    NEAR_TIE,
    SDC,
    SDC5,
)
from casework.injection.outcomes.guards import decisive_position, guard_positions
from casework.injection.problem import InjectionProblem


def softmax(row):
    powers = [math.exp(v - max(row)) for v in row]
    return [p / sum(powers) for p in powers]


def tied(row, tie):
    best, second = sorted(row, reverse=True)[:2]
    return best - second <= tie * max((abs(v) for v in (best, second) if math.isfinite(v)), default=0.0)


def by_definition(row, golden, kind, tie):
    """Flags of one row, from the texts of `outcomes.flags` and nothing else."""
    if row.tobytes() == golden.tobytes():
        return 0
    if any(math.isfinite(g) and not math.isfinite(v) for v, g in zip(row, golden, strict=True)):
        return CHANGED | DUE
    row, golden = [float(v) for v in row], [float(v) for v in golden]
    flags, best = CHANGED, golden.index(max(golden))
    if row.index(max(row)) != best:
        flags |= SDC
    if len(row) > 5 and best not in sorted(range(len(row)), key=lambda c: (-row[c], c))[:5]:
        flags |= SDC5
    before, after = (
        (golden[best], row[best]) if kind == "probabilities" else (softmax(golden)[best], softmax(row)[best])
    )
    flags |= DROP10 * (before - after > 0.1) | DROP20 * (before - after > 0.2)
    if tied(row, tie) or tied(golden, tie):
        flags |= NEAR_TIE
    return flags


def struck(rng, golden, samples):
    """Rows as faults leave them: unchanged, changed a little, by some, by much, ties, signed zeros, NaN and infinity."""
    rows = golden[samples].copy()
    size = rng.choice([0, 1e-7, 1e-3, 0.1, 0.3, 1, 3, 30, 1e20], len(rows)).astype(rows.dtype)
    where = rng.random(rows.shape) < rng.choice([0.1, 0.5, 1.0], (len(rows), 1))
    with np.errstate(over="ignore"):
        rows += (rng.normal(size=rows.shape) * size[:, None] * where).astype(rows.dtype)
    for special in (np.nan, np.inf, -np.inf):
        hit = rng.random(len(rows)) < 0.02
        rows[hit, rng.integers(0, rows.shape[1], hit.sum())] = special
    tie = np.flatnonzero(rng.random(len(rows)) < 0.05)
    ranked = np.argsort(rows[tie], axis=1)
    rows[tie, ranked[:, -2]] = rows[tie, ranked[:, -1]]
    return rows


@pytest.mark.parametrize("kind", ["logits", "probabilities"])
@pytest.mark.parametrize("classes", [2, 3, 5, 6, 10, 43])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_every_row_has_the_flags_of_the_definitions(kind, classes, dtype):
    rng = np.random.default_rng(classes)
    golden = (rng.normal(size=(7, classes)) * rng.choice([0.5, 3, 10], (7, 1))).astype(dtype)
    golden[2, 1] = golden[2].max()  # a golden tie
    golden[3, 0] = 0.0
    if kind == "probabilities":
        golden = np.array([softmax([float(v) for v in row]) for row in golden], dtype)
    judge = classification.judge_of([golden], scores=kind)
    samples = rng.integers(0, 7, 3000)
    rows = struck(rng, golden, samples)
    rows[samples == 3, 0] *= -1  # -0.0 where it was 0.0
    flags = judge([rows], samples)
    expected = [by_definition(row, golden[s], kind, judge.tie) for row, s in zip(rows, samples, strict=True)]
    wrong = np.flatnonzero(flags != expected)
    assert not len(wrong), (rows[wrong[0]], golden[samples[wrong[0]]], flags[wrong[0]], expected[wrong[0]])
    assert {CHANGED, SDC, DUE, NEAR_TIE, DROP20} <= {
        b for b in (CHANGED, SDC, DUE, NEAR_TIE, DROP20) if (flags & b).any()
    }


def test_a_confidence_of_one_in_float64_can_still_fall():
    golden = np.zeros((1, 50), np.float32)
    golden[0, 7] = 90.0
    row = np.full((1, 50), 45.0, np.float32)
    row[0, 7] = 45.5
    judge = classification.judge_of([golden])
    assert judge([row], np.array([0]))[0] == CHANGED | DROP10 | DROP20


def test_auto_tells_probabilities_from_logits_and_labels():
    assert classification.judge_of([np.array([[0.2, 0.8]], np.float32)]).scores == "probabilities"
    assert classification.judge_of([np.array([[0.2, 1.8]], np.float32)]).scores == "logits"
    assert classification.judge_of([np.array([3, 4])]).scores == "labels"
    assert classification.judge_of([np.array([[3, 4]], np.uint8)]).scores == "logits"


def test_labels_that_differ_are_silent_corruption():
    judge = classification.judge_of([np.array([3, 4])])
    assert judge([np.array([3, 3, 4])], np.array([0, 1, 1])).tolist() == [0, CHANGED | SDC, 0]
    assert judge.describe([np.array([5])], np.array([0]))[0].faulty == 5


def test_one_score_a_prediction_is_of_two_classes():
    judge = classification.judge_of([np.array([[0.9], [0.2]], np.float32)])
    flags = judge([np.array([[0.4], [0.25], [0.45]], np.float32)], np.array([0, 1, 1]))
    assert flags.tolist() == [CHANGED | SDC | DROP10 | DROP20, CHANGED, CHANGED | DROP10 | DROP20]
    logits = classification.judge_of([np.array([2.0, -3.0], np.float32)])
    assert logits.classes.tolist() == [1, 0]
    assert logits([np.array([-0.1, -3.5], np.float32)], np.array([0, 1])).tolist() == [
        CHANGED | SDC | DROP10 | DROP20,
        CHANGED,
    ]


def test_a_sequence_has_the_flags_of_all_its_positions():
    rng = np.random.default_rng(1)
    golden = rng.normal(size=(3, 4, 6)).astype(np.float32) * 4
    judge = classification.judge_of([golden])
    samples = rng.integers(0, 3, 200)
    rows = struck(rng, golden.reshape(3, 24), samples).reshape(-1, 4, 6)
    expected = []
    for row, sample in zip(rows, samples, strict=True):
        flags = 0
        for position in range(4):
            flags |= by_definition(row[position], golden[sample, position], "logits", judge.tie)
        expected.append(flags & (CHANGED | DUE) if flags & DUE else flags)
    assert judge([rows], samples).tolist() == expected
    moved = classification.judge_of([np.moveaxis(golden, -1, 1)], class_axis=1)
    assert moved([np.moveaxis(rows, -1, 1)], samples).tolist() == expected


def test_half_precision_has_a_wider_tie():
    golden = np.array([[4.0, 3.98, 1]], np.float16)
    judge = classification.judge_of([golden])
    assert judge.tie == pytest.approx(8 * 2.0**-10)
    assert judge([np.array([[4.0, 3.98, 2]], np.float16)], np.array([0]))[0] & NEAR_TIE


def test_other_outputs_say_changed_and_unusable_and_guards_speak():
    golden = [np.array([[0.0, 5.0]], np.float32), np.array([[1.0, 2.0]], np.float32), np.array([[False]])]
    judge = classification.judge_of(golden, guards=[2])
    same, other, alarm = golden[0], np.array([[1.0, 3.0]], np.float32), np.array([[True]])
    zero = np.array([0])
    assert judge([same, golden[1], golden[2]], zero)[0] == 0
    assert judge([same, other, golden[2]], zero)[0] == CHANGED
    assert judge([same, np.array([[np.nan, 2]], np.float32), None], zero)[0] == CHANGED | DUE
    assert judge([golden[0][:, ::-1], None, alarm], zero)[0] == CHANGED | DETECTED
    assert judge([golden[0][:, ::-1], None, None], zero)[0] == CHANGED | SDC | DROP10 | DROP20
    assert judge([golden[0] + np.inf, None, alarm], zero)[0] == CHANGED | DUE | DETECTED


def test_a_guard_that_speaks_without_faults_detects_nothing():
    golden = [np.array([[0.0, 5.0]], np.float32), np.array([[True]])]
    judge = classification.judge_of(golden, guards=[1])
    assert judge([golden[0][:, ::-1], golden[1]], np.array([0]))[0] & SDC


def test_a_golden_infinity_is_no_fault():
    golden = np.array([[-np.inf, 1.0, 3.0]], np.float32)
    judge = classification.judge_of([golden])
    row = golden.copy()
    row[0, 1] = 4
    assert (
        judge(
            [
                golden,
            ],
            np.array([0]),
        )[0]
        == 0
    )
    assert judge([row], np.array([0]))[0] == CHANGED | SDC | DROP10 | DROP20


def test_bad_calls_and_models_are_told():
    with pytest.raises(InjectionProblem, match="NaN for input 1"):
        classification.judge_of([np.array([[1, 2], [np.nan, 1]], np.float32)])
    with pytest.raises(InjectionProblem, match="no golden run"):
        classification.judge_of([np.zeros((0, 3), np.float32)])
    with pytest.raises(InjectionProblem, match="not scores"):
        classification.judge_of([np.array(["a", "b"])])
    with pytest.raises(ValueError, match="cannot decide"):
        classification.judge_of([np.zeros((1, 3))], decisive=1)
    judge = classification.judge_of([np.zeros((1, 3), np.float32)])
    with pytest.raises(ValueError, match="a row"):
        judge([np.zeros((1, 4), np.float32)], np.array([0]))
    with pytest.raises(ValueError, match="2 outputs"):
        judge([np.zeros((1, 3), np.float32), None], np.array([0]))


def test_guards_and_the_deciding_output_are_named():
    assert guard_positions(["a", "b", "c"], {"casework.guards": "c, b"}) == (1, 2)
    assert guard_positions(["a"], {}) == ()
    assert decisive_position(["alarm", "scores", "aux"], (0,), None) == 1
    assert decisive_position(["alarm", "scores", "aux"], (0,), "aux") == 2
    with pytest.raises(InjectionProblem, match="'scorse'") as told:
        decisive_position(["alarm", "scores"], (0,), "scorse")
    assert "scores" in told.value.fix
    with pytest.raises(InjectionProblem, match="'alarm'"):
        decisive_position(["alarm", "scores"], (0,), "alarm")
    with pytest.raises(InjectionProblem, match="'d'"):
        guard_positions(["a"], {"casework.guards": "d"})
    with pytest.raises(InjectionProblem, match="guards"):
        decisive_position(["a"], (0,), None)


def test_a_judge_goes_through_pickle_and_splits_do_not_matter():
    rng = np.random.default_rng(3)
    golden = rng.normal(size=(5, 10)).astype(np.float32) * 3
    judge: Judge = classification.judge_of([golden])
    samples = rng.integers(0, 5, 20_000)
    rows = struck(rng, golden, samples)
    whole = judge([rows], samples)
    again = pickle.loads(pickle.dumps(judge))
    parts = [again([rows[a : a + 777]], samples[a : a + 777]) for a in range(0, 20_000, 777)]
    assert (np.concatenate(parts) == whole).all()


def test_describe_tells_the_decisions():
    judge = classification.judge_of([np.array([[1.0, 5.0, 2.0]], np.float32)])
    (told,) = judge.describe([np.array([[1.0, 5.0, 9.0]], np.float32)], np.array([0]))
    assert (told.golden, told.faulty, told.margin) == (1, 2, 4.0)


def test_a_row_of_ten_costs_little():
    """Bound far above what a quiet machine measures (about 30 to 60 ns), to hold on a busy one."""
    rng = np.random.default_rng(0)
    golden = rng.normal(size=(10, 10)).astype(np.float32) * 5
    samples = rng.integers(0, 10, 65536)
    rows = golden[samples]
    rows[::2] += 1e-4
    rows[::33] += rng.normal(size=(len(rows[::33]), 10)).astype(np.float32) * 5
    judge = classification.judge_of([golden])
    times = []
    for _ in range(5):
        start = time.process_time()
        judge([rows], samples)
        times.append(time.process_time() - start)
    assert min(times) / len(rows) < 400e-9


def test_many_classes_are_summed_without_losing_the_small_ones():
    # 50,257 classes: each of 50,000 small powers is lost in a float32 sum that is taken one after the other.
    classes, rows = 50_257, 16
    golden = np.full((1, classes), -12.0, np.float32)
    golden[0, 7] = 4.0
    judge = classification.judge_of([golden])
    found = np.repeat(golden, rows, axis=0)
    found[:, 7] = np.linspace(0.5, 3.0, rows).astype(np.float32)

    def confidence(scores):
        powers = np.exp(scores.astype(np.float64) - float(scores.max()))
        return powers[7] / powers.sum()

    drops = [confidence(golden[0]) - confidence(row) for row in found]
    expected = [CHANGED | DROP10 * (drop > 0.1) | DROP20 * (drop > 0.2) for drop in drops]
    assert judge([found], np.zeros(rows, np.int64)).tolist() == expected
    assert len(set(expected)) >= 2


def test_a_label_that_is_no_number_is_unusable():
    judge = classification.judge_of([np.array([3.0, 4.0], np.float32)], scores="labels")
    flags = judge([np.array([np.nan, 4.0, 5.0, np.inf], np.float32)], np.array([0, 1, 1, 0]))
    assert flags.tolist() == [CHANGED | DUE, 0, CHANGED | SDC, CHANGED | DUE]
