"""The report: what stands in it, what can never stand in it, and that the same case gives the same bytes."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import date
from html.parser import HTMLParser
from typing import Any

import pypdfium2
import pytest

from casework.graph.status import statuses
from casework.model.acceptance import Judgement
from casework.model.decision import Decision
from casework.model.result import Metric
from casework.model.verdict import CriterionResult, LogFact
from casework.render.report.build import Baseline, build
from casework.render.report.changes import Change, Changes
from casework.render.report.document import Report, Section, Table, anchor_of, clean, prose, web
from casework.render.report.figures import figure, interval, measured, share
from casework.render.report.html import to_html
from casework.render.report.pdf import to_pdf
from casework.render.report.setting import anchors_of, resolve

DAY = date(2026, 3, 2)
SVG = '<svg xmlns="http://www.w3.org/2000/svg" width="200" height="100"><rect width="50" height="50"/></svg>'
CHANGES = Changes(
    "v1.3",
    (
        Change("changed", "ML-1", "requirement", ("acceptance[0].bound: 0.97 -> 0.98",), ("G-2",)),
        Change("removed", "HE-9", "hazardous_event"),
    ),
)

HOSTILE = [
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    '"><svg onload=alert(1)>',
    "{{ 7 * 7 }}{% include '/etc/passwd' %}",
    "#eval(\"1+1\") #read(\"/etc/passwd\") $x^2$ *bold* _it_ @ref <label> \\ // c /* c */ `raw` = head",
    "javascript:alert(1)",
    "]]> --> </style><script>x()</script>",
    "\x1b]0;owned\x07\x1b[2J",
    "\u202eevil\u2066",
]  # fmt: skip


class Page(HTMLParser):
    """Collects what a page is made of."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.words = ""
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.words += data

    def values(self, name: str) -> list[str]:
        return [a[name] or "" for _, a in self.tags if name in a]


def make(example: Any, **more: Any) -> Report:
    logged = replace(example.assessment, log=LogFact("example.org/log", 42, "4e" * 32, 42, ("example.org/log",)))
    return build(logged, more.pop("decision", example.decision), generated_for=DAY, **more)


@pytest.fixture(scope="module")
def page(example: Any) -> Page:
    return Page(to_html(make(example, pages=(SVG,), since=CHANGES, baseline=Baseline("v1.4", "0.1.0"))))


@pytest.fixture(scope="module")
def pdf_text(example: Any) -> str:
    return words_of(to_pdf(make(example, pages=(SVG,), since=CHANGES, baseline=Baseline("v1.4", "0.1.0"))))


def words_of(pdf: bytes) -> str:
    document = pypdfium2.PdfDocument(pdf)
    return "\n".join(page.get_textpage().get_text_range() for page in document)


CONTENTS = [
    "BLOCKED: no release", "4 errors stand between this case and a pass.", "9c1e" * 10, "v1.4", "3f" * 32, "77" * 32, "4e" * 32,
    "could not be opened: no signature can be believed", "How to read this report",
    "Waived deviations", "s.lindqvist", "2026-06-30", "Residual risks", "complete stop sign", "a field trial follows in May",
    "G-1 → S-1 → G-3 → ML-2 → EV-GHOST", "Two-lane suburban roads", "400 lx", "switched off by the rain sensor",
    "S3", "Side impact at 50 km/h", "500 ms", "ML01:2023", "Input Manipulation Attack",
    "497 of 500", "9 of 1000", "0.0156526", "not shown", "missing", "EV-DATA is stale", "these do NOT count",
    "clopper-pearson", "m.haddad as verification", "casework run EV-VAL", "until 2027-02-27", "reference run",
    "Drawn with seed 2", "doubt accepted: it may hold", "the file is the one described", "Signs beyond 60 m", "ML base practices answered: 1 of 31 (3.2 %)",
    "TCL1", "nothing detects it", "changed since: does not count", "Without a sign-off of the present state",
    "acceptance[0].bound: 0.97 -> 0.98", "Limits of this report", "Glossary", "missed_by_map <= 0.02 ratio",
    "GSN diagram, page 1 of 1", "[0.982562, 0.998761]", "0.999999 ratio",
]  # fmt: skip


