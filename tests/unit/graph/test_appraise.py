"""Which record counts, and why another does not: every single thing that a record is bound to is changed in turn."""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

sys.path.insert(
    0, str(Path(__file__).resolve().parents[2] / "rules")
)  # the constructed case lives with the rules' tests
from sealed import FLOAT, GOOD, NEAR, TEST, World, rate, world

from casework.artifact.digest import jcs_digest, sha256_bytes
from casework.graph.appraise import bindings, folder_key, interface_digest, odd_digest, planned_options
from casework.model.finding import Finding
from casework.model.learning import Evidence
from casework.model.result import GeneratorId, Metric
from casework.model.verdict import FileFact, ManifestFact, Signer

OTHER = sha256_bytes(b"other")


def state(w: World, key: str = "EV-1") -> tuple[str, tuple[str, ...]]:
    found = w.assess().appraisals[key]
    return found.state, found.reasons


def test_a_bound_and_verified_record_is_current() -> None:
    appraisal = world().assess().appraisals["EV-2"]
    assert (appraisal.state, appraisal.reasons) == ("current", ())
    assert appraisal.record is not None
    assert appraisal.record.evidence == "EV-2"


def test_no_record_is_missing() -> None:
    assert state(world(sealed=False)) == ("missing", ("there is no sealed record",))


def flip(path: str) -> Callable[[World], None]:
    def act(w: World) -> None:
        w.files[path] = replace(w.files[path], sha256=OTHER)

    return act


def remanifest(path: str) -> Callable[[World], None]:
    def act(w: World) -> None:
        w.manifests[path] = replace(w.manifests[path], sha256=OTHER)

    return act


def drop(path: str) -> Callable[[World], None]:
    def act(w: World) -> None:
        w.files[path] = FileFact(path, exists=False)

    return act


def text(old: str, new: str) -> Callable[[World], None]:
    return lambda w: w.edit(old, new)


CHANGES = {
    "model file": (flip("model/int8.onnx"), f"model mismatch: evidence was made for {sha256_bytes(b'int8 model')[:8]}..., the file is {OTHER[:8]}..."),
    "model file gone": (drop("model/int8.onnx"), "model mismatch: the file model/int8.onnx is missing"),
    "reference file": (flip("model/float.onnx"), f"reference model mismatch: evidence was made for {FLOAT[:8]}..., the file is {OTHER[:8]}..."),
    "manifest": (remanifest("data/test.jsonl"), f"data mismatch: evidence was made for {TEST[:8]}..., the manifest is {OTHER[:8]}..."),
    "manifest gone": (lambda w: w.manifests.clear(), "data mismatch: the manifest data/test.jsonl is missing"),
    "requirement": (text("at most two points of recall", "at most a point of recall"), "requirement REQ-2 has changed since"),
    "bound": (text("bound: 2,", "bound: 3,"), "requirement REQ-2 has changed since"),
    "domain": (text("values: [near, far]", "values: [near, mid, far]"), "operational design domain mismatch: "),
    "options": (text("  against: MC-F", "  options: {images: 3}\n  against: MC-F"), "options mismatch: "),
    "seed": (text("  against: MC-F", "  seed: 3\n  against: MC-F"), "seed mismatch: evidence was made with seed 0, the plan's is 3"),
    "split": (text("  split: test\n  against", "  against"), "options mismatch: "),
    "reference dropped": (text("  against: MC-F\n", ""), "reference model mismatch: evidence was made for "),
    "one more requirement": (text("verifies: [REQ-2]", "verifies: [REQ-1, REQ-2]"), "requirement REQ-1 is verified by the plan, but the record does not speak of it"),
    "one requirement fewer": (text("verifies: [REQ-2]", "verifies: []"), "requirement REQ-2 was spoken of by the record, but the plan does not verify it"),
    "another generator": (text("generator: quantization", "generator: validation"), "generator mismatch: evidence was made by quantization, the plan names validation"),
    "another dataset": (text("  data: DS-V\n  split: test\n  against", "  data: DS-T\n  split: test\n  against"), "data mismatch: "),
}  # fmt: skip


@pytest.mark.parametrize("name", CHANGES)
def test_any_change_makes_it_stale_and_says_so(name: str) -> None:
    act, reason = CHANGES[name]
    w = world()
    act(w)
    found, reasons = state(w, "EV-2")
    assert found == "stale"
    assert any(r.startswith(reason) for r in reasons), reasons
    assert list(reasons) == sorted(reasons)


def test_formatting_and_titles_change_nothing() -> None:
    w = world()
    w.edit(
        "statement: Quantisation shall cost at most two points of recall.",
        "title: Drop\n  statement: Quantisation  shall cost at most two points of recall.",
    )
    assert state(w, "EV-2")[0] == "current"


