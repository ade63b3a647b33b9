"""Attacks 28 to 52 on a whole case: what was measured, on what, for what, by whom, and what came of it."""

from __future__ import annotations

from typing import Any

import pytest
from lab_case import MANIFESTS, MODELS, LabCase
from sealed import CHECKS, GOOD, NEAR, rate

from casework.artifact.digest import jcs_bytes, sha256_bytes
from casework.model.result import GeneratorId, SelfCheck

INT8 = "model/int8.onnx"
LATER = "2026-05-21T10:00:00Z"


def caught(lab: LabCase, *codes: str) -> None:
    """Check that the gate blocks, for these reasons among others, and says where and what to do."""
    decision = lab.check()
    found = {f.code for f in decision.findings if f.severity == "error"}
    assert decision.word == "blocked"
    assert found >= set(codes), found
    assert all(f.message and f.fix for f in decision.findings)


def test_control_the_honest_case_passes(lab: LabCase) -> None:
    decision = lab.check()
    assert decision.word == "pass", decision.findings
    assert lab.errors() == set()


def test_control_sealing_anew_what_changed_passes(lab: LabCase) -> None:
    (lab.root / INT8).write_bytes(b"int8 model, better")
    lab.edit(sha256_bytes(MODELS[INT8]), sha256_bytes(b"int8 model, better"))
    caught(lab, "EVD-003")
    for key in ("EV-1", "EV-2"):
        lab.seal(key, started=LATER)
    assert lab.errors() == set()


# Binding


def test_attack_28_the_model_is_changed(lab: LabCase) -> None:
    (lab.root / INT8).write_bytes(b"int8 model, worse")
    caught(lab, "EVD-003", "MDL-002")


def test_attack_28_the_model_is_changed_with_its_card(lab: LabCase) -> None:
    (lab.root / INT8).write_bytes(b"int8 model, worse")
    lab.edit(sha256_bytes(MODELS[INT8]), sha256_bytes(b"int8 model, worse"))
    assert "MDL-002" not in lab.errors()
    caught(lab, "EVD-003")


def test_attack_28_the_card_names_another_file(lab: LabCase) -> None:
    (lab.root / "model/other.onnx").write_bytes(b"other")
    lab.edit("path: model/int8.onnx", "path: model/other.onnx")
    caught(lab, "EVD-003")


def test_attack_29_the_dataset_is_changed(lab: LabCase) -> None:
    path = lab.root / "data/test.jsonl"
    easier = b"".join(path.read_bytes().splitlines(keepends=True)[:-1])
    path.write_bytes(easier)
    caught(lab, "EVD-003")
    lab.edit(sha256_bytes(MANIFESTS["data/test.jsonl"]), sha256_bytes(easier))
    caught(lab, "EVD-003")


@pytest.mark.parametrize("plan", ["  options: {score: 0.9}\n", "  seed: 7\n"])
def test_attack_30_the_configuration_is_changed(lab: LabCase, plan: str) -> None:
    lab.edit("  max_age_days: 365\n", f"  max_age_days: 365\n{plan}")
    caught(lab, "EVD-003")


def test_attack_30_the_use_of_the_model_is_changed(lab: LabCase) -> None:
    lab.edit("  precision: int8\n", "  precision: int8\n  preprocessing: {channels: BGR}\n")
    caught(lab, "EVD-003")


@pytest.mark.parametrize("version", [2**31, 99])
def test_attack_31_a_tool_that_is_not_the_qualified_one(lab: LabCase, version: int) -> None:
    value = lab.statement()
    value["predicate"]["generator"]["version"] = version
    lab.reseal(value)
    caught(lab, "EVD-003")


def test_attack_31_a_tool_that_nobody_knows(lab: LabCase) -> None:
    lab.seal("EV-1", generator=GeneratorId(name="wishful-thinking", version=1), started=LATER)
    caught(lab, "SIG-005", "BND-006")


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("{metric: recall, op: \">=\", bound: 0.9, unit: ratio, confidence: 0.95}", "{metric: recall, op: \">=\", bound: 0.5, unit: ratio, confidence: 0.95}"),
        ("{metric: metric_drop, op: \"<=\", bound: 2, unit: pp, confidence: 0.95}", "{metric: metric_drop, op: \"<=\", bound: 50, unit: pp, confidence: 0.95}"),
        ("The model shall find stop signs.", "The model shall find most stop signs."),
    ],
    ids=["bound", "bound of a drop", "words"],
)  # fmt: skip
def test_attack_32_the_requirement_is_weakened(lab: LabCase, old: str, new: str) -> None:
    lab.edit(old, new)
    caught(lab, "EVD-003")