@pytest.mark.parametrize("words", CONTENTS)
def test_html_holds_what_an_assessor_expects(page: Page, words: str) -> None:
    assert words in page.words


@pytest.mark.parametrize("words", CONTENTS)
def test_pdf_holds_the_same(pdf_text: str, words: str) -> None:
    def folded(text: str) -> str:
        return re.sub(r"[\s\u200b\ufffe\xa0]", "", text)

    assert folded(words) in folded(pdf_text)


def test_open_points_come_before_anything_that_speaks_for_the_case(page: Page) -> None:
    order = [
        page.words.index(f"\u2002{title}")
        for title in ("Open points", "Scope", "Hazard log", "Requirements", "Argument")
    ]
    assert order == sorted(order)


def test_every_table_says_what_it_was_generated_from(page: Page) -> None:
    tables = sum(tag == "table" for tag, _ in page.tags)
    assert tables > 25
    assert page.words.count("Generated from ") >= tables


def test_every_status_has_sign_and_word(page: Page) -> None:
    chips = [a for tag, a in page.tags if tag == "span" and (a.get("class") or "").startswith("chip ")]
    signs = [a for tag, a in page.tags if tag == "span" and a.get("aria-hidden") == "true"]
    assert len(chips) > 50
    assert len(signs) >= len(chips)


def test_page_is_self_contained_and_runs_nothing(page: Page) -> None:
    assert not [
        tag for tag, _ in page.tags if tag in ("script", "iframe", "object", "embed", "link", "form", "svg", "base")
    ]
    assert all(src.startswith("data:image/svg+xml;base64,") for src in page.values("src"))
    policy = next(a["content"] or "" for tag, a in page.tags if tag == "meta" and "http-equiv" in a)
    assert "default-src 'none'" in policy
    assert "script" not in policy
    assert "unsafe" not in policy


def test_links_lead_somewhere_and_ids_are_unique(page: Page) -> None:
    ids = page.values("id")
    assert len(ids) == len(set(ids))
    targets = [href[1:] for href in page.values("href")]
    assert len(targets) > 100
    assert set(targets) <= set(ids)


@pytest.mark.parametrize("text", HOSTILE)
def test_text_of_the_case_is_never_markup(example: Any, text: str) -> None:
    findings = tuple(replace(f, message=text, fix=text, file=text) for f in example.decision.findings)
    waived = tuple(replace(w, reason=text, by=text, expires=text, waiver=text) for w in example.decision.waived)
    project = example.assessment.project.model_copy(update={"name": text, "component": text, "version": text})
    appraisals = {
        key: replace(item, reasons=(text,), superseded=(text,)) for key, item in example.assessment.appraisals.items()
    }
    hostile = replace(example.assessment, project=project, appraisals=appraisals, commit=text)
    changes = Changes(text, (Change("added", text, text, (text,), (text,)),))
    report = build(
        hostile,
        Decision("blocked", findings, waived, False),
        generated_for=DAY,
        since=changes,
        baseline=Baseline(text, text),
    )
    html = to_html(report)
    page = Page(html)
    assert clean(text) in page.words
    assert not [tag for tag, a in page.tags if tag in ("script", "img") or any(name.startswith("on") for name in a)]
    assert all(href.startswith("#") for href in page.values("href"))
    assert not re.search("[\x00-\x08\x0b-\x1f\x7f\u202a-\u202e\u2066-\u2069]", html)
    pdf = to_pdf(report)
    folded = re.sub(r"[\s\u200b\ufffe\xa0]", "", words_of(pdf))
    assert re.sub(r"[\s\u200b\ufffe\xa0]", "", clean(text)) in folded
    assert b"/JavaScript" not in pdf
    assert b"/URI" not in pdf


