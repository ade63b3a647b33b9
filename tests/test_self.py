"""The repository's own case: it passes honestly, and breaking it on purpose turns the gate red with the cause and the place.

The day of judgement is pinned, so that no expiry reddens these tests by the calendar.
"""

from __future__ import annotations

import re
import shutil
from datetime import date
from pathlib import Path

import pytest

from casework.model.decision import Decision
from casework.workflow.judging.checking import check, render

ROOT = Path(__file__).resolve().parents[1]
TODAY = date(2026, 12, 1)
PARTS = ("casework.yaml", "requirements", "evidence", "src", "tests")


@pytest.fixture
def case(tmp_path: Path) -> Path:
    for part in PARTS:
        source = ROOT / part
        if source.is_dir():
            shutil.copytree(source, tmp_path / part, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy2(source, tmp_path / part)
    return tmp_path


def judged(case: Path, today: date = TODAY) -> Decision:
    return check(case, today, cached=False)


def errors(decision: Decision) -> set[str]:
    return {f.code for f in decision.findings if f.severity == "error"}


def node_file(case: Path, node: str) -> Path:
    for path in sorted((case / "requirements").rglob("*.yaml")):
        if re.search(rf"^\s*(- )?id: {re.escape(node)}\s*$", path.read_text("utf-8"), re.MULTILINE):
            return path
    raise AssertionError(node)


def model_of(case: Path) -> Path:
    return case / "evidence/artifacts/roadside-sign/model/sign-detector-int8.onnx"


def flip(path: Path, at: int) -> None:
    data = bytearray(path.read_bytes())
    data[at] ^= 1
    path.write_bytes(bytes(data))


def test_the_own_case_passes_and_is_no_release() -> None:
    decision = judged(ROOT)
    assert decision.word == "pass", render(decision, "text", ROOT, colour=False, every=False)
    assert decision.release is False, "it rests on demo keys"
    assert {f.code for f in decision.findings} <= {"POL-010"}, render(decision, "text", ROOT, colour=False, every=True)
    assert [w.finding.severity for w in decision.waived], "the one waiver is shown"


def test_one_flipped_byte_of_the_model_blocks_at_its_card(case: Path) -> None:
    flip(model_of(case), 1000)
    found = judged(case)
    assert found.word == "blocked"
    digest = next(f for f in found.findings if f.code == "MDL-002")
    assert digest.node == "MDL-INT8"
    assert digest.field_path == "file.sha256"
    assert digest.line > 0
    assert {"MDL-002", "EVD-003"} <= errors(found) <= {"MDL-002", "EVD-003"}


def test_one_flipped_byte_of_a_picture_blocks_at_its_dataset(case: Path) -> None:
    flip(sorted((case / "evidence/artifacts/roadside-sign/data/verification/verification").glob("*.jpg"))[7], 500)
    found = judged(case)
    assert errors(found) == {"DAT-007", "EVD-003"}, "the picture, and the evidence that rests on it"


def test_a_loosened_bound_makes_the_evidence_stale_and_the_sign_off_void(case: Path) -> None:
    path = node_file(case, "ML-01")
    text = path.read_text("utf-8")
    head, _, tail = text.partition("id: ML-01\n")
    changed, count = re.subn(r"bound: ([0-9.]+)", "bound: 0.5", tail, count=1)
    assert count == 1
    path.write_text(f"{head}id: ML-01\n{changed}", "utf-8")
    found = judged(case)
    assert found.word == "blocked"
    stale = [f for f in found.findings if f.code == "EVD-003"]
    assert stale
    assert all("ML-01" in f.message for f in stale)
    assert any(f.code == "TRC-014" and f.node == "ML-01" for f in found.findings)


def test_an_edited_text_of_a_requirement_is_seen(case: Path) -> None:
    path = node_file(case, "ML-01")
    text = path.read_text("utf-8")
    head, _, tail = text.partition("id: ML-01\n")
    path.write_text(f"{head}id: ML-01\n{tail.replace(' shall ', ' shall usually not ', 1)}", "utf-8")
    found = judged(case)
    assert found.word == "blocked"
    assert {"EVD-003", "TRC-014"} <= errors(found)


def test_a_dropped_link_is_seen(case: Path) -> None:
    path = node_file(case, "EV-VAL-INT8")
    text = path.read_text("utf-8")
    head, _, tail = text.partition("id: EV-VAL-INT8\n")
    changed, count = re.subn(r"ML-01, ", "", tail, count=1)
    assert count == 1
    path.write_text(f"{head}id: EV-VAL-INT8\n{changed}", "utf-8")
    found = judged(case)
    assert found.word == "blocked"
    assert any(f.code == "EVD-003" and f.node == "EV-VAL-INT8" for f in found.findings)


def test_a_deleted_evidence_file_is_missing_evidence(case: Path) -> None:
    shutil.rmtree(case / "evidence" / "EV-QUANT")
    found = judged(case)
    assert errors(found) == {"EVD-001", "LOG-007"}  # the plan misses it, and the log does
    missing = next(f for f in found.findings if f.code == "EVD-001")
    assert missing.node == "EV-QUANT"
    assert missing.file.endswith("evidence.yaml")
    assert missing.line > 0


def test_a_changed_byte_of_sealed_evidence_is_unverifiable(case: Path) -> None:
    path = next((case / "evidence" / "EV-QUANT").glob("*.dsse.json"))
    flip(path, 400)
    found = judged(case)
    assert found.word == "blocked"
    assert any(code.startswith(("SIG", "PRS", "PTH")) for code in errors(found))


def test_an_expired_waiver_blocks_and_shows_what_it_covered(case: Path) -> None:
    waived = judged(case).waived[0]
    later = date.fromisoformat(waived.expires).replace(year=date.fromisoformat(waived.expires).year + 1)
    found = judged(case, later)
    assert found.word == "blocked"
    assert "GTE-002" in errors(found)
    assert waived.finding.code in {f.code for f in found.findings}


def test_reformatting_changes_nothing(case: Path) -> None:
    before = judged(case)
    for path in sorted((case / "requirements").rglob("*.yaml")):
        path.write_bytes(path.read_bytes().replace(b"\n", b"\r\n"))
    after = judged(case)
    assert after.word == before.word == "pass"
    assert [f.identity for f in after.findings] == [f.identity for f in before.findings]


def test_a_removed_policy_blocks(case: Path) -> None:
    (case / "evidence/trust/policy.dsse.json").unlink()
    found = judged(case)
    assert found.word == "blocked"
    assert any(code.startswith("POL") for code in errors(found))


def test_deleting_any_node_file_never_passes(case: Path) -> None:
    """Hazards and challenges that nothing names would vanish unseen; they are held by what argues over them."""
    for path in sorted((case / "requirements/roadside-sign").rglob("*.yaml")):
        if path.name in ("waivers.yaml", "practices.yaml", "indicators.yaml") or "reviews" in path.parts:
            continue
        text = path.read_bytes()
        path.unlink()
        assert judged(case).word == "blocked", path
        path.write_bytes(text)


def test_the_blocked_variant_is_blocked_for_the_reasons_that_it_teaches(tmp_path: Path) -> None:
    from casework.workflow.templates import template_files

    for path, data in template_files("roadside-sign-blocked"):
        target = tmp_path / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(data)
    found = judged(tmp_path)
    assert found.word == "blocked"
    assert {"EVD-002", "EVD-003", "EVD-006", "HAZ-003"} <= errors(found), sorted(errors(found))


def test_the_worked_example_as_a_template_passes(tmp_path: Path) -> None:
    from casework.workflow.templates import template_files

    for path, data in template_files("roadside-sign"):
        target = tmp_path / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(data)
    found = judged(tmp_path)
    assert found.word == "pass", render(found, "text", tmp_path, colour=False, every=False)
