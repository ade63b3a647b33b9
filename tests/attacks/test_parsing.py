"""Attacks 53 to 69 on a whole case: bytes, node files and paths that mean something else than they show."""

from __future__ import annotations

import os
import signal
import unicodedata
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from lab_case import LabCase

from casework.artifact.digest import jcs_bytes
from casework.cli.main import main


class TooSlowError(BaseException):
    """Not an `Exception`, or a hanging reader could swallow it."""


@contextmanager
def at_most(seconds: int) -> Iterator[None]:
    def late(_number: int, _frame: object) -> None:
        raise TooSlowError(f"took longer than {seconds} s")

    before = signal.signal(signal.SIGALRM, late)
    signal.alarm(seconds)
    try:
        yield
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, before)


def caught(lab: LabCase, *codes: str) -> None:
    with at_most(20):
        decision = lab.check()
    found = {f.code for f in decision.findings if f.severity == "error"}
    assert decision.word == "blocked"
    assert found & set(codes), found


# Records


@pytest.mark.parametrize(
    ("number", "old", "new", "code"),
    [
        (53, b'"status":"complete"', b'"status":"error","status":"complete"', "PRS-001"),
        (54, b'"duration_s":1.0', b'"duration_s":NaN', "PRS-002"),
        (54, b'"duration_s":1.0', b'"duration_s":-Infinity', "PRS-002"),
        (55, b'"duration_s":1.0', b'"duration_s":1e999', "PRS-002"),
        (56, b'"duration_s":1.0', b'"duration_s":1.00', "PRS-008"),
        (57, b'"duration_s":1.0', b'"duration_s":' + b"[" * 100_000, "PRS-003"),
        (59, b'"status":"complete"', '"reason":"fine\u202e","status":"complete"'.encode(), "PRS-005"),
        (60, b'"status":"complete"', b'"status":"compl\xe8te"', "PRS-006"),
        (61, b'"seed":0', b'"seed":9007199254740993', "PRS-002"),
    ],
)
def test_attacks_53_to_61_on_a_signed_payload(lab: LabCase, number: int, old: bytes, new: bytes, code: str) -> None:
    assert number
    payload = jcs_bytes(lab.statement()).replace(b'"duration_s":1,', b'"duration_s":1.0,')
    if b'"reason":' in payload:
        payload = payload.replace(b'"reason":"",', b"")
    assert payload.count(old) == 1, payload
    lab.reseal(payload.replace(old, new))
    caught(lab, code)


def test_attack_58_a_record_that_is_too_large(lab: LabCase) -> None:
    path = lab.sealed()[0]
    path.write_bytes(path.read_bytes() + b" " * (17 * 1024 * 1024))
    caught(lab, "PRS-003")


@pytest.mark.parametrize("encoding", ["utf-16", "utf-8-sig"])
def test_attack_60_a_record_in_another_encoding(lab: LabCase, encoding: str) -> None:
    path = lab.sealed()[0]
    path.write_bytes(path.read_text().encode(encoding))
    caught(lab, "PRS-006")


def test_attack_65_two_documents_in_one_record_or_policy(lab: LabCase) -> None:
    policy = lab.root / "evidence/trust/policy.dsse.json"
    honest = policy.read_bytes()
    policy.write_bytes(honest * 2)
    caught(lab, "PRS-000")
    policy.write_bytes(honest)
    path = lab.sealed()[0]
    path.write_bytes(path.read_bytes() * 2)
    caught(lab, "PRS-000")


# Node files

BOMB = "a: &a [x,x,x,x,x,x,x,x,x]\n" + "".join(
    f"{chr(98 + n)}: &{chr(98 + n)} [{','.join(['*' + chr(97 + n)] * 9)}]\n" for n in range(12)
)


@pytest.mark.parametrize(
    ("number", "text", "code"),
    [
        (62, "- {type: goal, id: G-9, statement: A is so., statement: B is so.}\n", "FMT-002"),
        (62, "- type: requirement\n  id: R-9\n  asil: D\n  asil: QM\n", "FMT-002"),
        (63, BOMB, "FMT-007"),
        (63, "- &x {type: goal, id: G-9, statement: So.}\n- *x\n", "FMT-007"),
        (63, "- {<<: {asil: QM}, type: requirement, id: R-9}\n", "FMT-003"),
        (64, "- !!python/object/apply:os.system ['touch sprung']\n", "FMT-007"),
        (64, "- type: goal\n  id: G-9\n  statement: !!python/name:os.system ''\n", "FMT-007"),
        (57, "[" * 100_000, "FMT-008"),
        (57, "- " * 50_000 + "x", "FMT-008"),
        (60, "\ud800".encode("utf-16", "surrogatepass").decode("latin-1"), "FMT-009"),
    ],
    ids=["62 field", "62 level", "63 bomb", "63 alias", "63 merge", "64 call", "64 name", "57 flow", "57 block", "60 bytes"],
)  # fmt: skip
def test_attacks_62_to_64_on_node_files(lab: LabCase, number: int, text: str, code: str) -> None:
    assert number
    (lab.root / "requirements/more.yaml").write_bytes(text.encode("latin-1" if code == "FMT-009" else "utf-8"))
    caught(lab, code)
    assert not (lab.root / "sprung").exists()