def test_hostile_node_text_reaches_both_formats_as_text(example: Any, rebuild: Any) -> None:
    texts = {
        path: text.replace("Reports stop signs to the junction assistant", ">-\n    #read(\"/etc/passwd\") <b onclick=x()>{{ 7*7 }}</b>")
        for path, text in example.texts.items()
    }  # fmt: skip
    other = rebuild(texts)
    report = make(other)
    page = Page(to_html(report))
    assert '#read("/etc/passwd") <b onclick=x()>{{ 7*7 }}</b> of the roadside unit' in page.words
    assert not page.values("onclick")
    assert "{{7*7}}" in re.sub(r"\s|\u200b", "", words_of(to_pdf(report)))


def test_same_case_same_bytes(example: Any) -> None:
    assert to_html(make(example)) == to_html(make(example))
    assert to_pdf(make(example, pages=(SVG,))) == to_pdf(make(example, pages=(SVG,)))


def test_pdf_bears_no_other_date_than_the_one_handed_in(example: Any) -> None:
    pdf = to_pdf(make(example))
    dates = set(re.findall(rb"D:(\d{8})", pdf)) | set(re.findall(rb"(20\d\d-\d\d-\d\d)T", pdf))
    assert dates <= {b"20260302", b"2026-03-02"}


def test_a_picture_that_is_no_svg_is_a_wrong_call(example: Any) -> None:
    with pytest.raises(ValueError, match="cannot be set as PDF"):
        to_pdf(make(example, pages=("<svg",)))


def test_pass_without_release_is_said_on_the_first_page(example: Any) -> None:
    page = Page(to_html(make(example, decision=Decision("pass", (), (), False))))
    assert "PASS: no release" in page.words
    released = Page(to_html(make(example, decision=Decision("pass", (), (), True))))
    assert "PASS: release is not excluded" in released.words


def test_uncommitted_files_are_said_on_the_first_page(example: Any) -> None:
    dirty = build(replace(example.assessment, dirty=True), example.decision, generated_for=DAY)
    words = Page(to_html(dirty)).words
    assert "this is no baseline" in words
    assert "with uncommitted changes" in words


def test_an_empty_case_makes_a_report_that_says_so(rebuild: Any) -> None:
    words = Page(to_html(make(rebuild({"a.yaml": "[]"})))).words
    for said in (
        "The case has no hazardous event.",
        "The case holds no argument.",
        "No evidence is planned.",
        "defines no operational design domain",
    ):
        assert said in words


def test_pointers_that_lead_nowhere_are_dropped(example: Any) -> None:
    report = make(example)
    known = set(anchors_of(report.sections)) | set(anchors_of(report.front))
    assert anchor_of("ML-1") in known

    def pointers(value: Any) -> list[str]:
        if isinstance(value, dict):
            return [v for k, v in value.items() if k == "to" and v] + [p for v in value.values() for p in pointers(v)]
        return [p for v in value for p in pointers(v)] if isinstance(value, list) else []

    assert set(pointers(resolve(report))) <= known


def section(report: Report, anchor: str) -> Section:
    found = [part for top in report.sections for part in (top, *top.sections)]
    return next(part for part in found if part.anchor == anchor)


def rows(part: Section) -> list[str]:
    """Return the rows of a section's tables, each as a line of text."""
    tables = [block for inner in (part, *part.sections) for block in inner.blocks if isinstance(block, Table)]
    return [
        " | ".join(" ".join("".join(run.text for run in line) for line in cell) for cell in row.cells)
        for table in tables
        for row in table.rows
    ]


