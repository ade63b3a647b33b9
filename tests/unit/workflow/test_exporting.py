"""`casework export test-result`: the worked case's own records, as others read them."""

from __future__ import annotations

import argparse
import base64
import json
from pathlib import Path

import pytest

from casework.cli import export_command
from casework.model.problem import CallProblem

ROOT = Path(__file__).resolve().parents[3]
NOW = "2026-11-23"


def export(*arguments: str) -> int:
    parser = argparse.ArgumentParser()
    export_command.configure(parser)
    return export_command.run(parser.parse_args([*arguments, "--root", str(ROOT), "--now", NOW]))


def test_a_record_of_the_worked_case_passes(capfd: pytest.CaptureFixture[str]) -> None:
    assert export("test-result", "EV-VAL-INT8") == 0
    value = json.loads(capfd.readouterr().out)
    predicate = value["predicate"]
    assert predicate["result"] in ("PASSED", "WARNED")
    assert predicate["failedTests"] == []
    assert predicate["passedTests"] + predicate["warnedTests"]
    assert value["subject"][0]["digest"]["sha256"]


def test_with_a_key_it_is_sealed(tmp_path: Path) -> None:
    out = tmp_path / "r.dsse.json"
    key = ROOT / "evidence/trust/demo-keys/demo-ci.pem"
    assert export("test-result", "EV-VAL-INT8", "--key", str(key), "-o", str(out)) == 0
    envelope = json.loads(out.read_bytes())
    assert envelope["payloadType"] == "application/vnd.in-toto+json"
    assert json.loads(base64.b64decode(envelope["payload"]))["predicateType"].endswith("/test-result/v0.1")
    assert len(envelope["signatures"]) == 1


def test_unknown_evidence_is_a_wrong_call() -> None:
    with pytest.raises(CallProblem, match="EV-NOPE is no evidence"):
        export("test-result", "EV-NOPE")
