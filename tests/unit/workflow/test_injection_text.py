"""The record of fault injection as text: what matters first, the worst rows first, and what is left out is told."""

from __future__ import annotations

import re

import pytest

from casework.generators.fault_injection.decisions import DecisionMaker
from casework.generators.fault_injection.report import _guessed
from casework.generators.record import metric, table
from casework.model.result import GeneratorId, ResultRecord, SelfCheck
from casework.workflow.evidence.injection_text import injection_text, percent
from casework.workflow.evidence.trying import record_text

BITS = [(bit, 600, 200 if bit == 30 else 0, 3 if bit == 29 else 0, 0.333333 if bit == 30 else 0.0) for bit in range(32)]


GUESS = DecisionMaker("classification", 0, (), None, (), 0.5, "the output is logits [batch, 10]")


def record(**changes: object) -> ResultRecord:
    rates = [
        metric(
            "masked_rate",
            0.66025,
            n=20000,
            k=13205,
            ci_low=0.653656,
            ci_high=0.666783,
            confidence=0.95,
            method="wilson",
        ),
        metric(
            "sdc_rate",
            0.01175,
            n=20000,
            k=235,
            ci_low=0.0103475,
            ci_high=0.013339990838064104,
            confidence=0.95,
            method="wilson",
        ),
        metric("sdc_rate", 0.02, "class=3", n=100, k=2, ci_low=0.01, ci_high=0.03, confidence=0.95, method="wilson"),
        metric("overhead_vs_batch1", 0.0727366),
        metric("overhead_vs_batched", 0.124411),
        metric("overhead_of_campaign", 10.04),
        metric("cpu_seconds", 0.43374977599999986),
    ]
    tensors = [
        ("a.weight", "weight", "Conv", 0, 150, 47, 47, 0, 0, 0, 1, 0.0, 0.0, 0.0754857, "channel", "float32"),
        ("b.weight", "weight", "Gemm", 1, 150, 47, 47, 20, 0, 0, 1, 0.4255, 0.29, 0.56, "channel", "float32"),
    ]
    columns = (
        "tensor", "kind", "operator", "depth", "elements", "faults", "predictions", "sdc", "due", "detected", "masked", "sdc_rate",
        "ci_low", "ci_high", "engine", "dtype",
    )  # fmt: skip
    cells = [
        ("a.weight", 30, 1, 1, 0),
        ("b.weight", 30, 33, 18, 0),
        *(("b.weight", bit, 20, 0, 0) for bit in range(30)),
    ]
    held: dict[str, object] = {
        "generator": GeneratorId(name="fault-injection", version=1), "status": "complete", "started": "2026-01-01T00:00:00Z",
        "duration_s": 1.0, "command": "casework try fault-injection m.onnx", "metrics": rates,
        "options": {"decision": "classification", "faults": "20000", "target": "weights"}, "digests": {"model": "0" * 64},
        "tables": [
            table("rates by tensor", columns, tensors),
            table("rates by bit", ("bit", "predictions", "sdc", "due", "sdc_rate", "ci_low", "ci_high"), [(*b, 0.0, 0.01) for b in BITS]),
            table("sdc by tensor and bit", ("tensor", "bit", "predictions", "sdc", "due"), cells),
            table("canaries", ("tensor", "engine", "moved"), [("a.weight", "channel", "9 of 16"), ("b", "channel", "0 of 3")]),
        ],
        "self_checks": [SelfCheck(name="audit", outcome="passed", detail="200 repeated, 0 disagreements")],
        "limitations": ["Registers are not hit."],
    }  # fmt: skip
    return ResultRecord.model_validate(held | changes)


def lines_of(given: ResultRecord) -> list[str]:
    return record_text(given).splitlines()


def rows_below(lines: list[str], title: str) -> list[str]:
    (at,) = [i for i, line in enumerate(lines) if line.startswith(title)]
    end = lines.index("", at) if "" in lines[at:] else len(lines)
    return lines[at + 1 : end]


def test_the_headline_comes_first_in_figures_that_people_read() -> None:
    lines = lines_of(record())
    text = "\n".join(lines)
    assert lines[0] == "fault-injection (version 1): complete"
    (rate,) = [line for line in lines if line.startswith("  sdc_rate")]
    assert re.sub(" +", " ", rate).startswith(
        " sdc_rate 1.18 % [1.03 %, 1.33 %] 235 of 20000 silent data corruption: another class"
    )
    assert "cost 0.0727 times a fault-free one alone, 0.124 times one in a batch" in text
    assert (
        "(putting in, running and judging; the whole command with start, canaries and audit: 10 times one alone)"
        in text
    )
    assert "overhead_of_campaign" not in text
    wanted = [
        "sdc_rate",
        "masked_rate",
        "decision: ",
        "overhead",
        "audit: passed",
        "rates by tensor",
        "rates by bit",
        "limit: ",
        "model  ",
    ]
    places = [text.index(word) for word in wanted]
    assert places == sorted(places)
    assert "1 more figures, of parts: --format json shows them all" in text
    assert max(len(digits) for digits in re.findall(r"\d\.(\d+)", text)) <= 4
    assert "options         decision=classification, faults=20000; the others" in text


