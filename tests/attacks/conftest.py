"""The world of keys lies with the tests of the room `attest`, the small complete case with those of the rules."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

TESTS = Path(__file__).resolve().parents[1]
for folder in ("unit/attest", "rules", "attacks"):
    sys.path.insert(0, str(TESTS / folder))

from lab_case import LabCase, build  # noqa: E402 - found through the path above


@pytest.fixture
def lab(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> LabCase:
    """Return an honestly sealed case in a git repository, which passes."""
    monkeypatch.setenv("CASEWORK_CACHE_DIR", str(tmp_path / "cache"))
    for name in [n for n in os.environ if n.startswith("GIT_")]:
        monkeypatch.delenv(name)
    made = build(tmp_path / "case")
    monkeypatch.chdir(made.root)
    return made
