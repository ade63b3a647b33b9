"""Labelled samples to run a model on: a manifest, an `.npz` file, or a folder with a sub-folder of images a class."""

from __future__ import annotations

import io
import zipfile
import zlib
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from casework.artifact.digest import jcs_digest, sha256_bytes, sha256_file
from casework.artifact.manifest import DatasetManifest, Item, LabelledObject, Task, inside, open_manifest
from casework.generators.protocol import DataSource, GeneratorProblem

IMAGE_SUFFIXES: Final = frozenset({".jpg", ".jpeg", ".png", ".bmp", ".webp", ".tif", ".tiff", ".ppm", ".pgm"})

Array = NDArray[Any]


@dataclass(frozen=True, slots=True)
class Sample:
    """One labelled sample.

    Attributes:
        name: File, or index in the array, for people.
        index: Position in the source.
        file: Path below the root; empty for an array.
        sha256: Digest that the manifest pins; empty where nothing does.
        odd: Dimension to value.
        objects: Labelled objects (detection).
        label: Class (classification).
    """

    name: str
    index: int
    file: str
    sha256: str
    odd: dict[str, str]
    objects: tuple[LabelledObject, ...]
    label: str | None


@dataclass(frozen=True, slots=True)
class SampleSet:
    """Samples and how to get at their pixels.

    Attributes:
        task: detection or classification.
        classes: Class names.
        samples: In the order of the source.
        root: Folder of the files, or the `.npz` file itself.
        digest: SHA-256 of the manifest or `.npz`; of the JCS listing {file: sha256} for a folder.
        limitations: What the source does not say.
    """

    task: Task
    classes: tuple[str, ...]
    samples: tuple[Sample, ...]
    root: Path
    digest: str
    limitations: tuple[str, ...]


def open_samples(source: DataSource) -> SampleSet:
    """Open labelled data to run a model on.

    Raises:
        GeneratorProblem: There are none, or they cannot be used.
        ManifestProblem: The manifest cannot be used.
    """
    match source.kind:
        case "manifest":
            found = _from_manifest(source)
        case "npz":
            found = _from_npz(source)
        case "folder":
            found = _from_folder(source)
        case "npy":
            raise GeneratorProblem(
                f"{source.name} holds ready inputs without labels",
                "Give a manifest (.jsonl), an .npz with x and y, or a folder of images by class.",
            )
    if not found.samples:
        raise GeneratorProblem(
            f"{source.name} holds no sample to run on", "Give data with at least one labelled sample."
        )
    return found


def chosen_items(manifest: DatasetManifest, split: str | None, name: str) -> tuple[Item, ...]:
    """Return the items of a split, or of all stored splits.

    Raises:
        GeneratorProblem: There is no such split.
    """
    if split is None:
        return tuple(i for i in manifest.items if manifest.splits[i.split].stored)
    if split not in manifest.splits:
        raise GeneratorProblem(f"{name} has no split {split!r}", f"Use one of: {', '.join(manifest.splits)}.")
    return tuple(i for i in manifest.items if i.split == split)


def _from_manifest(source: DataSource) -> SampleSet:
    manifest = open_manifest(source.path)
    if source.split is not None and source.split in manifest.splits and not manifest.splits[source.split].stored:
        raise GeneratorProblem(
            f"the images of split {source.split!r} of {source.name} are not stored",
            "Make them again, or name a split that is stored.",
        )
    items = chosen_items(manifest, source.split, source.name)
    if manifest.task == "classification" and any(i.label is None for i in items):
        first = next(i for i in items if i.label is None)
        raise GeneratorProblem(
            f"{source.name} line {first.line}: item {first.file} has no label", "Label it or drop it."
        )
    samples = tuple(Sample(i.file, n, i.file, i.sha256, i.odd, i.objects, i.label) for n, i in enumerate(items))
    return SampleSet(manifest.task, manifest.classes, samples, source.path.parent, manifest.sha256, ())


