"""Reading of dataset manifests, `casework/dataset-manifest/v1`: JSON Lines, a header and then an item a line.

The reader is strict about form (keys, types, paths, numbers) and silent about content: a box outside its image or an
unknown class is a fault of the data, which the `dataset` generator counts, not of the manifest.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Literal, NoReturn, TypeVar

from casework.artifact.digest import sha256_bytes

SCHEMA: Final = "casework/dataset-manifest/v1"
SIZE_LIMIT: Final = 1 << 29
_PROBLEM_LIMIT: Final = 100

_SHA256 = re.compile(r"[0-9a-f]{64}\Z")
_PHASH = re.compile(r"[0-9a-f]{16}\Z")
_UNSAFE = re.compile(r"[\x00-\x1f\x7f\\:]")

Task = Literal["detection", "classification"]
T = TypeVar("T")


class ManifestProblem(Exception):  # noqa: N818 - it is a state of the user's file, not an error of ours
    """A manifest that cannot be used: the fact, and the act that mends it."""

    def __init__(self, message: str, fix: str) -> None:
        super().__init__(message)
        self.message = message
        self.fix = fix


@dataclass(frozen=True, slots=True)
class LineProblem:
    """One misfit: 1-based line, and what is wrong there."""

    line: int
    message: str


@dataclass(frozen=True, slots=True)
class ManifestSplit:
    """One split: its purpose, and whether its files are stored beside the manifest."""

    name: str
    purpose: str
    stored: bool


@dataclass(frozen=True, slots=True)
class LabelledObject:
    """A labelled object: class, box (x0, y0, x1, y1) in pixels, and its own conditions, such as `distance`."""

    label: str
    box: tuple[float, float, float, float]
    tags: dict[str, str]


@dataclass(frozen=True, slots=True)
class Item:
    """One item of a dataset.

    Attributes:
        file: Path relative to the manifest's folder, with forward slashes.
        sha256: Digest of the file.
        split: Name of its split.
        width: Pixels; 0 if not given.
        height: Pixels; 0 if not given.
        phash: 64-bit perceptual hash, or None.
        group: What may not be torn over two splits, such as a scene or a drive; None if not given.
        odd: Dimension of the operational design domain to value.
        objects: Labelled objects, of a detection task.
        label: Class, of a classification task.
        line: 1-based line in the manifest.
    """

    file: str
    sha256: str
    split: str
    width: int
    height: int
    phash: int | None
    group: str | None
    odd: dict[str, str]
    objects: tuple[LabelledObject, ...]
    label: str | None
    line: int


@dataclass(frozen=True, slots=True)
class DatasetManifest:
    """A manifest: what the header says, the items in the order of the file, and the digest of the file."""

    name: str
    task: Task
    classes: tuple[str, ...]
    splits: dict[str, ManifestSplit]
    generator: dict[str, Any]
    items: tuple[Item, ...]
    sha256: str


@dataclass(frozen=True, slots=True)
class Reading:
    """What came of reading: the manifest, or None with problems; at most 100 problems are listed."""

    manifest: DatasetManifest | None
    problems: tuple[LineProblem, ...]


class _MisfitError(ValueError):
    """A misfit of the line at hand."""


def open_manifest(path: Path) -> DatasetManifest:
    """Read a manifest that is to be used.

    Raises:
        ManifestProblem: It is missing, too large, or has problems; the first three are named with their lines.
    """
    try:
        size = path.stat().st_size
        if size > SIZE_LIMIT:
            raise ManifestProblem(f"{path} has {size} bytes, more than the limit of {SIZE_LIMIT}", "Split the dataset.")
        content = path.read_bytes()
    except OSError as error:
        raise ManifestProblem(f"{path} cannot be read: {error.strerror}", "Give the path of a manifest.") from error
    reading = parse_manifest(content)
    if reading.manifest is None:
        shown = "; ".join(f"line {p.line}: {p.message}" for p in reading.problems[:3])
        more = f"; and {len(reading.problems) - 3} more" if len(reading.problems) > 3 else ""
        raise ManifestProblem(
            f"{path} is no valid {SCHEMA}: {shown}{more}", "Mend these lines, or write the manifest again."
        )
    return reading.manifest


def parse_manifest(content: bytes) -> Reading:
    """Parse a manifest's bytes: UTF-8, one JSON object a line, a line feed after each.

    Doubled keys, NaN and infinities, unknown keys, doubled file names and paths that leave the folder are problems.
    """
    problems: list[LineProblem] = []
    try:
        lines = content.decode("utf-8").split("\n")
    except UnicodeDecodeError as error:
        return Reading(None, (LineProblem(content.count(b"\n", 0, error.start) + 1, "is not UTF-8"),))
    if lines and not lines[-1]:
        lines.pop()
    header = _guarded(1, problems, lambda: _header(_load(lines[0] if lines else "")))
    items: list[Item] = []
    seen: dict[str, int] = {}
    if header is not None:
        for number, line in enumerate(lines[1:], start=2):
            item = _guarded(number, problems, lambda line=line, number=number: _item(_load(line), header, number))  # type: ignore[misc]
            if item is None:
                if len(problems) >= _PROBLEM_LIMIT:
                    break
                continue
            if item.file in seen:
                problems.append(LineProblem(number, f"file {item.file!r} is already on line {seen[item.file]}"))
            seen[item.file] = number
            items.append(item)
    if header is None or problems:
        return Reading(None, tuple(problems))
    name, task, classes, splits, generator = header
    return Reading(DatasetManifest(name, task, classes, splits, generator, tuple(items), sha256_bytes(content)), ())


def inside(root: Path, file: str) -> Path | None:
    """Return the file's path below a folder, or None where a link leads out of it."""
    target = (root / file).resolve()
    return target if target.is_relative_to(root.resolve()) else None


