"""Promoted weights against the oracle: bit for bit except for matrix products, whose weights are then not packed."""

from __future__ import annotations

import numpy as np
import pytest

from casework.injection.engines.promoted import PromotedEngine
from casework.injection.engines.rebuild import RebuildEngine
from casework.injection.network.golden import Golden
from casework.injection.network.network import prepare
from doubles.injection_faults import Fingerprints, flips
from doubles.injection_models import ALL, images

SAMPLES = 4
PRODUCTS = ("Gemm", "MatMul", "GRU", "LSTM")


def made(name):
    make, shape = ALL[name]
    inputs = {"x": images(SAMPLES, shape)}
    network = prepare(make(), name, inputs=inputs)
    return network, Golden(network, inputs)


class Kept:
    """A judge that keeps the outputs by fault, in the order of the calls."""

    def __init__(self):
        self.rows = []

    def __call__(self, outputs, samples):
        self.rows += [np.concatenate([values[k].reshape(-1) for values in outputs]) for k in range(len(samples))]
        return np.zeros(len(samples), np.uint16)


@pytest.mark.parametrize("name", sorted(ALL))
def test_stored_targets_give_the_outputs_of_the_oracle(name):
    network, golden = made(name)
    engine, oracle = PromotedEngine(network, golden), RebuildEngine(network, golden)
    for target in network.targets:
        if not target.stored:
            assert engine.refusal(target, flips(network, target.name, 1, SAMPLES))
            continue
        faults = flips(network, target.name, 10, SAMPLES, seed=target.index)
        fault, sample = np.repeat(np.arange(10), 2), np.tile([0, 3], 10)
        if target.operator not in PRODUCTS:
            found = engine.run(target, faults, fault, sample, Fingerprints(golden))
            assert list(found) == list(oracle.run(target, faults, fault, sample, Fingerprints(golden))), target.name
        else:
            left, right = Kept(), Kept()
            engine.run(target, faults, fault, sample, left)
            oracle.run(target, faults, fault, sample, right)
            with np.errstate(all="ignore"):
                np.testing.assert_allclose(np.array(left.rows), np.array(right.rows), rtol=1e-4, atol=1e-4)


def test_a_fault_without_effect_gives_the_golden_outputs_whatever_the_packing():
    network, golden = made("mlp")
    engine, target = PromotedEngine(network, golden), network.target("w1")
    faults = flips(network, "w1", 6, SAMPLES)
    still = type(faults)(*[getattr(faults, f) if f != "operand" else np.zeros(6, np.uint64) for f in faults.__slots__])
    assert not engine.run(target, still, np.arange(6), faults.sample, Fingerprints(golden)).any()


def test_predictions_of_many_faults_are_judged_together():
    network, golden = made("mlp")
    target, calls = network.target("w1"), []

    def judge(outputs, samples):
        calls.append(len(samples))
        return (samples + 1).astype(np.uint16)

    faults = flips(network, "w1", 50, SAMPLES)
    fault, sample = np.arange(50), faults.sample
    found = PromotedEngine(network, golden).run(target, faults, fault, sample, judge)
    assert calls == [50]
    assert list(found) == list(sample + 1)
