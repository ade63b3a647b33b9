"""What of a case goes into a release bundle: every file that had a say in judging it, and nothing else.

The case is judged through a tree that takes note of all that is read. Whoever judges the enclosed files again reads the same
files and finds the same others absent.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final, Literal

from casework.artifact.digest import sha256_bytes
from casework.graph.assessment import Assessment
from casework.model.learning import Dataset
from casework.model.release import ListedFile
from casework.store.working_tree import Kind, Seen, Tree

DataChoice = Literal["small", "with", "without"]
SMALL_DATA: Final = 64 << 20
"""Data files go along where all of them together are no larger, bytes."""


@dataclass(frozen=True, slots=True)
class Enclosed:
    """The files of a case, and those that are left out.

    Attributes:
        files: Content by path in the case.
        outside: Size and digest of data files that are left out, by path in the case.
    """

    files: dict[str, bytes] = field(default_factory=dict)
    outside: dict[str, ListedFile] = field(default_factory=dict)


class NotingTree:
    """A tree that keeps what is read of another."""

    def __init__(self, tree: Tree) -> None:
        self._tree = tree
        self.read_files: dict[str, bytes] = {}

    def list(self, folder: str, suffixes: tuple[str, ...]) -> list[Seen]:
        """Return what the other tree lists."""
        return self._tree.list(folder, suffixes)

    def kinds(self, folder: str) -> Sequence[Kind]:
        """Return what the other tree holds below a folder."""
        return self._tree.kinds(folder)

    def look(self, path: str) -> Seen | None:
        """Return what the other tree knows of a path."""
        return self._tree.look(path)

    def read(self, path: str) -> bytes:
        """Return the bytes of a file, and keep them. Raises OSError as the other tree does."""
        data = self.read_files.get(path)
        if data is None:
            data = self._tree.read(path)
            self.read_files[path] = data
        return data


def enclose(tree: NotingTree, assessment: Assessment, choice: DataChoice) -> Enclosed:
    """Return the files of an assessed case that go into a bundle.

    Args:
        tree: The tree through which it was assessed.
        assessment: What came of it.
        choice: Whether data files go along: if they are small, always, or never.
    """
    data = {path: held for path in _data_files(tree, assessment) if (held := tree.read_files.get(path)) is not None}
    inside = choice == "with" or (choice == "small" and sum(map(len, data.values())) <= SMALL_DATA)
    if inside:
        return Enclosed(dict(tree.read_files))
    outside = {path: ListedFile(size=len(held), sha256=sha256_bytes(held)) for path, held in data.items()}
    return Enclosed({path: held for path, held in tree.read_files.items() if path not in outside}, outside)


def _data_files(tree: NotingTree, assessment: Assessment) -> set[str]:
    from casework.artifact.manifest import parse_manifest

    named = set(assessment.files)  # a model is never data, even if a manifest lists it
    found: set[str] = set()
    for _key, dataset in assessment.case.nodes(Dataset, "dataset"):
        path = dataset.manifest.path
        content = tree.read_files.get(path)
        manifest = parse_manifest(content).manifest if content is not None else None
        if manifest is None:
            continue
        folder = path.rpartition("/")[0]
        found.update(f"{folder}/{item.file}" if folder else item.file for item in manifest.items)
        named.add(path)
    return found - named