def _guarded(line: int, problems: list[LineProblem], read: Callable[[], T]) -> T | None:
    try:
        return read()
    except json.JSONDecodeError as error:
        problems.append(LineProblem(line, f"is not JSON: {error.msg} at column {error.colno}"))
    except (ValueError, OverflowError, RecursionError) as error:  # the latter two: absurd numbers, absurd nesting
        problems.append(LineProblem(line, str(error)))
    return None


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        keys = [k for k, _ in pairs]
        twice = next(k for k in keys if keys.count(k) > 1)
        raise _MisfitError(f"key {twice!r} is given twice")
    return found


def _constant(text: str) -> NoReturn:
    raise _MisfitError(f"{text} is no JSON number")


_DECODER = json.JSONDecoder(object_pairs_hook=_unique, parse_constant=_constant)


def _load(line: str) -> dict[str, Any]:
    value = _DECODER.decode(line)
    if not isinstance(value, dict):
        raise _MisfitError("is not a JSON object")
    return value


def _text(value: Any, what: str) -> str:
    if not isinstance(value, str) or not value or len(value) > 1000:
        raise _MisfitError(f"{what} must be a text of 1 to 1000 characters")
    return value


_Header = tuple[str, Task, tuple[str, ...], dict[str, ManifestSplit], dict[str, Any]]


def _header(value: dict[str, Any]) -> _Header:
    if value.get("schema") != SCHEMA:
        raise _MisfitError(f"schema must be {SCHEMA!r}, is {value.get('schema')!r}")
    _keys(value, {"schema", "name", "task", "classes", "splits", "generator"}, {"name", "task", "classes", "splits"})
    task = value["task"]
    if task not in ("detection", "classification"):
        raise _MisfitError(f"task must be 'detection' or 'classification', is {task!r}")
    classes = value["classes"]
    if not isinstance(classes, list) or not classes or len({_text(c, "a class") for c in classes}) != len(classes):
        raise _MisfitError("classes must be a list of different texts")
    splits = value["splits"]
    if not isinstance(splits, dict) or not splits:
        raise _MisfitError("splits must name at least one split")
    generator = value.get("generator", {})
    if not isinstance(generator, dict):
        raise _MisfitError("generator must be an object")
    return _text(value["name"], "name"), task, tuple(classes), {n: _split(n, s) for n, s in splits.items()}, generator


