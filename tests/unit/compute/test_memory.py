"""How much a process may keep: its share of the machine or of the container, whichever is less."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from casework.compute import memory


@pytest.fixture(autouse=True)
def _measured_anew() -> Iterator[None]:
    memory.keepable_bytes.cache_clear()
    yield
    memory.keepable_bytes.cache_clear()


def test_a_quarter_of_the_memory_is_shared_among_processors(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(memory, "_LIMITS", ())
    monkeypatch.setattr(os, "sysconf", {"SC_PAGE_SIZE": 4096, "SC_PHYS_PAGES": 16 << 20}.__getitem__)
    monkeypatch.setattr(os, "cpu_count", lambda: 4)
    assert memory.keepable_bytes() == (64 << 30) // 16


def test_a_container_that_may_use_less_is_heeded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    limit = tmp_path / "memory.max"
    limit.write_text(f"{32 << 30}\n")
    monkeypatch.setattr(memory, "_LIMITS", (str(limit), str(tmp_path / "none")))
    monkeypatch.setattr(os, "sysconf", {"SC_PAGE_SIZE": 4096, "SC_PHYS_PAGES": 16 << 20}.__getitem__)
    monkeypatch.setattr(os, "cpu_count", lambda: 4)
    assert memory.keepable_bytes() == (32 << 30) // 16


def test_where_nothing_is_told_it_is_the_least(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    unlimited = tmp_path / "memory.max"
    unlimited.write_text("max\n")
    monkeypatch.setattr(memory, "_LIMITS", (str(unlimited),))
    monkeypatch.delattr(os, "sysconf")
    monkeypatch.setattr(os, "cpu_count", lambda: None)
    assert memory.keepable_bytes() == memory.LEAST
