"""Gaps: every hole is a row, nothing is rounded up, and no text of a case acts in the program that opens it."""

from __future__ import annotations

import csv
import io
import json
import re
import zipfile
from html import escape
from typing import Any

import openpyxl
import pytest

from casework.render.tables import FORMATS, Gaps, Level, Thread, gaps, to_xlsx
from casework.render.tables.csv_format import disarm
from casework.render.tables.text import render

EVIL = "=HYPERLINK(\"http://e.vil\",\"x\")"  # fmt: skip


@pytest.fixture(scope="module")
def found(example: Any) -> Gaps:
    return gaps(example.assessment)


def level(found: Gaps, name: str) -> Level:
    return next(x for x in found.levels if x.name == name)


def evil() -> Gaps:
    texts = [EVIL, "+1", "-1", "@SUM(A1)", "\t=1", "<script>alert(1)</script>", "\x1b[2J", "{{ 7*7 }}"]
    threads = tuple(Thread(text, text, (text,), text, text, "open", text, text) for text in texts)
    return Gaps(EVIL, (Level(EVIL, 1000, 999, 999, 999, (EVIL,)),), threads, threads, ((EVIL, EVIL),))


def test_forward_threads_name_their_holes(found: Gaps) -> None:
    rows = {(t.hazard, t.goal, t.requirements, t.evidence): t for t in found.forward}
    assert len(rows) == len(found.forward) == 5
    doubted = rows["HE-1", "SG-1", ("SYS-1", "ML-1"), "EV-VAL"]
    assert (doubted.state, doubted.status) == ("current", "doubted")
    assert doubted.hole.startswith("EV-VAL does not show fnr <= 0.01")
    assert rows["HE-1", "SG-1", ("SYS-1", "ML-1", "DAT-1"), "EV-DATA"].hole == "EV-DATA is stale"
    assert rows["HE-2", "SG-2", ("ML-2",), "EV-GHOST"].hole.startswith("EV-GHOST does not meet fppi")
    assert rows["TH-1", "", ("ML-3",), "EV-QNT"].hole == "EV-QNT is missing"


def test_backward_threads_lead_from_every_evidence_to_hazards(found: Gaps) -> None:
    assert {t.evidence for t in found.backward} == {"EV-VAL", "EV-GHOST", "EV-QNT", "EV-DATA"}
    assert ("EV-DATA", ("SYS-1", "ML-1", "DAT-1"), "SG-1", "HE-1") in {
        (t.evidence, t.requirements, t.goal, t.hazard) for t in found.backward
    }


def test_coverage_tells_planned_from_supported(found: Gaps) -> None:
    ml = level(found, "ml")
    assert (ml.total, ml.shallow, ml.deep, ml.supported, ml.lacking) == (3, 3, 3, 0, ("ML-1", "ML-2", "ML-3"))
    evidence = level(found, "evidence")
    assert (evidence.total, evidence.shallow, evidence.deep, evidence.supported) == (4, 3, 2, 0)
    assert level(found, "tool").supported == 1


@pytest.mark.parametrize(
    ("path", "old", "new", "hole"),
    [
        ("requirements/hazards.yaml", "addresses: [HE-2]", "addresses: [HE-1]", ""),
        ("requirements/system.yaml", "derives_from: [SG-2]", "derives_from: [SG-1]", "no requirement derives from SG-2"),
        ("requirements/model.yaml", "verifies: [ML-2]", "verifies: []", "no evidence or test shows ML-2"),
        ("requirements/model.yaml", "verifies: [ML-2]", "verifies: []", "EV-GHOST speaks for no requirement"),
        ("requirements/system.yaml", "  derives_from: [ML-1]\n", "", "DAT-1 traces to no hazard and to no stakeholder"),
        ("requirements/system.yaml", 'derives_from: [SG-1]\n  owner', 'derives_from: []\n  owner', "no requirement derives from SG-1"),
    ],
)  # fmt: skip
def test_each_broken_link_is_a_row(example: Any, rebuild: Any, path: str, old: str, new: str, hole: str) -> None:
    assert old in example.texts[path]
    found = gaps(rebuild({**example.texts, path: example.texts[path].replace(old, new)}).assessment)
    assert hole == "" or hole in {t.hole for t in found.holes}


