"""A parent's faults in its hardened child."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import onnx
import pytest

from casework.injection.faults.fault_list import OPS, FaultList, FaultTensor
from casework.injection.hardening.comparing import COLUMNS, carried, hardening_row, lineage_of
from casework.injection.hardening.harden import LINEAGE, harden
from casework.injection.hardening.registry import parse_measure
from casework.injection.hardening.storage import Protection, screen, settled
from casework.injection.outcomes.flags import CHANGED, DETECTED, DUE, SDC
from casework.injection.problem import InjectionProblem
from doubles import injection_models as models


def listed(model: str) -> FaultList:
    tensors = (
        FaultTensor("w1", "w1", "weight", "float32", (128, 784)),
        FaultTensor("r", "r", "activation", "float32", (128,)),
    )
    return FaultList(
        model, tensors, np.arange(4), np.array([0, 1, 1, 0], np.int32), np.arange(5), np.array([5, 6, 7, 8]),
        np.array([1, 2, 4, 8], np.uint64), np.full(4, OPS.index("xor"), np.uint8), np.full(4, -1), np.arange(4),
    )  # fmt: skip


def test_lists_of_the_parent_are_for_the_child_too() -> None:
    child = harden(models.mlp(), "m", [parse_measure("range")], {"x": models.images(8, (784,))})
    lineage = lineage_of({p.key: p.value for p in onnx.load_model_from_string(child.content).metadata_props})
    assert lineage is not None
    assert lineage.measures == ("range",)
    assert lineage.samples == 8
    found = carried(listed(child.parent), lineage, child.sha256, {"w1", "r"})
    assert found.missing == {}
    assert found.faults.model == child.sha256
    assert found.faults.index.tolist() == [5, 6, 7, 8]
    merged = carried(listed(child.parent), lineage, child.sha256, {"w1", "r.clipped"})
    assert merged.missing == {"r": 2}
    assert merged.faults.ids.tolist() == [0, 3]
    with pytest.raises(InjectionProblem, match="comes from"):
        carried(listed("0" * 64), lineage, child.sha256, {"w1", "r"})


def test_lineage_that_is_missing_or_damaged() -> None:
    assert lineage_of({}) is None
    for damaged in ("{}", "[" * 100_000, '{"parent":"a","parent":"b"}', "no JSON"):
        with pytest.raises(InjectionProblem, match="cannot be read"):
            lineage_of({LINEAGE: damaged})


def test_what_storage_tells_is_no_longer_silent() -> None:
    parity = Protection("parity", ("w1",), bits=(0, 1, 2))
    copies = Protection("copies", ("w1",), bits=(3,))
    faults = replace(listed("0" * 64), tensor=np.zeros(4, np.int32))
    screened = screen(faults, [parity, copies], lambda _name: np.zeros(100, np.float32))
    flags = np.array([CHANGED | SDC, CHANGED | DUE, 0, CHANGED | SDC], np.uint16)
    assert settled(flags, screened, np.arange(4)).tolist() == [CHANGED | DETECTED, CHANGED | DETECTED, DETECTED, 0]


def test_a_row_of_the_table() -> None:
    before = {"sdc_rate": 0.01, "due_rate": 0.002, "detected_rate": 0.0}
    after = {"sdc_rate": 0.001, "due_rate": 0.0, "detected_rate": 0.02}
    row = dict(zip(COLUMNS, hardening_row(["range", "nan-guard"], "weights", before, after, 0), strict=True))
    assert row["measure"] == "range+nan-guard"
    assert row["sdc_after"] == 0.001
    assert row["detected_after"] == 0.02
