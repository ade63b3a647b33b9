"""The safety-case report shows current fault-injection records: what was put in, rates, pictures, audit, before and after."""

from __future__ import annotations

import importlib.util
import sys
from collections.abc import Callable
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import pypdfium2
import pytest

from casework.graph.appraise import results
from casework.model.result import ResultRecord, Statement, Subject, Table
from casework.model.verdict import Appraisal, Verdict
from casework.render.report import build, to_html, to_pdf
from casework.render.report.document import Paragraph, Picture, Report, Section
from casework.render.report.document import Table as Grid
from doubles.injection_records import record, wide_network

PLANS = """
- type: evidence
  id: EV-FI
  title: Bit flips in the deployed model
  generator: fault-injection
  subject: MC-INT8
  data: DS-VER
  verifies: [ML-FI]
- type: evidence
  id: EV-FI-FLOAT
  title: Bit flips in the float model
  generator: fault-injection
  subject: MC-FLOAT
  data: DS-VER
- type: requirement
  id: ML-FI
  level: ml
  title: Flipped bits
  statement: Of the single bit flips at most two in a hundred shall corrupt the result silently.
  allocated_to: [MC-INT8]
  acceptance:
    - {metric: sdc_rate, op: "<=", bound: 0.02, unit: ratio, confidence: 0.95}
    - {metric: due_rate, op: "<=", bound: 0.00001, unit: ratio, confidence: 0.95}
    - {metric: ghost_rate, op: "<=", bound: 0.01, unit: ratio, confidence: 0.95}
"""

Making = Callable[..., Report]


def appraisal(key: str, made: ResultRecord, state: str = "current") -> Appraisal:
    statement = Statement(
        _type="https://in-toto.io/Statement/v1",
        subject=(Subject(name="model.onnx", digest={"sha256": "ab" * 32}),),
        predicateType="https://casework.dev/evidence-result/v1",
        predicate=made.model_copy(update={"evidence": key}),
    )
    verdict = Verdict(key, f"evidence/{key}/abcdef.dsse.json", "12" * 32, statement, verified=True)
    return Appraisal(key, state, (), verdict)  # type: ignore[arg-type]


@pytest.fixture(scope="module")
def making() -> Making:
    place = Path(__file__).parents[1] / "conftest.py"
    spec = importlib.util.spec_from_file_location("example_case", place)
    assert spec is not None
    assert spec.loader is not None
    conftest: Any = importlib.util.module_from_spec(spec)
    sys.modules["example_case"] = conftest
    spec.loader.exec_module(conftest)
    texts = {**conftest.TEXTS}
    texts["requirements/model.yaml"] += PLANS
    example = conftest.build(texts)

    def make(**found: Appraisal) -> Report:
        held = {key.replace("_", "-"): value for key, value in found.items()}
        appraisals = {**example.assessment.appraisals, **held}
        judged = results(example.assessment.case, appraisals)
        assessment = replace(example.assessment, appraisals=appraisals, results=judged)
        return build(assessment, example.decision, generated_for=date(2026, 3, 2))

    return make


def sections(report: Report) -> dict[str, Section]:
    chapter = next(s for s in report.sections if s.anchor == "vv")
    return {s.anchor.removeprefix("faults-n-"): s for s in chapter.sections if s.anchor.startswith("faults-")}


def pictures(section: Section) -> list[Picture]:
    return [b for b in section.blocks if isinstance(b, Picture)]


def test_only_current_records_of_fault_injection_are_shown(making: Making) -> None:
    shown = sections(
        making(EV_FI=appraisal("EV-FI", record()), EV_FI_FLOAT=appraisal("EV-FI-FLOAT", record(), "stale"))
    )
    assert list(shown) == ["EV-FI"]


def test_heat_map_and_bars_stand_in_the_text_with_their_captions(making: Making) -> None:
    section = sections(making(EV_FI=appraisal("EV-FI", record())))["EV-FI"]
    found = pictures(section)
    assert [p.caption.partition(".")[0] for p in found] == [
        "Where a fault corrupts the result: tensors by bits",
        "What becomes of a fault, by tensor",
        "Silent corruption by number of faults",
    ]
    assert all(p.inline and p.alt for p in found)


def test_before_and_after_where_parent_and_derived_model_had_the_same_campaign(making: Making) -> None:
    hard = appraisal("EV-FI", record(ease=0.02))
    both = sections(making(EV_FI=hard, EV_FI_FLOAT=appraisal("EV-FI-FLOAT", record())))
    assert (
        sum(p.caption.startswith("Before and after: EV-FI-FLOAT against EV-FI") for p in pictures(both["EV-FI"])) == 2
    )
    assert not any(p.caption.startswith("Before") for p in pictures(both["EV-FI-FLOAT"]))
    other = sections(making(EV_FI=hard, EV_FI_FLOAT=appraisal("EV-FI-FLOAT", record(seed=2))))
    assert not any(p.caption.startswith("Before") for p in pictures(other["EV-FI"]))


