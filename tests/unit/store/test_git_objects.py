"""Objects of git count only for what hashes to their ids: blobs, folders and commits, in both of git's hash functions."""

from __future__ import annotations

import subprocess
import zlib
from pathlib import Path

import pytest

from casework.store.git_objects import object_id, read_object, tree_of, walk
from casework.store.history import GitProblem, Revision, head, open_repository


def git(folder: Path, *words: str, text: bytes = b"") -> str:
    who = ["-c", "user.name=A", "-c", "user.email=a@example.org"]
    done = subprocess.run(["git", *who, *words], cwd=folder, check=True, input=text, capture_output=True)
    return done.stdout.decode().strip()


@pytest.fixture(params=["sha1", "sha256"])
def root(tmp_path: Path, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name in ("GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE"):
        monkeypatch.delenv(name, raising=False)
    git(tmp_path, "init", "-q", f"--object-format={request.param}", ".")
    (tmp_path / "case/requirements").mkdir(parents=True)
    (tmp_path / "case/requirements/one.yaml").write_bytes(b"one\r\n")
    (tmp_path / "case/run.sh").write_bytes(b"#!/bin/sh\n")
    (tmp_path / "case/run.sh").chmod(0o755)
    (tmp_path / "case/link").symlink_to("run.sh")
    (tmp_path / "case/ä name").write_bytes(b"")
    (tmp_path / "other").write_bytes(b"other\n")
    git(tmp_path, "add", "-A")
    git(tmp_path, "commit", "-q", "-m", "first")
    return tmp_path


def lay(root: Path, name: str, kind: str, content: bytes) -> None:
    """Store any content under any id, as whoever can write into `.git` can."""
    place = root / ".git/objects" / name[:2] / name[2:]
    place.chmod(0o644)
    place.write_bytes(zlib.compress(b"%s %d\0" % (kind.encode(), len(content)) + content))


def test_a_commit_is_read_as_git_itself_reads_it(root: Path) -> None:
    revision = Revision.open(root / "case", "HEAD")
    assert [(k.path, oct(k.mode)) for k in revision.kinds("requirements")] == [("requirements/one.yaml", "0o100644")]
    assert revision.read("requirements/one.yaml") == b"one\r\n"
    assert revision.read("ä name") == b""
    seen = revision.look("link")
    assert seen is not None
    assert "symbolic link" in seen.problem
    assert revision.look("other") is None
    assert not revision.differs(root / "case")
    assert head(root / "case") == (git(root, "rev-parse", "HEAD"), False)
    (root / "case/run.sh").write_bytes(b"#!/bin/no\n")
    assert revision.differs(root / "case")


def test_ids_are_those_of_git(root: Path) -> None:
    name = git(root, "hash-object", "--stdin", text=b"any\n")
    assert object_id("blob", b"any\n", name) == name


def test_a_folder_that_the_commit_lacks_is_empty(root: Path) -> None:
    (root / "new").mkdir()
    assert Revision.open(root / "new", "HEAD").kinds(".") == []
    assert not Revision.open(root / "new", "HEAD").differs(root / "new")


@pytest.mark.parametrize("content", [b"two\r\n", b"longer than it was\n", b""])
def test_another_blob_under_an_id_is_refused(root: Path, content: bytes) -> None:
    lay(root, git(root, "rev-parse", "HEAD:case/requirements/one.yaml"), "blob", content)
    revision = Revision.open(root / "case", "HEAD")
    with pytest.raises(GitProblem, match=r"requirements/one\.yaml of the commit .* does not hash to its id"):
        revision.read("requirements/one.yaml")


@pytest.mark.parametrize("path", ["HEAD:", "HEAD:case", "HEAD:case/requirements"])
def test_another_folder_under_an_id_is_refused(root: Path, path: str) -> None:
    name = git(root, "rev-parse", path)
    forged = bytes.fromhex(git(root, "rev-parse", "HEAD:other"))
    lay(root, name, "tree", b"100644 one.yaml\0" + forged)
    with pytest.raises(GitProblem, match="another object"):
        Revision.open(root / "case", "HEAD").kinds("requirements")


def test_another_commit_under_an_id_is_refused(root: Path) -> None:
    commit = git(root, "rev-parse", "HEAD")
    said = git(root, "cat-file", "commit", commit).encode()
    lay(root, commit, "commit", said.replace(b"first", b"third"))
    repo = open_repository(root)
    assert repo is not None
    with pytest.raises(OSError, match="does not hash to its id"):
        tree_of(repo, commit)
    with pytest.raises(GitProblem):
        Revision.open(root / "case", commit).kinds("requirements")


def test_a_missing_object_is_told(root: Path) -> None:
    name = git(root, "rev-parse", "HEAD:case/requirements")
    (root / ".git/objects" / name[:2] / name[2:]).unlink()
    with pytest.raises(GitProblem, match="is not in the repository"):
        Revision.open(root / "case", "HEAD").kinds("requirements")


@pytest.mark.parametrize(
    "names", [("a", "a"), ("",), ("..",), ("x/y",), (".",)], ids=["twice", "empty", "up", "slash", "here"]
)
def test_a_tree_that_is_read_in_two_ways_is_refused(root: Path, names: tuple[str, ...]) -> None:
    blob = bytes.fromhex(git(root, "rev-parse", "HEAD:other"))
    content = b"".join(b"100644 %s\0" % name.encode() + blob for name in names)
    made = git(root, "hash-object", "-t", "tree", "-w", "--literally", "--stdin", text=content)
    repo = open_repository(root)
    assert repo is not None
    with pytest.raises(OSError, match="malformed"):
        list(walk(repo, made))


def test_an_object_of_another_kind_is_refused(root: Path) -> None:
    repo = open_repository(root)
    assert repo is not None
    commit = git(root, "rev-parse", "HEAD")
    with pytest.raises(OSError, match=r"another object|not in the repository"):
        read_object(repo, "blob", commit)
    assert tree_of(repo, commit) == git(root, "rev-parse", "HEAD^{tree}")
