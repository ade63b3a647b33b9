"""A sealed record in the words of others: in-toto's predicate test-result v0.1.

Our record holds figures, and no pass or fail. Here each criterion that the record was judged by becomes a test, and the outcome
is that of the requirement's own bound. Only what is met counts as passed: a figure inside the bound that the sample does not
show at the required confidence is failed, because a reader of this predicate has no other word that blocks.

Lost on the way: the figures and their intervals, slices as data, seed, environment, tables. The sealed record is named by its
digest in `configuration`, so nothing is out of reach.

Source: in-toto Attestation Framework, predicate Test Result v0.1.0, https://github.com/in-toto/attestation.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from casework.model.result import STATEMENT_TYPE, ResultRecord, Statement
from casework.model.verdict import CriterionResult

TEST_RESULT_TYPE: Final = "https://in-toto.io/attestation/test-result/v0.1"
LOST: Final = ("figures and intervals", "seed", "environment", "tables", "duration")
"""What the predicate has no place for."""


def as_test_result(statement: Statement, sealed_sha256: str, results: Sequence[CriterionResult]) -> dict[str, Any]:
    """Return the statement of a sealed record in the predicate test-result v0.1.

    Args:
        statement: The verified record.
        sealed_sha256: SHA-256 of its payload, which names the sealed file.
        results: Judgements of the criteria that this record was judged by.

    Returns:
        JSON: the same subject; `PASSED`, `WARNED` (all met, but the record states limitations or a self-check of its generator
        was skipped) or `FAILED`; every criterion by requirement and words, in one of three lists.

    Raises:
        ValueError: There is no criterion, so nothing can have passed or failed.
    """
    if not results:
        raise ValueError("the record was judged by no criterion, so nothing of it passed or failed")
    record = statement.predicate
    passed = sorted({_name(r) for r in results if r.judgement.outcome == "met"})
    failed = sorted({_name(r) for r in results if r.judgement.outcome != "met"})
    doubtful = bool(record.limitations) or any(check.outcome != "passed" for check in record.self_checks)
    warned: list[str] = []
    if doubtful:
        passed, warned = [], passed
    return {
        "_type": STATEMENT_TYPE,
        "subject": [s.model_dump(mode="json") for s in statement.subject],
        "predicateType": TEST_RESULT_TYPE,
        "predicate": {
            "result": "FAILED" if failed else "WARNED" if warned else "PASSED",
            "configuration": _configuration(record, sealed_sha256),
            "passedTests": passed,
            "warnedTests": warned,
            "failedTests": failed,
        },
    }


def _name(result: CriterionResult) -> str:
    return f"{result.requirement}[{result.index}]: {result.judgement.expected}"


def _configuration(record: ResultRecord, sealed_sha256: str) -> list[dict[str, Any]]:
    """Return descriptors of everything that had a say: the record itself, its inputs by role, its requirements."""
    made = [
        _descriptor(f"evidence-result of {record.evidence}" if record.evidence else "evidence-result", sealed_sha256)
    ]
    for role, digest in sorted(record.digests.items()):
        file = record.files.get(role)
        made.append(_descriptor(f"{role}: {file}" if file else role, digest))
    made += [_descriptor(f"requirement {key}", digest) for key, digest in sorted(record.requirements.items())]
    return made


def _descriptor(name: str, sha256: str) -> dict[str, Any]:
    return {"name": name, "digest": {"sha256": sha256}}