def test_a_claimed_digest_of_a_card_is_not_believed() -> None:
    w = world()
    w.edit(
        f"file: {{path: model/int8.onnx, sha256: {sha256_bytes(b'int8 model')}}}",
        f"file: {{path: model/int8.onnx, sha256: {OTHER}}}",
    )
    assert state(w)[0] == "current"  # the file is as it was: what is wrong is the card, and MDL-002 says so


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"evidence": "EV-2"}, "the record was made for EV-2, not for EV-1"),
        ({"evidence": None}, "the record was made for no evidence node, not for EV-1"),
        ({"generator": GeneratorId(name="validation", version=99)}, "generator mismatch: evidence was made by validation version 99, it is now version"),
        ({"digests": {"model": OTHER}}, "data mismatch: evidence was bound to none"),
        ({"started": "2026-19-41T10:00:00Z"}, "its start, 2026-19-41T10:00:00Z, is no date"),
        ({"started": "2026-03-09T10:00:00Z"}, "it was started on 2026-03-09, which lies ahead"),
    ],
)  # fmt: skip
def test_a_record_of_something_else_is_stale(changes: dict[str, object], reason: str) -> None:
    w = world(sealed=False)
    w.seal("EV-1", **changes)
    found, reasons = state(w)
    assert found == "stale"
    assert any(r.startswith(reason) for r in reasons), reasons


def test_the_statement_must_be_about_the_model_of_its_record() -> None:
    w = world(sealed=False)
    verdict = w.seal("EV-1")
    assert verdict.statement is not None
    subject = verdict.statement.subject[0].model_copy(update={"digest": {"sha256": OTHER}})
    w.verdicts = [replace(verdict, statement=verdict.statement.model_copy(update={"subject": (subject,)}))]
    assert state(w) == ("stale", ("the statement's subject is not the model or dataset that its record names",))


def test_age_is_judged_against_the_day_and_remembered() -> None:
    w = world()
    w.day = date(2027, 2, 1)
    assert state(w)[0] == "current"
    w.day = date(2027, 2, 2)
    assert state(w) == ("stale", ("it was started on 2026-02-01 and counts for 365 days, until 2027-02-01",))
    assert date(2027, 2, 1) in w.assess().today.passed


def test_the_newest_bound_record_counts_also_when_it_is_worse() -> None:
    w = world()
    worse = w.seal("EV-1", (rate("recall", 10, 1000), rate("recall", 5, 500, NEAR)), started="2026-02-02T10:00:00Z")
    first = w.verdicts[0]
    for order in (w.verdicts, w.verdicts[::-1]):
        w.verdicts = list(order)
        found = w.assess()
        assert found.appraisals["EV-1"].verdict == worse
        assert found.appraisals["EV-1"].superseded == (first.path,)
        assert [r.judgement.outcome for r in found.results["REQ-1"]] == ["not_met", "not_met"]


def test_an_unfinished_newer_run_counts_as_well() -> None:
    w = world()
    w.seal("EV-1", (), status="inconclusive", reason="too few scenes", started="2026-02-02T10:00:00Z")
    assert state(w) == ("unfinished", ("its status is inconclusive: too few scenes",))


def test_an_older_bound_record_counts_where_the_newer_one_is_of_another_model() -> None:
    w = world()
    flip("model/int8.onnx")(w)
    w.seal("EV-1", started="2026-02-02T10:00:00Z")
    w.files["model/int8.onnx"] = replace(w.files["model/int8.onnx"], sha256=sha256_bytes(b"int8 model"))
    assert state(w)[0] == "current"


def test_ties_are_resolved_by_digest() -> None:
    w = world(sealed=False)
    both = [w.seal("EV-1"), w.seal("EV-1")]
    w.verdicts.reverse()
    assert w.assess().appraisals["EV-1"].verdict == max(both, key=lambda v: v.digest)


def test_unverified_records_never_count() -> None:
    w = world(sealed=False)
    w.seal("EV-1", verified=False)
    assert state(w)[0] == "unverifiable"
    broken = Finding("SIG-003", "error", "EV-1", (), "a signature does not fit", "Restore it.")
    w.verdicts = [replace(w.verdicts[0], findings=(broken,), statement=None)]
    assert state(w) == ("unverifiable", ("SIG-003: a signature does not fit",))


def test_each_role_of_the_plan_must_have_signed() -> None:
    w = world()
    w.verdicts[0] = replace(w.verdicts[0], signers=(Signer("k", "dev", frozenset({"developer"})),))
    assert state(w) == ("unverifiable", ("no signature in the role verifier",))