def test_a_hazard_that_nothing_answers_is_a_row(rebuild: Any) -> None:
    text = """
type: hazardous_event
id: HE-1
hazard: x
situation: y
severity: {level: S3}
exposure: {level: E4}
controllability: {level: C3}
"""
    found = gaps(rebuild({"a.yaml": text}).assessment)
    assert [t.hole for t in found.holes] == ["nothing mitigates HE-1"]


def test_a_circle_of_requirements_ends(rebuild: Any) -> None:
    text = "".join(
        f"- {{type: requirement, id: R-{i}, level: system, statement: It shall x., derives_from: [R-{(i + 1) % 3}]}}\n"
        for i in range(3)
    )
    found = gaps(rebuild({"a.yaml": text}).assessment)
    assert {t.at for t in found.holes} == {"R-0", "R-1", "R-2"}


@pytest.mark.parametrize("width", [60, 100, 160])
def test_text_fits_the_terminal_and_names_every_hole(found: Gaps, width: int) -> None:
    text = render(found, width=width)
    assert all(len(line) <= max(width, 90) for line in text.splitlines())
    assert text.rstrip().endswith("5 holes: what is named above is missing.")
    assert "\x1b" not in text
    assert re.sub("\x1b\\[[0-9;]*m", "", render(found, width=width, colour=True)) == text


def test_999_of_1000_is_not_all() -> None:
    text = FORMATS["text"](evil())
    assert "999 of 1000 (99.9 %)" in text
    assert "(100 %)" not in text


@pytest.mark.parametrize("name", sorted(FORMATS))
def test_formats_are_deterministic_and_carry_no_escapes(found: Gaps, name: str) -> None:
    assert FORMATS[name](found) == FORMATS[name](found)
    assert not re.search("[\x00-\x08\x0b-\x1f\x7f]", FORMATS[name](evil()).replace("\t", ""))


def test_json_has_the_documented_keys(found: Gaps) -> None:
    made = json.loads(FORMATS["json"](found))
    assert list(made) == ["schema", "case", "levels", "forward", "backward", "holes"]
    assert made["holes"] == 5


def test_csv_disarms_formulas() -> None:
    rows = list(csv.reader(io.StringIO(FORMATS["csv"](evil()))))
    assert len(rows) == 1 + 16
    assert not [cell for row in rows for cell in row if cell.lstrip().startswith(("=", "+", "-", "@"))]
    assert disarm("EV-1") == "EV-1"


