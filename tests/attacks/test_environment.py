"""Attacks 98 to 101, 105 and 106: git, line ends, regular expressions and XML, on a whole case in a git repository."""

from __future__ import annotations

import ast
import importlib
import os
import pkgutil
import re
import time
from pathlib import Path

import pytest
from lab_case import LabCase, git
from sealed import NEAR, rate

import casework
from casework.cli.main import main

SOURCES = sorted(Path(casework.__file__).parent.rglob("*.py"))
CHECK = ("check", "--now", "2026-06-01", "--no-cache")


def exit_code(*command: str) -> int:
    try:
        return main(list(command))
    except SystemExit as stop:  # argparse
        return int(stop.code or 0)


@pytest.fixture
def trap(tmp_path: Path) -> tuple[str, Path]:
    """Return a command, and the file that appears when somebody runs it."""
    sprung, command = tmp_path / "sprung", tmp_path / "command.sh"
    command.write_text(f"#!/bin/sh\ntouch '{sprung}'\ncat\n")
    command.chmod(0o755)
    return str(command), sprung


# 98: options of git in the place of a revision


@pytest.mark.parametrize(
    "revision",
    ["--output={}", "--upload-pack={}", "-O{}", "--exec={}", "ext::sh -c {}", "HEAD; {}", "$({})", "HEAD\n--output={}"],
)
@pytest.mark.parametrize(
    "command", [("check", "--new-since"), ("diff",), ("impact",), ("report", "--baseline")], ids=" ".join
)
def test_attack_98_a_revision_is_never_an_option(
    lab: LabCase, trap: tuple[str, Path], capfd: pytest.CaptureFixture[str], revision: str, command: tuple[str, ...]
) -> None:
    program, sprung = trap
    target = lab.root / "written"
    for what in (str(target), program):
        given = revision.format(what)
        spelled = (
            [f"{command[-1]}={given}"]
            if command[-1].startswith("--")
            else ["--", f"{given}..HEAD" if command[0] == "impact" else given]
        )
        assert exit_code(*command[:-1] if command[-1].startswith("--") else command, *spelled) == 2
    assert not target.exists()
    assert not sprung.exists()
    assert "Traceback" not in capfd.readouterr().err
    assert not [p for p in lab.root.iterdir() if p.name.startswith("-")]


# 99: a hostile configuration of the repository


def test_attack_99_no_program_of_the_repository_runs(lab: LabCase, trap: tuple[str, Path]) -> None:
    program, sprung = trap
    (lab.root / ".git/hooks/post-checkout").write_text(Path(program).read_text())
    for name in (
        "core.fsmonitor", "core.sshCommand", "core.pager", "core.editor", "diff.external", "diff.x.textconv", "diff.x.command", "gpg.program",
        "filter.x.clean", "filter.x.smudge", "filter.x.process", "merge.x.driver", "credential.helper", "alias.rev-parse", "alias.ls-tree", "alias.log",
        "interactive.diffFilter", "uploadpack.packObjectsHook", "core.askPass", "gpg.ssh.program", "gpg.x509.program", "core.gitProxy",
        "trailer.x.command", "core.alternateRefsCommand", "pager.log", "init.templateDir",
    ):  # fmt: skip
        git(lab.root, "config", name, f"!{program}" if name.startswith("alias") else program)
    (lab.root / ".gitattributes").write_text("* filter=x diff=x merge=x\n")
    lab.edit("  rationale: Budget of the system.\n", "  rationale: A budget.\n")
    for command in (CHECK, ("check", "--new-since", "HEAD"), ("diff", "HEAD"), ("impact", "HEAD.."), ("report", "-f", "html", "--baseline", "HEAD", "-o", "out")):  # fmt: skip
        assert exit_code(*command) in {0, 1}, command
    assert not sprung.exists()


def test_attack_99_a_git_folder_of_another_kind(lab: LabCase, tmp_path: Path, trap: tuple[str, Path]) -> None:
    """`.git` as a file that points to a folder with another configuration."""
    program, sprung = trap
    (lab.root / ".git").rename(tmp_path / "elsewhere")
    (lab.root / ".git").write_text(f"gitdir: {tmp_path / 'elsewhere'}\n")
    git(lab.root, "config", "core.fsmonitor", program)
    assert exit_code("diff", "HEAD") == 0
    assert exit_code(*CHECK) == 0
    assert not sprung.exists()


# 100: replace refs


