"""The table of attacks is whole: each number once, each code registered, each test collected; and the page made from it is current."""

from __future__ import annotations

import importlib.util
import subprocess
import sys
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from matrix import ATTACKS, GROUPS

import casework
from casework.rules.names import module_names

ROOT = Path(__file__).resolve().parents[2]


def test_every_number_stands_once() -> None:
    assert [attack.number for attack in ATTACKS] == list(range(1, 107))
    assert [n for first, last in GROUPS.values() for n in range(first, last + 1)] == list(range(1, 107))
    assert not [title for title, count in Counter(a.title for a in ATTACKS).items() if count > 1]


def test_every_code_is_registered() -> None:
    known = module_names()
    assert [(a.number, code) for a in ATTACKS for code in a.codes if code not in known] == []


def test_every_defence_has_a_home() -> None:
    package = Path(casework.__file__).parent
    assert [(a.number, a.home) for a in ATTACKS if not (package / a.home).exists()] == []


def test_every_attack_has_a_test_that_is_collected() -> None:
    """Names are not believed: pytest collects the files, slow tests too."""
    assert [a.number for a in ATTACKS if not a.tests] == []
    files = sorted({f"tests/{test.partition('::')[0]}" for a in ATTACKS for test in a.tests})
    assert [file for file in files if not (ROOT / file).is_file()] == []
    call = [
        sys.executable,
        "-m",
        "pytest",
        "--collect-only",
        "-q",
        "-p",
        "no:cacheprovider",
        "-o",
        "addopts=--strict-markers",
        *files,
    ]
    done = subprocess.run(call, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-2000:]
    found = {line.partition("[")[0].removeprefix("tests/") for line in done.stdout.splitlines() if "::" in line}
    assert len(found) > 100
    assert [(a.number, test) for a in ATTACKS for test in a.tests if test not in found] == []


def test_tests_that_are_named_for_an_attack_stand_in_its_row() -> None:
    """What an attack's own tests are called: at least one of each row says its number, or stands in a file of its own subject."""
    strangers = [
        a.number
        for a in ATTACKS
        if not any(
            f"attack_{a.number:02}" in test or f"attack_{a.number:03}" in test or f"attack_{a.number}_" in test
            for test in a.tests
        )
    ]
    assert set(strangers) <= UNNUMBERED, sorted(set(strangers) - UNNUMBERED)


UNNUMBERED = {46, *range(54, 66)}
"""Attacks whose tests are parameters of one test, or were named before the numbers."""


def maker() -> Any:
    spec = importlib.util.spec_from_file_location("make_threat_model", ROOT / "docs/make_threat_model.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize("name", ["threat-model.md", "threat-model.svg"])
def test_the_page_is_made_from_the_table(name: str) -> None:
    made = maker().pages()
    assert (ROOT / "docs/explanation" / name).read_text(encoding="utf-8") == made[name], "run `make reference`"