class TestStructure:
    def test_main_parts_start_a_page_and_short_ones_do_not(self, example: Any) -> None:
        starts = [part.anchor for part in make(example).sections if part.new_page]
        assert starts == [
            "open-points", "scope", "hazards", "requirements", "argument", "vv", "evidence", "trace", "appendix",
        ]  # fmt: skip

    def test_every_figure_of_a_record_stands_in_the_appendix_once(self, example: Any) -> None:
        report = make(example)
        for key, item in example.assessment.appraisals.items():
            if item.record is None:
                continue
            words = "\n".join(rows(section(report, f"figures-{anchor_of(key)}")))
            for metric in item.record.metrics:
                low = figure(metric.ci_low, "down") if metric.ci_low is not None else ""
                assert words.count(f"[{low}, ") == 1 or not low
                assert metric.name in words
        assert not [row for row in rows(section(report, "evidence")) if "clopper-pearson" in row]

    def test_results_show_only_what_is_judged(self, example: Any) -> None:
        words = rows(section(make(example), "vv-criteria"))
        met = [row for row in words if "recall of distance=near >= " in row]
        assert len(met) == 1
        assert "497 of 500" in met[0]
        assert re.search(r"at least 0\.\d+ \| .*\| EV-VAL", met[0])
        assert any("at most 0.0156526" in row and "not shown" in row for row in words)
        assert any("missing" in row and "EV-DATA is stale" in row for row in words)
        assert len(words) == len(set(words))

    def test_model_cards_name_the_worst_slices(self, example: Any) -> None:
        words = rows(section(make(example), "models"))
        recall = [row for row in words if row.startswith("recall |")]
        assert [row.rpartition(" | ")[2] for row in recall] == [
            "distance=far 0.91 (455 of 500) distance=near 0.994 (497 of 500)"
        ]
        assert not [row for row in words if row.startswith("distance=")]

    def test_the_three_worst_slices_are_the_worst(self, example: Any) -> None:
        item = example.assessment.appraisals["EV-VAL"]
        slices = [("all", 0.9), ("x=a", 0.7), ("x=b", 0.95), ("x=c", 0.2), ("x=d", 0.7)]
        more = tuple(Metric(name=n, slice=s, value=v, unit="ratio") for n in ("precision", "fnr") for s, v in slices)
        record = item.record.model_copy(update={"metrics": more})
        statement = item.verdict.statement.model_copy(update={"predicate": record})
        known = {
            **example.assessment.appraisals,
            "EV-VAL": replace(item, verdict=replace(item.verdict, statement=statement)),
        }
        case = replace(example.assessment, appraisals=known)
        words = rows(section(build(case, example.decision, generated_for=DAY), "models"))
        worst = {row.partition(" | ")[0]: row.rpartition(" | ")[2] for row in words}
        assert worst["precision"] == "x=c 0.2 x=a 0.7 x=d 0.7"
        assert worst["fnr"] == "x=b 0.95 x=a 0.7 x=d 0.7"

    def test_traces_name_a_hazard_once(self, example: Any) -> None:
        words = rows(section(make(example), "trace-forward"))
        assert sum("HE-1" in row for row in words) == 1
        assert any(row.startswith("SYS-1 | ML-1 | EV-VAL") for row in words)
        assert any(row.startswith(" | ML-1 → DAT-1 | EV-DATA") and "EV-DATA is stale" in row for row in words)

    def test_a_top_goal_names_the_evidence_that_it_hangs_on(self, example: Any) -> None:
        (row,) = rows(section(make(example), "argument-points"))
        assert "EV-DATA, EV-GHOST, EV-VAL" in row
        assert row.endswith("| none")

    def test_each_picture_links_to_what_it_shows(self, example: Any) -> None:
        drawn = '<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"><g id="el-G-1"/><g id="el-XX"/></svg>'
        page = Page(to_html(make(example, pages=(drawn,))))
        assert "GSN diagram, page 1 of 1. In the text: G-1" in page.words

    def test_the_first_page_tells_the_case_in_a_minute(self, page: Page) -> None:
        first = page.words[: page.words.index("How to read this report", page.words.index("In one minute"))]
        for said in (
            "of 2 hazardous events are supported", "of 4 pieces of evidence count", "judgements of criteria by measured figures are met",
            "(1 only by named tests, which exist, but of which the case holds no results)", "Conditions outside the ODD",
            "1 requirement of level tool rest", "MC-INT8 Signs beyond 60 m are not detected",
            "CG-1 Drawn scenes lack the clutter of real roads (s.lindqvist)", "until 2026-06-30, s.lindqvist", "HE-2", "assumption",
        ):  # fmt: skip
            assert said in first

    def test_the_first_page_tells_signed_results_from_named_tests(self, rebuild: Any) -> None:
        example = rebuild({"requirements/a.yaml": BOTH})
        held = judged(example.assessment, "ML", "BOTH")
        words = Page(to_html(build(held, example.decision, generated_for=DAY))).words
        assert (
            "5 of 6 requirements are supported (2 by signed results, their own or those of requirements that refine them, "
            "1 by signed results and named tests, 2 only by named tests, which exist, but of which the case holds no results)"
        ) in words
        assert "2 of 2 goals of the argument are supported, 1 of them only by named tests" in words
        assert "3 requirements of level data, system, tool rest on tests that are named; whether these pass" in words
        assert (
            "Requirements on software tools: 1 of 2 (50.0 %) supported, 1 of them only by tests that they name" in words
        )

    def test_where_all_is_measured_no_named_test_is_spoken_of(self, rebuild: Any) -> None:
        example = rebuild({"requirements/a.yaml": BOTH.partition("- {type: goal, id: G2")[0]})
        held = judged(example.assessment, "ML")
        words = Page(to_html(build(held, example.decision, generated_for=DAY))).words
        assert "2 of 2 requirements are supported (2 by signed results" in words
        assert "no requirement rests on a test whose result is not held" in words
        assert "only by" not in words.partition("How to read this report")[0]

    def test_a_hazard_is_mitigated_through_its_safety_goals(self, example: Any, rebuild: Any) -> None:
        words = Page(to_html(make(example))).words
        assert "through SG-1: SYS-1" in words
        texts = dict(example.texts)
        for old in ("mitigates: [HE-2]", "derives_from: [SG-2]"):
            texts["requirements/system.yaml"] = texts["requirements/system.yaml"].replace(old, "")
        bare = Page(to_html(make(rebuild(texts)))).words
        assert "no requirement, neither itself nor through a safety goal" in bare
        assert "no requirement, neither itself nor through a safety goal" not in words

    def test_the_glossary_explains_each_metric_that_is_used(self, example: Any) -> None:
        report = make(example)
        (terms, metrics, *_rest) = section(report, "glossary").blocks
        named = {name for name, _ in metrics.pairs}
        assert named == {"recall", "fnr", "fppi", "metric_drop", "leaked_items", "map50"}
        assert {"ACP", "Clopper-Pearson", "DSSE", "SPI"} <= {name for name, _ in terms.pairs}
        said = dict(metrics.pairs)["fnr"][0][0].text
        assert said == "Objects missed of objects present; 1 - recall (ratio; less is better)."

    def test_no_page_says_pass_of_a_criterion(self, example: Any) -> None:
        words = " ".join(rows(section(make(example), "vv-criteria")) + rows(section(make(example), "requirements-ml")))
        assert "not met" in words
        assert not re.search(r"\b(pass|fail|not run)\b", words)


