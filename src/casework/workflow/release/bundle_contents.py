"""Opening a release bundle: safe archive, nothing unlisted, nothing missing, nothing changed, and a seal over all of it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from casework.artifact.archive import Archive, ArchiveProblem, read_archive
from casework.attest.carrier import Problem
from casework.attest.codes import report, shown
from casework.attest.release import content_findings, open_seal, read_manifest
from casework.model.finding import Finding
from casework.model.release import MANIFEST, SEAL, ReleaseManifest, ReleaseStatement
from casework.store.archive_tree import ArchiveTree

CASE: Final = "case"
MAX_SEAL_BYTES: Final = 16 << 20


@dataclass(frozen=True, slots=True)
class Contents:
    """An opened bundle whose files are those that its seal covers; whose seal it is is not judged here.

    Attributes:
        archive: The archive, open.
        manifest: What it lists.
        statement: What the seal says.
        seal: Bytes of the seal.
    """

    archive: Archive
    manifest: ReleaseManifest
    statement: ReleaseStatement
    seal: bytes

    def tree(self) -> ArchiveTree:
        """Return the enclosed case."""
        outside = {path: (listed.size, listed.sha256) for path, listed in self.manifest.outside.items()}
        return ArchiveTree(self.archive, CASE, outside)


def open_bundle(path: Path) -> Contents | tuple[Finding, ...]:
    """Open a bundle.

    Returns:
        Its contents, or what is wrong: `ART-014` for the archive and for members that are unlisted or missing, `ART-016` for
        content that is not what was sealed, and the codes of parsing. Never raises, whatever the bytes.
    """
    archive = read_archive(path)
    if isinstance(archive, ArchiveProblem):
        name = f"`{shown(archive.member, 120)}`: " if archive.member else ""
        return (report("ART-014", f"{name}{archive.message}", file=shown(archive.member, 400)),)
    try:
        found = _contents(archive)
    except OSError as error:
        found = (report("ART-014", f"the archive cannot be read: {error}"),)
    if not isinstance(found, Contents):
        archive.close()
    return found


def _contents(archive: Archive) -> Contents | tuple[Finding, ...]:
    for name in (MANIFEST, SEAL):
        member = archive.members.get(name)
        if member is None:
            return (report("ART-016", f"there is no `{name}`: this is no release bundle, or its seal was removed"),)
        if member.size > MAX_SEAL_BYTES:
            return (report("ART-016", f"`{name}` has {member.size} bytes, more than the {MAX_SEAL_BYTES} allowed"),)
    raw = archive.read(MANIFEST)
    manifest = read_manifest(raw)
    if not isinstance(manifest, ReleaseManifest):
        return tuple(_told(manifest, MANIFEST))
    seal = archive.read(SEAL)
    statement = open_seal(seal)
    if not isinstance(statement, ReleaseStatement):
        return tuple(_told(statement, SEAL))
    held = {name: (member.size, member.sha256) for name, member in archive.members.items()}
    wrong = content_findings(held, manifest, statement)
    return wrong or Contents(archive, manifest, statement, seal)


def _told(problems: Iterable[Problem], file: str) -> Iterator[Finding]:
    for one in problems:
        yield report(one.code, f"{file}: {one.message}", file=file, line=one.line, column=one.column)
