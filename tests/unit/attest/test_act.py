"""Sealed reviews and waivers: nobody else can write one in a person's name."""

from __future__ import annotations

import base64
import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from trust_lab import KEYS, NOW, STRANGER, policy_value, resealed, trust

from casework.artifact.digest import jcs_bytes, sha256_bytes
from casework.attest.act import (
    ActNode,
    ActVerdict,
    judge_acts,
    read_act,
    seal_act,
    statement_of_act,
    verify_act,
    verify_act_files,
)
from casework.attest.dsse import Envelope, read_envelope
from casework.attest.opening import Anchors, sealed_name
from casework.attest.trust.policy import Trust
from casework.model.act import ActRecord

PRINT = "a" * 64
NODE = ActNode("review", PRINT, "vera", "verifier", ("HZ-9",))
WAIVER = ActNode("waiver", "b" * 64, "vera")


def world(acts: dict[str, Any] | None = None, **changes: Any) -> Trust:
    default = {"review": {"require": {}}, "waiver": {"require": {"verifier": 2}, "separate_roles": True}}
    return trust(policy_value(acts=default if acts is None else acts, **changes))


LAB = world()


def record(**changes: Any) -> ActRecord:
    value = {
        "kind": "review", "node": "RV-1", "fingerprint": PRINT, "by": "vera", "role": "verifier", "retires": ["HZ-9"],
        "signed": "2026-05-01T10:00:00Z",
    }  # fmt: skip
    return ActRecord.model_validate(value | changes)


def waiver(**changes: Any) -> ActRecord:
    return record(**{"kind": "waiver", "node": "GW-1", "fingerprint": "b" * 64, "role": None, "retires": []} | changes)


def seal(act: ActRecord, *keys: str) -> bytes:
    return seal_act(act, [KEYS[name] for name in keys or ("verifier",)])


def verify(data: bytes, policy: Trust = LAB, now: datetime = NOW, name: str | None = None) -> ActVerdict:
    digest = name or sealed_name(data).partition(".")[0]
    return verify_act(f"evidence/acts/{digest}.dsse.json", data, policy, now)


def codes(verdict: ActVerdict) -> list[str]:
    return [finding.code for finding in verdict.findings]


def judged(data: list[bytes], nodes: dict[str, ActNode], policy: Trust = LAB) -> tuple[set[str], list[str]]:
    sealed, findings = judge_acts([verify(one, policy) for one in data], nodes, policy.policy)
    for finding in findings:
        assert finding.fix
        assert finding.message
    return set(sealed), [finding.code for finding in findings]


def test_a_sealed_review_counts() -> None:
    data = seal(record())
    verdict = verify(data)
    assert verdict.verified, verdict.findings
    assert verdict.record == record()
    assert [signer.person for signer in verdict.signers] == ["vera"]
    assert judged([data], {"RV-1": NODE}) == ({"RV-1"}, [])
    assert seal(record(), "verifier-2") == seal(record(), "verifier-2"), "Ed25519: equal acts have equal bytes"


def test_the_payload_is_what_is_read_back() -> None:
    for act in (record(), waiver(), record(role=None, retires=[])):
        back = read_act(statement_of_act(act))
        assert not isinstance(back, tuple)
        assert back.predicate == act


@pytest.mark.parametrize("kind", ["review", "waiver"])
def test_an_unsealed_act_does_not_count_where_the_policy_wants_a_seal(kind: str) -> None:
    node = NODE._replace(kind=kind)
    assert judged([], {"X": node}) == (set(), ["ACT-001"])
    assert judged([], {"X": node}, world({})) == (set(), [])
    assert judged([seal(record())], {"RV-1": NODE}, world({})) == ({"RV-1"}, []), (
        "a seal counts also where none is asked"
    )


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"fingerprint": "c" * 64}, "other content"),
        ({"by": "viktor"}, "another person"),
        ({"role": "ci"}, "another role"),
        ({"role": None}, "another role"),
        ({"retires": []}, "another nodes retired"),
        ({"retires": ["HZ-9", "HZ-10"]}, "another nodes retired"),
        ({"kind": "waiver", "retires": []}, "another kind"),
    ],
)
def test_act_002_a_seal_of_something_else(change: dict[str, Any], said: str) -> None:
    data = seal(record(**change), "verifier", "verifier-2")
    sealed, findings = judge_acts([verify(data)], {"RV-1": NODE}, LAB.policy)
    assert sealed == frozenset()
    assert [finding.code for finding in findings] == ["ACT-002"]
    assert said in findings[0].message
    assert judged([data], {"RV-1": NODE}, world({})) == (set(), ["ACT-002"])
    assert judged([data, seal(record())], {"RV-1": NODE}) == ({"RV-1"}, []), (
        "an old seal does no harm beside a good one"
    )


