"""Which software judged: Casework, Python, and every package that Casework rests on, as installed here."""

from __future__ import annotations

import json
import platform
import re
from functools import lru_cache
from importlib import metadata
from importlib.resources import files
from typing import Any, Final

from casework.artifact.digest import jcs_digest, sha256_bytes
from casework.model.version import __version__

_NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")
_BY_INSTALLER: Final = ("INSTALLER", "REQUESTED", "direct_url.json", "RECORD", "uv_cache.json")


def verifier_versions() -> dict[str, str]:
    """Return package to version: Casework and Python first of all, then what they rest on, of the base install."""
    versions = {"python": platform.python_version(), "casework": __version__}
    for name, distribution in _closure().items():
        if name != "casework":
            versions[name] = distribution.version
    return {name: versions[name] for name in sorted(versions)}


def pinned_verifier() -> dict[str, bytes]:
    """Return the files that describe the verifier, by name.

    `versions.json` also has, for each package, the digest of its list of installed files as its installer recorded it
    (`RECORD` of the wheel: path and SHA-256, without what the installer itself adds); `requirements.txt` is what pip takes.
    """
    versions = verifier_versions()
    packages: dict[str, Any] = {
        name: {"version": found.version, "files_sha256": _files_digest(found)}
        for name, found in sorted(_closure().items())
        if name != "casework"
    }
    packages["casework"] = {"version": __version__, "source_sha256": _source_digest()}
    value = {
        "python": {"version": platform.python_version(), "implementation": platform.python_implementation()},
        "packages": {name: packages[name] for name in sorted(packages)},
    }
    pins = "".join(f"{name}=={version}\n" for name, version in versions.items() if name != "python")
    return {
        "versions.json": (json.dumps(value, indent=2, sort_keys=True) + "\n").encode(),
        "requirements.txt": pins.encode(),
    }


def _closure() -> dict[str, metadata.Distribution]:
    """Return Casework's installed distribution and all that it requires without extras, by canonical name."""
    found: dict[str, metadata.Distribution] = {}
    pending = ["casework"]
    while pending:
        name = pending.pop()
        if name in found:
            continue
        try:
            found[name] = metadata.distribution(name)
        except metadata.PackageNotFoundError:  # run from a source tree, or required on other systems only
            continue
        for requirement in found[name].requires or ():
            named = _NAME.match(requirement)
            if named and "extra ==" not in requirement:
                pending.append(_canonical(named[0]))
    return found


def _canonical(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()  # PEP 503


def _files_digest(distribution: metadata.Distribution) -> str:
    rows = [
        [str(file), file.hash.value]
        for file in distribution.files or ()
        if file.hash is not None and not str(file).startswith("..") and file.name not in _BY_INSTALLER
    ]
    return jcs_digest(sorted(rows)) if rows else ""


@lru_cache(maxsize=1)  # the modules of a running process do not change with their files
def _source_digest() -> str:
    """Return the digest of Casework's own modules, path and SHA-256 of each: also where it runs from a source tree."""
    rows: list[list[str]] = []
    pending = [("casework", files("casework"))]
    while pending:
        prefix, folder = pending.pop()
        for entry in folder.iterdir():
            path = f"{prefix}/{entry.name}"
            if entry.is_dir() and entry.name not in ("__pycache__", "templates"):
                pending.append((path, entry))
            elif entry.name.endswith(".py"):
                rows.append([path, sha256_bytes(entry.read_bytes())])
    return jcs_digest(sorted(rows))