def test_control_32_what_carries_no_meaning_may_change(lab: LabCase) -> None:
    lab.edit(
        "  owner: alice\n  derives_from: [SG-1]\n  rationale: Budget",
        "  tags: [new]\n  owner: alice\n  derives_from: [SG-1]\n  rationale: Budget",
    )
    assert lab.errors() == set()


def test_attack_33_evidence_of_another_requirement(lab: LabCase) -> None:
    record = lab.record("EV-1")
    lab.unseal("EV-1")
    lab.seal("EV-1", requirements={"REQ-2": lab.record("EV-2").requirements["REQ-2"]})
    caught(lab, "EVD-003")
    lab.unseal("EV-1")
    lab.seal("EV-1", requirements={})
    caught(lab, "EVD-003")
    lab.unseal("EV-1")
    lab.seal("EV-1", requirements=record.requirements)
    assert lab.errors() == set()


def test_attack_34_a_weaker_kind_of_evidence_than_planned(lab: LabCase) -> None:
    lab.unseal("EV-1")
    lab.seal("EV-1", generator=GeneratorId(name="quantization", version=1))
    caught(lab, "BND-006")


@pytest.mark.parametrize("role", ["model", "data", "options", "odd", "interface"])
def test_attack_35_an_input_is_left_out(lab: LabCase, role: str) -> None:
    value = lab.statement()
    del value["predicate"]["digests"][role]
    lab.reseal(value)
    caught(lab, "EVD-003")


def bent(lab: LabCase, subject: Any) -> None:
    lab.reseal(lab.statement() | {"subject": subject})


def test_attack_36_37_many_subjects_and_weak_digests(lab: LabCase) -> None:
    honest = lab.statement()["subject"]
    for subject in (honest * 2, [], [{"name": "m", "digest": {"sha1": "a" * 40}}]):
        bent(lab, subject)
        caught(lab, "BND-007")
    bent(lab, honest)
    assert lab.errors() == set()


def test_attack_36_another_subject_than_the_record_examined(lab: LabCase) -> None:
    bent(lab, [{"name": "other", "digest": {"sha256": "d" * 64}}])
    caught(lab, "EVD-003")


def test_attack_38_an_input_is_bound_twice(lab: LabCase) -> None:
    payload = jcs_bytes(lab.statement())
    model = lab.statement()["predicate"]["digests"]["model"].encode()
    doubled = payload.replace(b'"model":"' + model, b'"model":"' + b"0" * 64 + b'","model":"' + model, 1)
    assert doubled != payload
    lab.reseal(doubled)
    caught(lab, "PRS-001")


def test_attack_39_another_predicate_type(lab: LabCase) -> None:
    lab.reseal(lab.statement() | {"predicateType": "https://in-toto.io/attestation/test-result/v0.1"})
    caught(lab, "BND-000")


# Freshness and replay


def test_attack_40_too_old(lab: LabCase) -> None:
    lab.unseal("EV-1")
    lab.seal("EV-1", started="2026-01-02T00:00:00Z")
    assert lab.errors() == set()
    lab.edit("  max_age_days: 365\n", "  max_age_days: 30\n")
    caught(lab, "EVD-003")


def test_attack_40_too_old_for_the_trust_policy(lab: LabCase) -> None:
    rule = {"require": {"ci": 1, "verifier": 1}, "max_age_days": 5}
    lab.policy(evidence_types={"*": rule})
    assert lab.check().word == "blocked"


WORSE = (rate("recall", 700, 1000), rate("recall", 350, 500, NEAR), rate("fnr", 300, 1000), rate("fnr", 150, 500, NEAR))


