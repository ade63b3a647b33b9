"""Attacks 103 and 104 through every renderer: hostile words in every text of a case, the outputs parsed by their own readers.

For formats with markup, the tags and attributes of the hostile case are those of the same case with harmless words: no word becomes one.
Words are also found again in the output, so that a renderer that simply drops them does not pass.
"""

from __future__ import annotations

import csv
import io
import json
import re
import zipfile
from collections.abc import Callable
from html.parser import HTMLParser
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
import yaml
from lab_case import LabCase
from sealed import CHECKS, GOOD, rate

from casework.cli.main import main
from casework.model.result import Metric, SelfCheck

MARK = "zq7mark"
HARMLESS = f"plain {MARK} words"
ATTACKS = {
    "tag": f'"><img src=x onerror=alert("{MARK}")>',
    "script": f"</title></style></textarea></script><script>{MARK}()</script>",
    "svg": f"</text></svg><svg/onload={MARK}()><a href='javascript:{MARK}()'>",
    "comment": f"--><script>{MARK}()</script><!-- ]]><![CDATA[ {MARK}",
    "entity": f"&lt;script&gt;{MARK}&#x3c;/script&#x3e; &x; &amp;amp;",
    "template": f"{{{{7*7191}}}} {{% for c in ().__class__.mro() %}}{MARK}{{% endfor %}} ${{7*7191}} #{{7*7191}} <%= 7*7191 %>",
    "dot": f'\\N \\G "]; {MARK} [URL="javascript:alert(1)" label=<<b>{MARK}</b>>]; // \\',
    "html label": f"<<table><tr><td href='http://evil.example/{MARK}'>x</td></tr></table>>",
    "markdown": f"[{MARK}](javascript:alert) ![x](http://evil.example/{MARK}.png) | a | **b** `c` <!-- @everyone #1 http://evil.example/{MARK}",
    "workflow": f"%0A::error file=x::{MARK} ::set-output name=a::b %25 ::add-mask::x",
    "formula": f"=HYPERLINK(\"http://evil.example/{MARK}\",\"x\")",
    "command": f"@SUM(1)+cmd|'/C calc'!A0 {MARK}",
    "plus": f"+1-1 {MARK}",
    "typst": f'#read("/etc/passwd") #panic("{MARK}") $x$ `c` *b* _i_ \\ = {MARK}',
    "latex": f"\\input{{/etc/passwd}} \\write18{{id}} {MARK}",
}  # fmt: skip
SEEN = "\x1b[31m\x1b]8;;http://evil.example\x07\u202e\u2066\u200b\x00\x9b31m\x7f"
EACH = tuple(ATTACKS.values())
FEW = (" ".join(EACH), ATTACKS["script"], ATTACKS["markdown"])
"""All words in one text, and two that do most where they stand alone."""
SOLVED = "50337"  # 7 * 7191: what a template that is run would leave
TEXTS = frozenset(
    {
        "statement", "rationale", "provenance", "licence", "hazard", "situation", "safe_state", "intended_use", "deployed_on", "labelling",
        "version", "name", "title", "reason", "limits", "notes", "meaning",
    }
)  # fmt: skip
KEPT = {"name": {"distance", "train", "test", "image", "heat"}}
"""Names that other fields or manifests refer to."""


def poisoned(value: Any, word: str, field: str = "") -> Any:
    """Return a node with every free text in it replaced by a word."""
    if isinstance(value, dict):
        return {key: poisoned(item, word, key) for key, item in value.items()}
    if isinstance(value, list):
        return [poisoned(item, word, field) for item in value]
    if field in TEXTS and isinstance(value, str) and value not in KEPT.get(field, ()):
        return f"{word} shall {value}" if field == "statement" else word
    return value


