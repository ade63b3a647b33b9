"""Attacks on one sealed evidence file, each named by its number in the threat list and the code that must catch it."""

from __future__ import annotations

import base64
import json
from datetime import timedelta

import pytest
from trust_lab import (
    EVIDENCE,
    KEYS,
    LAB,
    NOW,
    STRANGER,
    codes,
    envelope_of,
    judge,
    refused,
    resealed,
    sealed,
    statement,
    statement_value,
    trust,
    with_key,
)

from casework.artifact.digest import jcs_bytes
from casework.attest.dsse import countersign, pae
from casework.attest.seal import seal
from casework.attest.verify import CLOCK_SKEW, verify
from casework.model.result import PAYLOAD_TYPE


def rewrapped(envelope: dict[str, object]) -> bytes:
    return jcs_bytes(envelope)


def payload_of(data: bytes) -> bytes:
    return base64.b64decode(envelope_of(data)["payload"])


# Honest controls


def test_honest_record_of_a_machine_is_verified() -> None:
    verdict = judge(sealed("ci"))
    assert verdict.verified
    assert verdict.findings == ()
    assert verdict.statement == statement()
    assert [(one.key, one.person, one.roles) for one in verdict.signers] == [("ci", "runner", frozenset({"ci"}))]


@pytest.mark.parametrize("second", ["verifier", "verifier-token", "verifier-2"])
def test_honest_countersigned_record_is_verified_with_each_kind_of_key(second: str) -> None:
    data = countersign(sealed("ci", generator="validation"), KEYS[second])
    verdict = judge(data, generator="validation")
    assert verdict.verified, verdict.findings
    assert [one.key for one in verdict.signers] == ["ci", second]


def test_order_of_ed25519_signing_leaves_no_trace() -> None:
    one = countersign(sealed("ci", generator="validation"), KEYS["verifier-2"])
    other = countersign(sealed("verifier-2", generator="validation"), KEYS["ci"])
    assert one == other == sealed("verifier-2", "ci", generator="validation")


def test_a_further_signature_of_a_known_person_does_no_harm() -> None:
    assert judge(sealed("ci", "developer")).verified


def test_a_run_within_the_clock_skew_is_no_run_in_the_future() -> None:
    started = (NOW + CLOCK_SKEW).strftime("%Y-%m-%dT%H:%M:%SZ")
    assert judge(sealed(started=started)).verified


def test_generator_as_planned_is_verified() -> None:
    assert judge(sealed(), generator="dataset").verified


# Signatures


def test_attack_01_sig_001_empty_signature_list() -> None:
    envelope = envelope_of(sealed())
    refused(rewrapped(envelope | {"signatures": []}), "SIG-001")


def test_attack_02_sig_001_bare_result_file() -> None:
    refused(payload_of(sealed()), "SIG-001")
    refused(jcs_bytes(statement_value()["predicate"]), "SIG-001")
    refused(b"[]", "SIG-001")


def test_attack_03_sig_003_result_flipped_under_the_old_signature() -> None:
    envelope = envelope_of(sealed())
    flipped = payload_of(sealed()).replace(b'"value":0.97', b'"value":0.99')
    assert flipped != payload_of(sealed())
    envelope["payload"] = base64.b64encode(flipped).decode()
    refused(rewrapped(envelope), "SIG-003")


def test_attack_04_sig_003_attackers_signature_under_our_key_id() -> None:
    envelope = envelope_of(sealed())
    forged = STRANGER.sign(pae(PAYLOAD_TYPE, payload_of(sealed())))
    envelope["signatures"][0]["sig"] = base64.b64encode(forged).decode()
    refused(rewrapped(envelope), "SIG-003")


def test_attack_05_sig_004_key_that_the_policy_does_not_list() -> None:
    refused(seal(statement(), [STRANGER]), "SIG-004")


