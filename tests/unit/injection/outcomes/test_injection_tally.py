from __future__ import annotations

from collections import Counter

import numpy as np

from casework.injection.outcomes.flags import BEYOND, CHANGED, DETECTED, DUE, NEAR_TIE, SDC, SDC5
from casework.injection.outcomes.tally import OUTCOMES, Key, by_fault, outcomes_of, tally, with_flag, words


def drawn(rng, rows):
    some = np.array(
        [0, CHANGED, CHANGED | SDC, CHANGED | SDC | SDC5, CHANGED | DUE, CHANGED | DETECTED, DUE | DETECTED | CHANGED]
    )
    return rng.choice(some, rows).astype(np.uint16)


def test_each_prediction_is_one_outcome():
    flags = np.array(
        [0, CHANGED, CHANGED | NEAR_TIE, CHANGED | SDC, DUE, CHANGED | DUE, CHANGED | DETECTED | DUE, DETECTED]
    )
    told = [OUTCOMES[o] for o in outcomes_of(flags.astype(np.uint16))]
    assert told == ["masked", "benign", "benign", "sdc", "due", "due", "detected", "detected"]


def test_counts_by_several_keys_equal_counting_one_by_one():
    rng = np.random.default_rng(0)
    flags, tensor, bit = drawn(rng, 5000), rng.integers(0, 4, 5000), rng.integers(-1, 32, 5000)
    counts = tally(flags, Key(tensor, 4), Key(bit, 32))
    assert counts.shape == (4, 32, 5)
    names = [OUTCOMES[o] for o in outcomes_of(flags)]
    expected = Counter((int(t), int(b), n) for t, b, n in zip(tensor, bit, names, strict=True) if b >= 0)
    assert {(t, b, n): int(counts[t, b, i]) for t in range(4) for b in range(32) for i, n in enumerate(OUTCOMES)} == {
        (t, b, n): expected[t, b, n] for t in range(4) for b in range(32) for n in OUTCOMES
    }
    assert (tally(flags, Key(tensor, 4)).sum(axis=1) == np.bincount(tensor, minlength=4)).all()
    assert tally(flags).sum() == 5000


def test_shards_add_up():
    rng = np.random.default_rng(1)
    flags, key = drawn(rng, 999), rng.integers(0, 7, 999)
    parts = sum(tally(flags[a : a + 100], Key(key[a : a + 100], 7)) for a in range(0, 999, 100))
    assert (parts == tally(flags, Key(key, 7))).all()
    assert tally(flags[:0], Key(key[:0], 7)).shape == (7, 5)


def test_totals_follow_from_the_words():
    rng = np.random.default_rng(2)
    flags = drawn(rng, 1000)
    counts = words(flags)
    for flag in (CHANGED, SDC, SDC5, DUE, DETECTED, BEYOND[0]):
        assert with_flag(counts, flag) == ((flags & flag) != 0).sum()


def test_events_by_fault():
    found = by_fault(np.array([True, False, True, True]), np.array([0, 0, 2, 2]), 4)
    assert found.events.tolist() == [1, 0, 2, 0]
    assert found.predictions.tolist() == [2, 0, 2, 0]