def spoil(lab: LabCase, word: str) -> None:
    """Put a word wherever a case, its configuration and its evidence hold text of their authors; some of it is at fault, so that it is found."""
    said = [
        poisoned(node | {"title": word, "notes": word, "tags": [word]}, word)
        for node in yaml.safe_load(lab.nodes.read_text())
    ]
    said.append(
        {
            "type": "waiver",
            "id": "W-1",
            "of": "TRC-001",
            "node": "REQ-1",
            "by": word,
            "role": word,
            "reason": word,
            "expires": "2026-12-31",
        }
    )
    said.append(
        {
            "type": "requirement",
            "id": "REQ-9",
            "level": "system",
            "statement": word,
            "derives_from": [word],
            "owner": word,
            word: word,
        }
    )
    said.append({"type": "goal", "id": word, "statement": word, "supported_by": [word]})
    said.append({"type": word, "id": "X-1"})
    # JSON is YAML; control characters stay escaped, so that they reach the program and not the reader of bytes.
    lab.nodes.write_text(json.dumps(said))
    config = {"schema": "casework/v1", "name": word, "component": word, "version": word, "review": {"types": []}}
    (lab.root / "casework.yaml").write_text(json.dumps(config))
    for key in ("EV-1", "EV-2"):
        lab.unseal(key)
    if all(c.isprintable() for c in word):
        metrics = (*GOOD["EV-1"], rate(word[:100], 1, 2, word[:300]), Metric(name="x", value=1.0, unit=word[:20]))
        checks = (*CHECKS, SelfCheck(name=word[:100], outcome="failed", detail=word))
        lab.seal("EV-1", metrics=metrics, reason=word, self_checks=checks)


@pytest.fixture
def rendered(lab: LabCase, capfdbinary: pytest.CaptureFixture[bytes], tmp_path: Path) -> Callable[..., bytes]:
    """Return a function that gives what a command writes for the case with a word in all its texts."""
    last: list[str] = []

    def render(word: str, *command: str, file: str = "") -> bytes:
        if last != [word]:
            if last:
                lab.nodes.write_text(honest)
            spoil(lab, word)
            last[:] = [word]
        capfdbinary.readouterr()
        out = tmp_path / "out"
        extra = ["-o", str(out)] if file else []
        code = main([*command, *extra, "--now", "2026-06-01"] if command[0] not in {"show"} else [*command, *extra])
        made = capfdbinary.readouterr()
        assert code in {0, 1}, (word, made.err)
        assert b"Traceback" not in made.err
        assert not any(c < 32 and c not in b"\n\t" for c in made.err)
        if not file:
            return made.out
        return out.read_bytes() if out.is_file() else next(out.glob(file)).read_bytes()

    honest = lab.nodes.read_text()
    return render


class Page(HTMLParser):
    """The tags, attributes and addresses of a page, what its scripts say, and its text."""

    def __init__(self, text: str) -> None:
        super().__init__(convert_charrefs=True)
        self.tags: set[tuple[str, str]] = set()
        self.addresses: list[str] = []
        self.scripts: list[str] = []
        self.text = ""
        self.comments: list[str] = []
        self._in = ""
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._in = tag
        self.tags.add((tag, ""))
        for name, value in attrs:
            self.tags.add((tag, name))
            if name in {"href", "src", "xlink:href", "action", "formaction", "data", "poster"}:
                self.addresses.append(value or "")

    def handle_endtag(self, _tag: str) -> None:
        self._in = ""

    def handle_data(self, data: str) -> None:
        if self._in in {"script", "style"}:
            self.scripts.append(data)
        else:
            self.text += data

    def handle_comment(self, data: str) -> None:
        self.comments.append(data)


def judge_markup(hostile: str, harmless: str) -> None:
    bad, good = Page(hostile), Page(harmless)
    assert bad.tags <= good.tags, bad.tags - good.tags
    assert not [name for _tag, name in bad.tags if name.startswith("on")]
    assert [s for s in bad.scripts if "<" not in s and MARK in s] == []
    assert len(bad.scripts) == len(good.scripts)
    assert bad.comments == good.comments
    assert [a for a in bad.addresses if not re.match(r"^(#|[\w./-]+$|data:(image|font)/)", a)] == []
    assert MARK in bad.text
    assert SOLVED not in bad.text