BOTH = """
- {type: goal, id: G1, statement: The model is good., supported_by: [SN1]}
- {type: solution, id: SN1, statement: Its tests., cites: [ML]}
- type: requirement
  id: ML
  level: ml
  statement: It shall find.
  derives_from: [SYS]
  acceptance: [{metric: leaked_items, op: "==", bound: 0, unit: count}]
- {type: requirement, id: SYS, level: system, statement: It shall.}
- {type: goal, id: G2, statement: The tool is good., supported_by: [SN2]}
- {type: solution, id: SN2, statement: Its tests., cites: [T1]}
- {type: requirement, id: T1, level: tool, statement: It shall refuse., derives_from: [SYS2], verified_by: ["t.py::test_a"]}
- {type: requirement, id: SYS2, level: system, statement: It shall also.}
- type: requirement
  id: BOTH
  level: data
  statement: It shall both.
  verified_by: ["t.py::test_a"]
  acceptance: [{metric: leaked_items, op: "==", bound: 0, unit: count}]
- {type: requirement, id: GONE, level: tool, statement: It shall too., verified_by: ["t.py::test_gone"]}
"""


def judged(assessment: Any, *keys: str) -> Any:
    """The assessment with a test that is defined, and the criterion of each requirement met."""
    met = Judgement("met", "leaked_items == 0", "0 count", "exact", 0.0, 0.0)
    results = {key: (CriterionResult(key, 0, "EV", met),) for key in keys}
    held = replace(assessment, tests={"t.py": frozenset({"test_a"})}, results=results)
    return replace(held, statuses=statuses(held))


