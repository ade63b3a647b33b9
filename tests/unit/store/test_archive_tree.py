"""A case is judged in an archive as it is judged in its folder."""

from __future__ import annotations

from pathlib import Path

import pytest

from casework.artifact.archive import Archive, read_archive, write_archive
from casework.artifact.digest import sha256_bytes
from casework.model.verdict import FileFact
from casework.store.archive_tree import ArchiveTree
from casework.store.facts import file_fact
from casework.store.working_tree import WorkingTree

FILES = {
    "casework.yaml": b"schema: casework/v1\n",
    "requirements/a.yaml": b"- type: goal\n",
    "requirements/sub/b.YAML": b"- type: goal\n",
    "requirements/.hidden/c.yaml": b"-\n",
    "requirements/.d.yaml": b"-\n",
    "evidence/EV-1/x.dsse.json": b"{}",
    "evidence/.keep": b"",
}


@pytest.fixture
def trees(tmp_path: Path) -> tuple[WorkingTree, ArchiveTree]:
    for path, data in FILES.items():
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_bytes(data)
    archive = read_archive(
        write_archive({f"case/{p}": d for p, d in FILES.items()} | {"seal": b"1", "casework.yaml": b"2"})
    )
    if not isinstance(archive, Archive):
        raise AssertionError(archive)
    return WorkingTree(tmp_path), ArchiveTree(archive, "case")


def test_both_list_the_same_files(trees: tuple[WorkingTree, ArchiveTree]) -> None:
    folder, archive = trees
    for root in ("requirements", "requirements/", "evidence", "nowhere"):
        for suffixes in ((".yaml", ".yml"), (".dsse.json",)):
            assert [s.path for s in folder.list(root, suffixes)] == [s.path for s in archive.list(root, suffixes)]


def test_both_read_and_look_alike(trees: tuple[WorkingTree, ArchiveTree]) -> None:
    folder, archive = trees
    for path in FILES:
        assert archive.read(path) == folder.read(path)
        found = archive.look(path)
        assert found is not None
        assert found.problem == ""
        assert found.stamp[2] == len(FILES[path])
    assert archive.look("seal") is None
    assert archive.look("requirements") is None
    for path in ("seal", "../seal", "/seal", "requirements/../casework.yaml", ""):
        with pytest.raises(OSError, match="no such file"):
            archive.read(path)


def test_kinds_are_those_of_plain_files(trees: tuple[WorkingTree, ArchiveTree]) -> None:
    folder, archive = trees
    plain = [k.path for k in folder.kinds("evidence") if (k.mode & 0o170000) == 0o100000]
    assert [k.path for k in archive.kinds("evidence")] == plain
    assert {(k.mode & 0o170000, k.links) for k in archive.kinds("evidence")} == {(0o100000, 1)}


def test_stamps_follow_content(trees: tuple[WorkingTree, ArchiveTree]) -> None:
    _folder, archive = trees
    one, two = archive.look("requirements/a.yaml"), archive.look("casework.yaml")
    assert one is not None
    assert two is not None
    assert one.stamp != two.stamp


def test_files_left_out_are_vouched_for_and_nothing_else_is(trees: tuple[WorkingTree, ArchiveTree]) -> None:
    folder, _archive = trees
    archive = read_archive(write_archive({"case/here.txt": b"here"}))
    if not isinstance(archive, Archive):
        raise AssertionError(archive)
    tree = ArchiveTree(archive, "case", {"data/0.png": (7, "a" * 64), "here.txt": (9, "b" * 64)})
    assert file_fact(tree, "data/0.png") == FileFact("data/0.png", exists=True, size=7, sha256="a" * 64)
    assert file_fact(tree, "here.txt").sha256 == sha256_bytes(b"here")
    assert not file_fact(tree, "data/1.png").exists
    assert tree.look("data/0.png") is None
    assert file_fact(folder, "casework.yaml").exists
