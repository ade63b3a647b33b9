"""The targets of the fuzzer hold for their seeds and for small changes of these, without the fuzzer; so they do not rot."""

from __future__ import annotations

import importlib
import random
import sys
from pathlib import Path

import pytest

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE))

from harness import reach  # noqa: E402 - found through the path above


@pytest.mark.parametrize("name", ["yaml_reader", "envelope", "bundle"])
def test_target_holds_for_its_seeds(name: str) -> None:
    reach()
    module = importlib.import_module(name)
    target, rng = module.load(), random.Random(name)
    seeds = list(module.seeds())
    assert len(seeds) >= 6
    for seed in (b"", *seeds):
        target(seed)
        for _ in range(8):
            changed = bytearray(seed or b"x")
            changed[rng.randrange(len(changed))] = rng.randrange(256)
            target(bytes(changed))


def test_every_target_is_run_by_make() -> None:
    text = (HERE.parents[1] / "Makefile").read_text()
    targets = {
        p.stem for p in HERE.glob("*.py") if 'if __name__ == "__main__"' in p.read_text() and p != Path(__file__)
    }
    assert targets == {"yaml_reader", "envelope", "bundle"}
    assert "$(FUZZ)" in text
    assert all(name in text for name in targets)
