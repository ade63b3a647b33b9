"""The Python API: every name of `casework.__all__` is there, and answers."""

from __future__ import annotations

import subprocess
import sys
from datetime import date
from pathlib import Path

import casework

ROOT = Path(__file__).resolve().parents[2]


def test_every_name_is_there_and_no_other() -> None:
    for name in casework.__all__:
        assert getattr(casework, name) is not None
    assert sorted(casework.__all__) == dir(casework)


def test_importing_costs_nothing() -> None:
    code = "import sys, casework; print([m for m in ('pydantic', 'networkx', 'yaml', 'numpy') if m in sys.modules])"
    assert (
        subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.strip() == "[]"
    )


def test_the_own_case_by_the_api() -> None:
    today = date(2026, 12, 1)
    case = casework.open_case(ROOT)
    assert case.network.number_of_nodes() == len(case)
    assert casework.check(ROOT / "src", today).word == "pass"
    assessment = casework.assess(ROOT, today)
    assert assessment.statuses["G1.1"].word == "supported"
    assert not casework.coverage(assessment.case).gaps
    assert "EV-VAL-INT8" in {a.key for a in casework.impact(assessment.case, ["ML-01"]).evidence}


def test_a_generator_by_the_api() -> None:
    folder = ROOT / "evidence/artifacts/roadside-sign"
    record = casework.try_generator(
        "model-signature", folder / "model/sign-detector-int8.onnx", started="2026-12-01T00:00:00Z",
        options={"signature": folder / "model/sign-detector-int8.sig", "public_key": ROOT / "evidence/trust/model-signing.pub"},
    )  # fmt: skip
    assert record.status == "complete"
    assert {m.name: m.value for m in record.metrics}["signature_failures"] == 0