def test_a_table_that_cannot_be_read_is_said_and_stops_nothing(making: Making) -> None:
    broken = record(more=(Table(name="rates by class", columns=("class",), rows=(("a",),)),))
    section = sections(making(EV_FI=appraisal("EV-FI", broken), EV_FI_FLOAT=appraisal("EV-FI-FLOAT", record())))[
        "EV-FI"
    ]
    assert len(section.blocks) == 1
    assert isinstance(section.blocks[0], Paragraph)
    assert "has no column `predictions`" in section.blocks[0].line[0].text


def test_of_many_figures_a_few_are_shown_and_where_the_others_are_is_said(making: Making) -> None:
    section = sections(making(EV_FI=appraisal("EV-FI", record(each=60, layers=wide_network(130)))))["EV-FI"]
    assert len(pictures(section)) == 9  # four of each of two kinds, and the curve
    said = [b.line[0].text for b in section.blocks if isinstance(b, Paragraph)]
    assert sum("`casework plot EV-FI` draws all" in text for text in said) == 2


def words_of(grid: Grid) -> list[list[str]]:
    return [["\n".join("".join(run.text for run in line) for line in cell) for cell in row.cells] for row in grid.rows]


def grids(section: Section) -> dict[str, Grid]:
    return {b.caption: b for b in section.blocks if isinstance(b, Grid)}


def test_each_requirement_that_judges_a_record_says_what_it_asks_and_what_was_found(making: Making) -> None:
    report = making(EV_FI=appraisal("EV-FI", record()))
    found = grids(sections(report)["EV-FI"])["EV-FI: asked, found, met or not"]
    sdc, due, ghosts = words_of(found)
    assert sdc == [
        "ML-FI Flipped bits", "sdc_rate <= 0.02 ratio at 95 % confidence", "0.0101957 ratio  70146 of 6880000",
        "at most 0.0102589 (one-sided, 95 %)", "met",
    ]  # fmt: skip
    assert due[-1] == "not met"
    assert ghosts[1:] == [
        "ghost_rate <= 0.01 ratio at 95 % confidence",
        "the evidence holds no ghost_rate of all",
        "",
        "missing",
    ]


def test_a_record_that_nothing_is_asked_of_says_so(making: Making) -> None:
    report = making(EV_FI_FLOAT=appraisal("EV-FI-FLOAT", record()))
    found = grids(sections(report)["EV-FI-FLOAT"])["EV-FI-FLOAT: asked, found, met or not"]
    assert found.rows == ()
    assert found.empty.startswith("No requirement judges this record")


def test_tensors_of_few_faults_share_a_line_and_the_caption_says_so(making: Making) -> None:
    made = record()
    rates = made.tables[0]
    rare = ("rare", "scale", "QLinearConv", 12, 1, 3, 3, 2, 0, 0, 1, 0.667, 0.2, 0.95, "promoted")
    more = rates.model_copy(update={"rows": (*rates.rows, rare)})
    section = sections(making(EV_FI=appraisal("EV-FI", made.model_copy(update={"tables": (more, *made.tables[1:])}))))[
        "EV-FI"
    ]
    heat, bars, _curve = pictures(section)
    for one in (heat, bars):
        assert "1 further tensor with fewer than 20 faults each: 3 faults, SDC in 2 of 3 predictions" in one.svg
        assert "A tensor has a row if at least 20 faults hit it" in one.caption
    plain = pictures(sections(making(EV_FI=appraisal("EV-FI", record())))["EV-FI"])
    assert not any("A tensor has a row if" in one.caption for one in plain)


def test_both_formats_hold_rates_intervals_audit_digests_and_limits(making: Making) -> None:
    report = making(EV_FI=appraisal("EV-FI", record(ease=0.02)), EV_FI_FLOAT=appraisal("EV-FI-FLOAT", record()))
    page = to_html(report)
    document = pypdfium2.PdfDocument(to_pdf(report))
    words = "\n".join(p.get_textpage().get_text_range() for p in document).replace("\ufffe", "")
    for said in (
        "1388 of 6880000", "no disagreement", "one bit flipped (bitflip) in all tensors", "every element is as likely as any other",
        "registers and control flow are not hit",
    ):  # fmt: skip
        assert said in page, said
        assert " ".join(said.split()) in " ".join(words.split()), said
    assert "ef" * 32 in page
    assert "÷ 50.5 (≥ 47.9)" in words, "figures are drawings whose text can be searched"
    assert page.count('<figure class="inline">') == 8