WORDS = pytest.mark.parametrize(
    "words", [pytest.param(FEW, id="few"), pytest.param(EACH, id="each", marks=pytest.mark.slow)]
)


@WORDS
@pytest.mark.parametrize("name", ["gaps", "report"])
def test_attack_103_html(rendered: Callable[..., bytes], name: str, words: tuple[str, ...]) -> None:
    file = "*.html" if name == "report" else ""
    harmless = rendered(HARMLESS, name, "-f", "html", file=file).decode()
    for word in words:
        hostile = rendered(word, name, "-f", "html", file=file).decode()
        judge_markup(hostile, harmless)
        assert "Content-Security-Policy" in hostile


def svg_vocabulary(text: str) -> set[tuple[str, str]]:
    found: set[tuple[str, str]] = set()
    for element in ElementTree.fromstring(text).iter():
        found.add((str(element.tag), ""))
        found |= {(str(element.tag), name) for name in element.attrib}
    return found


@WORDS
def test_attack_103_svg(rendered: Callable[..., bytes], words: tuple[str, ...]) -> None:
    allowed = svg_vocabulary(rendered(HARMLESS, "gsn", "-f", "svg", file="*.svg").decode())
    for word in words:
        text = rendered(word, "gsn", "-f", "svg", file="*.svg").decode()
        found = svg_vocabulary(text)
        own = {
            ("{http://www.w3.org/2000/svg}a", name) for name in ("", "href")
        }  # from page to page, where there are several
        assert found <= allowed | own, found - allowed
        assert not [name for _tag, name in found if name.rpartition("}")[2].startswith("on")]
        assert {tag.rpartition("}")[2] for tag, _ in found}.isdisjoint(
            {"script", "foreignObject", "image", "iframe", "set", "animate"}
        )
        for element in ElementTree.fromstring(text).iter():
            addresses = [v for k, v in element.attrib.items() if k.rpartition("}")[2] == "href"]
            assert all(a.startswith("#") or re.fullmatch(r"[\w./-]+", a) for a in addresses)
        shown = "".join(ElementTree.fromstring(text).itertext())
        assert MARK[:3] in shown
        assert SOLVED not in shown


@WORDS
def test_attack_103_dot(rendered: Callable[..., bytes], words: tuple[str, ...]) -> None:
    pygraphviz = pytest.importorskip("pygraphviz")

    def read(word: str) -> tuple[int, int, set[str], list[str]]:
        graph = pygraphviz.AGraph(string=rendered(word, "gsn", "-f", "dot").decode())
        names = {key for node in graph.nodes() for key in node.attr}
        return len(graph.nodes()), len(graph.edges()), names, [node.attr["label"] or "" for node in graph.nodes()]

    good = read(HARMLESS)
    for word in words:
        bad = read(word)
        assert bad[:2] == good[:2]
        assert bad[2] <= good[2]
        assert "URL" not in bad[2] - good[2]
        assert not [label for label in bad[3] if label.startswith("<")]
        assert any(MARK in label for label in bad[3])
        bare = re.sub(r'"(\\.|[^"\\])*"', '""', rendered(word, "gsn", "-f", "dot").decode())
        assert MARK not in bare
        assert "<" not in bare
        assert "URL" not in bare


@pytest.mark.parametrize("form", ["png", "pdf"])
def test_attack_103_pictures_are_made_whatever_the_words(rendered: Callable[..., bytes], form: str) -> None:
    start = {"png": b"\x89PNG", "pdf": b"%PDF"}[form]
    for name in ("typst", "svg", "template", "latex"):
        assert rendered(ATTACKS[name], "gsn", "-f", form, file="*").startswith(start)


