"""The gate's decision as a Simple Verification Result: only what holds is said, and only trusted signers are believed."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest
from trust_lab import KEYS, LAB, NOW, STRANGER, resealed, trust, with_key

from casework.artifact.digest import jcs_bytes
from casework.attest.dsse import sign_envelope
from casework.attest.opening import Anchors
from casework.attest.svr import (
    Svr,
    commit_subject,
    file_subject,
    properties_of,
    read_svr,
    seal_svr,
    svr_statement,
    verify_svr,
)
from casework.model.decision import Decision, Waived
from casework.model.finding import Finding
from casework.model.release import PROPERTIES, SvrStatement
from casework.model.result import PAYLOAD_TYPE

PASS = Decision("pass", (), summary=(("nodes", 3), ("evidence", 2), ("evidence current", 2)))
FLAW = Finding("EVD-001", "error", "EV-1", (), "missing", "run it")
SUBJECTS = [file_subject("MC-1", "a" * 64), commit_subject("c" * 40), file_subject("DS-1", "b" * 64)]
POLICY = [file_subject("lab version 3", "d" * 64)]
CREATED = "2026-05-01T10:00:00Z"


def made(decision: Decision = PASS) -> SvrStatement:
    statement = svr_statement(decision, SUBJECTS, POLICY, CREATED)
    if statement is None:
        raise AssertionError(decision)
    return statement


def judged(data: bytes, *, world: Any = LAB, role: str | None = None) -> Svr:
    return verify_svr(data, Anchors(world), NOW, role=role)


def refused(data: bytes, code: str, **how: Any) -> None:
    found = judged(data, **how)
    assert not found.verified
    assert code in [p.code for p in found.problems], found.problems


def test_the_statement_has_the_form_of_the_specification() -> None:
    value = json.loads(jcs_bytes(made().model_dump(mode="json", by_alias=True, exclude_none=True)))
    assert value == {
        "_type": "https://in-toto.io/Statement/v1",
        "subject": [
            {"name": "case", "digest": {"gitCommit": "c" * 40}},
            {"name": "DS-1", "digest": {"sha256": "b" * 64}},
            {"name": "MC-1", "digest": {"sha256": "a" * 64}},
        ],
        "predicateType": "https://in-toto.io/attestation/svr/v0.2",
        "predicate": {
            "verifier": {
                "id": "https://casework.dev/verifier/check/v1",
                "policies": [{"name": "lab version 3", "digest": {"sha256": "d" * 64}}],
            },
            "timeCreated": CREATED,
            "properties": [
                "CASEWORK_CASE_PASSED",
                "CASEWORK_EVIDENCE_COMPLETE",
                "CASEWORK_NO_WAIVERS",
                "CASEWORK_RELEASE",
            ],
        },
    }


def test_only_what_holds_is_said() -> None:
    waived = (Waived(FLAW, "W-1", "vera", "late", "2026-12-01"),)
    assert "CASEWORK_NO_WAIVERS" not in properties_of(replace(PASS, waived=waived))
    assert "CASEWORK_RELEASE" not in properties_of(replace(PASS, release=False))
    assert "CASEWORK_EVIDENCE_COMPLETE" not in properties_of(
        replace(PASS, summary=(("evidence", 2), ("evidence current", 1)))
    )
    assert "CASEWORK_EVIDENCE_COMPLETE" not in properties_of(
        replace(PASS, summary=(("evidence", 0), ("evidence current", 0)))
    )
    assert set(properties_of(PASS)) == PROPERTIES.keys()


def test_nothing_is_said_of_a_blocked_case() -> None:
    blocked = replace(PASS, word="blocked", findings=(FLAW,))
    assert properties_of(blocked) == ()
    assert svr_statement(blocked, SUBJECTS, POLICY, CREATED) is None
    assert svr_statement(PASS, [], POLICY, CREATED) is None


def test_a_sealed_result_verifies_and_is_deterministic() -> None:
    data = seal_svr(made(), [KEYS["ci"]])
    assert data == seal_svr(made(), [KEYS["ci"]])
    found = judged(data, role="ci")
    assert found.verified
    assert found.statement == made()
    assert [p.person for p in found.principals] == ["runner"]


def test_without_a_policy_nothing_is_believed() -> None:
    refused(seal_svr(made(), [KEYS["ci"]]), "POL-000", world=None)


def test_strangers_and_broken_signatures_are_refused() -> None:
    refused(seal_svr(made(), [STRANGER]), "SIG-004")
    good = json.loads(seal_svr(made(), [KEYS["ci"]]))
    other = json.loads(seal_svr(made(replace(PASS, release=False)), [KEYS["ci"]]))
    refused(jcs_bytes(other | {"signatures": good["signatures"]}), "SIG-003")
    refused(jcs_bytes(good | {"signatures": []}), "SIG-001")


def test_the_wrong_role_is_refused_where_one_is_wanted() -> None:
    refused(seal_svr(made(), [KEYS["developer"]]), "SIG-005", role="ci")


@pytest.mark.parametrize("change", [{"compromised": True}, {"revoked_at": "2026-04-01"}, {"valid_to": "2026-04-01"}])
def test_keys_are_judged(change: dict[str, Any]) -> None:
    world = trust(with_key("ci", **change))
    refused(seal_svr(made(), [KEYS["ci"]]), "SIG-008" if "valid_to" in change else "SIG-007", world=world)


def value(**predicate: Any) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(jcs_bytes(made().model_dump(mode="json", by_alias=True, exclude_none=True)))
    found["predicate"] |= predicate
    return found


CHANGED: dict[str, tuple[dict[str, Any], str]] = {
    "other predicate": (value() | {"predicateType": "https://slsa.dev/verification_summary/v1"}, "BND-000"),
    "version 0.1": (value() | {"predicateType": "https://in-toto.io/attestation/svr/v0.1"}, "BND-000"),
    "no properties": (value(properties=[]), "PRS-007"),
    "doubled property": (value(properties=["A", "A"]), "PRS-007"),
    "further field": (value(note="trust me"), "PRS-007"),
    "policies omitted": (value(verifier={"id": "https://casework.dev/verifier/check/v1"}), "PRS-007"),
    "future": (value(timeCreated="2027-01-01T00:00:00Z"), "TIM-003"),
    "no such day": (value(timeCreated="2026-02-31T00:00:00Z"), "PRS-007"),
    "no subject": (value() | {"subject": []}, "PRS-007"),
    "sha1": (value() | {"subject": [{"name": "x", "digest": {"sha1": "a" * 40}}]}, "PRS-007"),
    "no digest": (value() | {"subject": [{"name": "x", "digest": {}}]}, "BND-007"),
    "two digests": (value() | {"subject": [{"name": "x", "digest": {"sha256": "a" * 64, "gitCommit": "a" * 40}}]}, "BND-007"),
}  # fmt: skip


@pytest.mark.parametrize("name", CHANGED)
def test_a_statement_of_another_form_is_refused_even_if_signed(name: str) -> None:
    payload, code = CHANGED[name]
    refused(resealed(payload), code)


def test_other_bytes_than_canonical_are_refused() -> None:
    refused(resealed(json.dumps(value(), indent=1).encode()), "PRS-008")
    refused(resealed(jcs_bytes(value()).replace(b'"_type"', b'"_type":"x","_type"')), "PRS-001")
    refused(sign_envelope("text/plain", jcs_bytes(value()), [KEYS["ci"]]), "SIG-009")
    assert PAYLOAD_TYPE


@pytest.mark.parametrize("data", [b"", b"{}", b"\xff", b"[" * 99999, b"null"])
def test_any_bytes_are_answered(data: bytes) -> None:
    assert not judged(data).verified
    assert not isinstance(read_svr(data), SvrStatement)


def test_a_name_that_nobody_would_read_back_is_not_sealed() -> None:
    statement = svr_statement(PASS, [file_subject("MC\u202e1", "a" * 64)], [], CREATED)
    assert statement is not None
    with pytest.raises(ValueError, match="PRS-005"):
        seal_svr(statement, [KEYS["ci"]])
