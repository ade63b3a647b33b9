"""The binary search against an exhaustive injection, on a function that is monotone and on one that is not."""

from __future__ import annotations

import numpy as np
import pytest

from casework.injection.sampling.critical import search, spot_check


class Flips:
    """Flips bits of float32 values and asks of the faulty value; keeps count."""

    def __init__(self, values, event):
        self.patterns = np.asarray(values, np.float32).view(np.uint32).astype(np.uint64)
        self.event, self.calls, self.injected = event, 0, 0

    def __call__(self, elements, bits):
        self.calls += 1
        self.injected += len(elements)
        flipped = self.patterns[elements] ^ (np.uint64(1) << bits.astype(np.uint64))
        before = self.patterns[elements].astype(np.uint32).view(np.float32)
        with np.errstate(invalid="ignore", over="ignore"):
            return self.event(before, flipped.astype(np.uint32).view(np.float32))

    def exhaustive(self, width=32):
        elements, bits = np.divmod(np.arange(len(self.patterns) * width), width)
        return self(elements, bits).reshape(-1, width)


@pytest.fixture
def values():
    return np.random.default_rng(0).normal(size=400) * 0.1


def far(before, after):
    return ~(np.abs(after - before) < 0.3)


def test_a_monotone_event_is_found_whole(values):
    flips = Flips(values, far)
    found = search(flips.patterns, 32, flips)
    assert found.trials == flips.injected
    assert found.trials / 400 < 10
    assert flips.calls <= 12
    assert (found.bits == flips.exhaustive()).all()
    checked = spot_check(found, flips, 1000, seed=0)
    assert (checked.checked, checked.missed, checked.alarms) == (1000, 0, 0)
    assert checked.wrong.high == pytest.approx(1 - 0.025 ** (1 / 1000))
    assert found.rate == flips.exhaustive().mean()


def test_an_event_that_is_not_monotone_is_found_out(values):
    flips = Flips(values, lambda before, after: (np.abs(after - before) > 0.3) & (np.abs(after) < 1e10))
    found = search(flips.patterns, 32, flips)
    exact = flips.exhaustive()
    assert (found.bits != exact).any()
    assert (found.bits[found.tried] == exact[found.tried]).all()
    checked = spot_check(found, flips, 10**6, seed=0)
    inferred = ~found.tried
    assert checked.checked == inferred.sum()
    assert checked.missed == (exact & ~found.bits & inferred).sum()
    assert checked.alarms == (~exact & found.bits & inferred).sum()
    assert checked.missed + checked.alarms > 0
    assert checked.wrong.low == checked.wrong.high


def test_integers_have_no_sign_apart():
    values = np.array([5, -7, 100], np.int8)
    patterns = values.view(np.uint8).astype(np.uint64)

    def inject(elements, bits):
        after = (patterns[elements] ^ (np.uint64(1) << bits.astype(np.uint64))).astype(np.uint8).view(np.int8)
        return np.abs(after.astype(int) - values[elements]) >= 8

    found = search(patterns, 8, inject, sign=False)
    assert (found.bits == (np.arange(8) >= 3)).all()
    assert found.trials <= 3 * 6


def test_no_elements_need_no_injection():
    found = search(np.zeros(0), 32, lambda e, b: pytest.fail("nothing to inject"))
    assert found.trials == 0
    with pytest.raises(ValueError, match="at least one"):
        spot_check(found, lambda e, b: np.zeros(len(e), bool), 0, seed=0)
    assert spot_check(found, lambda e, b: np.zeros(len(e), bool), 5, seed=0).checked == 0