def test_attack_103_pdf_report_shows_the_words_and_runs_none(rendered: Callable[..., bytes]) -> None:
    pdfium = pytest.importorskip("pypdfium2")
    for name in ("typst", "template"):
        document = pdfium.PdfDocument(rendered(ATTACKS[name], "report", "-f", "pdf", file="*.pdf"))
        text = "".join(page.get_textpage().get_text_range() for page in document)
        assert MARK in re.sub(r"\s", "", text)
        assert SOLVED not in text
        assert "root:" not in text
        assert b"/JavaScript" not in rendered(ATTACKS[name], "report", "-f", "pdf", file="*.pdf")


@pytest.mark.parametrize(
    "command", [("check", "-f", "markdown"), ("diff", "HEAD", "-f", "markdown")], ids=["check", "diff"]
)
@WORDS
def test_attack_103_markdown(rendered: Callable[..., bytes], command: tuple[str, ...], words: tuple[str, ...]) -> None:
    markdown = pytest.importorskip("markdown_it")
    reader = markdown.MarkdownIt("commonmark", {"html": True}).enable(["table", "strikethrough"])

    def tokens(text: str) -> list[Any]:
        flat: list[Any] = []
        for token in reader.parse(text):
            flat += [token, *(token.children or [])]
        return flat

    allowed = {t.type for t in tokens(rendered(HARMLESS, *command).decode())} | {
        "softbreak",
        "text_special",
        "code_inline",
    }
    for word in words:
        text = rendered(word, *command).decode()
        found = tokens(text)
        assert {t.type for t in found} - {"html_inline"} <= allowed, text
        for token in found:
            if token.type in {"html_inline", "html_block"}:
                assert re.fullmatch(
                    r"(\s*(<!--[ \w]*-->|</?(details|summary|br|sub|b|code)>|[\w ]+))*\s*", token.content
                ), token.content
            assert token.type not in {"link_open", "image"}
        loose = re.sub(r"<code>.*?</code>", "", text)  # nothing is linked and nobody notified inside code
        live = re.search(r"(?<![\w&;])(@everyone|#1\b|http://evil)", loose)
        assert live is None, loose[live.start() - 300 : live.end() + 200]
        assert MARK in text


@WORDS
def test_attack_103_sarif_and_json(rendered: Callable[..., bytes], words: tuple[str, ...]) -> None:
    for word in words:
        for form in ("json", "sarif"):
            value = json.loads(rendered(word, "check", "-f", form))
            assert MARK in json.dumps(value)
            assert SOLVED not in json.dumps(value)
        log = json.loads(rendered(word, "check", "-f", "sarif"))
        for result in log["runs"][0]["results"]:
            assert "markdown" not in result["message"]
            for place in result.get("locations", []):
                address = place["physicalLocation"]["artifactLocation"]["uri"]
                assert re.fullmatch(r"[\w./%~-]*", address), address
                assert ".." not in address


@WORDS
def test_attack_103_junit(rendered: Callable[..., bytes], words: tuple[str, ...]) -> None:
    for word in words:
        tree = ElementTree.fromstring(rendered(word, "check", "-f", "junit"))
        assert {e.tag for e in tree.iter()} <= {
            "testsuites",
            "testsuite",
            "testcase",
            "failure",
            "error",
            "skipped",
            "system-out",
            "properties",
            "property",
        }
        assert MARK in "".join([*tree.itertext(), *(v for e in tree.iter() for v in e.attrib.values())])


@WORDS
def test_attack_103_workflow_commands(rendered: Callable[..., bytes], words: tuple[str, ...]) -> None:
    """A line that starts with `::` is a command to the runner: there is one a finding, and its words are escaped."""
    for word in (*words, f"x\r\n::add-mask::{MARK}\n::error::{MARK}"):
        lines = rendered(word, "check", "-f", "github").decode().splitlines()
        commands = [line for line in lines if line.lstrip().startswith("::")]
        assert all(re.match(r"::(error|warning|notice) ", line) for line in commands)
        findings = json.loads(rendered(word, "check", "-f", "json"))["findings"]
        assert len(findings) <= len(commands) <= len(findings) + 1  # one more is for the decision


