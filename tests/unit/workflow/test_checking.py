"""Check through the cache gives what a cold check gives, whatever changed in between; and check writes nothing in the tree."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable
from datetime import date
from pathlib import Path

import pytest

from casework.workflow.judging.checking import check, render

ROOT = Path(__file__).resolve().parents[3]
TODAY = date(2026, 11, 22)


@pytest.fixture
def tree(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("CASEWORK_CACHE_DIR", str(tmp_path / "cache"))
    case = tmp_path / "case"
    subprocess.run(
        [sys.executable, str(ROOT / "benchmarks" / "corpus.py"), str(case), "--nodes", "120", "--per-file", "20"],
        check=True,
    )
    time.sleep(0.1)
    return case


def node_file(tree: Path) -> Path:
    return sorted((tree / "requirements").glob("part-*.yaml"))[-1]


def rest() -> None:
    """Let changed files come to rest, so that their stamps are believed."""
    time.sleep(0.1)


def replace(old: str, new: str) -> Callable[[Path], None]:
    def act(tree: Path) -> None:
        path = node_file(tree)
        path.write_text(path.read_text().replace(old, new, 1))

    return act


CHANGES: dict[str, Callable[[Path], None]] = {
    "nothing": lambda tree: None,
    "touch": lambda tree: os.utime(node_file(tree)),
    "edit": replace("shall do this", "shall do that"),
    "fault": replace("derives_from: [", "derives_from: [GONE, "),
    "misfit": replace("level: ml", "level: mll"),
    "syntax": replace("- type:", "- [type:"),
    "new file": lambda tree: (
        (tree / "requirements" / "new.yaml").write_text("- type: goal\n  id: G\n  statement: X holds.\n") and None
    ),
    "deleted file": lambda tree: node_file(tree).unlink(),
    "renamed file": lambda tree: node_file(tree).rename(tree / "requirements" / "zzz.yaml") and None,
    "unreadable file": lambda tree: (tree / "requirements" / "link.yaml").symlink_to("/nowhere"),
    "changed model": lambda tree: (tree / "model.bin").write_bytes(b"Not a model") and None,
    "deleted test": lambda tree: (tree / "tests" / "test_all.py").unlink(),
    "configuration": lambda tree: (
        (tree / "casework.yaml").write_text("schema: casework/v1\nreview: {types: [requirement]}\n") and None
    ),
    "broken configuration": lambda tree: (tree / "casework.yaml").write_text("schema: casework/v2\n") and None,
}


@pytest.mark.parametrize("name", CHANGES)
def test_a_cached_check_equals_a_cold_one(tree: Path, name: str) -> None:
    first = check(tree, TODAY)
    assert first.word == "pass"
    rest()
    CHANGES[name](tree)
    rest()
    warm = check(tree, TODAY)
    cold = check(tree, TODAY, cached=False)
    assert warm == cold
    assert check(tree, TODAY) == cold
    if name not in ("nothing", "touch", "edit", "renamed file", "deleted file"):
        assert cold.findings


def test_an_unchanged_tree_is_answered_without_reading_it(tree: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first = check(tree, TODAY)

    def never(*_args: object) -> None:
        raise AssertionError("the tree was assessed again")

    monkeypatch.setattr("casework.workflow.judging.assess.read_case", never)
    assert check(tree, TODAY) == first
    with pytest.raises(AssertionError, match="assessed again"):
        check(tree, TODAY, cached=False)


def test_an_answer_holds_only_until_something_expires(tree: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tree / "requirements" / "waiver.yaml").write_text(
        "- type: waiver\n  id: WV-1\n  of: DAT-011\n  node: DS-1\n  by: s.tanaka\n  role: safety_manager\n  on: 2026-01-01\n"
        "  reason: The domain is being written.\n  expires: 2026-12-31\n"
    )
    model = tree / "requirements" / "model.yaml"
    model.write_text(model.read_text().replace("  covers: [ODD-1]\n", ""))
    rest()
    before = check(tree, date(2026, 12, 31))
    after = check(tree, date(2027, 1, 1))
    assert "GTE-002" not in {f.code for f in before.findings}
    assert "GTE-002" in {f.code for f in after.findings}
    assert check(tree, date(2026, 12, 31)) == before


def test_a_change_within_the_tick_of_the_clock_is_seen(tree: Path) -> None:
    """Same size, same times: only the content differs; a stamp that was not at rest is not believed."""
    path = node_file(tree)
    path.write_text(path.read_text())
    check(tree, TODAY)
    stamp = path.stat()
    path.write_text(path.read_text().replace("level: ml", "level: ll", 1))
    os.utime(path, ns=(stamp.st_atime_ns, stamp.st_mtime_ns))
    assert check(tree, TODAY) == check(tree, TODAY, cached=False)


def test_a_broken_cache_is_worked_without(tree: Path) -> None:
    first = check(tree, TODAY)
    for path in Path(os.environ["CASEWORK_CACHE_DIR"]).iterdir():
        path.write_bytes(b"garbage" * 100)
    assert check(tree, TODAY) == first
    assert check(tree, TODAY) == first


def test_check_writes_nothing_in_the_tree(tree: Path) -> None:
    def listing() -> dict[str, tuple[int, bytes]]:
        return {p.as_posix(): (p.stat().st_mtime_ns, p.read_bytes()) for p in sorted(tree.rglob("*")) if p.is_file()}

    before = listing()
    check(tree, TODAY)
    check(tree, TODAY, cached=False)
    assert listing() == before


@pytest.mark.parametrize("form", ["text", "json", "sarif", "junit", "github", "markdown"])
def test_two_runs_give_the_same_bytes(tree: Path, form: str) -> None:
    CHANGES["fault"](tree)
    rest()
    texts = {
        render(check(tree, TODAY, cached=cached), form, tree, colour=False, every=True)
        for cached in (True, True, False)
    }
    assert len(texts) == 1


def test_new_since_reports_only_what_the_base_did_not_have(tree: Path) -> None:
    def git(*command: str) -> None:
        subprocess.run(
            ["git", "-c", "user.name=t", "-c", "user.email=t@t", *command], cwd=tree, check=True, capture_output=True
        )

    replace("  asil: B\n", "  asil: A\n")(tree)
    git("init", "-q")
    git("add", "-A")
    git("commit", "-qm", "base")
    assert check(tree, TODAY, cached=False).word == "blocked"
    assert check(tree, TODAY, cached=False, new_since="HEAD").word == "pass"
    replace("shall do this", "does")(tree)
    since = check(tree, TODAY, cached=False, new_since="HEAD")
    assert since.word == ("blocked" if any(f.severity == "error" and f.new for f in since.findings) else "pass")
    assert {f.code for f in since.findings if f.new} == {"REQ-001"}
    replace("derives_from: [", "derives_from: [GONE, ")(tree)
    git("commit", "-qam", "dangling")
    assert check(tree, TODAY, cached=False, new_since="HEAD").word == "blocked", "broken references always count"


@pytest.mark.parametrize("revision", ["nowhere", "--output=/tmp/x", "HEAD:requirements", "-n1"])
def test_a_bad_revision_is_refused(tree: Path, revision: str) -> None:
    from casework.store.history import GitProblem

    subprocess.run(["git", "init", "-q"], cwd=tree, check=True)
    with pytest.raises(GitProblem):
        check(tree, TODAY, cached=False, new_since=revision)
