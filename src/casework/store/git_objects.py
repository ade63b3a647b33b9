"""Objects of git, believed only by their own names: an id is the hash of what it names, so what does not hash to it is not it.

git hashes what it writes and what it fetches, and not what it reads; whoever can write into `.git` could otherwise lay another
content under the id of a commit that was reviewed. SHA-1 is what git has in most repositories: it does not stop an attacker who
can make two contents with one hash, only SHA-256 repositories do.
"""

from __future__ import annotations

import stat
from collections.abc import Iterator
from typing import TYPE_CHECKING, NamedTuple

from casework.artifact.digest import git_object_id

if TYPE_CHECKING:
    from git import Repo

_SHA256_DIGITS = 64


class Entry(NamedTuple):
    """One file, link or folder that a tree names: its mode as git writes it, and its object."""

    path: str
    mode: str
    object: str


def object_id(kind: str, content: bytes, like: str) -> str:
    """Return the id of an object, in the hash function of another id of the same repository."""
    return git_object_id(kind, content, sha256=len(like) == _SHA256_DIGITS)


def read_object(repo: Repo, kind: str, name: str) -> bytes:
    """Return the content of an object. Raises OSError if it is missing, of another kind, or not what its id is of."""
    from git import GitCommandError

    try:
        held, content = _held(repo, kind, name)
    except (ValueError, KeyError, LookupError, GitCommandError) as error:
        raise OSError(f"its {kind} {name[:12]} is not in the repository") from error
    if held != kind or object_id(kind, content, name) != name:
        raise OSError(f"what the repository holds as {kind} {name[:12]} is another object: it does not hash to its id")
    return content


def _held(repo: Repo, kind: str, name: str) -> tuple[str, bytes]:
    """Return kind and content of what the repository holds under an id."""
    if len(name) != _SHA256_DIGITS:
        found = repo.odb.stream(bytes.fromhex(name))
        return found.type.decode("ascii", "replace"), bytes(found.read())
    # GitPython 3.2.1 cannot read the answers of `cat-file --batch` with SHA-256 in them, so each object costs a process.
    return kind, bytes(repo.git.cat_file(kind, name, stdout_as_string=False, strip_newline_in_stdout=False))


def tree_of(repo: Repo, commit: str) -> str:
    """Return the id of a commit's tree. Raises OSError as `read_object`, or if the commit names none."""
    first = read_object(repo, "commit", commit).split(b"\n", 1)[0]
    kind, _, name = first.partition(b" ")
    if kind != b"tree" or len(name) != len(commit):
        raise OSError(f"the commit {commit[:12]} names no tree")
    return name.decode("ascii", "replace")


def subtree(repo: Repo, tree: str, path: str) -> str | None:
    """Return the id of the folder at a path below a tree; None if there is none. Raises OSError as `read_object`."""
    for part in path.split("/"):
        inside = {one.path: one for one in _entries(repo, tree)}
        found = inside.get(part)
        if found is None or found.mode != "040000":
            return None
        tree = found.object
    return tree


def walk(repo: Repo, tree: str) -> Iterator[Entry]:
    """Yield every file and link below a tree, and nothing of other repositories. Raises OSError as `read_object`."""
    pending = [("", tree)]
    while pending:
        prefix, here = pending.pop()
        for one in _entries(repo, here):
            path = f"{prefix}{one.path}"
            if one.mode == "040000":
                pending.append((f"{path}/", one.object))
            elif one.mode != "160000":
                yield Entry(path, one.mode, one.object)


def _entries(repo: Repo, tree: str) -> list[Entry]:
    """Return what a tree names: `mode name NUL id`, again and again (Pro Git, second edition, 10.2)."""
    content, width = read_object(repo, "tree", tree), len(tree) // 2
    made: list[Entry] = []
    names: set[str] = set()
    at = 0
    while at < len(content):
        end = content.find(b"\0", at)
        mode, _, raw = content[at:end].partition(b" ")
        name = raw.decode("utf-8", "surrogateescape")
        at = end + 1 + width
        if end < 0 or at > len(content) or not mode.isdigit() or not _plain(name) or name in names:
            raise OSError(f"the tree {tree[:12]} is malformed: git's own tools would read it each in its way")
        names.add(name)
        made.append(Entry(name, _canonical(int(mode, 8)), content[end + 1 : at].hex()))
    return made


def _plain(name: str) -> bool:
    return name not in ("", ".", "..") and "/" not in name


def _canonical(mode: int) -> str:
    """Return a mode as git reads it: of the permissions of a file only counts whether its owner may execute it."""
    if stat.S_ISREG(mode):
        return "100755" if mode & 0o100 else "100644"
    if stat.S_ISLNK(mode):
        return "120000"
    return "040000" if stat.S_ISDIR(mode) else "160000"
