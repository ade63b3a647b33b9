"""Mistakes planted where engine and oracle might share them: with the audit as it is by default, a campaign with one is an error."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest

from casework.generators.protocol import load
from casework.generators.resolve import resolve
from casework.injection.campaign import canary
from casework.injection.campaign.audit import AuditShard, Truth, compare
from casework.injection.campaign.lab import Setting, open_lab
from casework.injection.engines import patch as patch_engine
from casework.injection.engines.channel import ChannelEngine
from casework.injection.faults import bits
from casework.injection.network.golden import Golden
from casework.injection.outcomes import classification, comparison, leaders
from casework.injection.outcomes.flags import CHANGED, DROP10, NEAR_TIE, SDC

MODELS = Path(__file__).parents[3] / "models"
LENET = str(MODELS / "lenet.onnx")

Patch = pytest.MonkeyPatch


@pytest.fixture(scope="module")
def inputs(tmp_path_factory: pytest.TempPathFactory) -> str:
    path = tmp_path_factory.mktemp("digits") / "inputs.npy"
    images = np.load(MODELS / "digits.npz")["images"][::10][:20]
    np.save(path, np.pad(images, ((0, 0), (2, 2), (2, 2)))[:, None].astype(np.float32) / 255)
    return str(path)


def run(inputs: str, *options: str) -> Any:
    request = resolve("fault-injection", LENET, inputs, list(options), started="2026-01-01T00:00:00Z", seed=1)
    return load("fault-injection").run(request)


def strikes_another_bit(patch: Patch) -> None:
    """An engine strikes the bit beside."""
    honest = patch_engine.strike

    def beside(rows: Any, faults: Any, fault: Any) -> Any:
        lower = np.maximum(faults.operand >> np.uint64(1), np.uint64(1))
        return honest(rows, replace(faults, operand=lower), fault)

    patch.setattr(patch_engine, "strike", beside)


def strikes_zeros(patch: Patch) -> None:
    """An engine puts a zero where a value is to be set."""
    honest = patch_engine.strike

    def zero(rows: Any, faults: Any, fault: Any) -> Any:
        return honest(rows, replace(faults, operand=np.zeros_like(faults.operand)), fault)

    patch.setattr(patch_engine, "strike", zero)


def flips_no_top_bit(patch: Patch) -> None:
    """The shared arithmetic loses the top bit of the exponent."""
    honest = bits.struck
    patch.setattr(
        bits, "struck", lambda held, op, operand, dtype: honest(held, op, operand & np.uint64(0xBFFFFFFF), dtype)
    )


def ands_for_xors(patch: Patch) -> None:
    """The shared arithmetic flips bits in one direction only."""
    patch.setattr(bits, "struck", lambda held, op, operand, dtype: held & ~operand.astype(held.dtype))


def settles_all_as_benign(patch: Patch) -> None:
    """The distance within which nothing happens is far too great."""
    honest = classification._limits
    patch.setattr(classification, "_limits", lambda *found: np.full_like(honest(*found), np.inf))


def forgets_the_root(patch: Patch) -> None:
    """The distance within which nothing happens is greater by a small factor."""
    honest = classification._limits
    patch.setattr(classification, "_limits", lambda *found: honest(*found) * 16)


def leads_with_the_least(patch: Patch) -> None:
    """The screen of leading scores calls nothing corrupted."""
    honest = classification.leaders

    def calm(*found: Any, **more: Any) -> leaders.Leaders:
        settled = honest(*found, **more)
        return leaders.Leaders(settled.flags & ~np.uint16(SDC), settled.doubtful)

    patch.setattr(classification, "leaders", calm)


def misses_infinity(patch: Patch) -> None:
    """What is not finite is taken for usable."""
    patch.setattr(classification, "unusable", lambda rows, golden: np.zeros(len(rows), bool))
    patch.setattr(comparison, "unusable", lambda rows, golden: np.zeros(len(rows), bool))
    honest = classification.leaders
    patch.setattr(classification, "leaders", lambda *found, whole, **more: honest(*found, whole=False))


def sees_no_change(patch: Patch) -> None:
    """Rows that differ in small bits are taken for equal."""
    patch.setattr(
        classification,
        "differ",
        lambda rows, golden: ~(np.abs(rows - golden) < 1e-3).reshape(len(rows), -1).all(axis=1),
    )


def takes_the_next_channel(patch: Patch) -> None:
    """A fault in a filter or neuron is put into the next one."""
    honest = ChannelEngine.run

    def beside(self: Any, target: Any, faults: Any, fault: Any, sample: Any, judge: Any) -> Any:
        each = target.elements // target.shape[0]
        return honest(
            self, target, replace(faults, index=(faults.index + each) % target.elements), fault, sample, judge
        )

    patch.setattr(ChannelEngine, "run", beside)


def feeds_another_sample(patch: Patch) -> None:
    """The golden run is of the inputs in another order."""
    honest = Golden.feed
    patch.setattr(Golden, "feed", lambda self, samples: honest(self, (samples + 1) % self.samples))


@pytest.mark.parametrize(
    ("target", "plant"),
    [
        ("activations", strikes_another_bit),
        ("activations", flips_no_top_bit),
        ("weights", flips_no_top_bit),
        ("activations", ands_for_xors),
        ("weights", ands_for_xors),
        ("weights bits=30", settles_all_as_benign),
        ("activations", settles_all_as_benign),
        ("activations bits=24;25;26", forgets_the_root),
        ("activations", leads_with_the_least),
        ("activations bits=30", misses_infinity),
        ("activations", sees_no_change),
        ("weights", takes_the_next_channel),
        ("weights", feeds_another_sample),
        ("activations", feeds_another_sample),
    ],
)
def test_a_campaign_with_a_mistake_is_an_error_by_its_audit(
    inputs: str, monkeypatch: Patch, target: str, plant: Callable[[Patch], None]
) -> None:
    monkeypatch.setattr(canary, "SMALL", 0)  # as with a large model: nothing is found out before the audit
    plant(monkeypatch)
    record = run(inputs, "faults=3000", *f"target={target}".split())
    assert record.status == "error", plant.__doc__
    assert "the audit failed" in record.reason
    assert not record.metrics


@pytest.mark.parametrize(
    ("target", "plant", "told"),
    [
        ("weights", settles_all_as_benign, "second judge"),
        ("activations", leads_with_the_least, "second judge"),
        ("weights", feeds_another_sample, "golden run"),
        ("activations", strikes_zeros, "use option engine=rebuild"),
    ],
)
def test_mistakes_that_huge_values_show_are_told_by_canaries_of_a_small_model(
    inputs: str, monkeypatch: Patch, target: str, plant: Callable[[Patch], None], told: str
) -> None:
    plant(monkeypatch)
    record = run(inputs, "faults=3000", f"target={target}", "audit=0")
    assert record.status == "error", plant.__doc__
    assert "canary" in record.reason
    assert told in record.reason
    assert not record.metrics


@pytest.mark.parametrize("target", ["activations", "weights"])
def test_a_campaign_without_one_is_none(inputs: str, target: str) -> None:
    record = run(inputs, f"target={target}", "faults=3000")
    assert (record.status, record.reason) == ("complete", "")
    assert {m.name: m.value for m in record.metrics}["audited"] == 200


@pytest.mark.parametrize("plant", [settles_all_as_benign, feeds_another_sample])
def test_groups_with_a_mistake_are_an_error_too(
    inputs: str, monkeypatch: Patch, plant: Callable[[Patch], None]
) -> None:
    monkeypatch.setattr(canary, "SMALL", 0)
    plant(monkeypatch)
    record = run(inputs, "mode=error_rate", "target=activations", "rate=0.0001", "faults=200")
    assert record.status == "error", plant.__doc__
    assert "audit" in record.reason
    assert not record.metrics


def test_each_way_to_disagree_is_counted_and_rounding_is_not() -> None:
    oracle = np.array([0, CHANGED, CHANGED | SDC, CHANGED | SDC | NEAR_TIE, CHANGED | DROP10, 0, 0], np.uint16)
    engine = np.array([0, 0, CHANGED, CHANGED, CHANGED, 0, 0], np.uint16)
    shard = AuditShard("w", "some", None, np.zeros(7, np.int64), engine)  # type: ignore[arg-type]
    judges, inputs = np.zeros(7, bool), np.zeros(7, bool)
    judges[5] = inputs[5] = inputs[6] = True
    found = compare(shard, Truth(oracle, judges, inputs), exact=False)
    assert (found.audited, found.disagreements, found.near_ties, found.rounding) == (7, 3, 1, 1)
    assert (found.judges, found.inputs) == (1, 2)
    exact = compare(shard, Truth(oracle, judges, inputs), exact=True)
    assert (exact.disagreements, exact.near_ties, exact.rounding) == (6, 0, 0)


def test_canaries_of_a_small_model_are_compared_and_of_a_large_one_not(monkeypatch: Patch) -> None:
    images = np.load(MODELS / "digits.npz")["images"][:4]
    rows = np.pad(images, ((0, 0), (2, 2), (2, 2)))[:, None].astype(np.float32) / 255
    setting = Setting(
        Path(LENET).read_bytes(),
        "lenet",
        {onnx.load(LENET).graph.input[0].name: rows},
        lambda outputs: classification.judge_of(list(outputs.values())),
    )
    lab = open_lab(setting)
    for target in (next(t for t in lab.network.targets if t.stored == stored) for stored in (True, False)):
        engine = "channel" if target.stored else "suffix"
        small = canary.perched(lab, canary.Perch(target.name, engine))
        assert small.verdict == "alive"
        assert 1 <= small.compared <= canary.COMPARED
        with monkeypatch.context() as patch:
            patch.setattr(canary, "SMALL", 0)
            assert canary.perched(lab, canary.Perch(target.name, engine)) == replace(small, compared=0)