class TestFigures:
    @pytest.mark.parametrize(
        ("value", "side", "text"),
        [
            (0.9999999, "down", "0.999999"), (0.0100000001, "up", "0.0100001"), (0.95, "down", "0.95"), (1.0, "down", "1"),
            (1234567.0, "down", "1234567"), (0.1 + 0.2, "exact", "0.30000000000000004"), (-0.0, "exact", "0"),
            (1e-9, "up", "0.000000001"), (123456.789, "up", "123457"), (1e300, "exact", "1E+300"), (2.5e-7, "down", "0.00000025"),
        ],
    )  # fmt: skip
    def test_rounding_never_flatters(self, value: float, side: Any, text: str) -> None:
        assert figure(value, side) == text

    def test_metrics_are_rounded_to_the_worse_side(self) -> None:
        def metric(name: str, value: float) -> Metric:
            return Metric(
                name=name,
                value=value,
                unit="ratio",
                ci_low=0.12345678,
                ci_high=0.98765432,
                confidence=0.95,
                method="bootstrap",
            )

        assert measured(metric("recall", 0.98765499)) == "0.987654 ratio"
        assert measured(metric("fnr", 0.01234501)) == "0.0123451 ratio"
        assert measured(metric("home_made", 0.123456789)) == "0.123456789 ratio"
        assert interval(metric("recall", 0.5)) == "95 % [0.123456, 0.987655] bootstrap"

    @pytest.mark.parametrize(
        ("part", "whole", "text"),
        [
            (999, 1000, "999 of 1000 (99.9 %)"),
            (9999, 10000, "9999 of 10000 (99.9 %)"),
            (3, 3, "3 of 3 (100 %)"),
            (0, 0, "0 of 0"),
        ],
    )
    def test_shares_are_rounded_down(self, part: int, whole: int, text: str) -> None:
        assert share(part, whole) == text


@pytest.mark.parametrize(
    "url",
    [
        "javascript:alert(1)",
        "http://a.b",
        "data:text/html,x",
        "https://u:p@h.x",
        "//h.x",
        "https:",
        "https://a b",
        "file:///etc/passwd",
        "https://ex\u0430mple.com",
    ],
)
def test_only_https_addresses_become_links(url: str) -> None:
    assert web(url).url == ""
    assert web("https://example.com/a?b=c").url == "https://example.com/a?b=c"


def test_backquotes_become_code() -> None:
    assert [(r.text, r.style) for r in prose("Run `casework run` now")] == [
        ("Run ", "plain"),
        ("casework run", "code"),
        (" now", "plain"),
    ]
    assert [r.text for r in prose("an odd ` quote")] == ["an odd ` quote"]


def test_many_findings_alike_share_a_row_that_names_every_node(example: Any) -> None:
    one = example.decision.findings[1]
    many = tuple(replace(one, code="TRC-015", node=f"R-{i}", message=f"R-{i} is unsigned") for i in range(30))
    page = Page(to_html(make(example, decision=Decision("blocked", many, (), True))))
    assert "30 findings alike, such as: R-0 is unsigned" in page.words
    assert all(f"R-{i}" in page.words for i in range(30))
    assert "R-7 is unsigned" not in page.words
