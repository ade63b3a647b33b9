"""The remembered answer must be the cold one, whatever happened to the tree or to the cache."""

from __future__ import annotations

import marshal
import os
import shutil
import sqlite3
import time
from datetime import date, timedelta
from pathlib import Path

import pytest

from casework.artifact.digest import sha256_bytes
from casework.attest.keys import SigningKey
from casework.attest.seal import seal
from casework.attest.trust.policy import open_policy
from casework.attest.verify import sealed_name
from casework.cli.main import main
from casework.model.result import GeneratorId, ResultRecord
from casework.store.cache import Cache
from casework.workflow.evidence.run import statement_of
from casework.workflow.evidence.signers import load_signers
from casework.workflow.judging import assess as assess_module
from casework.workflow.judging.checking import check
from doubles.first_trust import first_trust

ROOT = Path(__file__).resolve().parents[2]
TODAY = date(2026, 12, 1)
NODES = """
- {type: requirement, id: R-1, level: stakeholder, statement: The data shall be readable., rationale: Asked for.}
"""
BROKEN = (
    "- {type: requirement, id: R-1, level: stakeholder, statement: The data shall be readable., derives_from: [GONE]}\n"
)


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("CASEWORK_CACHE_DIR", str(tmp_path / "cache"))
    here = tmp_path / "case"
    (here / "requirements").mkdir(parents=True)
    shutil.copytree(ROOT / "evidence/trust", here / "evidence/trust", ignore=shutil.ignore_patterns("__pycache__"))
    first_trust(here / "evidence/trust")
    (here / "casework.yaml").write_text("schema: casework/v1\nname: T\nreview: {types: []}\n")
    (here / "requirements/a.yaml").write_text(NODES)
    monkeypatch.chdir(here)
    return here


def signer() -> list[SigningKey]:
    return load_signers([str(ROOT / "evidence/trust/demo-keys/demo-ci.pem")], lambda _path: None)


def write_record(root: Path, started: str) -> None:
    """Write a sealed record for a node that does not exist; its signatures and its times are judged all the same."""
    record = ResultRecord(
        evidence="EV-1", generator=GeneratorId(name="model-signature", version=1), digests={"model": "0" * 64}, started=started,
        duration_s=1.0, status="complete",
    )  # fmt: skip
    data = seal(statement_of(record), signer())
    (root / "evidence/EV-1").mkdir(exist_ok=True)
    (root / "evidence/EV-1" / sealed_name(data)).write_bytes(data)


def rest() -> None:
    time.sleep(0.12)


def same(root: Path, today: date = TODAY) -> bool:
    rest()
    return check(root, today) == check(root, today, cached=False)


def warm(root: Path, today: date = TODAY) -> None:
    rest()
    check(root, today)
    check(root, today)


@pytest.mark.parametrize("path", ["casework.yaml", "evidence/trust/policy.dsse.json", "evidence/trust/root.pub"])
def test_a_change_behind_a_link_is_seen(root: Path, tmp_path: Path, path: str) -> None:
    write_record(root, "2026-11-20T10:00:00Z")
    target = tmp_path / "target"
    (root / path).rename(target)
    (root / path).symlink_to(target)
    warm(root)
    target.write_bytes(b"roots: [")
    assert same(root)


@pytest.mark.parametrize("what", ["twin folder", "odd name", "hard link", "pipe", "hidden link"])
def test_what_comes_to_lie_beside_evidence_is_seen(root: Path, tmp_path: Path, what: str) -> None:
    write_record(root, "2026-11-20T10:00:00Z")
    (root / "evidence/README.txt").write_text("x")
    warm(root)
    match what:
        case "twin folder":
            (root / "evidence/ev-1").mkdir()
        case "odd name":
            (root / "evidence/what?.txt").write_text("x")
        case "hard link":
            os.link(root / "evidence/README.txt", tmp_path / "second")
        case "pipe":
            os.mkfifo(root / "evidence/pipe")
        case _:
            (root / "evidence/.hidden").symlink_to(tmp_path)
    assert same(root)


def test_a_policy_that_expired_on_a_later_day_is_not_remembered_for_an_earlier_one(root: Path) -> None:
    write_record(root, "2026-11-20T10:00:00Z")
    trust = root / "evidence/trust"
    opened = open_policy((trust / "policy.dsse.json").read_bytes(), (trust / "root.pub").read_bytes(), TODAY).trust
    assert opened is not None
    warm(root, opened.policy.expires + timedelta(days=1))
    assert same(root, opened.policy.expires)


def test_a_record_of_the_first_minutes_of_tomorrow_is_judged_anew_today(root: Path) -> None:
    write_record(root, "2026-12-01T00:03:00Z")
    warm(root, date(2026, 11, 29))
    assert same(root, date(2026, 11, 30))


def test_what_is_swapped_while_it_is_judged_is_not_remembered(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    nodes, other = root / "requirements", root / "other"
    shutil.copytree(nodes, other)
    (other / "a.yaml").write_text(BROKEN)
    rest()
    real = assess_module.assess

    def swapped(*args: object, **kwargs: object) -> object:
        made = real(*args, **kwargs)  # type: ignore[arg-type]
        nodes.rename(root / "old")
        other.rename(nodes)
        return made

    monkeypatch.setattr(assess_module, "assess", swapped)
    assert check(root, TODAY).word == "pass"
    monkeypatch.setattr(assess_module, "assess", real)
    assert same(root)


def test_a_remembered_answer_of_another_shape_is_worked_without(root: Path, tmp_path: Path) -> None:
    warm(root)
    for file in (tmp_path / "cache").glob("*.sqlite"):
        with sqlite3.connect(file) as db:
            db.execute("UPDATE answers SET answer = ?", (marshal.dumps((1, 2)),))
        db.close()
    assert same(root)


def test_a_user_without_a_home_is_served(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def nowhere() -> Path:
        raise RuntimeError("Could not determine home directory.")

    monkeypatch.delenv("CASEWORK_CACHE_DIR")
    monkeypatch.delenv("XDG_CACHE_HOME", raising=False)
    monkeypatch.setattr(Path, "home", staticmethod(nowhere))
    Cache(root).close()
    assert main(["check"]) == 0


def test_the_case_passes_untouched(root: Path) -> None:
    assert sha256_bytes((root / "evidence/trust/root.pub").read_bytes())
    assert check(root, TODAY, cached=False).word == "pass"