def test_attack_100_replaced_objects_have_no_say(lab: LabCase) -> None:
    """The failed record of the base is replaced by the good one: what vanished is still seen."""
    good = lab.sealed()[0].read_bytes()
    lab.unseal("EV-1")
    worse = (
        rate("recall", 700, 1000),
        rate("recall", 350, 500, NEAR),
        rate("fnr", 300, 1000),
        rate("fnr", 150, 500, NEAR),
    )
    failed = lab.seal("EV-1", metrics=worse)
    lab.commit("a failed run")
    base = git(lab.root, "rev-parse", "HEAD")
    bad_blob = git(lab.root, "rev-parse", f"HEAD:{failed.relative_to(lab.root).as_posix()}")
    failed.unlink()
    lab.put("EV-1", good)
    good_blob = git(lab.root, "hash-object", "-w", str(lab.sealed()[0]))
    git(lab.root, "replace", bad_blob, good_blob)
    assert git(lab.root, "cat-file", "blob", bad_blob).encode() == good  # git itself is fooled
    from casework.store.history import Revision

    revision = Revision.open(lab.root, base)
    read = revision.read(failed.relative_to(lab.root).as_posix())
    assert read != good
    assert b'"payload"' in read


def test_attack_100_a_replaced_commit_has_no_say(lab: LabCase) -> None:
    from casework.store.history import Revision

    first = git(lab.root, "rev-parse", "HEAD")
    lab.edit("  rationale: Budget of the system.\n", "  rationale: Another.\n")
    second = lab.commit("second")
    git(lab.root, "replace", first, second)
    assert b"Budget of the system." in Revision.open(lab.root, first).read("requirements/case.yaml")


@pytest.mark.parametrize(
    "name", ["GIT_DIR", "GIT_WORK_TREE", "GIT_OBJECT_DIRECTORY", "GIT_ALTERNATE_OBJECT_DIRECTORIES", "GIT_INDEX_FILE"]
)
def test_attack_99_the_environment_names_no_other_repository(
    lab: LabCase, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    other = tmp_path / "other"
    other.mkdir()
    git(other, "init", "-q")
    monkeypatch.setenv(name, str(other / ".git"))
    assert exit_code(*CHECK) == 0


# 101: line ends


def test_attack_101_a_checkout_with_other_line_ends_is_judged_alike_or_blocked(lab: LabCase, tmp_path: Path) -> None:
    """`* text eol=crlf` changes the bytes that are checked out: evidence is `-text`, and what else is bound by digest blocks."""
    (lab.root / ".gitattributes").write_text("* text eol=crlf\nevidence/** -text\n*.jsonl -text\nmodel/** -text\n")
    lab.commit("attributes")
    git(lab.root, "clone", "-q", "--no-local", str(lab.root), str(tmp_path / "clone"))
    clone = LabCase(tmp_path / "clone")
    assert b"\r\n" in clone.nodes.read_bytes()
    assert clone.sealed()[0].read_bytes() == lab.sealed()[0].read_bytes()
    assert clone.errors() == set()
    (clone.root / "data/test.jsonl").write_bytes((clone.root / "data/test.jsonl").read_bytes().replace(b"\n", b"\r\n"))
    assert clone.errors() >= {"DAT-002"}


def test_attack_101_evidence_with_other_line_ends_is_refused(lab: LabCase) -> None:
    policy = lab.root / "evidence/trust/policy.dsse.json"
    policy.write_bytes(policy.read_bytes() + b"\r\n")
    assert lab.check().word == "blocked"
    assert lab.errors() & {"PRS-008", "PRS-000"}


@pytest.mark.parametrize("template", ["empty", "roadside-sign"])
def test_attack_101_new_cases_keep_evidence_as_it_is(tmp_path: Path, template: str) -> None:
    here = tmp_path / "new"
    assert exit_code("init", "--template", template, str(here)) in {0, 2}
    if not here.exists():
        pytest.skip("this template is not made this way")
    assert "evidence/** -text" in (here / ".gitattributes").read_text()


# 105: regular expressions


def patterns() -> list[tuple[str, re.Pattern[str], bool]]:
    """Return each regular expression of the program: module, pattern, and whether it is searched for anywhere in a text."""
    found: list[tuple[str, re.Pattern[str], bool]] = []
    for info in pkgutil.walk_packages(casework.__path__, "casework."):
        if info.name.startswith(("casework.templates", "casework.__main__")):
            continue
        module = importlib.import_module(info.name)
        text = Path(module.__file__ or "").read_text("utf-8")
        for name, value in vars(module).items():
            if isinstance(value, re.Pattern) and isinstance(value.pattern, str) and f"{name}." in text:
                found.append((info.name, value, bool(re.search(rf"\b{name}\.(?!match\b|fullmatch\b)", text))))
        for node in ast.walk(ast.parse(text)):
            if (
                not isinstance(node, ast.Call)
                or not re.fullmatch(r"re\.[a-z]+", ast.unparse(node.func))
                or not node.args
            ):
                continue
            method, given = ast.unparse(node.func)[3:], node.args[0]
            if method != "compile" and isinstance(given, ast.Constant) and isinstance(given.value, str):
                found.append((info.name, re.compile(given.value), method not in {"match", "fullmatch"}))
    return found


def test_attack_105_no_regular_expression_comes_from_a_case() -> None:
    """`re` is called with patterns of the sources only: constants, or names of constants."""
    loose: list[str] = []
    for path in SOURCES:
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Call) and re.fullmatch(
                r"re\.(compile|match|fullmatch|search|sub|subn|split|findall|finditer)", ast.unparse(node.func)
            ):
                given = node.args[0]
                fixed = isinstance(given, ast.Constant) or all(
                    isinstance(part, ast.Constant | ast.JoinedStr | ast.FormattedValue | ast.Load | ast.BinOp | ast.Add)
                    or (isinstance(part, ast.Name) and part.id.isupper())
                    or (isinstance(part, ast.Name) and part.id.lstrip("_").isupper())
                    or (isinstance(part, ast.Call | ast.Attribute) and "escape" in ast.unparse(part))
                    for part in ast.walk(given)
                )
                if not fixed:
                    loose.append(f"{path.name}:{node.lineno} {ast.unparse(given)}")
    assert [entry for entry in loose if not any(known in entry for known in FROM_OWN_WORDS)] == []


