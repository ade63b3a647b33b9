"""Findings in every format: what they show, what they escape, and what they never leave out silently."""

from __future__ import annotations

import html
import json
import re
from dataclasses import replace
from pathlib import Path
from xml.etree import ElementTree

import jsonschema
import pytest

from casework.model.decision import Decision, Waived
from casework.model.finding import Finding
from casework.render.findings import FORMATS, Options, RuleFact
from casework.render.findings.excerpt import excerpt
from casework.render.findings.markdown import literal
from casework.render.findings.terminal import columns, safe

SOURCE = """- type: requirement
  id: REQ-4
\tlevel: ml   # tab
  derives_from: [SG-9, REQ-2]
  statement: "認識 shall \x1b[31m find" # c
  acceptance:
    - {metric: recall, op: ">=", bound: 0.95}
"""
FILE = "requirements/system.yaml"
DANGLING = Finding(
    "TRC-001",
    "error",
    "REQ-4",
    ("derives_from", 0),
    "REQ-4 links to SG-9, which is not defined",
    "Define it.",
    FILE,
    4,
    18,
)
RULES = {
    "TRC-001": RuleFact("TRC-001", "dangling-link", "error", "A link names a node that does not exist.", "Define it."),
    "HAZ-001": RuleFact(
        "HAZ-001", "unmitigated-hazard", "error", "Nothing mitigates a hazardous event.", "Add a goal."
    ),
}
WAIVED = Waived(
    Finding("DAT-009", "warning", "DS-1", (), "DS-1 shares 3 near twins with DS-2", "Drop them.", "requirements/data.yaml", 3, 1),
    "WV-1", "r.kim", "blank frames; removed in 1.3", "2026-12-31",
)  # fmt: skip
HOSTILE = (
    "x <script>alert(1)</script> | \x1b]0;owned\x07 \u202eevil ::error::no %0A @octocat #12 "
    "[a](javascript:alert(1)) ![b](https://e.vil/x.png) `c` **d** ]]> & \" ' \x00 www.e.vil\n::set-env name=A::B\r\n## h"
)


def decide(
    *findings: Finding, word: str = "blocked", waived: tuple[Waived, ...] = (), release: bool = True
) -> Decision:
    return Decision(word, tuple(sorted(findings, key=lambda f: f.order)), waived, release, (("nodes", 34),))  # type: ignore[arg-type]


def show(name: str, decision: Decision, **options: object) -> str:
    sources = {FILE: SOURCE}.get
    return FORMATS[name](decision, sources, Options(rules=RULES, **options))  # type: ignore[arg-type]


@pytest.mark.parametrize("name", sorted(FORMATS))
class TestEveryFormat:
    def test_says_the_decision_the_code_and_the_place(self, name: str) -> None:
        text = show(name, decide(DANGLING))
        assert "blocked" in text.lower()
        assert "TRC-001" in text.replace("&#45;", "-")
        assert "system.yaml" in text.replace("&#46;", ".")

    def test_shows_waived_deviations_with_person_reason_and_expiry(self, name: str) -> None:
        text = show(name, decide(word="pass", waived=(WAIVED,)))
        for entity, sign in (("&#45;", "-"), ("&#46;", ".")):
            text = text.replace(entity, sign)
        for words in ("DAT-009", "WV-1", "r.kim", "blank frames; removed in 1.3", "2026-12-31"):
            assert words in text

    def test_demo_trust_is_no_release(self, name: str) -> None:
        text = show(name, decide(word="pass", release=False)).lower()
        assert "no release" in text or '"release": false' in text

    def test_is_deterministic_and_ends_in_one_newline(self, name: str) -> None:
        decision = decide(DANGLING, waived=(WAIVED,))
        assert show(name, decision) == show(name, decision)
        assert re.search(r"[^\n]\n\Z", show(name, decision))
        assert "\r" not in show(name, decision)

    def test_hostile_text_brings_no_control_character(self, name: str) -> None:
        finding = replace(DANGLING, message=HOSTILE, fix=HOSTILE, node="REQ-4", file="a\x1b[2J::b,c.yaml")
        waived = replace(WAIVED, finding=finding, by=HOSTILE, reason=HOSTILE, expires=HOSTILE)
        text = show(name, decide(finding, waived=(waived,)))
        if name == "json":
            text = json.dumps(json.loads(text))
        assert not re.search(
            "[\x00-\x08\x0b-\x1f\x7f\u202a-\u202e]", text.replace("\u202e", "") if name == "sarif" else text
        )