def _from_npz(source: DataSource) -> SampleSet:
    archive = _arrays(source.path)
    x, y = archive.x, archive.y
    if len(x) != len(y) or y.ndim != 1 or x.ndim < 2:
        raise GeneratorProblem(
            f"{source.name}: x has shape {x.shape} and y {y.shape}; y must hold one class an entry of x",
            "Save x [N, ...] and y [N].",
        )
    if not np.issubdtype(x.dtype, np.number) or (np.issubdtype(x.dtype, np.floating) and not np.isfinite(x).all()):
        raise GeneratorProblem(f"{source.name}: x holds values that are no finite numbers", "Save finite numbers.")
    if np.issubdtype(y.dtype, np.floating) and (not np.isfinite(y).all() or (y != np.floor(y)).any()):
        raise GeneratorProblem(f"{source.name}: y holds values that are no class numbers", "Save integers or texts.")
    labels = [str(v) for v in (y.astype(np.int64) if np.issubdtype(y.dtype, np.number) else y).tolist()]
    numeric = np.issubdtype(y.dtype, np.number)
    classes = (
        tuple(str(i) for i in range(max(map(int, labels), default=-1) + 1)) if numeric else tuple(sorted(set(labels)))
    )
    samples = tuple(Sample(f"[{i}]", i, "", "", {}, (), label) for i, label in enumerate(labels))
    remark = "The data are an array without conditions of operation: no slice by dimension can be given."
    return SampleSet("classification", classes, samples, source.path, archive.digest, (remark,))


@dataclass(frozen=True, slots=True)
class _Archive:
    x: Array
    y: Array
    digest: str


def _arrays(path: Path) -> _Archive:
    try:
        return _read_archive(path, path.stat().st_mtime_ns)
    except (OSError, ValueError, EOFError, KeyError, TypeError, zipfile.BadZipFile, zlib.error) as error:
        raise _not_npz(path, error) from error


@lru_cache(maxsize=2)
def _read_archive(path: Path, changed: int) -> _Archive:
    content = path.read_bytes()
    with np.load(io.BytesIO(content), allow_pickle=False) as archive:
        if not isinstance(archive, np.lib.npyio.NpzFile):
            raise ValueError("it is a single array")
        missing = [key for key in ("x", "y") if key not in archive]
        if missing:
            raise ValueError(f"it holds no array {missing[0]!r}")
        return _Archive(np.asarray(archive["x"]), np.asarray(archive["y"]), sha256_bytes(content))


def _not_npz(path: Path, error: Exception) -> GeneratorProblem:
    return GeneratorProblem(
        f"{path} is no readable .npz file: {error}", "Save it with numpy.savez(path, x=..., y=...).", "error"
    )


def _from_folder(source: DataSource) -> SampleSet:
    classes = sorted(p.name for p in source.path.iterdir() if p.is_dir() and not p.name.startswith("."))
    files = [
        (name, path)
        for name in classes
        for path in sorted((source.path / name).iterdir())
        if path.suffix.lower() in IMAGE_SUFFIXES
        and path.is_file()
        and inside(source.path, f"{name}/{path.name}") is not None
    ]
    samples = tuple(
        Sample(f"{c}/{p.name}", n, f"{c}/{p.name}", sha256_file(p), {}, (), c) for n, (c, p) in enumerate(files)
    )
    digest = jcs_digest({s.file: s.sha256 for s in samples})
    remark = "The data are a folder without a manifest: no slice by dimension can be given."
    return SampleSet(
        "classification",
        tuple(c for c in classes if any(f[0] == c for f in files)),
        samples,
        source.path,
        digest,
        (remark,),
    )


def load_pixels(data: SampleSet) -> list[Array]:
    """Return the pixels of all samples of a set: RGB uint8 [H, W, 3] from files, entries of `x` from an `.npz`.

    Raises:
        GeneratorProblem: A file is missing, is not the manifest's, or does not decode.
    """
    if not data.samples[0].file:
        x = _arrays(data.root).x
        return [x[s.index] for s in data.samples]
    return [_image(data, s) for s in data.samples]


def _image(data: SampleSet, sample: Sample) -> Array:
    path = inside(data.root, sample.file)
    if path is None:
        raise GeneratorProblem(
            f"{sample.file} leads out of {data.root}", "Replace the link by the file itself.", "error"
        )
    try:
        content = path.read_bytes()
    except OSError as error:
        raise GeneratorProblem(f"{path} cannot be read: {error.strerror}", "Restore the file.", "error") from error
    if sha256_bytes(content) != sample.sha256:
        raise GeneratorProblem(
            f"{path} is not the file that the manifest pins",
            "Restore the file, or write the manifest again and have it reviewed.",
            "error",
        )
    image = decode_image(content)
    if image is None:
        raise GeneratorProblem(f"{path} does not decode as an image", "Restore the file.", "error")
    return image


def decode_image(content: bytes) -> Array | None:
    """Return the RGB uint8 [H, W, 3] of an encoded image, or None where it does not decode."""
    import cv2

    try:
        image = cv2.imdecode(np.frombuffer(content, np.uint8), cv2.IMREAD_COLOR) if content else None
    except cv2.error:
        return None
    return None if image is None else np.ascontiguousarray(image[..., ::-1])
