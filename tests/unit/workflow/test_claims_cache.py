"""What the cache of opened records may answer for: the same bytes under the same trust, and nothing else."""

from __future__ import annotations

import json
import marshal
import sqlite3
import sys
import time
from pathlib import Path
from typing import Any

import pytest

TESTS = Path(__file__).resolve().parents[2]
for folder in ("unit/attest", "rules", "attacks"):
    sys.path.insert(0, str(TESTS / folder))

from lab_case import DAY, LabCase, build, lab_policy  # noqa: E402 - the lab lies with the attacks

from casework.attest import opening  # noqa: E402
from casework.store.cache import Cache  # noqa: E402
from casework.store.working_tree import WorkingTree  # noqa: E402
from casework.workflow.judging.assess import assess  # noqa: E402


@pytest.fixture
def lab(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> LabCase:
    monkeypatch.setenv("CASEWORK_CACHE_DIR", str(tmp_path / "cache"))
    return build(tmp_path / "case")


@pytest.fixture
def opened(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Return the names of the records that are opened, as they are opened."""
    names: list[str] = []
    real = opening.open_record

    def spied(contents: Any, anchors: Any) -> Any:
        names.append(contents[0][0])
        return real(contents, anchors)

    monkeypatch.setattr(opening, "open_record", spied)
    return names


def judged(lab: LabCase, opened: list[str], *, cached: bool = True) -> tuple[str, set[str], int]:
    """Judge the case; return the word, the codes of errors, and how many records were opened for it."""
    time.sleep(0.1)  # so that the files are at rest, and their stamps believed
    opened.clear()
    cache = Cache(lab.root) if cached else None
    try:
        decision = assess(WorkingTree(lab.root), DAY, cache).decision
    finally:
        if cache:
            cache.close()
    return decision.word, {f.code for f in decision.findings if f.severity == "error"}, len(opened)


def databases(lab: LabCase) -> list[Path]:
    found = [path for path in (lab.root.parent / "cache").rglob("*") if path.is_file()]
    return [path for path in found if path.read_bytes().startswith(b"SQLite format 3")]


def test_an_unchanged_record_is_opened_once_under_one_trust(lab: LabCase, opened: list[str]) -> None:
    assert judged(lab, opened) == ("pass", set(), 2)
    assert judged(lab, opened) == ("pass", set(), 0)


def test_a_touched_record_is_known_by_its_bytes(lab: LabCase, opened: list[str]) -> None:
    judged(lab, opened)
    for path in lab.sealed():
        path.write_bytes(path.read_bytes())
    assert judged(lab, opened) == ("pass", set(), 0)


def test_a_changed_record_is_opened_anew(lab: LabCase, opened: list[str]) -> None:
    judged(lab, opened)
    path = lab.sealed()[0]
    envelope = json.loads(path.read_bytes())
    envelope["signatures"] = envelope["signatures"][:1]
    path.write_bytes(json.dumps(envelope, separators=(",", ":"), sort_keys=True).encode())
    word, codes, count = judged(lab, opened)
    assert (word, count) == ("blocked", 1)
    assert codes == judged(lab, opened, cached=False)[1]


@pytest.mark.parametrize("change", ["compromised", "another roles"])
def test_under_another_trust_every_record_is_opened_anew(lab: LabCase, opened: list[str], change: str) -> None:
    judged(lab, opened)
    value = lab_policy()
    if change == "compromised":
        value["keys"]["verifier-2"]["compromised"] = True
    else:
        value["evidence_types"]["validation"]["require"]["verifier"] = 2
        value["evidence_types"]["quantization"]["require"]["verifier"] = 2
    lab.policy(**{name: value[name] for name in ("keys", "evidence_types")})
    word, codes, count = judged(lab, opened)
    assert (word, count) == ("blocked", 2)
    assert codes == judged(lab, opened, cached=False)[1]


def test_without_trust_nothing_is_remembered(lab: LabCase, opened: list[str]) -> None:
    judged(lab, opened)
    (lab.root / "evidence/trust/policy.dsse.json").unlink()
    assert judged(lab, opened)[0] == "blocked"


def test_a_statement_that_was_exchanged_in_the_cache_is_not_believed(lab: LabCase, opened: list[str]) -> None:
    judged(lab, opened)
    changed = 0
    for file in databases(lab):
        with sqlite3.connect(file) as base:
            for name, blob in base.execute("SELECT name, value FROM records").fetchall():
                value = list(marshal.loads(blob))
                value[3] = value[3].replace(b'"value":', b'"value": ', 1)
                base.execute("UPDATE records SET value = ? WHERE name = ?", (marshal.dumps(tuple(value)), name))
                changed += 1
    assert changed == 2
    assert judged(lab, opened) == ("pass", set(), 2)


def test_a_case_brings_no_cache_along(lab: LabCase, opened: list[str]) -> None:
    judged(lab, opened)
    (file,) = databases(lab)
    assert not file.is_relative_to(lab.root)
    for place in (".cache/casework", ".casework", "cache"):
        (lab.root / place).mkdir(parents=True)
        (lab.root / place / file.name).write_bytes(file.read_bytes())
    file.unlink()
    assert judged(lab, opened)[2] == 2