FROM_OWN_WORDS = ("LINK_PATTERN", "join(", "'|'", "_WORDS", "secrets.py", "LINK_PATTERN")
"""Patterns joined from lists of words of the sources; in `secrets.py`, of the caller's own secret, escaped."""

PUMPS = ("a" * 20_000, " " * 20_000, "a " * 10_000, "-" * 20_000, "0" * 20_000, "\n" * 20_000, "a=" * 10_000, "[" * 20_000, ":" * 20_000, "\x1b[" * 10_000, "shall " * 3_500, "is and " * 3_000, "is ; shall and " * 1_400, "a or and " * 2_000)  # fmt: skip


def test_attack_105_no_pattern_takes_long_on_long_texts() -> None:
    """Each pattern of the sources over texts of 20,000 characters that end otherwise than they went on."""
    slow: list[tuple[str, str, float]] = []
    assert len(patterns()) > 60
    for file, compiled, anywhere in patterns():
        start = time.process_time()
        for pump in PUMPS:
            compiled.match(pump + "!")
            compiled.fullmatch(pump + "!")
            if anywhere:
                compiled.search(pump + "!")
        spent = time.process_time() - start
        if spent > 1:
            slow.append((file, compiled.pattern[:80], spent))
    assert slow == []


def test_attack_105_a_case_of_long_texts_is_judged_in_time(lab: LabCase) -> None:
    start = time.process_time()
    lines = "".join(
        f"- {{type: requirement, id: R-{n}, level: system, statement: '{pump.strip()[:19_000] or 'x'}!', rationale: '{'(a+)+$ ' * 2000}', owner: x}}\n"
        for n, pump in enumerate(p.replace("\x1b", "").replace("\n", " ").replace("'", "") for p in PUMPS)
    )
    lab.add(lines)
    assert lab.check().word == "blocked"
    assert time.process_time() - start < 20


# 106: XML


def test_attack_106_no_reader_of_xml_exists() -> None:
    """What is not read cannot expand entities: no module imports a parser of XML, nor a reader of spreadsheets."""
    readers = {
        "xml.etree",
        "xml.sax",
        "xml.dom",
        "xml.parsers",
        "lxml",
        "defusedxml",
        "xmltodict",
        "bs4",
        "expat",
        "pyexpat",
        "untangle",
    }
    offenders: list[str] = []
    for path in SOURCES:
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            names = (
                [a.name for a in node.names]
                if isinstance(node, ast.Import)
                else [node.module or ""]
                if isinstance(node, ast.ImportFrom)
                else []
            )
            names = [name for name in names if name != "xml.sax.saxutils"]  # writes, and reads nothing
            offenders += [
                f"{path.name}: {name}" for name in names if any(name == r or name.startswith(f"{r}.") for r in readers)
            ]
            if isinstance(node, ast.Call) and ast.unparse(node.func).endswith("load_workbook"):
                offenders.append(f"{path.name}: load_workbook")
    assert offenders == []


@pytest.mark.parametrize("path", ["requirements/x.xml", "requirements/x.reqif", "evidence/EV-1/x.xml"])
def test_attack_106_xml_in_a_case_is_not_opened(lab: LabCase, tmp_path: Path, path: str) -> None:
    secret = tmp_path / "secret"
    secret.write_text("SECRET")
    (lab.root / path).write_text(f'<?xml version="1.0"?><!DOCTYPE x [<!ENTITY e SYSTEM "file://{secret}">]><x>&e;</x>')
    os.utime(secret, (1, 1))
    decision = lab.check()
    assert not any("SECRET" in f.message for f in decision.findings)
    assert secret.stat().st_atime <= 1 or secret.stat().st_atime == secret.stat().st_mtime