def test_attack_05_sig_004_unknown_key_beside_a_good_one() -> None:
    refused(countersign(sealed(), STRANGER), "SIG-004")


@pytest.mark.parametrize("field", ["publicKey", "cert", "x5c"])
def test_attack_06_sig_004_key_embedded_in_the_evidence(field: str) -> None:
    data = seal(statement(), [STRANGER])
    envelope = envelope_of(data)
    envelope["signatures"][0][field] = STRANGER.public.pem.decode()
    refused(rewrapped(envelope), "SIG-004")
    refused(rewrapped(envelope_of(data) | {field: STRANGER.public.pem.decode()}), "SIG-004")


def test_attack_06_sig_004_pem_in_the_place_of_the_key_id() -> None:
    envelope = envelope_of(seal(statement(), [STRANGER]))
    envelope["signatures"][0]["keyid"] = STRANGER.public.pem.decode()
    refused(rewrapped(envelope), "SIG-004")


def test_attack_07_sig_005_developer_signs_validation() -> None:
    refused(sealed("developer", generator="validation"), "SIG-005")


def test_attack_08_sig_005_machine_signs_evidence_of_verification() -> None:
    refused(sealed("ci", generator="roi"), "SIG-005")


def test_attack_09_sig_005_invented_evidence_type() -> None:
    refused(sealed("ci", "verifier", "verifier-2", generator="gut-feeling"), "SIG-005")


def test_attack_10_sig_006_one_of_two_signatures() -> None:
    refused(sealed("verifier", generator="roi"), "SIG-006")
    refused(sealed("ci", generator="validation"), "SIG-006")
    refused(sealed("verifier", generator="validation"), "SIG-006")


def test_attack_11_sig_006_same_signature_under_two_key_ids() -> None:
    envelope = envelope_of(sealed("verifier-2", generator="roi"))
    twin = dict(envelope["signatures"][0]) | {"keyid": KEYS["verifier"].keyid}
    envelope["signatures"].append(twin)
    verdict = judge(rewrapped(envelope))
    assert not verdict.verified
    assert set(codes(verdict)) == {"SIG-006"}


def test_attack_12_sig_006_two_ecdsa_signatures_of_one_key() -> None:
    envelope = envelope_of(sealed("verifier", generator="roi"))
    again = KEYS["verifier"].sign(pae(PAYLOAD_TYPE, payload_of(sealed("verifier", generator="roi"))))
    first = envelope["signatures"][0]
    envelope["signatures"].append({"keyid": first["keyid"], "sig": base64.b64encode(again).decode()})
    assert envelope["signatures"][1]["sig"] != first["sig"]
    verdict = judge(rewrapped(envelope))
    assert not verdict.verified
    assert set(codes(verdict)) == {"SIG-006"}


def test_attack_12_sig_006_doubled_signature_is_refused_even_where_enough_have_signed() -> None:
    envelope = envelope_of(sealed())
    envelope["signatures"] *= 2
    refused(rewrapped(envelope), "SIG-006")


def test_attack_13_sig_006_two_keys_of_one_person() -> None:
    refused(sealed("verifier", "verifier-token", generator="roi"), "SIG-006")


def test_control_13_two_persons() -> None:
    assert judge(sealed("verifier-token", "verifier-2", generator="roi")).verified


def test_attack_14_sig_007_revoked_key() -> None:
    refused(sealed(), "SIG-007", trust(with_key("ci", revoked_at="2026-04-30")))
    refused(sealed(), "SIG-007", trust(with_key("ci", revoked_at="2026-05-01")))


def test_control_14_key_that_will_be_revoked() -> None:
    assert judge(sealed(), trust(with_key("ci", revoked_at="2026-06-02"))).verified


def test_attack_14_sig_007_back_dating_with_a_key_that_is_revoked_by_now_and_no_proof_of_time() -> None:
    verdict = refused(sealed(), "SIG-007", trust(with_key("ci", revoked_at="2026-05-02")))
    assert "nothing proves that it signed before" in verdict.findings[0].message


