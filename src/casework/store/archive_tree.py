"""A sealed archive as a source of a case's bytes: judged as it lies in the archive, without unpacking it."""

from __future__ import annotations

import stat
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

from casework.artifact.archive import Archive, Member
from casework.model.verdict import FileFact
from casework.store.working_tree import Kind, Seen


@dataclass(frozen=True, slots=True)
class _Held:
    path: str
    member: Member


class ArchiveTree:
    """The files of a case below a folder of an opened archive.

    Args:
        archive: The archive; it stays open as long as the tree is used.
        folder: Folder of the archive that is the case's root, empty for the archive itself.
        outside: Data files that the archive leaves out, by path in the case: size and SHA-256 as its seal states them.
    """

    def __init__(
        self, archive: Archive, folder: str = "", outside: Mapping[str, tuple[int, str]] = MappingProxyType({})
    ) -> None:
        self._archive = archive
        self._outside = outside
        prefix = f"{folder.rstrip('/')}/" if folder else ""
        self._held: Mapping[str, _Held] = {
            name[len(prefix) :]: _Held(name, member)
            for name, member in archive.members.items()
            if name.startswith(prefix)
        }

    def list(self, folder: str, suffixes: tuple[str, ...]) -> list[Seen]:
        """Return the files below a folder whose names end in one of the suffixes, sorted by path; hidden ones are left out."""
        start = folder.rstrip("/") + "/"
        paths = (p for p in self._held if p.startswith(start) and p.lower().endswith(suffixes) and "/." not in p)
        return [seen for p in sorted(paths) if (seen := self.look(p)) is not None]

    def kinds(self, folder: str) -> Sequence[Kind]:
        """Return what everything below a folder is, sorted by path: plain files only, for no other is in an archive."""
        start = folder.rstrip("/") + "/"
        return [Kind(p, stat.S_IFREG | 0o644, 1) for p in sorted(self._held) if p.startswith(start)]

    def look(self, path: str) -> Seen | None:
        """Return what is known of one path; None if nothing is there."""
        held = self._held.get(path)
        if held is None:
            return None
        digest = held.member.sha256
        return Seen(path, (int(digest[:15], 16), int(digest[15:30], 16), held.member.size, 0))

    def read(self, path: str) -> bytes:
        """Return the bytes of a file. Raises OSError if the archive has no such file, or changed."""
        held = self._held.get(path)
        if held is None:
            raise FileNotFoundError(2, "no such file in the archive", path)
        return self._archive.read(held.path)

    def vouched(self, path: str) -> FileFact | None:
        """Return what the seal says of a file that the archive leaves out; None for all that it holds or does not know."""
        if path in self._held or path not in self._outside:
            return None
        size, sha256 = self._outside[path]
        return FileFact(path, exists=True, size=size, sha256=sha256)
