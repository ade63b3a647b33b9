"""Fault injection into graphs as other people's exporters write them: a campaign with its audit, or a finding that tells what to do."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from casework.cli.main import main
from doubles.foreign_graphs import GRAPHS

NOTHING_STORED = "no tensor of the model is hit by target=stored"
REFUSED = {
    "bfloat16_all": "convert them to float32",
    "label_as_text": "output label of {model} holds strings",
    "list_of_maps": "option zipmap=False",
    "non_max_suppression": "output kept of {model} has a size that depends on the values of the input (by operator NonMaxSuppression)",
    "random_operator": "is not deterministic",
    "unknown_operator": "com.vendor::Whirl",
}
"""What the reason of the record says, and its fix, where a model cannot be taken."""
REFUSED_SO = {
    ("linear_classifier_with_maps", "stored"): NOTHING_STORED,
    ("no_weights", "stored"): NOTHING_STORED,
    ("label_into_a_table", "activations"): "with a fault in i, onnxruntime ended an inference with an error",
}

QUICK = sorted(GRAPHS)[::2]
TARGETS = ("stored", "activations")


def run(here: Path, name: str, *options: str) -> tuple[int, dict[str, Any]]:
    graph = GRAPHS[name]()
    (here / "model.onnx").write_bytes(graph.model)
    np.savez(here / "inputs.npz", **graph.inputs)
    asked = [f"{key}={value}" for key, value in graph.options.items()] + ["faults=200", "audit=50", *options]
    call = ["try", "fault-injection", str(here / "model.onnx"), "--data", str(here / "inputs.npz"), "--seed", "3"]
    call += [word for one in asked for word in ("--option", one)]
    code = main([*call, "--format", "json", "-o", str(here / "record.json")])
    found: dict[str, Any] = json.loads((here / "record.json").read_text())
    return code, found


def assert_sound(here: Path, name: str, target: str, *options: str) -> None:
    code, record = run(here, name, f"target={target}", *options)
    expected = REFUSED_SO.get((name, target)) or REFUSED.get(name)
    if expected is not None:
        assert (code, record["status"]) == (2, "not_evaluable"), record["reason"]
        assert expected.format(model=here / "model.onnx") in record["reason"]
        return
    assert (code, record["status"]) == (0, "complete"), record["reason"]
    figures = {m["name"]: m for m in record["metrics"] if m["slice"] == "all"}
    assert figures["sdc_rate"]["n"] == 200
    assert figures["audited"]["value"] == 50
    assert figures["audit_disagreements"]["value"] == 0


@pytest.mark.parametrize("target", TARGETS)
@pytest.mark.parametrize("name", QUICK)
def test_a_foreign_graph_is_taken_or_refused_with_a_reason(name: str, target: str, tmp_path: Path) -> None:
    assert_sound(tmp_path, name, target)


@pytest.mark.slow
@pytest.mark.parametrize("target", TARGETS)
@pytest.mark.parametrize("name", sorted(set(GRAPHS) - set(QUICK)))
def test_any_other_foreign_graph_is_taken_or_refused_with_a_reason(name: str, target: str, tmp_path: Path) -> None:
    assert_sound(tmp_path, name, target)