class TestWorkbook:
    def test_holds_every_thread(self, found: Gaps) -> None:
        book = openpyxl.load_workbook(io.BytesIO(to_xlsx(found)))
        assert book.sheetnames == ["Coverage", "Forward", "Backward"]
        assert [sheet.max_row - 1 for sheet in book] == [len(found.levels), len(found.forward), len(found.backward)]

    def test_start_and_head_stay_in_sight_on_screen_and_on_paper(self, found: Gaps) -> None:
        book = openpyxl.load_workbook(io.BytesIO(to_xlsx(found)))
        assert [sheet.freeze_panes for sheet in book] == ["B2", "C2", "C2"]
        for sheet in book:
            assert (sheet.print_title_rows, sheet.page_setup.orientation) == ("$1:$1", "landscape")
            assert sheet.sheet_properties.pageSetUpPr.fitToPage
            assert (sheet.page_setup.fitToWidth, sheet.page_setup.fitToHeight) == (1, 0)
            assert sheet.auto_filter.ref.startswith("A1:")
            assert all(cell.alignment.wrap_text for row in sheet.iter_rows() for cell in row)

    def test_no_text_is_a_formula(self) -> None:
        book = openpyxl.load_workbook(io.BytesIO(to_xlsx(evil())))
        cells = [cell for sheet in book for row in sheet.iter_rows() for cell in row if cell.value]
        assert {cell.data_type for cell in cells} == {"s"}
        assert any(cell.value == EVIL and cell.quotePrefix for cell in cells)
        with zipfile.ZipFile(io.BytesIO(to_xlsx(evil()))) as archive:
            assert not [n for n in archive.namelist() if b"<f>" in archive.read(n)]

    def test_same_gaps_same_bytes_without_the_time_of_saving(self, found: Gaps) -> None:
        data = to_xlsx(found)
        assert data == to_xlsx(found)
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            assert {info.date_time for info in archive.infolist()} == {(1980, 1, 1, 0, 0, 0)}
            dates = re.findall(rb"\d{4}-\d\d-\d\dT", archive.read("docProps/core.xml"))
        assert set(dates) == {b"1980-01-01T"}


class TestPage:
    def test_runs_only_its_own_script(self, found: Gaps) -> None:
        import base64
        import hashlib

        page = FORMATS["html"](evil())
        scripts = re.findall(r"<script>(.*?)</script>", page, re.S)
        assert len(scripts) == 1
        digest = base64.b64encode(hashlib.sha256(scripts[0].encode()).digest()).decode()
        assert f"script-src &#39;sha256-{digest}&#39;" in page or f"script-src 'sha256-{digest}'" in page
        assert "<script>alert" not in page.replace("&lt;", "[")
        assert not re.search(r"""(src|href)\s*=""", page)
        assert "7*7" in page

    def test_is_a_table_for_screen_readers(self, found: Gaps) -> None:
        page = FORMATS["html"](found)
        assert page.count("<caption>") == 4
        assert page.count('scope="col"') == 20
        assert 'aria-live="polite"' in page
        assert "<label>" in page

    def test_names_every_hole_before_the_threads(self, found: Gaps) -> None:
        top, _, threads = FORMATS["html"](found).partition("From hazards to evidence</h2>")
        assert all(f'<td class="missing">{escape(hole.hole)}' in top for hole in found.holes)
        assert threads.count("<tr data-thread") == len(found.forward) + len(found.backward)

    def test_a_start_is_named_in_full_once(self) -> None:
        threads = tuple(Thread("HE-1", "SG-1", (key,), "EV-1", "current", "supported") for key in ("R-1", "R-2"))
        page = FORMATS["html"](Gaps("x", (), threads, (), (("HE-1", "A title"),)))
        assert page.count('<td data-key class="same">') == 2
        assert page.count("<td data-key>") == 2
        assert "None: every thread reaches evidence that holds." in page


def test_text_of_a_hole_starts_where_its_thread_starts(rebuild: Any) -> None:
    text = "{type: evidence, id: EV-1, generator: dataset, subject: D-1, verifies: []}"
    lines = render(gaps(rebuild({"a.yaml": text}).assessment), width=100).splitlines()
    at = lines.index("      EV-1 speaks for no requirement")
    assert lines[at - 1].split("  ")[1] == "EV-1 > (no hazard)"


def test_what_a_stakeholder_asks_for_needs_no_hazard(rebuild: Any) -> None:
    text = """
- {type: requirement, id: S-1, level: stakeholder, statement: It shall x., rationale: y}
- {type: requirement, id: R-1, level: ml, statement: It shall z., derives_from: [S-1]}
- {type: requirement, id: R-2, level: ml, statement: It shall z.}
"""
    found = gaps(rebuild({"a.yaml": text}).assessment)
    assert [t.hole for t in found.holes] == [
        "no evidence or test shows R-1",
        "R-2 traces to no hazard and to no stakeholder",
    ]
