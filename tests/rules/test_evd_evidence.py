"""Evidence that is missing, failing, stale, unverifiable, unfinished or beside the point: one fault, one finding."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace

import pytest
from sealed import GOOD, NEAR, World, all_findings, found_in, rate, world

from casework.artifact.digest import sha256_bytes
from casework.model.finding import Finding
from casework.model.result import Metric, SelfCheck
from casework.model.verdict import Signer

LATER = "2026-02-03T00:00:00Z"
OTHER = sha256_bytes(b"other")
Bend = Callable[[World], object]


def test_a_case_in_order_has_no_finding() -> None:
    assert found_in(world()) == []


def reseal(key: str, metrics: tuple[Metric, ...] | None = None, **changes: object) -> Bend:
    return lambda w: w.seal(key, metrics, started=LATER, **changes)


def flip_model(w: World) -> None:
    w.files["model/int8.onnx"] = replace(w.files["model/int8.onnx"], sha256=OTHER)


def unsign(w: World) -> None:
    w.verdicts[0] = replace(w.verdicts[0], signers=(Signer("k", "dev", frozenset({"developer"})),))


def unverify(w: World) -> None:
    w.verdicts[0] = replace(w.verdicts[0], verified=False)


def break_signature(w: World) -> None:
    finding = Finding("SIG-003", "error", "EV-1", (), "a signature does not fit", "Restore it.")
    w.verdicts[0] = replace(w.verdicts[0], verified=False, findings=(finding,))


def move(w: World) -> None:
    w.verdicts.append(replace(w.verdicts[0], evidence="EV-9", path="evidence/EV-9/x.dsse.json"))


def float_record(w: World) -> None:
    w.verdicts.pop(0)
    w.edit("generator: validation\n  subject: MC-1", "generator: validation\n  subject: MC-F")
    w.seal("EV-1")
    w.edit("generator: validation\n  subject: MC-F", "generator: validation\n  subject: MC-1")


CHECKED = (rate("recall", 990, 1000), rate("recall", 495, 500, NEAR))
CASES: dict[str, tuple[Bend, list[str]]] = {
    "EVD-001 deleted record": (lambda w: w.verdicts.pop(0), ["EVD-001 EV-1"]),
    "EVD-002 below the bound": (reseal("EV-1", (rate("recall", 880, 1000), CHECKED[1])), ["EVD-002 REQ-1 acceptance[0]"]),
    "EVD-002 one slice": (reseal("EV-1", (CHECKED[0], rate("recall", 400, 500, NEAR))), ["EVD-002 REQ-1 acceptance[1]"]),
    "EVD-003 requirement edited": (lambda w: w.edit("two points of recall", "one point of recall"), ["EVD-003 EV-2"]),
    "EVD-003 one byte of the model": (flip_model, ["EVD-003 EV-1", "EVD-003 EV-2", "MDL-002 MC-1 file.sha256"]),
    "EVD-004 role has not signed": (unsign, ["EVD-004 EV-1"]),
    "EVD-004 not verified, no reason given": (unverify, ["EVD-004 EV-1"]),
    "SIG-003 says why": (break_signature, ["SIG-003 EV-1"]),
    "EVD-004 also beside a good record": (lambda w: w.seal("EV-1", verified=False), ["EVD-004 EV-1"]),
    "EVD-005 error": (reseal("EV-1", (), status="error", reason="no memory"), ["EVD-005 EV-1"]),
    "EVD-006 small sample": (reseal("EV-1", (CHECKED[0], rate("recall", 20, 20, NEAR))), ["EVD-006 REQ-1 acceptance[1]"]),
    "EVD-006 no interval": (reseal("EV-2", (Metric(name="metric_drop", value=0.5, unit="pp"),)), ["EVD-006 REQ-2 acceptance[0]"]),
    "EVD-007 no such slice": (reseal("EV-1", (CHECKED[0],)), ["EVD-007 REQ-1 acceptance[1]"]),
    "EVD-007 other unit": (
        reseal("EV-2", (Metric(name="metric_drop", value=0.005, unit="ratio", ci_low=0.0, ci_high=0.01, confidence=0.95, method="bootstrap"),)),
        ["EVD-007 REQ-2 acceptance[0]", "NUM-003 EV-2"],
    ),
    "EVD-008 no such generator": (lambda w: w.edit("generator: validation", "generator: validate"), ["EVD-008 EV-1 generator"]),
    "EVD-009 record of the float model": (float_record, ["EVD-009 EV-1 subject"]),
    "EVD-009 a dataset cannot be validated": (
        lambda w: setattr(w, "more", "- {type: evidence, id: EV-3, generator: validation, subject: DS-V, data: DS-V, split: test, verifies: [REQ-1]}"),
        ["EVD-001 EV-3", "EVD-009 EV-3 subject"],
    ),
    "EVD-009 no data": (
        lambda w: setattr(w, "more", "- {type: evidence, id: EV-3, generator: validation, subject: MC-1, verifies: [REQ-1]}"),
        ["EVD-001 EV-3", "EVD-009 EV-3"],
    ),
    "EVD-009 no reference": (
        lambda w: setattr(w, "more", "- {type: evidence, id: EV-3, generator: quantization, subject: MC-1, data: DS-V, split: test, verifies: [REQ-2]}"),
        ["EVD-001 EV-3", "EVD-009 EV-3"],
    ),
    "EVD-009 two datasets": (
        lambda w: setattr(w, "more", "- {type: evidence, id: EV-3, generator: dataset, subject: DS-V, data: DS-T, verifies: [REQ-2]}"),
        ["EVD-001 EV-3", "EVD-009 EV-3 data"],
    ),
    "EVD-010 stray": (move, ["EVD-010"]),
    "EVD-011 failed self-check": (reseal("EV-1", self_checks=(SelfCheck(name="noise", outcome="failed", detail="louder"),)), ["EVD-011 EV-1"]),
    "EVD-012 skipped self-check": (reseal("EV-1", self_checks=(SelfCheck(name="noise", outcome="skipped", detail="no time"),)), ["EVD-012 EV-1"]),
    "EVD-012 empty slice": (
        reseal("EV-1", (CHECKED[0], Metric(name="recall", slice=NEAR, value=1.0, unit="ratio", n=0, k=0))),
        ["EVD-012 REQ-1 acceptance[1]"],
    ),
    "EVD-013 unknown split": (lambda w: w.edit("split: test\n  verifies: [REQ-1]", "split: tests\n  verifies: [REQ-1]"), ["EVD-003 EV-1", "EVD-013 EV-1 split"]),
}  # fmt: skip


@pytest.mark.parametrize("name", CASES)
def test_one_fault_one_finding(name: str) -> None:
    bend, expected = CASES[name]
    w = world()
    bend(w)
    assert found_in(w) == expected


def message(w: World, code: str) -> str:
    return next(f.message for f in all_findings(w) if f.code == code)


def test_a_failing_figure_is_told_with_its_sample_its_limits_and_the_bound() -> None:
    w = world()
    CASES["EVD-002 below the bound"][0](w)
    assert message(w, "EVD-002") == (
        "REQ-1 asks for recall >= 0.9 ratio at 95 % confidence; EV-1 measured 0.88 ratio (880 of 1000) with limits 0.861761 to 0.896557: "
        "0.88 is outside the bound >= 0.9"
    )


def test_a_small_sample_is_told_how_large_it_would_have_to_be() -> None:
    w = world()
    CASES["EVD-006 small sample"][0](w)
    assert message(w, "EVD-006") == (
        "REQ-1 asks for recall of distance=near >= 0.9 ratio at 95 % confidence; EV-1 measured 1 ratio (20 of 20) and so shows "
        "only >= 0.860892; even without any failure it takes 29 trials, and there were 20"
    )
    w = world()
    reseal("EV-1", (rate("recall", 905, 1000), CHECKED[1]))(w)
    assert message(w, "EVD-006").endswith("1000 trials are too few at this rate of failures")


def test_a_stale_record_is_told_with_every_reason() -> None:
    w = world()
    flip_model(w)
    w.edit("shall find stop signs", "shall find all stop signs")
    told = message(w, "EVD-003")
    assert told.startswith("EV-1 is stale: model mismatch: evidence was made for ")
    assert re.search(r"; requirement REQ-1 has changed since; it is [0-9a-f]{8} now$", told)


@pytest.mark.parametrize(
    ("more", "told"),
    [
        ("", "and no evidence verifies REQ-9"),
        (
            "- {type: evidence, id: EV-9, generator: dataset, subject: DS-V, verifies: [REQ-9]}",
            "which no generator of EV-9 yields",
        ),
    ],
)
def test_a_criterion_that_nothing_can_judge(more: str, told: str) -> None:
    w = world()
    w.more = f"""
- type: requirement
  id: REQ-9
  level: system
  asil: D
  statement: The system shall report signs.
  rationale: So asked.
  derives_from: [SG-1]
  acceptance: [{{metric: map50, op: ">=", bound: 0.9, unit: ratio, confidence: 0.95}}]
{more}
"""
    if more:
        w.seal("EV-9", ())
    assert told in message(w, "EVD-007")


def test_a_criterion_waits_for_the_record_that_is_missing_and_is_not_reported_twice() -> None:
    w = world(sealed=False)
    assert found_in(w) == ["EVD-001 EV-1", "EVD-001 EV-2"]


def test_a_better_older_record_does_not_hide_a_newer_failure() -> None:
    w = world()
    w.seal("EV-1", (rate("recall", 10, 1000), GOOD["EV-1"][1]), started=LATER)
    w.seal("EV-1", started="2026-01-01T00:00:00Z")
    assert found_in(w) == ["EVD-002 REQ-1 acceptance[0]"]
