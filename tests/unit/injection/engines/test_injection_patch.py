"""Windows of image-like tensors: what comes out has the oracle's bits, and what is dropped was masked."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import numpy as np
import pytest

from casework.injection.engines.patch import PatchEngine
from casework.injection.engines.rebuild import RebuildEngine
from casework.injection.faults.fault_list import FaultList
from casework.injection.network.golden import Golden
from casework.injection.network.network import Network, prepare
from casework.injection.network.target import Target
from doubles import injection_models as models
from doubles.injection_windows import SAMPLES, Prints, drawn, many_operators, segmenting

NETS = {
    "lenet": (models.lenet, (1, 32, 32)), "residual": (models.residual, (3, 16, 16)), "many": (many_operators, (3, 21, 19)),
    "mask": (segmenting, (1, 24, 24)),
}  # fmt: skip


@lru_cache
def prepared(net: str) -> tuple[Network, Golden]:
    make, shape = NETS[net]
    inputs = {"x": models.images(SAMPLES, shape) - np.float32(0.3)}
    network = prepare(make(), net, inputs=inputs)
    return network, Golden(network, inputs)


def taken(network: Network, engine: PatchEngine, faults: int = 40, **how: Any) -> list[tuple[Target, FaultList]]:
    found = []
    for target in network.targets:
        if not target.stored and target.dtype == "float32":
            drawing = drawn(network, target, faults, 3, **how)
            if not engine.refusal(target, drawing):
                found.append((target, drawing))
    return found


@pytest.mark.parametrize("net", NETS)
def test_outputs_have_the_bits_of_the_oracle(net: str) -> None:
    network, golden = prepared(net)
    engine, oracle = PatchEngine(network, golden), RebuildEngine(network, golden)
    cases = taken(network, engine)
    assert len(cases) >= {"lenet": 4, "residual": 8, "many": 18, "mask": 3}[net]
    for target, faults in cases:
        rows = np.arange(len(faults))
        found = engine.run(target, faults, rows, faults.sample, Prints(golden))
        wanted = oracle.run(target, faults, rows, faults.sample, Prints(golden))
        assert np.array_equal(found, wanted), target.name
        assert found.any(), target.name


def test_masked_inferences_are_not_run_to_the_end() -> None:
    network, golden = prepared("lenet")
    engine, target = PatchEngine(network, golden), network.target("r1")
    faults = drawn(network, target, 400, 7)
    judge = Prints(golden)
    flags = engine.run(target, faults, np.arange(400), faults.sample, judge)
    assert (flags > 0).sum() <= judge.seen < 250


def test_several_sites_of_a_fault_share_a_window() -> None:
    network, golden = prepared("residual")
    engine, oracle = PatchEngine(network, golden), RebuildEngine(network, golden)
    target = next(t for t in network.targets if t.operator == "Relu" and len(t.shape) == 3)
    faults = drawn(network, target, 30, 5, sites=3)
    assert engine.refusal(target, faults) == ""
    rows = np.arange(30)
    found = engine.run(target, faults, rows, faults.sample, Prints(golden))
    assert np.array_equal(found, oracle.run(target, faults, rows, faults.sample, Prints(golden)))


def test_values_that_are_not_finite_pass_poolings_as_in_the_whole() -> None:
    network, golden = prepared("lenet")
    engine, oracle = PatchEngine(network, golden), RebuildEngine(network, golden)
    for name in ("c1", "r1", "r2"):
        target = network.target(name)
        faults = drawn(network, target, 60, 9, op="set")
        faults.operand[:] = (
            np.array([np.nan, np.inf, -np.inf, -np.nan], np.float32)
            .view(np.uint32)
            .astype(np.uint64)[np.arange(60) % 4]
        )
        rows = np.arange(60)
        found = engine.run(target, faults, rows, faults.sample, Prints(golden))
        assert np.array_equal(found, oracle.run(target, faults, rows, faults.sample, Prints(golden))), name


def test_rows_do_not_depend_on_their_order_or_company() -> None:
    network, golden = prepared("residual")
    engine = PatchEngine(network, golden)
    target = next(t for t in network.targets if t.operator == "Add")
    faults = drawn(network, target, 50, 2)
    whole = engine.run(target, faults, np.arange(50), faults.sample, Prints(golden))
    order = np.random.default_rng(0).permutation(50)
    mixed = engine.run(target, faults, order, faults.sample[order], Prints(golden))
    assert np.array_equal(mixed, whole[order])
    alone = [engine.run(target, faults, np.array([k]), faults.sample[[k]], Prints(golden))[0] for k in range(10)]
    assert alone == whole[:10].tolist()


def test_a_small_room_gives_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    network, golden = prepared("residual")
    target = next(t for t in network.targets if t.operator == "Relu" and len(t.shape) == 3)
    faults = drawn(network, target, 60, 4)
    rows = np.arange(60)
    wide = PatchEngine(network, golden).run(target, faults, rows, faults.sample, Prints(golden))
    for place in (
        "regions.travel.ROOM",
        "regions.finish.ROOM",
        "regions.windows.TABLE",
        "regions.golden.HELD",
        "patch.ROWS",
    ):
        monkeypatch.setattr(f"casework.injection.engines.{place}", 20_000 if "ROWS" not in place else 7)
    narrow = PatchEngine(network, golden).run(target, faults, rows, faults.sample, Prints(golden))
    assert np.array_equal(narrow, wide)


def test_refusals_say_why() -> None:
    network, golden = prepared("lenet")
    engine = PatchEngine(network, golden)
    stored, flat = network.target("c1w"), network.target("f1")
    assert "activations" in engine.refusal(stored, drawn(network, stored, 4, 0))
    assert "image" in engine.refusal(flat, drawn(network, flat, 4, 0))
    image = network.target("c1")
    grouped = drawn(network, image, 4, 0)
    grouped.group[:] = 0
    assert "groups" in engine.refusal(image, grouped)


def test_a_kernel_that_does_not_give_golden_bits_ends_the_windows(monkeypatch: pytest.MonkeyPatch) -> None:
    from casework.injection.engines.regions.kernels import Convolution

    network, golden = prepared("lenet")
    target = network.target("c1")
    faults = drawn(network, target, 30, 1)
    rows = np.arange(30)
    wanted = RebuildEngine(network, golden).run(target, faults, rows, faults.sample, Prints(golden))
    right = Convolution.__call__
    monkeypatch.setattr(Convolution, "__call__", lambda self, windows: right(self, windows) * np.float32(1.0000001))
    assert np.array_equal(PatchEngine(network, golden).run(target, faults, rows, faults.sample, Prints(golden)), wanted)
