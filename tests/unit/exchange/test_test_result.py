"""Export to in-toto test-result v0.1: pass and fail from the requirement's bound, never better than the gate's."""

from __future__ import annotations

from typing import Any

import pytest

from casework.exchange.test_result import as_test_result
from casework.model.acceptance import Judgement, Outcome
from casework.model.result import Statement
from casework.model.verdict import CriterionResult

SEALED = "f" * 64


def statement(**record: Any) -> Statement:
    return Statement.model_validate(
        {
            "_type": "https://in-toto.io/Statement/v1",
            "subject": [{"name": "MC-1", "digest": {"sha256": "a" * 64}}],
            "predicateType": "https://casework.dev/evidence-result/v1",
            "predicate": {
                "evidence": "EV-1",
                "generator": {"name": "validation", "version": 1},
                "requirements": {"REQ-1": "b" * 64},
                "digests": {"model": "a" * 64, "data": "c" * 64, "options": "d" * 64},
                "files": {"data": "data/manifest.jsonl"},
                "started": "2026-05-01T10:00:00Z",
                "duration_s": 1.0,
                "status": "complete",
            }
            | record,
        },
        strict=False,
    )


def result(outcome: Outcome, index: int = 0) -> CriterionResult:
    return CriterionResult("REQ-1", index, "EV-1", Judgement(outcome, f"recall >= 0.9{index}", "0.95", "because"))


def test_the_statement_has_the_form_of_the_specification() -> None:
    assert as_test_result(statement(), SEALED, [result("met")]) == {
        "_type": "https://in-toto.io/Statement/v1",
        "subject": [{"name": "MC-1", "digest": {"sha256": "a" * 64}}],
        "predicateType": "https://in-toto.io/attestation/test-result/v0.1",
        "predicate": {
            "result": "PASSED",
            "configuration": [
                {"name": "evidence-result of EV-1", "digest": {"sha256": SEALED}},
                {"name": "data: data/manifest.jsonl", "digest": {"sha256": "c" * 64}},
                {"name": "model", "digest": {"sha256": "a" * 64}},
                {"name": "options", "digest": {"sha256": "d" * 64}},
                {"name": "requirement REQ-1", "digest": {"sha256": "b" * 64}},
            ],
            "passedTests": ["REQ-1[0]: recall >= 0.90"],
            "warnedTests": [],
            "failedTests": [],
        },
    }


@pytest.mark.parametrize("outcome", ["not_met", "not_shown", "missing"])
def test_whatever_is_not_met_has_failed(outcome: Outcome) -> None:
    made = as_test_result(statement(), SEALED, [result("met"), result(outcome, 1)])["predicate"]
    assert made["result"] == "FAILED"
    assert made["failedTests"] == ["REQ-1[1]: recall >= 0.91"]
    assert made["passedTests"] == ["REQ-1[0]: recall >= 0.90"]


def test_limitations_and_skipped_self_checks_warn() -> None:
    limited = as_test_result(statement(limitations=("only by day",)), SEALED, [result("met")])["predicate"]
    assert (limited["result"], limited["warnedTests"], limited["passedTests"]) == (
        "WARNED",
        ["REQ-1[0]: recall >= 0.90"],
        [],
    )
    skipped = ({"name": "noise", "outcome": "skipped", "detail": "no data"},)
    assert as_test_result(statement(self_checks=skipped), SEALED, [result("met")])["predicate"]["result"] == "WARNED"
    failed = as_test_result(statement(limitations=("only by day",)), SEALED, [result("not_met")])["predicate"]
    assert failed["result"] == "FAILED"


def test_nothing_judged_is_no_pass() -> None:
    with pytest.raises(ValueError, match="no criterion"):
        as_test_result(statement(), SEALED, [])
