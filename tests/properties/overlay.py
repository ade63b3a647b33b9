"""A tree of files of which some are gone, cut short, locked, or folders: faults of a disk, or acts of somebody who can write."""

from __future__ import annotations

import stat
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from casework.store.working_tree import Kind, Seen, WorkingTree

Fault = bytes | Literal["gone", "denied", "folder"]
"""Other content, or what is the matter with a file. Access is refused by the tree, since permissions do not bind the root user."""


@dataclass(frozen=True)
class Overlay:
    """The files below a root, but for those with a fault."""

    root: Path
    faults: Mapping[str, Fault]

    @property
    def _inner(self) -> WorkingTree:
        return WorkingTree(self.root)

    def _seen(self, path: str) -> Seen | None:
        match self.faults[path]:
            case "gone":
                return None
            case "folder":
                return Seen(path, (0, 0, 0, 0), "it is not a regular file")
            case "denied":
                return Seen(path, (1, 1, 1, 1))
            case data:
                return Seen(path, (2, 2, len(data), 2))

    def list(self, folder: str, suffixes: tuple[str, ...]) -> list[Seen]:
        found = {s.path: s for s in self._inner.list(folder, suffixes)}
        for path in self.faults:
            if path.startswith(f"{folder.rstrip('/')}/") and path.lower().endswith(suffixes):
                found.pop(path, None)
                seen = self._seen(path)
                if seen is not None and self.faults[path] != "folder":  # a folder is walked into and holds nothing
                    found[path] = seen
        return [found[path] for path in sorted(found)]

    def kinds(self, folder: str) -> Sequence[Kind]:
        found = {k.path: k for k in self._inner.kinds(folder)}
        for path, fault in self.faults.items():
            if path.startswith(f"{folder.rstrip('/')}/"):
                found.pop(path, None)
                if fault == "folder":
                    found[path] = Kind(path, stat.S_IFDIR | 0o755, 2)
                elif fault != "gone":
                    found[path] = Kind(path, stat.S_IFREG | 0o644, 1)
        return [found[path] for path in sorted(found)]

    def look(self, path: str) -> Seen | None:
        return self._seen(path) if path in self.faults else self._inner.look(path)

    def read(self, path: str) -> bytes:
        match self.faults.get(path):
            case None:
                return self._inner.read(path)
            case "gone":
                raise FileNotFoundError(2, "No such file or directory", path)
            case "denied":
                raise PermissionError(13, "Permission denied", path)
            case "folder":
                raise IsADirectoryError(21, "Is a directory", path)
            case data:
                assert isinstance(data, bytes)
                return data
