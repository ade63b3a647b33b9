"""The items of a dataset, whatever its form, and what their files say."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from casework.artifact.digest import sha256_bytes
from casework.artifact.manifest import LabelledObject, inside, open_manifest
from casework.compute import map_shards, split_evenly
from casework.generators.protocol import DataSource, Progress
from casework.generators.samples import SampleSet, decode_image, load_pixels, open_samples

Array = NDArray[Any]

_SHARD: Final = 256


@dataclass(frozen=True, slots=True, eq=False)
class Entry:
    """One item, as its source declares it.

    Attributes:
        file: Path below the root, or index in an array.
        sha256: Digest of the bytes; empty where nothing pins it.
        split: Name of its split.
        stored: True where its file should be there.
        width: Pixels; 0 if not declared.
        height: Pixels; 0 if not declared.
        phash: Declared perceptual hash, or None.
        group: What may not be torn over splits, or None.
        odd: Dimension to value.
        objects: Labelled objects (detection).
        label: Class (classification).
    """

    file: str
    sha256: str
    split: str
    stored: bool
    width: int = 0
    height: int = 0
    phash: int | None = None
    group: str | None = None
    odd: dict[str, str] = field(default_factory=dict)
    objects: tuple[LabelledObject, ...] = ()
    label: str | None = None


@dataclass(frozen=True, slots=True)
class Listing:
    """All entries of a source.

    Attributes:
        entries: In the order of the source.
        classes: Class names.
        task: detection or classification.
        splits: Names of the splits.
        root: Folder of the files; None for arrays.
        samples: The arrays, where the source holds arrays.
        digest: As in `SampleSet`.
        pinned: True where a manifest pins the files' bytes.
        limitations: What the source does not say.
    """

    entries: tuple[Entry, ...]
    classes: tuple[str, ...]
    task: str
    splits: tuple[str, ...]
    root: Path | None
    samples: SampleSet | None
    digest: str
    pinned: bool
    limitations: tuple[str, ...]


def entries_of(source: DataSource) -> Listing:
    """Return the entries of a manifest, a folder or an array.

    Raises:
        ManifestProblem: The manifest cannot be used.
        GeneratorProblem: The folder or array cannot be used.
    """
    if source.kind == "manifest":
        manifest = open_manifest(source.path)
        entries = tuple(
            Entry(
                i.file, i.sha256, i.split, manifest.splits[i.split].stored, i.width, i.height, i.phash, i.group, i.odd,
                i.objects, i.label,
            )
            for i in manifest.items
        )  # fmt: skip
        return Listing(
            entries,
            manifest.classes,
            manifest.task,
            tuple(manifest.splits),
            source.path.parent,
            None,
            manifest.sha256,
            pinned=True,
            limitations=(),
        )
    samples = open_samples(source)
    name = source.path.name
    files = source.kind == "folder"
    entries = tuple(Entry(s.name, s.sha256, name, stored=True, label=s.label) for s in samples.samples)
    notes = (*samples.limitations, "No manifest pins the bytes, sizes and hashes of the items: changes cannot be seen.")
    return Listing(
        entries, samples.classes, samples.task, (name,), source.path if files else None, None if files else samples,
        samples.digest, pinned=False, limitations=notes,
    )  # fmt: skip


@dataclass(frozen=True, slots=True)
class FileState:
    """What one file says.

    Attributes:
        fault: Why it cannot be used; empty if it can.
        altered: True where its bytes are not the pinned ones.
        sha256: Digest of its bytes; empty if it cannot be read.
        phash: Perceptual hash; None if it does not decode.
    """

    fault: str
    altered: bool
    sha256: str
    phash: int | None


@dataclass(frozen=True, slots=True)
class Inspection:
    """The state of each stored file, with its entry, in the order of the entries."""

    states: tuple[tuple[Entry, FileState], ...]

    def of(self) -> dict[int, FileState]:
        """Return the states by identity of the entry."""
        return {id(e): s for e, s in self.states}


@dataclass(frozen=True, slots=True)
class _Shard:
    root: Path
    files: tuple[tuple[str, str, int, int], ...]


def inspect_files(listing: Listing, subject: Sequence[Entry], workers: int, progress: Progress) -> Inspection:
    """Read, hash and decode every stored file."""
    stored = [e for e in subject if e.stored]
    if listing.root is None:
        return Inspection(tuple(zip(stored, _array_states(listing), strict=True)))
    rows = [(e.file, e.sha256 if listing.pinned else "", e.width, e.height) for e in stored]
    shards = [_Shard(listing.root, tuple(rows[c.start : c.stop])) for c in split_evenly(len(rows), _SHARD)]
    parts = map_shards(_inspect_shard, shards, workers, lambda done, total: progress(done, total, "files"))
    return Inspection(tuple(zip(stored, [s for part in parts for s in part], strict=True)))


def _inspect_shard(shard: _Shard) -> list[FileState]:
    return [_inspect(shard.root, *row) for row in shard.files]


def _inspect(root: Path, file: str, pinned: str, width: int, height: int) -> FileState:
    path = inside(root, file)
    if path is None:
        return FileState("leads out of the folder", altered=False, sha256="", phash=None)
    try:
        content = path.read_bytes()
    except OSError as error:
        return FileState(f"cannot be read: {error.strerror}", altered=False, sha256="", phash=None)
    digest = sha256_bytes(content)
    altered = bool(pinned) and digest != pinned
    image = decode_image(content)
    if image is None:
        return FileState("does not decode as an image", altered, digest, None)
    fault = ""
    if (width and image.shape[1] != width) or (height and image.shape[0] != height):
        fault = f"is {image.shape[1]} x {image.shape[0]} pixels, the manifest says {width} x {height}"
    return FileState(fault, altered, digest, perceptual_hash(image))


def _array_states(listing: Listing) -> list[FileState]:
    if listing.samples is None:
        return []
    states = []
    for values in load_pixels(listing.samples):
        rows = np.ascontiguousarray(values)
        digest = sha256_bytes(str((rows.dtype.str, rows.shape)).encode() + rows.tobytes())
        image = rows.ndim == 3 and rows.dtype == np.uint8 and rows.shape[2] == 3
        states.append(FileState("", altered=False, sha256=digest, phash=perceptual_hash(rows) if image else None))
    return states


def perceptual_hash(image: Array) -> int:
    """Return the 64-bit DCT hash of an RGB image uint8 [H, W, 3].

    Grey (ITU-R BT.601), area-averaged to 32 x 32, DCT-II, the 8 x 8 lowest frequencies in row order; a bit is 1 where
    the coefficient exceeds the median of the 64; the first is the most significant bit. After Zauner, Implementation
    and Benchmarking of Perceptual Image Hash Functions (2010), 3.2.1.
    """
    import cv2

    grey = cv2.cvtColor(image, cv2.COLOR_RGB2GRAY)
    small = cv2.resize(grey, (32, 32), interpolation=cv2.INTER_AREA).astype(np.float32)
    low = cv2.dct(small)[:8, :8].ravel()
    return int.from_bytes(np.packbits(low > np.median(low)).tobytes(), "big")