def test_attack_41_a_newer_failure_is_not_outvoted_by_an_older_success(lab: LabCase) -> None:
    lab.seal("EV-1", metrics=WORSE, started=LATER)
    assert len(lab.sealed()) == 2
    caught(lab, "EVD-002")


def test_control_41_a_newer_success_supersedes_a_failure(lab: LabCase) -> None:
    lab.seal("EV-1", metrics=WORSE, started="2026-05-01T10:00:00Z")
    assert len(lab.sealed()) == 2
    assert lab.errors() == set()


def test_attack_42_a_record_is_used_for_another_evidence_node(lab: LabCase) -> None:
    data = lab.sealed("EV-2")[0].read_bytes()
    lab.unseal("EV-1")
    lab.put("EV-1", data)
    caught(lab, "RPL-001")


# Independence


def test_attack_43_the_author_of_the_requirement_signs(lab: LabCase) -> None:
    lab.edit(
        "  asil: D\n  statement: The model shall find stop signs.\n  owner: alice\n",
        "  asil: D\n  statement: The model shall find stop signs.\n  owner: viktor\n",
    )
    lab.unseal("EV-1")
    lab.seal("EV-1")
    caught(lab, "IND-001")
    lab.unseal("EV-1")
    lab.seal("EV-1", "ci", "verifier")
    assert lab.errors() == set()


def test_attack_44_one_person_in_two_roles(lab: LabCase) -> None:
    lab.unseal("EV-1")
    lab.seal("EV-1", "double-hat")
    caught(lab, "IND-002")
    lab.unseal("EV-1")
    lab.seal("EV-1", "double-hat", "ci")
    assert lab.errors() == set()


# Results


@pytest.mark.parametrize("number", [45, 46])
def test_attack_45_46_a_result_below_the_bound_fails_whatever_it_says(lab: LabCase, number: int) -> None:
    lab.unseal("EV-1")
    told = {} if number == 45 else {"reason": "PASSED"}
    lab.seal("EV-1", metrics=WORSE, **told)
    caught(lab, "EVD-002")


def test_attack_46_a_verdict_in_the_record_is_no_field(lab: LabCase) -> None:
    value = lab.statement()
    value["predicate"]["result"] = "PASSED"
    lab.reseal(value)
    caught(lab, "PRS-007")


def test_attack_47_a_bound_in_the_record_is_no_field(lab: LabCase) -> None:
    value = lab.statement()
    value["predicate"]["metrics"][0]["threshold"] = 0.1
    lab.reseal(value)
    caught(lab, "PRS-007")


def test_attack_48_a_metric_is_left_out(lab: LabCase) -> None:
    lab.unseal("EV-1")
    lab.seal("EV-1", metrics=GOOD["EV-1"][:1])
    assert lab.check().word == "blocked"
    caught(lab, "EVD-007")


def test_attack_49_a_metric_stands_twice(lab: LabCase) -> None:
    value = lab.statement()
    value["predicate"]["metrics"].append(value["predicate"]["metrics"][0] | {"value": 0.999})
    lab.reseal(value)
    caught(lab, "RES-002")


def test_attack_50_a_check_failed_and_the_record_is_complete(lab: LabCase) -> None:
    lab.unseal("EV-1")
    lab.seal("EV-1", self_checks=(*CHECKS, SelfCheck(name="labels", outcome="failed", detail="3 of 9")))
    caught(lab, "EVD-011")


@pytest.mark.parametrize("status", ["passed", "PASSED", True])
def test_attack_51_a_status_that_is_none(lab: LabCase, status: object) -> None:
    value = lab.statement()
    value["predicate"]["status"] = status
    lab.reseal(value)
    caught(lab, "RES-003")


@pytest.mark.parametrize("figure", [True, "0.99"])
def test_attack_52_a_metric_that_is_no_number(lab: LabCase, figure: object) -> None:
    value = lab.statement()
    value["predicate"]["metrics"][0]["value"] = figure
    lab.reseal(value)
    caught(lab, "RES-004")


def test_a_figure_beyond_its_unit_does_not_pass(lab: LabCase) -> None:
    value = lab.statement()
    metric = value["predicate"]["metrics"][0]
    metric["value"] = 1e308
    metric.pop("n")
    metric.pop("k")
    lab.reseal(value)
    assert lab.check().word == "blocked"
