"""The dense suffix against the oracle, bit for bit."""

from __future__ import annotations

import numpy as np
import pytest

from casework.injection.engines import buffers
from casework.injection.engines.rebuild import RebuildEngine
from casework.injection.engines.rows import in_rounds
from casework.injection.engines.suffix import SuffixEngine
from casework.injection.network.golden import Golden
from casework.injection.network.network import prepare
from doubles.injection_faults import Fingerprints, flips, listed
from doubles.injection_models import ALL, images

SAMPLES = 7


def made(name):
    make, shape = ALL[name]
    inputs = {"x": images(SAMPLES, shape)}
    network = prepare(make(), name, inputs=inputs)
    return network, Golden(network, inputs)


def both(network, golden, name, faults, engine=None):
    target, rows = network.target(name), np.arange(len(faults))
    truth = RebuildEngine(network, golden).run(target, faults, rows, faults.sample, Fingerprints(golden))
    found = (engine or SuffixEngine(network, golden)).run(target, faults, rows, faults.sample, Fingerprints(golden))
    return truth, found


@pytest.mark.parametrize("name", sorted(ALL))
def test_single_flips_give_the_outputs_of_the_oracle_for_every_computed_tensor(name):
    network, golden = made(name)
    engine = SuffixEngine(network, golden)
    seen = 0
    for target in network.targets:
        if target.stored:
            assert engine.refusal(target, flips(network, target.name, 1, SAMPLES))
            continue
        faults = flips(network, target.name, 48, SAMPLES, seed=target.index)
        assert engine.refusal(target, faults) == ""
        truth, found = both(network, golden, target.name, faults, engine)
        assert list(found) == list(truth), target.name
        seen += np.count_nonzero(truth)
    assert seen > 0


@pytest.mark.parametrize("name", ["lenet", "mlp", "qdq"])
@pytest.mark.parametrize("rows", [1, 7, 32])
def test_the_number_of_rows_has_no_say(name, rows, monkeypatch):
    monkeypatch.setattr(buffers, "ROWS", rows)
    network, golden = made(name)
    for target in network.targets:
        if not target.stored:
            faults = flips(network, target.name, 50, SAMPLES, seed=5)
            truth, found = both(network, golden, target.name, faults)
            assert list(found) == list(truth), target.name


@pytest.mark.parametrize("name", ["mlp", "lenet", "qdq", "residual"])
def test_not_a_number_and_infinity_go_the_way_of_the_oracle(name):
    network, golden = made(name)
    for target in network.targets:
        if target.stored or target.dtype != "float32":
            continue
        patterns = [0x7FC00000, 0xFFC00001, 0x7F800000, 0xFF800000, 0x80000000, 0, 0x7F7FFFFF, 0x7F800001]
        index = np.random.default_rng(target.index).integers(0, target.elements, len(patterns))
        faults = listed(network, target.name, index, patterns, np.arange(len(patterns)) % SAMPLES, op="set")
        truth, found = both(network, golden, target.name, faults)
        assert list(found) == list(truth), target.name


@pytest.mark.parametrize("op", ["and", "or", "set", "add", "scale", "fixed_xor"])
def test_other_operations_and_several_sites_too(op):
    network, golden = made("lenet")
    operand = {"add": np.array([3.5]).view(np.uint64)[0], "scale": np.array([-2.0]).view(np.uint64)[0]}.get(
        op, 0x7F000001
    )
    for name in ("c1", "f1", "logits"):
        faults = listed(network, name, [0, 5, 9, 3], [operand] * 4, [0, 6, 2], op=op, starts=[0, 1, 3, 4])
        truth, found = both(network, golden, name, faults)
        assert list(found) == list(truth)


def test_faults_in_any_order_and_repeated_runs_give_the_same_flags():
    network, golden = made("lenet")
    engine, target = SuffixEngine(network, golden), network.target("p2")
    faults = flips(network, "p2", 300, SAMPLES)
    rows = np.arange(300)
    first = engine.run(target, faults, rows, faults.sample, Fingerprints(golden))
    mixed = np.random.default_rng(1).permutation(300)
    again = engine.run(target, faults, mixed, faults.sample[mixed], Fingerprints(golden))
    assert list(first[mixed]) == list(again)
    part = engine.run(target, faults, rows[100:150], faults.sample[100:150], Fingerprints(golden))
    assert list(first[100:150]) == list(part)


def test_a_judge_that_fails_leaves_no_fault_behind():
    network, golden = made("mlp")
    engine, target, faults = SuffixEngine(network, golden), network.target("r"), flips(network, "r", 64, SAMPLES)
    rows = np.arange(64)
    first = engine.run(target, faults, rows, faults.sample, Fingerprints(golden))

    def broken(outputs, samples):
        raise KeyError("judge")

    with pytest.raises(KeyError):
        engine.run(target, faults, rows, faults.sample, broken)
    assert list(engine.run(target, faults, rows, faults.sample, Fingerprints(golden))) == list(first)


def test_a_part_that_rounds_differently_is_left_to_the_oracle(monkeypatch):
    network, golden = made("mlp")
    engine, target, faults = SuffixEngine(network, golden), network.target("r"), flips(network, "r", 32, SAMPLES)
    honest = buffers.Buffers.run

    def off(self):
        return {position: values * np.float32(1 + 1e-6) for position, values in honest(self).items()}

    monkeypatch.setattr(buffers.Buffers, "run", off)
    found = engine.run(target, faults, np.arange(32), faults.sample, Fingerprints(golden))
    truth = RebuildEngine(network, golden).run(target, faults, np.arange(32), faults.sample, Fingerprints(golden))
    assert list(found) == list(truth)
    assert "differ" in engine.delegated["r"]


def test_a_network_of_one_sample_at_a_time_runs_row_by_row():
    make, shape = ALL["mlp"]
    inputs = {"x": images(SAMPLES, shape)}
    network = prepare(make(), "mlp", inputs=inputs)
    object.__setattr__(network, "batch", 1)
    golden = Golden(network, inputs)
    faults = flips(network, "h", 40, SAMPLES)
    truth, found = both(network, golden, "h", faults)
    assert list(found) == list(truth)


def test_no_faults_give_no_flags():
    network, golden = made("mlp")
    faults = flips(network, "h", 1, SAMPLES)
    none = np.zeros(0, np.int64)
    assert len(SuffixEngine(network, golden).run(network.target("h"), faults, none, none, Fingerprints(golden))) == 0


@pytest.mark.parametrize(("total", "most"), [(1, 10), (10, 10), (11, 10), (1000, 64), (7, 1)])
def test_rounds_hold_every_prediction_and_change_few_samples(total, most):
    sample = np.random.default_rng(total).integers(0, 13, total)
    rounds = in_rounds(sample, most)
    assert rounds.rows <= most
    assert set(rounds.order.tolist()) == set(range(total))
    assert (rounds.samples == sample[rounds.order]).all()
    grid = rounds.samples.reshape(rounds.count, rounds.rows)
    assert (grid[1:] != grid[:-1]).sum() <= 13 + rounds.rows
