"""Weights that an ONNX file keeps outside of itself: read as foreign bytes, digested with it, and put into it.

No library follows a path that a model names. Files are read here, once: plain files with one name, below the model's folder,
reached through no link, and none that signatures leave out.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from casework.artifact.digest import sha256_bytes
from casework.artifact.onnx_graph import ModelProblem, attributes, holders, tensors_of
from casework.artifact.pickles import is_pickle
from casework.artifact.safe_names import unsafe_reason

PROTOBUF_LIMIT: Final = (1 << 31) - 1
"""What a protobuf message cannot exceed, bytes."""


@dataclass(frozen=True, slots=True)
class ExternalFile:
    """A file outside the model that holds weights.

    Attributes:
        location: As written in the model.
        escapes: True where the location leaves the model's folder: absolute, `..`, a drive, a backslash, or a link.
        problem: Why it is not read; empty where it was.
        code: Code of the problem: `ART-003` a folder of git, `ART-008` a link or no plain file, `ART-010` outside the folder,
            `ART-013` a pickle; empty for a file that is missing or too large.
        content: Its bytes; empty where there is a problem.
        sha256: Digest of the bytes; empty where there is a problem.
    """

    location: str
    escapes: bool
    problem: str = ""
    code: str = ""
    content: bytes = field(default=b"", repr=False)
    sha256: str = ""


def is_outside(tensor: Any) -> bool:
    """Tell whether a tensor's values lie in another file."""
    import onnx

    return bool(tensor.data_location == onnx.TensorProto.EXTERNAL or tensor.external_data)


def external_files(proto: Any, folder: Path, limit: int) -> tuple[ExternalFile, ...]:
    """Read every external file that a parsed model names, together at most `limit` bytes; sorted by location."""
    locations: set[str] = set()
    for tensor in tensors_of(proto):
        if is_outside(tensor):
            named = [e.value for e in tensor.external_data if e.key == "location"]
            locations.update(named if len(named) == 1 else [*named, ""])
    found: list[ExternalFile] = []
    left = limit
    for name in sorted(locations):
        found.append(_external(name, folder, left))
        left -= len(found[-1].content)
    return tuple(found)


def _external(location: str, folder: Path, limit: int) -> ExternalFile:
    """Read one external file: a plain file with one name, below the folder, reached through no link."""
    escapes = _escapes(location, folder)
    if escapes:
        return ExternalFile(location, escapes, "it lies outside the model's folder", "ART-010")
    parts = location.split("/")
    if any(part.casefold().startswith(".git") for part in parts):
        # Model signatures leave out what belongs to git, so nobody signs for it.
        return ExternalFile(location, escapes, "it lies in a folder of git, which signatures leave out", "ART-003")
    if reason := unsafe_reason(location):
        return ExternalFile(location, escapes, f"its name {reason}", "ART-010")
    try:
        handle = os.open(folder / location, os.O_RDONLY | os.O_NONBLOCK | os.O_NOFOLLOW | os.O_CLOEXEC)
        with os.fdopen(handle, "rb") as file:
            seen = os.fstat(handle)
            if not stat.S_ISREG(seen.st_mode) or seen.st_nlink != 1:
                return ExternalFile(location, escapes, "it is no plain file, or has several hard links", "ART-008")
            content = file.read(limit + 1) if seen.st_size <= limit else b""
    except OSError as error:
        return ExternalFile(location, escapes, f"it cannot be read: {error.strerror or error}")
    if len(content) > limit or len(content) != seen.st_size:
        return ExternalFile(location, escapes, f"it has {seen.st_size} bytes, and {limit} are left of what is allowed")
    if is_pickle(content):
        return ExternalFile(location, escapes, "it is a pickle, which runs code when it is loaded", "ART-013")
    return ExternalFile(location, escapes, "", "", content, sha256_bytes(content))


def put_in(proto: Any, path: Path, files: Sequence[ExternalFile]) -> None:
    """Put the weights of external files into a parsed model, so that it names no file any more.

    Raises:
        ModelProblem: A tensor lies outside its file, or the whole would be too large for a model.
    """
    import onnx

    held = {one.location: one.content for one in files}
    for tensor in tensors_of(proto):
        if is_outside(tensor):
            entries = {e.key: e.value for e in tensor.external_data}
            content = held[entries["location"]]
            tensor.raw_data = _slice(path, content, entries)
            tensor.ClearField("external_data")
            tensor.data_location = onnx.TensorProto.DEFAULT
    if proto.ByteSize() > PROTOBUF_LIMIT:
        raise ModelProblem(f"{path} has 2 GiB or more with its weights", "Give a smaller model.")


def _slice(path: Path, content: bytes, entries: Mapping[str, str]) -> bytes:
    """Return the bytes of a tensor: `offset` and `length` of its file (onnx.proto, TensorProto.external_data)."""
    texts = entries.get("offset", "0"), entries.get("length", str(len(content)))
    offset, length = (int(text) if text.isascii() and text.isdecimal() and len(text) < 16 else -1 for text in texts)
    if "length" not in entries:
        length = len(content) - offset
    if offset < 0 or length < 0 or offset + length > len(content):
        raise ModelProblem(
            f"{path} takes bytes {texts[0]} to {texts[0]}+{texts[1]} of `{entries['location']}`, which has {len(content)}",
            "Export the model again.",
            "ART-010",
        )
    return content[offset : offset + length]


def refuse_pickles(path: Path, proto: Any) -> None:
    """Refuse a model that carries a pickle in its metadata or attributes: a custom operator would load it."""
    texts = [p.value.encode("utf-8", "surrogatepass") for p in proto.metadata_props]
    for graph in holders(proto):
        for attribute in attributes(graph):
            texts += [attribute.s, *attribute.strings]
    for tensor in tensors_of(proto):
        texts += tensor.string_data
    if any(is_pickle(text) for text in texts):
        raise ModelProblem(
            f"{path} carries a pickle, which runs code when it is loaded",
            "Export the model with standard operators only.",
            "ART-013",
        )


def _escapes(location: str, folder: Path) -> bool:
    if not location or "\\" in location or "\0" in location or ":" in location or location.startswith("/"):
        return True
    if ".." in location.split("/"):
        return True
    target = folder / location
    return os.path.realpath(target) != os.path.join(os.path.realpath(folder), os.path.normpath(location))