def test_folders_write_two_colons_as_two_underscores() -> None:
    assert folder_key("perception__EV-1") == "perception::EV-1"
    assert folder_key("EV-1") == "EV-1"
    w = world(sealed=False)
    w.text = w.text.replace("  id: EV-1", "  module: perception\n  id: EV-1").replace("[EV-1]", '["perception::EV-1"]')
    w.verdicts = [replace(w.seal("perception::EV-1", GOOD["EV-1"]), evidence="perception__EV-1")]
    assert state(w, "perception::EV-1")[0] == "current"


def test_bindings_are_what_the_workflow_has_to_store() -> None:
    w = world()
    case = w.case()
    node = case.node("EV-2")
    assert isinstance(node, Evidence)
    assert planned_options(node) == {"options": {}, "split": "test", "seed": 0}
    assert {b.role: b.sha256 for b in bindings(case, "EV-2", w.files, w.manifests)} == {
        "model": sha256_bytes(b"int8 model"), "reference": FLOAT, "data": TEST, "odd": odd_digest(case, "DS-V"),
        "options": jcs_digest(planned_options(node)),
        "interface": interface_digest(case, "MC-1"), "reference_interface": interface_digest(case, "MC-F"),
    }  # fmt: skip
    assert odd_digest(case, "DS-V") == case.fingerprint("ODD-1")


def test_a_dataset_as_subject_and_as_reference() -> None:
    w = world()
    w.more = "- {type: evidence, id: EV-3, generator: dataset, subject: DS-V, against: DS-T}\n"
    w.seal("EV-3", ())
    roles = {b.role: b.sha256 for b in bindings(w.case(), "EV-3", w.files, w.manifests)}
    assert (roles["data"], roles["reference_data"]) == (TEST, sha256_bytes(b"training manifest"))
    assert state(w, "EV-3")[0] == "current"
    w.manifests["data/train.jsonl"] = ManifestFact("data/train.jsonl", OTHER)
    assert state(w, "EV-3")[0] == "stale"


def test_options_that_cannot_be_digested_are_a_reason_not_a_crash() -> None:
    w = world()
    w.edit("  against: MC-F", f"  options: {{n: {2**60}}}\n  against: MC-F")
    found, reasons = state(w, "EV-2")
    assert found == "stale"
    assert any(one.startswith("options mismatch: the plan's options cannot be digested") for one in reasons)


def test_results_judge_each_criterion_by_each_current_record() -> None:
    w = world()
    assert [(r.index, r.evidence, r.judgement.outcome) for r in w.assess().results["REQ-1"]] == [
        (0, "EV-1", "met"),
        (1, "EV-1", "met"),
    ]
    w.verdicts.pop(0)
    w.seal("EV-1", (rate("recall", 990, 1000),))
    assert [(r.index, r.evidence, r.judgement.outcome) for r in w.assess().results["REQ-1"]] == [
        (0, "EV-1", "met"),
        (1, "", "missing"),
    ]


def test_a_figure_given_twice_is_not_chosen_from() -> None:
    w = world(sealed=False)
    w.seal("EV-1", (rate("recall", 999, 1000), rate("recall", 1, 1000), rate("recall", 495, 500, NEAR)))
    first = w.assess().results["REQ-1"][0]
    assert (first.evidence, first.judgement.outcome) == ("EV-1", "missing")


def test_of_several_records_that_hold_the_figure_all_are_kept() -> None:
    w = world()
    w.more = (
        "- {type: evidence, id: EV-3, generator: validation, subject: MC-1, data: DS-V, seed: 1, verifies: [REQ-1]}\n"
    )
    w.seal("EV-3", (rate("recall", 800, 1000),))
    found = [(r.index, r.evidence, r.judgement.outcome) for r in w.assess().results["REQ-1"]]
    assert found == [(0, "EV-1", "met"), (0, "EV-3", "not_met"), (1, "EV-1", "met")]


def test_a_unit_that_is_not_the_bounds_is_no_figure() -> None:
    w = world()
    w.verdicts.pop(1)
    w.seal("EV-2", (Metric(name="metric_drop", value=0.5, unit="ratio", method="exact"),))
    assert [(r.evidence, r.judgement.outcome) for r in w.assess().results["REQ-2"]] == [("EV-2", "missing")]


def test_retired_requirements_are_not_judged() -> None:
    w = world()
    w.edit(
        "  level: system\n  asil: D\n  statement: Quantisation",
        "  level: system\n  asil: D\n  status: retired\n  statement: Quantisation",
    )
    assert "REQ-2" not in w.assess().results
