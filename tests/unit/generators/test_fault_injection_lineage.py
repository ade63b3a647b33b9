"""Before and after hardening: the lineage is made sure of, and one golden run is held at a time."""

from __future__ import annotations

import gc
import weakref
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
from onnx import numpy_helper

from casework.generators.protocol import load
from casework.generators.resolve import resolve
from casework.injection.hardening.harden import harden
from casework.injection.hardening.registry import parse_measure
from casework.model.result import ResultRecord, SelfCheck

MODELS = Path(__file__).parents[2] / "models"
LENET = MODELS / "lenet.onnx"


def digits(count: int) -> Any:
    held = np.load(MODELS / "digits.npz")["images"][:count]
    return np.pad(held, ((0, 0), (2, 2), (2, 2)))[:, None].astype(np.float32) / 255


@pytest.fixture(scope="module")
def child(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("lineage") / "child.onnx"
    name = onnx.load(LENET).graph.input[0].name
    path.write_bytes(harden(LENET.read_bytes(), "lenet", [parse_measure("range")], {name: digits(100)}).content)
    np.save(path.with_name("others.npy"), digits(130)[100:])
    np.save(path.with_name("same.npy"), digits(100))
    return path


def run(child: Path, data: Path) -> ResultRecord:
    options = ["target=weights", "faults=300", "audit=5", "inputs=0", f"against={LENET}"]
    return load("fault-injection").run(
        resolve("fault-injection", str(child), str(data), options, started="2026-01-01T00:00:00Z", seed=1)
    )


def lineage(record: ResultRecord) -> SelfCheck:
    (found,) = [check for check in record.self_checks if check.name == "lineage"]
    return found


def test_an_honest_child_is_found_again(child: Path) -> None:
    record = run(child, child.with_name("others.npy"))
    assert (record.status, record.reason) == ("complete", "")
    assert lineage(record).outcome == "passed"
    assert "node for node" in lineage(record).detail
    assert any("was not verified" in limit for limit in record.limitations)


def test_with_its_own_data_it_is_found_byte_for_byte(child: Path) -> None:
    record = run(child, child.with_name("same.npy"))
    assert record.status == "complete"
    assert "byte for byte" in lineage(record).detail
    assert not any("was not verified" in limit for limit in record.limitations)


def test_a_child_whose_weights_are_others_than_its_metadata_say_gives_no_evidence(child: Path, tmp_path: Path) -> None:
    model = onnx.load(child)
    parent = {t.name for t in onnx.load(LENET).graph.initializer}
    tensor = next(t for t in model.graph.initializer if t.name in parent and len(t.dims) > 1)
    tensor.CopyFrom(numpy_helper.from_array(numpy_helper.to_array(tensor) * np.float32(1.001), tensor.name))
    onnx.save(model, tmp_path / "liar.onnx")
    record = run(tmp_path / "liar.onnx", child.with_name("others.npy"))
    assert record.status == "inconclusive"
    assert lineage(record).outcome == "failed"
    assert tensor.name in record.reason


def test_one_golden_run_is_held_at_a_time(child: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from casework.injection.network.golden import Golden

    seen: list[weakref.ref[Golden]] = []
    most = [0]
    honest = Golden.__init__

    def counted(golden: Golden, *given: Any, **named: Any) -> None:
        honest(golden, *given, **named)
        gc.collect()
        seen.append(weakref.ref(golden))
        most[0] = max(most[0], sum(one() is not None for one in seen))

    monkeypatch.setattr(Golden, "__init__", counted)
    assert run(child, child.with_name("others.npy")).status == "complete"
    assert len(seen) == 3
    assert most[0] == 1


@pytest.mark.parametrize("measure", ["scrub", "triplicate", "triplicate:when=run", "scrub:when=run"])
def test_faults_of_stored_weights_reach_a_child_that_checks_them_and_are_undone(measure: str, tmp_path: Path) -> None:
    """What checks while the model loads leaves its result where the weights were, under another name."""
    name = onnx.load(LENET).graph.input[0].name
    made = harden(LENET.read_bytes(), "lenet", [parse_measure(measure)], {name: digits(40)})
    (tmp_path / "child.onnx").write_bytes(made.content)
    np.save(tmp_path / "x.npy", digits(60))
    options = ["target=weights", "bits=30", "faults=400", "audit=5", f"against={LENET}"]
    ask = resolve(
        "fault-injection",
        str(tmp_path / "child.onnx"),
        str(tmp_path / "x.npy"),
        options,
        started="2026-01-01T00:00:00Z",
    )
    record = load("fault-injection").run(ask)
    rates = {m.name: m for m in record.metrics if m.slice == "all"}
    assert (record.status, record.reason) == ("complete", "")
    assert rates["parent_sdc_rate"].value > 0
    assert rates["sdc_rate"].n == 400
    assert rates["sdc_prevented_rate"].value == 1
    settled = {"scrub": 0, "triplicate": 400}  # scrubbing changes a weight, and what it gives is run
    assert (
        rates["settled_by_storage"].value == settled[measure]
        if measure in settled
        else "settled_by_storage" not in rates
    )
    assert not any("left out on both sides" in limit for limit in record.limitations)
