from __future__ import annotations

import os
import stat
import unicodedata
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from casework.artifact.safe_names import unsafe_reason
from casework.attest.paths import PathFact, check_paths

FILE, FOLDER = stat.S_IFREG | 0o644, stat.S_IFDIR | 0o755
GOOD = [
    "evidence/EV-1/" + "0" * 64 + ".dsse.json",
    "evidence/log/entries",
    "evidence/trust/root.pub",
    "évidence/数据.json",
    ".gitattributes",
    "a/..b/c...d",
    "console/comx/nullable.txt",
]


def codes(*facts: PathFact) -> list[str]:
    return [finding.code for finding in check_paths(facts)]


@pytest.mark.parametrize("path", GOOD)
def test_honest_paths_pass(path: str) -> None:
    assert unsafe_reason(path) == ""
    assert codes(PathFact(path, FILE), PathFact(path.rpartition("/")[0] or "x", FOLDER, links=5)) == []


@pytest.mark.parametrize(
    "path",
    [
        "../x", "a/../b", "a/..", "/etc/passwd", "//host/x", "a\\b", "..\\x", "C:/x", "a/b:stream", "a\x00b", "a\nb", "-rf", "a/-o/b", "--output=x",
        ".git/config", "a/.GIT/hooks", ".git /x", "git~1/config", "CON", "con.txt", "a/PRN/b", "aux.dsse.json", "NUL", "COM1", "lpt9.json", "COM¹",
        "a//b", "a/", "./a", "", ".", "a./b", "a /b", " a", "a\u202eb", "a\u200bb", ".g\u200cit/x", "a|b", "a?", "\udcff", "x" * 256, "y/" * 250 + "y",
    ],
)  # fmt: skip
def test_attack_66_pth_001_paths_that_lead_astray(path: str) -> None:
    found = check_paths([PathFact(path, FILE)])
    assert [finding.code for finding in found] == ["PTH-001"]
    found[0].message.encode()  # fit to print, whatever the name
    assert found[0].message.isprintable()


def test_attack_67_pth_002_links() -> None:
    assert codes(PathFact("evidence/x", stat.S_IFLNK | 0o777)) == ["PTH-002"]


def test_attack_68_pth_003_hard_links_pipes_and_devices() -> None:
    assert codes(PathFact("evidence/x", FILE, links=2)) == ["PTH-003"]
    for kind in (stat.S_IFIFO, stat.S_IFSOCK, stat.S_IFCHR, stat.S_IFBLK):
        assert codes(PathFact("evidence/x", kind | 0o644)) == ["PTH-003"]


def test_attack_69_pth_004_twins_of_case_and_unicode_form() -> None:
    assert codes(PathFact("evidence/EV-1/a", FILE), PathFact("evidence/EV-1/A", FILE)) == ["PTH-004"]
    nfc, nfd = unicodedata.normalize("NFC", "é"), unicodedata.normalize("NFD", "é")
    assert nfc != nfd
    assert codes(PathFact(nfc, FILE), PathFact(nfd, FILE)) == ["PTH-004"]
    # Twin folders are reported once, not once for each file below them.
    assert codes(*(PathFact(f"evidence/{folder}/{name}", FILE) for folder in ("EV-1", "ev-1") for name in "xyz")) == [
        "PTH-004"
    ]


def test_real_files_are_judged_by_lstat(tmp_path: Path) -> None:
    (tmp_path / "plain").write_bytes(b"")
    (tmp_path / "twin").write_bytes(b"")
    (tmp_path / "hard").hardlink_to(tmp_path / "twin")
    (tmp_path / "soft").symlink_to("plain")
    (tmp_path / "folder").mkdir()
    (tmp_path / "linked").symlink_to("folder", target_is_directory=True)
    os.mkfifo(tmp_path / "pipe")
    facts = [PathFact(path.name, path.lstat().st_mode, path.lstat().st_nlink) for path in tmp_path.iterdir()]
    assert {finding.file: finding.code for finding in check_paths(facts)} == {
        "hard": "PTH-003",
        "twin": "PTH-003",
        "soft": "PTH-002",
        "linked": "PTH-002",
        "pipe": "PTH-003",
    }


def test_order_of_discovery_leaves_no_trace() -> None:
    facts = [PathFact(path, FILE) for path in ("b", "B", "-x", "../y", "a")]
    assert check_paths(facts) == check_paths(reversed(facts))


@given(st.lists(st.text(max_size=20), max_size=5))
def test_never_raises_on_any_names(paths: list[str]) -> None:
    check_paths(PathFact(path, FILE) for path in paths)


@given(st.text(max_size=40))
def test_what_passes_stays_below_its_folder(path: str) -> None:
    if unsafe_reason(path) == "":
        root = os.path.normpath("/case")
        assert os.path.normpath(os.path.join(root, path)).startswith("/case/")