class TestText:
    def test_quotes_the_line_with_the_caret_under_the_field(self) -> None:
        lines = show("text", decide(DANGLING)).splitlines()
        at = next(i for i, line in enumerate(lines) if line.startswith("error[TRC-001]"))
        assert lines[at] == "error[TRC-001] dangling-link: REQ-4 links to SG-9, which is not defined"
        assert lines[at + 1] == " --> requirements/system.yaml:4:18"
        assert lines[at + 3 : at + 5] == ["4 |   derives_from: [SG-9, REQ-2]", "  |                  ^^^^"]
        assert "  = see: casework rule TRC-001" in lines

    @pytest.mark.parametrize("ending", ["\n", "\r\n", "\r"])
    def test_line_endings_do_not_move_the_caret(self, ending: str) -> None:
        found = excerpt(SOURCE.replace("\n", ending), 4, 18, 80)
        assert found is not None
        assert (found.line[found.offset : found.offset + found.length], found.line[-1]) == ("SG-9", "]")

    def test_tabs_escapes_and_wide_characters_are_measured_in_columns(self) -> None:
        tab = excerpt(SOURCE, 3, 2, 80)
        assert tab is not None
        assert (tab.line, tab.offset, tab.length) == ("    level: ml   # tab", 4, 5)
        wide = excerpt(SOURCE, 5, 14, 80)
        assert wide is not None
        assert wide.length == columns('"認識 shall \\x1b[31m find"') == 26

    @pytest.mark.parametrize("column", [1, 500, 995, 1000])
    def test_long_lines_are_cut_around_the_caret_and_say_so(self, column: int) -> None:
        found = excerpt("a" * 480 + " " + "b" * 520, 1, column, 60)
        assert found is not None
        assert columns(found.line) <= 60
        assert "…" in found.line
        assert found.offset + found.length <= 61

    def test_a_place_beyond_the_file_is_quoted_as_nothing(self) -> None:
        assert excerpt(SOURCE, 99, 1, 80) is None
        assert excerpt(None, 1, 1, 80) is None

    @pytest.mark.parametrize(("width", "limit"), [(60, 2), (100, 5), (200, 0)])
    def test_every_finding_is_listed_or_counted(self, width: int, limit: int) -> None:
        many = [replace(DANGLING, node=f"REQ-{i}", message=f"REQ-{i} is alone", line=0, file="") for i in range(90)]
        text = show("text", decide(*many), width=width, limit=limit, lines=20)
        listed = len(re.findall(r"REQ-\d+ is alone", text))
        left = re.search(r"and (\d+) more of TRC-001", text)
        assert listed + (int(left.group(1)) if left else 0) == 90
        assert not left or "casework check --all" in text
        assert all(columns(line) <= width for line in text.splitlines() if "casework check" not in line)

    def test_colour_only_on_request_and_never_from_the_case(self) -> None:
        finding = replace(DANGLING, message="a \x1b[2J b", line=5, column=14)
        assert "\x1b" not in show("text", decide(finding))
        coloured = show("text", decide(finding), colour=True)
        assert "\x1b[1;31m" in coloured
        assert set(re.findall("\x1b\\[([^m]*)m", coloured)) <= {"0", "1", "1;31", "1;34", "1;33", "1;32", "2"}
        assert "\\x1b[2J" in coloured
        assert re.sub("\x1b\\[[0-9;]*m", "", coloured) == show("text", decide(finding))

    def test_pass_with_old_errors_says_so(self) -> None:
        text = show("text", decide(replace(DANGLING, new=False), word="pass"), base="main")
        assert "1 error already in the base did not block it" in text
        assert "already found in main" in text

    def test_blocked_without_errors_is_said(self) -> None:
        assert "BLOCKED: no error is listed" in show("text", decide())


class TestJson:
    def test_has_the_documented_shape(self) -> None:
        made = json.loads(show("json", decide(DANGLING, waived=(WAIVED,)), base="v1"))
        assert list(made) == ["schema", "decision", "release", "base", "findings", "waived", "summary"]
        assert made["findings"] == [
            {
                "code": "TRC-001", "name": "dangling-link", "severity": "error", "node": "REQ-4", "field": "derives_from[0]",
                "file": FILE, "line": 4, "column": 18, "message": DANGLING.message, "fix": "Define it.", "new": True,
            }
        ]  # fmt: skip
        assert made["summary"] == {
            "errors": 1, "warnings": 0, "infos": 0, "waived": 1, "new": 1, "codes": {"TRC-001": 1}, "counts": {"nodes": 34}
        }  # fmt: skip
        assert made["release"] is False