def test_the_worst_rows_come_first_and_the_others_are_counted() -> None:
    lines = lines_of(record())
    tensors = rows_below(lines, "rates by tensor")
    assert [row.split()[0] for row in tensors[1:]] == ["b.weight", "a.weight"]
    bits = rows_below(lines, "rates by bit")
    assert [row.split()[0] for row in bits[1:5]] == ["30", "29", "31", "28"], "events first, and then the high bits"
    assert bits[-1] == "  … 22 more rows, all without sdc and due: --format json shows them all"
    cells = rows_below(lines, "sdc by tensor and bit")
    assert [row.split()[0] for row in cells[1:3]] == ["b.weight", "a.weight"], "18 of 33 is surer than 1 of 1"
    assert cells[3] == "  … 30 more rows, all without sdc and due: --format json shows them all"
    canaries = rows_below(lines, "canaries")
    assert [row.split()[0] for row in canaries[1:]] == ["b", "…"]


def test_canaries_that_all_moved_an_output_are_no_table() -> None:
    sung = table("canaries", ("tensor", "engine", "moved"), [("a", "channel", "9 of 16"), ("b", "channel", "3 of 3")])
    text = record_text(record(tables=[sung]))
    assert "canaries (" not in text
    assert "more rows" not in text
    assert "\n\n\n" not in text


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({}, "classification (as the options say)"),
        ({"evidence": "EV-1", "files": {"model": "MDL-X"}}, "classification (card MDL-X)"),
        (
            {"limitations": [*_guessed(GUESS)]},
            "classification, guessed from the outputs; if they mean something else, say option decision=…",
        ),
    ],
)
def test_who_says_what_the_model_decides_stands_below_the_rates(changes: dict[str, object], said: str) -> None:
    lines = lines_of(record(**changes))
    (at,) = [i for i, line in enumerate(lines) if line == f"  decision: {said}"]
    assert lines[at - 2].startswith("  masked_rate")
    assert lines[at + 1].startswith("  overhead: ")


def test_left_out_rows_with_events_are_not_called_harmless() -> None:
    cells = table("rates by input", ("input", "predictions", "sdc", "due"), [(f"[{i}]", 10, 1, 0) for i in range(12)])
    lines = lines_of(record(tables=[cells]))
    assert "  … 2 more rows: --format json shows them all" in lines


@pytest.mark.parametrize(
    ("most", "low", "high", "said"),
    [
        (
            "20000",
            0.010,
            0.013,
            "stopped before the 20000 allowed: the interval is +-0.15 %, and +-0.2 % was asked for",
        ),
        ("1500", 0.010, 0.013, "reached +-0.15 % with all 1500 faults, and +-0.2 % was asked for"),
        ("20000", 0.000, 0.013, "the interval is +-0.65 %, wider than the +-0.2 % asked for: allow more faults"),
    ],
)
def test_a_campaign_to_an_interval_says_whether_it_was_reached(most: str, low: float, high: float, said: str) -> None:
    rates = [
        metric("faults", 1500),
        metric("injected_predictions", 1500),
        metric("sdc_rate", 0.0117, n=1500, k=17, ci_low=low, ci_high=high, confidence=0.95, method="wilson"),
    ]
    lines = lines_of(record(metrics=rates, options={"interval": 0.002, "faults": most}))
    assert lines[1].startswith("  1500 faults, 1500 injected predictions; intervals at 95 %; ")
    assert lines[1].endswith(said)


def test_several_amounts_are_told_apart() -> None:
    rates = [
        metric(name, share, f"amount={amount}", n=100, k=int(100 * share))
        for name, share in (("sdc_rate", 0.02), ("due_rate", 0.0))
        for amount in (1, 10)
    ]
    found = injection_text(record(metrics=rates, tables=[]), {})
    assert [line.split()[:2] for line in found[1:5]] == [
        ["sdc_rate", "amount=1"], ["sdc_rate", "amount=10"], ["due_rate", "amount=1"], ["due_rate", "amount=10"],
    ]  # fmt: skip


def test_a_hardened_model_is_told_beside_its_parent() -> None:
    rates = [
        metric(name, share, n=1000)
        for name, share in (("parent_sdc_rate", 0.01), ("sdc_rate", 0.001), ("sdc_prevented_rate", 0.9))
    ]
    columns = ("measure", "target", "sdc_before", "sdc_after")
    hardening = table("hardening", columns, [("range", "weights", 0.01, 0.001)])
    lines = lines_of(record(metrics=rates, tables=[*record().tables, hardening]))
    assert [line.split()[:3] for line in lines[2:5]] == [
        ["sdc_rate", "0.1", "%"], ["parent_sdc_rate", "1", "%"], ["sdc_prevented_rate", "90", "%"],
    ]  # fmt: skip
    assert lines.index("hardening") < lines.index("rates by tensor (highest sdc_rate first)")
    assert rows_below(lines, "hardening")[1].split() == ["range", "weights", "1", "%", "0.1", "%"]


def test_a_refusal_is_its_reason_and_nothing_beside() -> None:
    lines = lines_of(record(status="not_evaluable", reason="bit 99 is beyond.", metrics=[], tables=[]))
    assert lines == [
        "fault-injection (version 1): not_evaluable: bit 99 is beyond.",
        "",
        "1.0 s; again: casework try fault-injection m.onnx",
    ]


@pytest.mark.parametrize(
    ("share", "text"),
    [
        (0, "0 %"),
        (1, "100 %"),
        (0.01175, "1.18 %"),
        (5e-05, "0.005 %"),
        (0.999999, "99.9999 %"),
        (8.82628e-06, "0.000883 %"),
    ],
)
def test_shares_in_per_cent(share: float, text: str) -> None:
    assert percent(share) == text
