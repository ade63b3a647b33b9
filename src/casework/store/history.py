"""Commits as a source of a case's bytes, read through GitPython with everything a repository could configure shut off.

A user's revision is resolved once, by `rev-parse --verify --end-of-options REV^{commit}`, and only hashes go on from there; the
commit, its folders and its files are read as what hashes to them.
Hooks, file-system monitors, external diffs and replace refs of a hostile repository have no say.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from casework.model.problem import CallProblem
from casework.store.git_objects import object_id, read_object, subtree, tree_of, walk
from casework.store.working_tree import Kind, Seen

if TYPE_CHECKING:
    from git import Repo

_ENVIRONMENT = {
    "GIT_NO_REPLACE_OBJECTS": "1",
    "GIT_CONFIG_NOSYSTEM": "1",
    "GIT_CONFIG_GLOBAL": "/dev/null",
    "GIT_OPTIONAL_LOCKS": "0",
    "GIT_TERMINAL_PROMPT": "0",
    "GIT_ALLOW_PROTOCOL": "none",
    "GIT_NO_LAZY_FETCH": "1",
    "GIT_SSH_COMMAND": "false",
    "GIT_ASKPASS": "false",
    "GIT_PAGER": "cat",
    "LC_ALL": "C",
}
_SETTINGS = (
    "safe.directory=*",
    "core.fsmonitor=false",
    "core.hooksPath=/dev/null",
    "core.pager=cat",
    "diff.external=",
    "core.quotePath=false",
)


class GitProblem(CallProblem):
    """git cannot answer; the message says why."""


def open_repository(root: Path) -> Repo | None:
    """Return the repository around a folder, or None if there is none."""
    os.environ.setdefault("GIT_PYTHON_REFRESH", "quiet")  # a missing git is told when it is asked, not at import
    from git import InvalidGitRepositoryError, NoSuchPathError, Repo

    try:
        repo = Repo(root, search_parent_directories=True)
    except (InvalidGitRepositoryError, NoSuchPathError, ValueError):
        return None
    repo.git.update_environment(**_ENVIRONMENT, GIT_CONFIG_COUNT=str(len(_SETTINGS)), **_settings())
    return repo


def _settings() -> dict[str, str]:
    made: dict[str, str] = {}
    for i, setting in enumerate(_SETTINGS):
        name, _, value = setting.partition("=")
        made[f"GIT_CONFIG_KEY_{i}"], made[f"GIT_CONFIG_VALUE_{i}"] = name, value
    return made


def resolve(repo: Repo, revision: str) -> str:
    """Return the full hash of a commit. Raises GitProblem if the revision names none."""
    from git import GitCommandError, GitError

    try:
        return str(repo.git.rev_parse("--verify", "--end-of-options", f"{revision}^{{commit}}"))
    except GitCommandError as error:
        raise GitProblem(f"`{revision}` names no commit of this repository") from error
    except (GitError, OSError) as error:
        raise GitProblem(f"git cannot be run: {error}") from error


def head(root: Path) -> tuple[str, bool]:
    """Return the commit that is checked out and whether tracked files differ from it; empty if there is none."""
    repo = open_repository(root)
    if repo is None:
        return "", False
    try:
        revision = Revision.open(root, "HEAD")
    except (GitProblem, OSError):
        return "", False
    return revision.commit, revision.differs(root)


def _is_partial(repo: Repo) -> bool:
    config = repo.config_reader("repository")
    sections = config.sections()
    return any(
        (name.lower() == "extensions" and config.has_option(name, "partialclone"))
        or (
            name.lower().startswith("remote")
            and (config.has_option(name, "promisor") or config.has_option(name, "partialclonefilter"))
        )
        for name in sections
    )


def tag_of(root: Path, commit: str) -> str:
    """Return the tag that names a commit, the first by name if there are several; empty if there is none."""
    repo = open_repository(root) if commit else None
    if repo is None:
        return ""
    return str(repo.git.tag("--points-at", commit)).partition("\n")[0].strip()


def _same_file(place: Path, blob: str, size: int) -> bool:
    return place.stat().st_size == size and object_id("blob", place.read_bytes(), blob) == blob


class Revision:
    """The files of a case as a commit holds them."""

    def __init__(self, repo: Repo, commit: str, prefix: str) -> None:
        self.repo, self.commit, self.prefix = repo, commit, prefix
        self._blobs: dict[str, tuple[str, int, str]] | None = None

    @classmethod
    def open(cls, root: Path, revision: str) -> Revision:
        """Open the case below `root` as of a revision. Raises GitProblem."""
        repo = open_repository(root)
        if repo is None or repo.working_tree_dir is None:
            raise GitProblem(f"{root} is not inside a git repository")
        if _is_partial(repo):
            raise GitProblem(
                f"{root} is a partial clone, whose missing parts git would fetch by commands of its configuration; clone it whole"
            )
        commit = resolve(repo, revision)
        inside = root.resolve().relative_to(Path(repo.working_tree_dir).resolve()).as_posix()
        return cls(repo, commit, "" if inside == "." else f"{inside}/")

    def _listing(self) -> dict[str, tuple[str, int, str]]:
        """Return blob, size and mode of every file by path: what the commit's trees say, and git sees no other."""
        if self._blobs is None:
            from git import GitError

            try:
                top = tree_of(self.repo, self.commit)
                tree = subtree(self.repo, top, self.prefix.rstrip("/")) if self.prefix else top
                held = {one.path: (one.object, one.mode) for one in walk(self.repo, tree)} if tree else {}
                seen = self._seen_by_git(tree) if tree else {}
            except (GitError, OSError, ValueError) as error:
                raise GitProblem(f"the commit {self.commit[:12]} cannot be read: {error}") from error
            if held != {path: (blob, mode) for path, (blob, _size, mode) in seen.items()}:
                raise GitProblem(
                    f"the commit {self.commit[:12]} cannot be read: git lists other files than its trees name"
                )
            self._blobs = seen
        return self._blobs

    def _seen_by_git(self, tree: str) -> dict[str, tuple[str, int, str]]:
        """Return what git lists below a tree; it knows sizes without reading every file."""
        text = str(self.repo.git.ls_tree("-r", "-l", "-z", "--full-tree", tree, strip_newline_in_stdout=False))
        found: dict[str, tuple[str, int, str]] = {}
        for line in filter(None, text.split("\0")):
            meta, path = line.split("\t", 1)
            mode, kind, blob, size = meta.split()
            if kind == "blob":
                found[path] = (blob, int(size), mode)
        return found

    def differs(self, root: Path) -> bool:
        """Tell whether files of the commit differ from those below a folder, byte by byte; git's filters have no say."""
        for path, (blob, size, mode) in self._listing().items():
            place = root / path
            try:
                same = place.is_symlink() if mode == "120000" else _same_file(place, blob, size)
            except OSError:
                return True
            if not same:
                return True
        return False

    def list(self, folder: str, suffixes: tuple[str, ...]) -> list[Seen]:
        """Return the files below a folder whose names end in one of the suffixes, sorted by path."""
        start = folder.rstrip("/") + "/"
        paths = (p for p in self._listing() if p.startswith(start) and p.lower().endswith(suffixes) and "/." not in p)
        return [seen for p in sorted(paths) if (seen := self.look(p)) is not None]

    def kinds(self, folder: str) -> Sequence[Kind]:
        """Return what everything below a folder is, sorted by path; a commit knows no hard links and no folders."""
        start = folder.rstrip("/") + "/"
        return [
            Kind(p, int(mode, 8), 1)
            for p, (_blob, _size, mode) in sorted(self._listing().items())
            if p.startswith(start)
        ]

    def lacks(self, paths: Iterable[str]) -> Sequence[str]:
        """Return those of some paths that the commit does not hold, sorted."""
        return sorted(path for path in paths if path not in self._listing())

    def look(self, path: str) -> Seen | None:
        """Return what is known of one path; None if nothing is there."""
        found = self._listing().get(path)
        if found is None:
            return None
        blob, size, mode = found
        problem = "it is a symbolic link, and links are not followed" if mode == "120000" else ""
        return Seen(path, (int(blob[:12], 16), int(blob[12:24], 16), size, 0), problem)

    def read(self, path: str) -> bytes:
        """Return the bytes of a file.

        Raises:
            OSError: The commit has no such file.
            GitProblem: The repository does not hold the file that the commit names. No finding is made of it: what a base
                held would then be taken for what it never had.
        """
        found = self._listing().get(path)
        if found is None:
            raise FileNotFoundError(2, "no such file in the commit", path)
        try:
            return read_object(self.repo, "blob", found[0])
        except OSError as error:
            raise GitProblem(f"{path} of the commit {self.commit[:12]} cannot be read: {error}") from error