class TestSarif:
    @pytest.fixture
    def validator(self) -> jsonschema.Draft4Validator:
        schema = json.loads((Path(__file__).parent / "sarif-2.1.0-rtm.5.json").read_text())
        return jsonschema.Draft4Validator(schema, format_checker=jsonschema.FormatChecker())

    @pytest.mark.parametrize(
        "decision",
        [
            decide(word="pass"),
            decide(DANGLING, waived=(WAIVED,)),
            decide(replace(DANGLING, message=HOSTILE, file="a b/ü%.yaml", line=0)),
        ],
    )
    def test_validates(self, validator: jsonschema.Draft4Validator, decision: Decision) -> None:
        for base in ("", "main"):
            log = json.loads(show("sarif", decision, base=base, version="0.1.0"))
            assert [e.message for e in validator.iter_errors(log)] == []

    def test_the_validator_does_refuse(self, validator: jsonschema.Draft4Validator) -> None:
        log = json.loads(show("sarif", decide(DANGLING)))
        log["runs"][0]["results"][0]["level"] = "fatal"
        assert list(validator.iter_errors(log))

    def test_fingerprints_survive_moved_lines_but_not_other_findings(self) -> None:
        def prints(*findings: Finding) -> list[str]:
            results = json.loads(show("sarif", decide(*findings)))["runs"][0]["results"]
            return [r["partialFingerprints"]["caseworkIdentity/v1"] for r in results]

        assert prints(DANGLING) == prints(replace(DANGLING, line=400, column=2, file="moved.yaml"))
        assert prints(DANGLING) != prints(replace(DANGLING, node="REQ-5"))
        assert len(set(prints(DANGLING, replace(DANGLING, line=9)))) == 2

    def test_waived_findings_are_suppressed_with_their_reason(self) -> None:
        results = json.loads(show("sarif", decide(DANGLING, waived=(WAIVED,))))["runs"][0]["results"]
        assert "suppressions" not in results[0]
        assert "r.kim" in results[1]["suppressions"][0]["justification"]

    def test_uris_are_relative_and_encoded(self) -> None:
        log = json.loads(show("sarif", decide(replace(DANGLING, file="a b/ü.yaml"))))
        place = log["runs"][0]["results"][0]["locations"][0]["physicalLocation"]["artifactLocation"]
        assert place == {"uri": "a%20b/%C3%BC.yaml", "uriBaseId": "%SRCROOT%"}


class TestJunit:
    def test_rules_without_errors_pass_and_counts_agree(self) -> None:
        root = ElementTree.fromstring(show("junit", decide(DANGLING, waived=(WAIVED,))))
        cases = root.findall(".//testcase")
        failed = [c.get("name") for c in cases if c.find("failure") is not None]
        assert failed == ["decision", "TRC-001 dangling-link"]
        assert root.get("tests") == str(len(cases)) == "4"
        assert root.get("failures") == "2"
        for suite in root:
            assert suite.get("failures") == str(len(suite.findall("testcase/failure")))

    def test_blocked_is_red_even_without_a_finding(self) -> None:
        root = ElementTree.fromstring(show("junit", decide()))
        assert root.get("failures") == "1"

    def test_pass_has_no_failure(self) -> None:
        text = show("junit", decide(replace(DANGLING, severity="warning"), replace(DANGLING, new=False), word="pass"))
        assert ElementTree.fromstring(text).get("failures") == "0"

    def test_hostile_text_stays_text(self) -> None:
        root = ElementTree.fromstring(show("junit", decide(replace(DANGLING, message=HOSTILE))))
        failure = root.find(".//testcase[@name='TRC-001 dangling-link']/failure")
        assert failure is not None
        assert "<script>alert(1)</script>" in (failure.text or "")
        assert not list(failure)


class TestGithub:
    def test_annotates_the_place(self) -> None:
        first = show("github", decide(DANGLING)).splitlines()[0]
        title = "title=TRC-001 dangling-link"
        assert (
            first
            == f"::error file={FILE},line=4,col=18,{title}::REQ-4 links to SG-9, which is not defined%0ADefine it."
        )

    def test_no_text_starts_a_command_of_its_own(self) -> None:
        finding = replace(DANGLING, message=HOSTILE, fix=HOSTILE, file="a::b,c.yaml")
        lines = show("github", decide(finding)).splitlines()
        assert len(lines) == 2
        assert lines[0].startswith("::error file=a%3A%3Ab%2Cc.yaml,line=4,col=18,title=")
        assert "%250A" in lines[0]

    def test_errors_come_first_and_the_counts_last(self) -> None:
        warning = replace(DANGLING, severity="warning", file="a.yaml")
        lines = show("github", decide(warning, DANGLING, waived=(WAIVED,))).splitlines()
        assert [line.split(" ")[0] for line in lines] == ["::error", "::warning", "::notice", "::error"]
        assert "1 error, 1 warning, 0 info, 1 waived" in lines[-1]