def test_attack_16_sig_008_back_dating_with_a_key_that_has_expired_by_now_and_no_proof_of_time() -> None:
    verdict = refused(sealed(), "SIG-008", trust(with_key("ci", valid_to="2026-05-02")))
    assert "nothing proves that it signed by then" in verdict.findings[0].message


def test_attack_15_sig_007_compromised_key_voids_all_it_signed() -> None:
    world = trust(with_key("ci", compromised=True))
    refused(sealed(started="2026-01-02T00:00:00Z"), "SIG-007", world)


@pytest.mark.parametrize("days", [{"valid_to": "2026-04-30"}, {"valid_from": "2026-05-02"}])
def test_attack_16_sig_008_key_expired_or_not_yet_valid(days: dict[str, str]) -> None:
    refused(sealed(), "SIG-008", trust(with_key("ci", **days)))


@pytest.mark.parametrize("days", [{"valid_to": "2026-06-01"}, {"valid_from": "2026-05-01"}])
def test_control_16_first_and_last_day_count(days: dict[str, str]) -> None:
    assert judge(sealed(), trust(with_key("ci", **days))).verified


def test_attack_17_sig_009_payload_type_swapped() -> None:
    envelope = envelope_of(sealed())
    refused(rewrapped(envelope | {"payloadType": "application/json"}), "SIG-009")
    refused(resealed(payload_of(sealed()), kind="application/vnd.casework.trust-policy.v1+json"), "SIG-009")


@pytest.mark.parametrize("junk", ["!", "\n", " ", "=", "-_-_", "é"])
def test_attack_19_sig_002_junk_in_base64(junk: str) -> None:
    envelope = envelope_of(sealed())
    refused(rewrapped(envelope | {"payload": envelope["payload"] + junk}), "SIG-002")
    signature = dict(envelope["signatures"][0])
    signature["sig"] = junk + signature["sig"]
    refused(rewrapped(envelope | {"signatures": [signature]}), "SIG-002")


def test_attack_19_sig_002_stray_bits_and_emptiness() -> None:
    envelope = envelope_of(sealed())
    sig = envelope["signatures"][0]["sig"]
    assert sig.endswith("==")
    stray = sig[:-3] + chr(ord(sig[-3]) + 1) + "=="  # the low bits of the last letter are not used
    assert base64.b64decode(stray) == base64.b64decode(sig)
    refused(rewrapped(envelope | {"signatures": [envelope["signatures"][0] | {"sig": stray}]}), "SIG-002")
    refused(rewrapped(envelope | {"payload": ""}), "SIG-002")


def test_attack_20_sig_003_good_signature_beside_a_broken_one() -> None:
    envelope = envelope_of(sealed("ci", "developer"))
    for one in envelope["signatures"]:
        if one["keyid"] == KEYS["developer"].keyid:
            one["sig"] = base64.b64encode(bytes(64)).decode()
    refused(rewrapped(envelope), "SIG-003")


def test_attack_21_prs_007_unsigned_extra_field() -> None:
    envelope = envelope_of(sealed())
    refused(rewrapped(envelope | {"note": "PASSED"}), "PRS-007")
    refused(rewrapped(envelope | {"signatures": [envelope["signatures"][0] | {"note": "ok"}]}), "PRS-007")
    refused(rewrapped(envelope | {"timestamps": "none"}), "PRS-007")
    refused(rewrapped(envelope | {"signatures": {"0": {}}}), "PRS-007")
    del envelope["payload"]
    refused(rewrapped(envelope), "PRS-007")


def test_attack_21_prs_007_extra_field_in_the_record() -> None:
    value = statement_value()
    value["predicate"]["verdict"] = "PASSED"
    refused(resealed(value), "PRS-007")


# Time, binding, replay, independence, results


