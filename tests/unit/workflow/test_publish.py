"""Pictures and documents of the repository's own case, through the command line: complete, linked to the case, and the same twice."""

from __future__ import annotations

import hashlib
import xml.etree.ElementTree as ET
from pathlib import Path

import pytest

from casework.cli.main import main
from casework.model.vocabulary import GSN_TYPES
from casework.render.argument import argument_of
from casework.workflow.publish import assessed_at, footer

ROOT = Path(__file__).resolve().parents[3]
DAY = ["--now", "2026-12-01", "--root", str(ROOT)]


@pytest.fixture(scope="module")
def scene():  # type: ignore[no-untyped-def]
    from datetime import date

    return assessed_at(ROOT, date(2026, 12, 1))


def test_the_picture_holds_every_element_and_link_with_its_status(scene) -> None:  # type: ignore[no-untyped-def]
    assessment = scene.assessed.assessment
    argument = argument_of(assessment)
    keys = {k for t in GSN_TYPES for k in assessment.case.keys(t)}
    assert {e.id for e in argument.elements} == keys
    drawn = {(c.source, c.target, c.kind) for c in argument.connectors}
    wanted = {
        (e.source, e.target, e.field)
        for k in keys
        for e in assessment.case.out(k, "supported_by", "in_context_of", "challenges")
    }
    assert drawn == wanted
    for element in argument.elements:
        if element.kind in ("goal", "strategy", "solution"):
            word = assessment.statuses[element.id].word
            # A challenge whose doubt somebody accepts must not look like plain support.
            assert element.status == word or (element.status, word) == ("doubt accepted", "supported"), element.id


def test_below_one_goal_a_challenge_comes_with_its_answer(scene) -> None:  # type: ignore[no-untyped-def]
    case = scene.assessed.assessment.case
    challenged = next(
        e.target for k in case.keys("goal") for e in case.out(k, "challenges") if case.into(k, "challenges")
    )
    drawn = {e.id for e in argument_of(scene.assessed.assessment, challenged).elements}
    challengers = {e.source for e in case.into(challenged, "challenges")}
    assert challengers <= drawn
    assert {e.source for c in challengers for e in case.into(c, "challenges")} <= drawn


def test_the_footer_tells_version_day_and_content(scene) -> None:  # type: ignore[no-untyped-def]
    text = footer(scene)
    assert "version 1.0" in text
    assert "2026-12-01" in text
    assert "content " in text


def digest(folder: Path) -> dict[str, str]:
    return {p.name: hashlib.sha256(p.read_bytes()).hexdigest() for p in sorted(folder.iterdir())}


@pytest.mark.parametrize("form", ["svg", "png"])
def test_gsn_writes_the_same_pages_twice(tmp_path: Path, form: str) -> None:
    for name in ("a", "b"):
        assert (
            main(
                [
                    "gsn",
                    *DAY,
                    "--goal",
                    "tool::GT1" if form == "png" else "G1.1",
                    "--format",
                    form,
                    "-o",
                    str(tmp_path / name),
                ]
            )
            == 0
        )
    assert digest(tmp_path / "a") == digest(tmp_path / "b")
    for page in (tmp_path / "a").glob("*.svg"):
        ET.parse(page)


def test_gsn_pdf_and_dot(tmp_path: Path) -> None:
    assert main(["gsn", *DAY, "--format", "pdf", "-o", str(tmp_path / "a.pdf")]) == 0
    assert (tmp_path / "a.pdf").read_bytes().startswith(b"%PDF")
    assert main(["gsn", *DAY, "--format", "dot", "-o", str(tmp_path / "a.dot")]) == 0
    assert "digraph" in (tmp_path / "a.dot").read_text()


def test_report_writes_the_same_documents_twice(tmp_path: Path) -> None:
    for name in ("a", "b"):
        assert main(["report", *DAY, "-o", str(tmp_path / name)]) == 0
    assert digest(tmp_path / "a") == digest(tmp_path / "b")
    html = (tmp_path / "a" / "safety-case.html").read_text("utf-8")
    assert "<script" not in html
    for key in (
        "ML-01",
        "HE-01",
        "SG-01",
        "EV-VAL-INT8",
        "WV-01",
        "MDL-INT8",
        "DS-VER",
        "PR-MLE.4.BP5",
        "TOOL-CASEWORK",
    ):
        assert key in html, key


def test_try_runs_a_real_generator_and_prints_its_record(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    import json

    model = ROOT / "evidence/artifacts/roadside-sign/model/sign-detector-int8.onnx"
    data = ROOT / "evidence/artifacts/roadside-sign/data/development/manifest.jsonl"
    call = [
        "try",
        "validation",
        str(model),
        "--data",
        str(data),
        "--option",
        "split=internal_test",
        "--option",
        "resamples=50",
        "--format",
        "json",
    ]
    assert main(call) == 0
    record = json.loads(capsys.readouterr().out)
    assert record["status"] == "complete"
    assert {"model", "data", "options", "outcome"} <= record["digests"].keys()
    recall = next(m for m in record["metrics"] if m["name"] == "recall" and m["slice"] == "all")
    assert recall["n"] == 445
    assert recall["ci_low"] < recall["value"] < recall["ci_high"]