class TestMarkdown:
    def test_hostile_text_does_nothing(self) -> None:
        made = literal(HOSTILE)
        assert "\n" not in made
        bare = made.replace("<!-- -->", "")
        assert not re.search(r"[<>`*|\[\]()_~:]", bare)
        assert not re.search(r"@octocat|#12\b|://\w|www\.\w", html.unescape(made))
        assert html.unescape(bare).startswith("x <script>alert(1)</script> | \\x1b]0;owned")

    @pytest.mark.parametrize("count", [0, 1, 500, 3000])
    def test_fits_a_comment_and_says_what_is_cut(self, count: int) -> None:
        many = [replace(DANGLING, node=f"REQ-{i}", message=f"REQ-{i} {'|' * 40}", line=i + 1) for i in range(count)]
        waived = tuple(replace(WAIVED, waiver=f"WV-{i}") for i in range(count))
        text = show("markdown", decide(*many, waived=waived))
        assert len(text) <= 65_000
        cut = re.search(r"the table shows (\d+) of (\d+) findings", text)
        assert (cut is not None) == (count > 100)
        if cut:
            assert int(cut.group(1)) == len(re.findall(r"^\| ❌", text, re.M))
            assert int(cut.group(2)) == count
            assert "waived deviations are left out here" in text

    def test_tables_keep_their_columns(self) -> None:
        text = show("markdown", decide(replace(DANGLING, message="a | b \\| c")))
        row = next(line for line in text.splitlines() if line.startswith("| ❌"))
        assert len(re.findall(r"(?<!\\)\|", row)) == 5


def test_safe_shows_bidirectional_controls() -> None:
    assert safe("a\u202eb\u2066\x9bc") == "a\\u202eb\\u2066\\x9bc"


class TestCauseFirst:
    UNREAD = Finding("FMT-001", "error", "", (), "the file is no YAML", "Mend it.", "requirements/zz.yaml", 2, 1)
    NOTE = replace(UNREAD, code="FMT-013", severity="warning", file=FILE, line=7)

    def test_what_could_not_be_read_comes_first_and_says_so(self) -> None:
        lines = show("text", decide(DANGLING, self.UNREAD)).splitlines()
        assert lines[0] == (
            "Mend the 1 error of FMT first: it says what could not be read, and of the 1 other finding some may"
        )
        heads = [line.partition(" (")[0] for line in lines if line.startswith("──")]
        assert heads == ["── requirements/zz.yaml", f"── {FILE}"]
        codes = [line.partition("]")[0] for line in lines if line.startswith("error[")]
        assert codes == ["error[FMT-001", "error[TRC-001"]

    def test_a_file_with_both_has_a_heading_for_each_and_every_finding_counts_once(self) -> None:
        text = show("text", decide(DANGLING, self.NOTE, replace(self.UNREAD, file=FILE)))
        assert re.findall(r"\(1 error, 1 warning\)|\(1 error\)", text) == ["(1 error, 1 warning)", "(1 error)"]

    @pytest.mark.parametrize("findings", [(DANGLING,), (UNREAD,), (DANGLING, NOTE)])
    def test_nothing_is_said_where_nothing_can_follow(self, findings: tuple[Finding, ...]) -> None:
        assert "Mend the" not in show("text", decide(*findings))

    def test_many_unread_files_are_summed_up_before_what_follows(self) -> None:
        many = [replace(self.UNREAD, file=f"requirements/{n}.yaml") for n in range(9)]
        text = show("text", decide(DANGLING, *many))
        assert text.startswith("Mend the 9 errors of FMT first: they say what could not be read")
        assert text.index("4 more FMT-001") < text.index("error[TRC-001]")

    def test_machine_formats_keep_the_order_of_places(self) -> None:
        made = json.loads(show("json", decide(DANGLING, self.UNREAD)))
        assert [f["code"] for f in made["findings"]] == ["TRC-001", "FMT-001"]