def test_attack_25_tim_003_run_in_the_future() -> None:
    refused(sealed(started="2026-06-01T12:05:01Z"), "TIM-003")
    refused(sealed(), "TIM-003", now=NOW - timedelta(days=90))


@pytest.mark.parametrize("started", ["2026-13-01T00:00:00Z", "0000-01-01T00:00:00Z", "2026-02-30T00:00:00Z"])
def test_prs_007_no_point_in_time(started: str) -> None:
    refused(sealed(started=started), "PRS-007")


def test_attack_34_bnd_006_weaker_generator_than_planned() -> None:
    refused(sealed("ci"), "BND-006", generator="validation")


def test_attack_36_bnd_007_many_subjects() -> None:
    value = statement_value()
    value["subject"] *= 2
    refused(resealed(value), "BND-007")
    refused(resealed(value | {"subject": []}), "BND-007")
    refused(resealed(value | {"subject": "MC-1"}), "BND-007")


@pytest.mark.parametrize("digest", [{"sha1": "a" * 40}, {"sha256": "a" * 64, "sha1": "a" * 40}, {}, "sha256"])
def test_attack_37_bnd_007_weak_digest(digest: object) -> None:
    value = statement_value()
    value["subject"][0]["digest"] = digest
    refused(resealed(value), "BND-007")


@pytest.mark.parametrize(
    "change",
    [
        {"predicateType": "https://in-toto.io/attestation/test-result/v0.1"},
        {"_type": "https://in-toto.io/Statement/v0.1"},
        {"predicateType": 1},
    ],
)
def test_attack_39_bnd_000_other_predicate(change: dict[str, object]) -> None:
    refused(resealed(statement_value() | change), "BND-000")


@pytest.mark.parametrize("payload", [b"[]", b"null", b"1", b'"text"'])
def test_attack_39_bnd_000_no_statement_at_all(payload: bytes) -> None:
    refused(resealed(payload), "BND-000")


def test_attack_42_rpl_001_record_of_another_evidence_node() -> None:
    refused(sealed(), "RPL-001", evidence="EV-2")
    refused(sealed(evidence=None), "RPL-001")


def test_attack_44_ind_002_one_person_in_two_roles() -> None:
    refused(sealed("double-hat", generator="validation"), "IND-002")


def test_control_44_a_person_of_two_roles_counts_in_the_free_one() -> None:
    assert judge(sealed("double-hat", "ci", generator="validation")).verified
    assert judge(sealed("double-hat", "verifier", generator="validation")).verified


def test_attack_49_res_002_metric_twice() -> None:
    metric = {"name": "recall", "value": 0.97, "unit": "ratio"}
    refused(sealed(metrics=[metric, metric | {"value": 0.2}]), "RES-002")


@pytest.mark.parametrize("status", ["passed", "PASSED", "", None, True])
def test_attack_51_res_003_status_that_is_none_of_the_four(status: object) -> None:
    refused(resealed(statement_value(status=status)), "RES-003")


@pytest.mark.parametrize("value", [True, "0.99", None, [0.99], {}])
def test_attack_52_res_004_metric_that_is_no_number(value: object) -> None:
    refused(resealed(statement_value(metrics=[{"name": "recall", "value": value, "unit": "ratio"}])), "RES-004")


# Parsing


def payload_with(old: bytes, new: bytes) -> bytes:
    payload = payload_of(sealed())
    assert payload.count(old) == 1
    return payload.replace(old, new)


def test_attack_53_prs_001_doubled_key_in_the_payload() -> None:
    refused(resealed(payload_with(b'"status":"complete"', b'"status":"error","status":"complete"')), "PRS-001")


def test_attack_53_prs_001_doubled_key_in_the_envelope() -> None:
    data = sealed()
    refused(data.replace(b'{"payload":', b'{"payload":"AAAA","payload":', 1), "PRS-001")


