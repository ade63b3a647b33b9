"""Whether the golden run is kept whole, or computed again piece by piece, has no say in what comes out."""

from __future__ import annotations

import numpy as np
import pytest

from casework.injection.engines.patch import PatchEngine
from casework.injection.engines.regions.golden import FEW
from casework.injection.network.golden import Golden
from casework.injection.network.network import prepare
from doubles import injection_models as models
from doubles.injection_windows import Prints, drawn


@pytest.mark.parametrize("samples", [5, FEW + 6])
def test_little_memory_gives_the_same(samples: int) -> None:
    inputs = {"x": models.images(samples, (3, 16, 16)) - np.float32(0.3)}
    network = prepare(models.residual(), "residual", inputs=inputs)
    whole, little = Golden(network, inputs), Golden(network, inputs, budget=100_000)
    assert (whole.whole, little.whole) == (True, False)
    wide, narrow = PatchEngine(network, whole), PatchEngine(network, little)
    struck = 0
    for target in network.targets:
        if target.stored or target.dtype != "float32":
            continue
        # Few inputs, so that those that are not struck are turned around with the others, or are not.
        for inputs_hit in (2, samples):
            faults = drawn(network, target, 24, 3)
            sample = faults.sample % inputs_hit
            if wide.refusal(target, faults):
                continue
            rows = np.arange(len(faults))
            found = wide.run(target, faults, rows, sample, Prints(whole))
            assert np.array_equal(found, narrow.run(target, faults, rows, sample, Prints(little))), target.name
            struck += int(found.any())
    assert struck >= 12


def test_a_row_is_given_only_where_all_are_kept() -> None:
    inputs = {"x": models.images(3, (1, 32, 32))}
    network = prepare(models.lenet(), "lenet", inputs=inputs)
    whole, little = Golden(network, inputs), Golden(network, inputs, budget=1)
    kept = whole.row("r1", 2)
    assert kept is not None
    assert np.array_equal(kept, little.values(["r1"], np.array([2]))["r1"][0])
    assert little.row("r1", 2) is None