def test_attack_63_words_that_old_yaml_takes_for_something_else(lab: LabCase) -> None:
    """`no` is a text, `22:30` is a text, `017` is no octal: a country code or a bound means what it shows."""
    from casework.store.tree import case_from_texts

    text = '- {type: requirement, id: R-9, level: system, statement: "x", owner: no, rationale: 22:30}\n'
    case, _found = case_from_texts({"requirements/a.yaml": text})
    assert case.data("R-9")["owner"] == "no"
    assert case.data("R-9")["rationale"] == "22:30"


# Files


@pytest.mark.parametrize("name", ["CON", "-rf", "a\\b", "a:b", "x.", "a\u202eb"])
@pytest.mark.parametrize("folder", [False, True])
def test_attack_66_names_that_lead_astray(lab: LabCase, name: str, folder: bool) -> None:
    path = lab.root / "evidence/EV-1" / name
    path.mkdir() if folder else path.write_bytes(b"")
    caught(lab, "PTH-001")


@pytest.mark.parametrize("route", ["../outside.onnx", "/etc/passwd", "a\\b", ".git/config", "a/../../b"])
def test_attack_66_paths_in_nodes_that_lead_astray(lab: LabCase, route: str) -> None:
    lab.edit("path: model/int8.onnx", f"path: '{route}'")
    assert lab.check().word == "blocked"
    assert not any("root:" in f.message for f in lab.check().findings)


@pytest.mark.parametrize("target", ["file", "folder", "evidence", "policy", "root key", "dangling"])
def test_attack_67_links(lab: LabCase, tmp_path: Path, target: str) -> None:
    inside = {
        "file": lab.sealed()[0], "folder": lab.root / "evidence/EV-1", "evidence": lab.root / "evidence",
        "policy": lab.root / "evidence/trust/policy.dsse.json", "root key": lab.root / "evidence/trust/root.pub",
        "dangling": lab.sealed()[0],
    }[target]  # fmt: skip
    outside = tmp_path / "outside"
    inside.rename(outside)
    inside.symlink_to(tmp_path / "nowhere" if target == "dangling" else outside)
    assert lab.check().word == "blocked"
    if target not in {"evidence"}:
        caught(lab, "PTH-002")


@pytest.mark.parametrize("path", ["model/int8.onnx", "data/test.jsonl", "requirements/case.yaml"])
def test_attack_67_links_outside_the_evidence_are_not_followed(lab: LabCase, tmp_path: Path, path: str) -> None:
    (lab.root / path).rename(tmp_path / "outside")
    (lab.root / path).symlink_to(tmp_path / "outside")
    assert lab.check().word == "blocked"


def test_attack_68_hard_links_and_pipes(lab: LabCase, tmp_path: Path) -> None:
    os.link(lab.sealed()[0], tmp_path / "twin")
    caught(lab, "PTH-003")
    (tmp_path / "twin").unlink()
    assert lab.errors() == set()
    path = lab.sealed()[0]
    data = path.read_bytes()
    path.unlink()
    os.mkfifo(path)
    caught(lab, "PTH-003")
    path.unlink()
    path.write_bytes(data)
    assert lab.errors() == set()


def test_attack_69_twins_of_case_and_unicode_form(lab: LabCase) -> None:
    (lab.root / "evidence/ev-1").mkdir()
    caught(lab, "PTH-004")
    (lab.root / "evidence/ev-1").rmdir()
    for form in ("NFC", "NFD"):
        (lab.root / "evidence" / unicodedata.normalize(form, "é")).write_bytes(b"")
    caught(lab, "PTH-004")


@pytest.mark.parametrize("number", [".inf", "-.INF", ".nan", "1e999"])
def test_attack_54_55_a_node_with_a_number_that_is_none(lab: LabCase, number: str) -> None:
    lab.edit("bound: 2, unit: pp", f"bound: {number}, unit: pp")
    caught(lab, "FMT-004", "FMT-006", "EVD-003")
    for command in (["show", "REQ-2"], ["diff", "HEAD"], ["gsn", "-f", "dot"]):
        assert main(command) == 0