def test_act_001_another_signs_in_the_persons_name() -> None:
    for keys in (("verifier-2",), ("ci",), ("developer", "ci")):
        assert judged([seal(record(), *keys)], {"RV-1": NODE}) == (set(), ["ACT-001"]), keys
    assert judged([seal(record(), "verifier-2", "verifier-token")], {"RV-1": NODE}) == ({"RV-1"}, [])


def test_act_001_a_machine_or_nobody_or_without_the_role() -> None:
    for node, key in (
        (NODE._replace(by="runner", role=None), "ci"),
        (NODE._replace(by="ghost", role=None), "verifier"),
        (NODE._replace(by="dev"), "developer"),
    ):
        act = record(by=node.by, role=node.role)
        assert judged([seal(act, key)], {"RV-1": node}) == (set(), ["ACT-001"]), node


def test_act_001_too_few_persons() -> None:
    node = {"GW-1": WAIVER}
    assert judged([seal(waiver())], node) == (set(), ["ACT-001"])
    assert judged([seal(waiver(), "verifier", "verifier-token")], node) == (set(), ["ACT-001"]), (
        "two keys of one person"
    )
    assert judged([seal(waiver()), seal(waiver(signed="2026-05-02T10:00:00Z"), "verifier-2")], node)[0] == set()
    assert judged([seal(waiver(), "verifier", "verifier-2")], node) == ({"GW-1"}, [])


def test_separate_roles_want_separate_persons() -> None:
    both = policy_value()
    both["persons"]["vera"]["roles"] = ["verifier", "safety_manager"]
    both["persons"]["ada"]["roles"] = ["safety_manager"]
    both["roles"]["safety_manager"] = ["verifier-token", "root-a"]
    both["acts"] = {"waiver": {"require": {"verifier": 1, "safety_manager": 1}, "separate_roles": True}}
    policy = trust(both)
    node = {"GW-1": WAIVER}
    assert judged([seal(waiver(), "verifier", "verifier-token")], node, policy) == (set(), ["ACT-001"])
    assert judged([seal(waiver(), "verifier", "root-a")], node, policy) == ({"GW-1"}, [])
    machine = policy_value(acts={"review": {"require": {"ci": 1}}})
    assert judged([seal(record(), "verifier", "ci")], {"RV-1": NODE}, trust(machine)) == (set(), ["ACT-001"])


def test_tim_001_where_the_time_must_be_proven() -> None:
    policy = world({"review": {"require": {}, "timestamp": True}})
    assert judged([seal(record())], {"RV-1": NODE}, policy) == (set(), ["TIM-001"])
    data = seal(record())
    name = f"evidence/acts/{sha256_bytes(statement_of_act(record()))}.dsse.json"
    logged = datetime(2026, 5, 1, 11, tzinfo=UTC)
    envelope = read_envelope(data)
    assert isinstance(envelope, Envelope)
    sig = sha256_bytes(envelope.signatures[0].sig)
    verdict = verify_act_files([(name, data)], Anchors(policy), NOW, times={sig: logged})
    assert verdict.signers[0].proof == "log"
    assert judge_acts([verdict], {"RV-1": NODE}, policy.policy) == (frozenset({"RV-1"}), ())
    early = verify_act_files([(name, data)], Anchors(policy), NOW, times={sig: logged - timedelta(days=2)})
    assert codes(early) == ["TIM-004"]


def test_act_003_a_seal_without_its_node() -> None:
    sealed, findings = judge_acts([verify(seal(record()))], {}, LAB.policy)
    assert sealed == frozenset()
    assert [(finding.code, finding.severity) for finding in findings] == [("ACT-003", "warning")]


def test_without_a_policy_nothing_is_sealed_and_nothing_more_is_said() -> None:
    assert judge_acts([verify(seal(record()))], {"RV-1": NODE}, None) == (frozenset(), ())
    verdict = verify_act("evidence/acts/x", seal(record()), None, NOW)
    assert not verdict.verified
    assert "POL-000" in codes(verdict)