@pytest.mark.parametrize("number", [b"NaN", b"Infinity", b"-Infinity"])
def test_attack_54_prs_002_no_number(number: bytes) -> None:
    refused(resealed(payload_with(b'"duration_s":12.5', b'"duration_s":' + number)), "PRS-002")


def test_attack_55_prs_002_float_beyond_range() -> None:
    refused(resealed(payload_with(b'"duration_s":12.5', b'"duration_s":1e999')), "PRS-002")


def test_attack_56_prs_008_payload_not_canonical() -> None:
    refused(resealed(json.dumps(statement_value()).encode()), "PRS-008")
    refused(resealed(payload_with(b'"duration_s":12.5', b'"duration_s":12.50')), "PRS-008")
    refused(resealed(payload_of(sealed()) + b"\n"), "PRS-008")


def test_attack_56_prs_008_envelope_not_canonical() -> None:
    refused(json.dumps(envelope_of(sealed()), indent=2).encode(), "PRS-008")
    refused(sealed() + b"\n", "PRS-008")


def test_attack_57_prs_003_deep_nesting() -> None:
    refused(b"[" * 100_000, "PRS-003")
    refused(resealed(payload_with(b'"duration_s":12.5', b'"duration_s":' + b"[" * 100_000)), "PRS-003")


def test_attack_58_prs_003_oversize() -> None:
    refused(b" " * (16 * 1024 * 1024 + 1), "PRS-003")


@pytest.mark.parametrize("character", ["\u202e", "\u200b", "\u2066", "\ufeff", "\u00ad", "\x1b", "\U000e0041"])
def test_attack_59_prs_005_characters_that_nobody_sees(character: str) -> None:
    refused(resealed(statement_value(reason=f"fine{character}")), "PRS-005")
    refused(resealed(statement_value(options={f"score{character}": 1})), "PRS-005")


def test_attack_60_prs_006_other_encodings() -> None:
    for data in (b"\xef\xbb\xbf" + sealed(), sealed().decode().encode("utf-16"), sealed().decode().encode("utf-16-le")):
        refused(data, "PRS-006")
    refused(resealed(payload_of(sealed()).decode().encode("utf-32-be")), "PRS-006")
    refused(resealed(payload_with(b"complete", b"compl\xe8te")), "PRS-006")


def test_attack_60_prs_006_half_a_surrogate_pair() -> None:
    refused(resealed(payload_with(b'"reason":""', b'"reason":"\\ud800"')), "PRS-006")


@pytest.mark.parametrize("number", [b"9007199254740992", b"-9007199254740992", b"1" * 5000])
def test_attack_61_prs_002_integer_that_floats_do_not_hold(number: bytes) -> None:
    refused(resealed(payload_with(b'"score":0.3', b'"score":' + number)), "PRS-002")


def test_attack_65_prs_000_two_documents() -> None:
    refused(sealed() + sealed(), "PRS-000")
    refused(resealed(payload_of(sealed()) * 2), "PRS-000")
    refused(b"", "PRS-000")
    refused(b"{]", "PRS-000")


# Names, and the absence of trust


@pytest.mark.parametrize("name", ["result.dsse.json", "0" * 64 + ".dsse.json", "", "x" * 3000])
def test_pth_005_file_not_named_by_its_bytes(name: str) -> None:
    verdict = verify(EVIDENCE, f"evidence/{EVIDENCE}/{name}", sealed(), LAB, NOW)
    assert not verdict.verified
    assert codes(verdict) == ["PTH-005"]


def test_pol_000_without_trust_nothing_is_verified() -> None:
    data = sealed()
    name = judge(data).path
    verdict = verify(EVIDENCE, name, data, None, NOW)
    assert not verdict.verified
    assert verdict.signers == ()
    assert codes(verdict) == ["POL-000"]


def test_now_without_time_zone_is_a_wrong_call() -> None:
    with pytest.raises(ValueError, match="time zone"):
        verify(EVIDENCE, "x", b"", LAB, NOW.replace(tzinfo=None))
