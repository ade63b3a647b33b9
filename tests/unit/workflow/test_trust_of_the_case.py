"""What `check` makes of trust: a pinned root that differs, records that cannot be read, and no network."""

from __future__ import annotations

import shutil
import socket
from datetime import date
from pathlib import Path

import pytest

from casework.workflow.judging.checking import check

ROOT = Path(__file__).resolve().parents[3]
TODAY = date(2026, 12, 1)


@pytest.fixture
def case(tmp_path: Path) -> Path:
    for part in ("requirements/roadside-sign", "evidence"):
        shutil.copytree(ROOT / part, tmp_path / part, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.rmtree(tmp_path / "evidence/log")  # the example has a log of its own
    shutil.copytree(ROOT / "src/casework/templates/roadside-sign/overlay", tmp_path, dirs_exist_ok=True)
    return tmp_path


def errors(case: Path) -> set[str]:
    return {f.code for f in check(case, TODAY, cached=False).findings if f.severity == "error"}


def test_the_copy_passes_and_asks_no_network(case: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refused(*_args: object, **_more: object) -> None:
        raise AssertionError("a socket was opened")

    monkeypatch.setattr(socket, "socket", refused)
    assert errors(case) == set()


def test_another_root_key_than_the_pinned_one_is_no_trust(case: Path) -> None:
    from casework.attest.keys import generate_private_pem, load_private_key

    key = load_private_key(generate_private_pem("ed25519"))
    assert key.keyid
    path = case / "evidence/trust/root.pub"
    path.write_bytes(path.read_bytes() + b"\n")
    found = errors(case)
    assert any(code.startswith("POL") for code in found), found


@pytest.mark.parametrize("kind", ["link", "empty", "truncated", "binary"])
def test_a_record_that_cannot_be_read_blocks(case: Path, kind: str) -> None:
    path = next((case / "evidence/EV-QUANT").glob("*.dsse.json"))
    data = path.read_bytes()
    path.unlink()
    match kind:
        case "link":
            other = case / "elsewhere.json"
            other.write_bytes(data)
            path.symlink_to(other)
        case "empty":
            path.write_bytes(b"")
        case "truncated":
            path.write_bytes(data[: len(data) // 2])
        case _:
            path.write_bytes(bytes(range(256)) * 40)
    assert errors(case)
