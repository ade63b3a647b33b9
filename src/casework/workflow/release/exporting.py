"""Results of a case in the formats of others."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import TYPE_CHECKING

from casework.artifact.digest import jcs_bytes
from casework.model.problem import CallProblem
from casework.model.result import PAYLOAD_TYPE

if TYPE_CHECKING:
    from casework.attest.keys import SigningKey
    from casework.graph.assessment import Assessment


def exported_test_result(assessment: Assessment, key: str, keys: Sequence[SigningKey] = ()) -> bytes:
    """Return the current record of an evidence node as in-toto test-result v0.1, sealed as DSSE where there are keys.

    Raises:
        CallProblem: There is no such evidence, it does not count now, or it was judged by no criterion.
    """
    from casework.exchange.test_result import as_test_result

    planned = sorted(assessment.case.keys("evidence"))
    if key not in planned:
        raise CallProblem(f"{key} is no evidence node of this case; there are {', '.join(planned) or 'none'}")
    appraisal = assessment.appraisals.get(key)
    verdict = appraisal.verdict if appraisal else None
    if appraisal is None or appraisal.state != "current" or verdict is None or verdict.statement is None:
        state = f"{appraisal.state}: {'; '.join(appraisal.reasons)}" if appraisal else "missing"
        raise CallProblem(f"{key} has no record that counts, it is {state}; `casework run {key}` makes one")
    judged = [r for held in assessment.results.values() for r in held if r.evidence == key]
    try:
        value = as_test_result(verdict.statement, verdict.digest, judged)
    except ValueError as error:
        raise CallProblem(f"{key}: {error}") from error
    if not keys:
        return (json.dumps(value, indent=2, sort_keys=True, ensure_ascii=False) + "\n").encode()
    from casework.attest.dsse import sign_envelope

    return sign_envelope(PAYLOAD_TYPE, jcs_bytes(value), keys)