def forged(data: bytes, change: dict[str, Any]) -> bytes:
    envelope = json.loads(data)
    statement = json.loads(base64.b64decode(envelope["payload"]))
    statement["predicate"] |= change
    envelope["payload"] = base64.b64encode(jcs_bytes(statement)).decode()
    return jcs_bytes(envelope)


def test_what_is_not_signed_as_it_stands_is_refused() -> None:
    good = seal(record())
    refused = {
        "SIG-003": forged(good, {"by": "viktor"}),
        "SIG-004": seal_act(record(), [STRANGER]),
        "SIG-001": jcs_bytes({**json.loads(good), "signatures": []}),
        "SIG-009": resealed(statement_of_act(record()), "verifier", kind="text/plain"),
        "PRS-008": good + b"\n",
        "PRS-000": good + good,
        "PTH-005": good,
        "TIM-003": seal(record(signed="2027-01-01T00:00:00Z")),
    }
    for code, data in refused.items():
        verdict = verify(data, name="f" * 64) if code == "PTH-005" else verify(data)
        assert not verdict.verified, code
        assert codes(verdict) == [code], verdict.findings
        assert judge_acts([verdict], {"RV-1": NODE}, LAB.policy)[0] == frozenset()


def statement(**changes: Any) -> dict[str, Any]:
    value: dict[str, Any] = json.loads(statement_of_act(record()))
    return value | changes


def predicate(**changes: Any) -> dict[str, Any]:
    return statement(predicate=statement()["predicate"] | changes)


@pytest.mark.parametrize(
    ("payload", "code"),
    [
        (statement(predicateType="https://casework.dev/evidence-result/v1"), "BND-000"),
        ([], "BND-000"),
        (statement(predicateType=7), "BND-000"),
        (statement(_type="https://in-toto.io/Statement/v0.1"), "PRS-007"),
        (statement(more=1), "PRS-007"),
        (statement(subject=[]), "PRS-007"),
        (statement(subject=statement()["subject"] * 2), "PRS-007"),
        (statement(subject=[{"name": "RV-2", "digest": {"sha256": PRINT}}]), "BND-007"),
        (statement(subject=[{"name": "RV-1", "digest": {"sha256": "d" * 64}}]), "BND-007"),
        (statement(subject=[{"name": "RV-1", "digest": {"sha1": "d" * 40}}]), "PRS-007"),
        (predicate(kind="release"), "PRS-007"),
        (predicate(kind="waiver"), "PRS-007"),
        (predicate(extra=True), "PRS-007"),
        (predicate(fingerprint="A" * 64), "PRS-007"),
        (predicate(by=""), "PRS-007"),
        (predicate(node="../x"), "PRS-007"),
        (predicate(signed="2026-05-01"), "PRS-007"),
        (predicate(signed="2026-02-30T10:00:00Z"), "PRS-007"),
        (predicate(signed="2026-05-01T25:00:00Z"), "PRS-007"),
        (b'{"a":1,"a":1}', "PRS-001"),
        (b"\xff", "PRS-006"),
        (b"", "SIG-002"),
    ],
)
def test_what_a_trusted_signer_may_not_seal(payload: Any, code: str) -> None:
    verdict = verify(resealed(payload, "verifier"))
    assert not verdict.verified
    assert set(codes(verdict)) == {code}, verdict.findings
    assert judge_acts([verdict], {"RV-1": NODE}, LAB.policy)[0] == frozenset()


def test_revoked_and_expired_keys_do_not_seal() -> None:
    for change, code in (
        ({"compromised": True}, "SIG-007"),
        ({"revoked_at": "2026-04-01"}, "SIG-007"),
        ({"revoked_at": "2026-05-15"}, "SIG-007"),
        ({"valid_to": "2026-04-01"}, "SIG-008"),
        ({"valid_from": "2026-05-02"}, "SIG-008"),
    ):
        value = policy_value(acts={"review": {"require": {}}})
        value["keys"]["verifier"] |= change
        verdict = verify(seal(record()), trust(value))
        assert codes(verdict) == [code], change
        assert not verdict.verified


def test_now_must_have_a_zone() -> None:
    with pytest.raises(ValueError, match="time zone"):
        verify_act("x", b"", LAB, datetime(2026, 1, 1))