def _split(name: str, value: Any) -> ManifestSplit:
    if not isinstance(value, dict):
        raise _MisfitError(f"split {name!r} must be an object")
    _keys(value, {"purpose", "stored"}, {"purpose"})
    stored = value.get("stored", True)
    if not isinstance(stored, bool):
        raise _MisfitError(f"stored of split {name!r} must be true or false")
    return ManifestSplit(_text(name, "a split's name"), _text(value["purpose"], f"purpose of split {name!r}"), stored)


_ITEM_KEYS: Final = frozenset(
    {"file", "sha256", "split", "width", "height", "phash", "group", "odd", "objects", "label"}
)


def _keys(value: dict[str, Any], known: set[str] | frozenset[str], needed: set[str]) -> None:
    if not value.keys() <= known:
        raise _MisfitError(f"unknown key {sorted(value.keys() - known)[0]!r}")
    if not needed <= value.keys():
        raise _MisfitError(f"key {sorted(needed - value.keys())[0]!r} is missing")


_NEEDED_DETECTION: Final = {"file", "sha256", "split", "objects"}
_NEEDED_CLASSIFICATION: Final = {"file", "sha256", "split"}


def _item(value: dict[str, Any], header: _Header, line: int) -> Item:
    detection = header[1] == "detection"
    _keys(value, _ITEM_KEYS, _NEEDED_DETECTION if detection else _NEEDED_CLASSIFICATION)
    digest = value["sha256"]
    if not isinstance(digest, str) or not _SHA256.match(digest):
        raise _MisfitError("sha256 must be 64 lower-case hex digits")
    if value["split"] not in header[3]:
        raise _MisfitError(f"split {value['split']!r} is not in the header")
    phash = value.get("phash")
    if phash is not None and (not isinstance(phash, str) or not _PHASH.match(phash)):
        raise _MisfitError("phash must be 16 lower-case hex digits")
    group, label, objects = value.get("group"), value.get("label"), value.get("objects", [])
    if not isinstance(objects, list):
        raise _MisfitError("objects must be a list")
    return Item(
        file=_path(value["file"]),
        sha256=digest,
        split=value["split"],
        width=_pixels(value.get("width", 0), "width"),
        height=_pixels(value.get("height", 0), "height"),
        phash=None if phash is None else int(phash, 16),
        group=None if group is None else _text(group, "group"),
        odd=_texts(value.get("odd", {}), "odd"),
        objects=tuple(_object(o) for o in objects),
        label=None if label is None else _text(label, "label"),
        line=line,
    )


def _path(value: Any) -> str:
    text = _text(value, "file")
    if _UNSAFE.search(text) or any(part in ("", ".", "..") for part in text.split("/")):
        raise _MisfitError(f"file {text!r} must be a plain path inside the manifest's folder")
    return text


def _pixels(value: Any, what: str) -> int:
    if type(value) is not int or not 0 <= value <= 1_000_000:
        raise _MisfitError(f"{what} must be a whole number of pixels")
    return value


def _texts(value: Any, what: str) -> dict[str, str]:
    if not isinstance(value, dict) or not all(isinstance(v, str) for v in value.values()):
        raise _MisfitError(f"{what} must map texts to texts")
    return value


def _object(value: Any) -> LabelledObject:
    if not isinstance(value, dict):
        raise _MisfitError("an object must be a JSON object")
    _keys(value, {"label", "box", "tags"}, {"label", "box"})
    box = value["box"]
    if not isinstance(box, list) or len(box) != 4 or not all(type(v) in (int, float) and math.isfinite(v) for v in box):
        raise _MisfitError("box must be four finite numbers: x0, y0, x1, y1")
    return LabelledObject(
        _text(value["label"], "label"),
        (float(box[0]), float(box[1]), float(box[2]), float(box[3])),
        _texts(value.get("tags", {}), "tags"),
    )
