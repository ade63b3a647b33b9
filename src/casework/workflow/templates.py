"""The cases that `casework init` lays down."""

from __future__ import annotations

from importlib import resources
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Final

from casework.exchange.json_schema import schemas
from casework.model.problem import CallProblem

_MEANINGS: Final[dict[str, str]] = {
    "empty": "a case with one requirement, to start from",
    "roadside-sign": "the worked example: a road sign detector with model, data and evidence; it passes",
    "roadside-sign-blocked": "the same with faults planted: what a blocked case looks like, and why",
}
_LOG: Final = "evidence/log/"
_EXAMPLE: Final = ("casework.yaml", "requirements/roadside-sign", "evidence")


def templates() -> dict[str, str]:
    """Return the names of the templates and what they are."""
    return dict(_MEANINGS)


def template_files(name: str) -> list[tuple[str, bytes]]:
    """Return the files of a template: path and bytes, sorted. Raises CallProblem for an unknown template."""
    if name not in _MEANINGS:
        raise CallProblem(f"there is no template {name}; there are {', '.join(_MEANINGS)}")
    package = resources.files("casework") / "templates"
    files = dict(_walk(package / "common" / "files", ""))
    if name == "empty":
        files.update(_walk(package / "empty" / "files", ""))
    else:
        files.update(_example())
        _lay_over(files, _walk(package / "roadside-sign" / "overlay", ""))
    files.update({f"schemas/{file}": text.encode() for file, text in schemas().items()})
    if name == "roadside-sign-blocked":
        _lay_over(files, _walk(package / name / "overlay", ""))
    return sorted(files.items())


def _lay_over(files: dict[str, bytes], overlay: list[tuple[str, bytes]]) -> None:
    """Replace files by those of an overlay; a log is replaced whole, because its stamps are of its own entries only."""
    if any(path.startswith(_LOG) for path, _content in overlay):
        for path in [path for path in files if path.startswith(_LOG)]:
            del files[path]
    files.update(overlay)


def _example() -> dict[str, bytes]:
    """Return the worked example: as packed into the wheel, else from the repository that this package runs from."""
    packed = resources.files("casework") / "templates" / "roadside-sign" / "files"
    if packed.is_dir():
        return dict(_walk(packed, ""))
    root = Path(__file__).resolve().parents[3]
    found: dict[str, bytes] = {}
    for part in _EXAMPLE:
        place = root / part
        if place.is_dir():
            found.update(_walk(place, f"{part}/"))
        elif place.is_file():
            found[part] = place.read_bytes()
    if not found:
        raise CallProblem("this installation carries no worked example; install Casework from its wheel or repository")
    return found


def _walk(folder: Traversable, prefix: str) -> list[tuple[str, bytes]]:
    made: list[tuple[str, bytes]] = []
    if not folder.is_dir():
        return made
    for entry in folder.iterdir():
        if entry.name == "__pycache__":
            continue
        if entry.is_dir():
            made.extend(_walk(entry, f"{prefix}{entry.name}/"))
        else:
            # A real .gitattributes inside the package would act on the package itself.
            name = ".gitattributes" if entry.name == "gitattributes.template" else entry.name
            made.append((prefix + name, entry.read_bytes()))
    return made