def test_attack_103_spreadsheets_hold_no_formula(rendered: Callable[..., bytes]) -> None:
    openpyxl = pytest.importorskip("openpyxl")
    for name in ("formula", "command", "plus", "tag", "template"):
        data = rendered(ATTACKS[name], "gaps", "-f", "xlsx", file="x")
        book = openpyxl.load_workbook(io.BytesIO(data))
        cells = [c for sheet in book for row in sheet.iter_rows() for c in row if c.value is not None]
        assert {c.data_type for c in cells} <= {"s", "n", "inlineStr"}
        assert not [c for c in cells if c.hyperlink]
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            for member in archive.namelist():
                assert b"<f>" not in archive.read(member)
                assert b"vbaProject" not in member.encode()
                assert "externalLink" not in member
        rows = list(csv.reader(io.StringIO(rendered(ATTACKS[name], "gaps", "-f", "csv").decode())))
        assert not [cell for row in rows for cell in row if cell[:1] in set("=+-@\t\r")]


TERMINAL = [
    ("check",), ("check", "-f", "github"), ("check", "-f", "markdown"), ("gaps",), ("show", "REQ-1"), ("show", "G-1"), ("show", "EV-1"),
    ("diff", "HEAD"), ("impact", "REQ-1"), ("gsn", "-f", "dot"), ("gaps", "-f", "csv"), ("check", "-f", "junit"), ("check", "-f", "sarif"),
    ("check", "-f", "json"), ("gaps", "-f", "json"), ("show", "REQ-1", "-f", "json"),
]  # fmt: skip


MACHINE = {"json", "sarif", "junit"}
"""Forms for programs: what they escape or mark up is theirs to show."""
WITHOUT_TEXTS = {"gaps", "impact"}
"""Commands that show ids and no words."""


@pytest.mark.parametrize("command", TERMINAL, ids=" ".join)
def test_attack_103_terminals_get_no_control_characters(
    rendered: Callable[..., bytes], command: tuple[str, ...]
) -> None:
    text = rendered(f"{MARK} {SEEN}", *command).decode("utf-8")
    assert command[0] in WITHOUT_TEXTS or MARK in text
    bad = {c for c in text if (ord(c) < 32 and c not in "\n\t\r") or 0x7F <= ord(c) < 0xA0}
    if command[-1] not in MACHINE:
        bad |= {c for c in text if c in "\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"}
    assert not bad, bad
    assert "\r" not in text.replace("\r\n", "")


@pytest.mark.parametrize("command", [c for c in TERMINAL if "-f" not in c], ids=" ".join)
def test_attack_103_no_colour_comes_from_the_case(
    rendered: Callable[..., bytes], command: tuple[str, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Concealed or white-on-white words would hide a finding: only colours of the program's own reach a terminal."""
    monkeypatch.setenv("FORCE_COLOR", "1")
    text = rendered(f"{MARK} \x1b[8m\x1b[37;47m", *command).decode("utf-8")
    assert "\x1b[8m" not in text
    assert "\x1b[37;47m" not in text


def test_attack_104_no_template_is_taken_from_the_case() -> None:
    """Templates are files of the package; nothing in the sources compiles one from a string, and escaping is always on."""
    sources = Path(main.__code__.co_filename).parents[1]
    text = {p: p.read_text("utf-8") for p in sources.rglob("*.py")}
    assert [p for p, t in text.items() if re.search(r"\bfrom_string\(|\bTemplate\(|\brender_template_string", t)] == []
    makers = [p for p, t in text.items() if "jinja2" in t and "Environment(" in t]
    assert makers
    assert [p for p in makers if "autoescape=True" not in text[p] and "StrictUndefined" not in text[p]] == []
    assert [
        p
        for p, t in text.items()
        if re.search(r"(?<![\w.])(eval|exec|__import__)\(|pickle\.|subprocess\..*shell=True|os\.system", t)
        and "rules" not in p.parts
        # What workers of a campaign are sent comes from the process that started them, as multiprocessing and Dask send it.
        and p.parent.name != "compute"
    ] == []
