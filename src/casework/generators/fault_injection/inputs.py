"""From data to the arrays that are fed to the model, by the name of the graph's inputs."""

from __future__ import annotations

import io
import zipfile
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from casework.artifact.onnx_model import OpenedModel, TensorInfo
from casework.generators.inference import to_inputs
from casework.generators.interface import Interface, find_interface
from casework.generators.protocol import DataSource, GeneratorProblem, ModelSource
from casework.generators.record import Finds
from casework.generators.samples import SampleSet, load_pixels, open_samples

Array = NDArray[Any]

_READY: Final = ".npy"


@dataclass(frozen=True, slots=True)
class Inputs:
    """What a campaign runs on.

    Attributes:
        arrays: By graph input, each [N, ...] in its element type.
        names: Of the inputs, for people, one a sample.
        labels: Class of each sample; empty where the data have none.
        classes: Class names in the order of the outputs; empty where unknown.
        interface: How the model is used, where the model card or the data say; None for ready arrays.
    """

    arrays: dict[str, Array]
    names: tuple[str, ...]
    labels: tuple[str, ...]
    classes: tuple[str, ...]
    interface: Interface | None

    def __len__(self) -> int:
        return len(self.names)

    def take(self, chosen: Array) -> Inputs:
        """Return the samples at positions int64 [K], in that order."""
        return replace(
            self,
            arrays={name: np.ascontiguousarray(rows[chosen]) for name, rows in self.arrays.items()},
            names=tuple(self.names[i] for i in chosen),
            labels=tuple(self.labels[i] for i in chosen) if self.labels else (),
        )


def read_inputs(
    model: OpenedModel, source: ModelSource, data: DataSource, options: dict[str, Any], finds: Finds
) -> Inputs:
    """Read the samples of a campaign, evenly chosen where there are more than wanted.

    Args:
        model: The opened model.
        source: Where it comes from, and its card.
        data: A manifest, folder or `.npz` of labelled samples, or ready inputs: one `.npy` array for a model of one input, an
            `.npz` with an array for each graph input, or a manifest of `.npy` files, one a sample.
        options: As read.
        finds: Takes digests, files and limitations.

    Raises:
        GeneratorProblem: The data do not fit the model.
    """
    if data.kind == "npz":
        _refuse_strangers(data, model)
    if data.kind == "npy" or (data.kind == "npz" and _is_ready(data.path, model)):
        found = _ready(model, data, finds)
    else:
        found = _samples(model, source, data, options, finds)
    if not len(found):
        raise GeneratorProblem(f"{data.name} holds no sample", "Give at least one input.")
    wanted = options["inputs"]
    if 0 < wanted < len(found):
        found = found.take(np.linspace(0, len(found) - 1, wanted).round().astype(np.int64))
    return found


def _refuse_strangers(data: DataSource, model: OpenedModel) -> None:
    """Refuse an archive that holds neither the graph's inputs nor labelled data.

    Raises:
        GeneratorProblem: It is one.
    """
    held, wanted = _held(data.path), [t.name for t in model.inputs]
    if held and not set(wanted) <= held and not {"x", "y"} <= held:
        raise GeneratorProblem(
            f"{data.name} holds {', '.join(sorted(held))}; the model takes {', '.join(wanted)}",
            f"Save it with numpy.savez(path, {wanted[0]}=...), or labelled data as x=..., y=....",
        )


def _held(path: Path) -> set[str]:
    try:
        with zipfile.ZipFile(path) as archive:
            return {name.removesuffix(".npy") for name in archive.namelist()}
    except (OSError, zipfile.BadZipFile):
        return set()


def _is_ready(path: Path, model: OpenedModel) -> bool:
    held = _held(path)
    return {t.name for t in model.inputs} <= held and "y" not in held


def _ready(model: OpenedModel, data: DataSource, finds: Finds) -> Inputs:
    content = finds.read_file("data", data.path, data.name)
    try:
        loaded = np.load(io.BytesIO(content), allow_pickle=False)
        arrays = {t.name: np.asarray(loaded[t.name]) for t in model.inputs} if data.kind == "npz" else None
    except (ValueError, EOFError, OSError, KeyError, zipfile.BadZipFile) as error:
        raise GeneratorProblem(
            f"{data.path} is no readable array file: {error}", "Save it with numpy.save(path, inputs)."
        ) from error
    if arrays is None:
        if len(model.inputs) != 1:
            names = ", ".join(t.name for t in model.inputs)
            raise GeneratorProblem(
                f"{data.name} is one array, the model has the inputs {names}",
                "Save an .npz with an array for each: numpy.savez(path, NAME=...).",
            )
        arrays = {model.inputs[0].name: np.asarray(loaded)}
    fitted = {t.name: fit(arrays[t.name], t, data.name, finds) for t in model.inputs}
    lengths = {len(rows) for rows in fitted.values()}
    if len(lengths) != 1:
        raise GeneratorProblem(
            f"the inputs of {data.name} have {', '.join(map(str, sorted(lengths)))} samples", "Give each as many."
        )
    finds.limitations.append("The inputs have no labels: a class is what the golden run says.")
    return Inputs(fitted, tuple(f"[{i}]" for i in range(lengths.pop())), (), (), None)


def fit(array: Array, wanted: TensorInfo, name: str, finds: Finds) -> Array:
    """Return an array as a graph input takes it, [N, ...]; axes that the graph leaves open take any length.

    Raises:
        GeneratorProblem: Shape or element type do not fit.
    """
    shape = wanted.shape
    fits = array.ndim == len(shape) and all(
        not isinstance(axis, int) or axis <= 0 or axis == length
        for axis, length in zip(shape[1:], array.shape[1:], strict=True)
    )
    if not fits or array.ndim == 0:
        raise GeneratorProblem(
            f"{name} has shape {list(array.shape)}, input {wanted.name} of the model takes {list(shape)}",
            "Give samples of that shape, stacked along the first axis.",
        )
    if array.dtype.name == wanted.dtype:
        # In the byte order of this machine: the runtime takes the bytes as they are.
        return np.ascontiguousarray(array.astype(array.dtype.newbyteorder("="), copy=False))
    same_kind = np.dtype(wanted.dtype).kind == array.dtype.kind == "f"
    if not same_kind:
        raise GeneratorProblem(
            f"{name} is of type {array.dtype.name}, input {wanted.name} of the model is {wanted.dtype}",
            f"Save it as {wanted.dtype}, scaled as the model expects it.",
        )
    finds.limitations.append(f"The inputs were rounded from {array.dtype.name} to {wanted.dtype}.")
    return np.ascontiguousarray(array.astype(wanted.dtype))


def _samples(
    model: OpenedModel, source: ModelSource, data: DataSource, options: dict[str, Any], finds: Finds
) -> Inputs:
    samples = open_samples(data)
    finds.digests["data"], finds.files["data"] = samples.digest, data.name
    finds.limitations += samples.limitations
    labels = tuple(s.label for s in samples.samples if s.label is not None)
    labels = labels if len(labels) == len(samples.samples) else ()
    if samples.samples[0].file.endswith(_READY):
        return _ready_files(model, data, samples, labels, finds)
    interface, remarks = find_interface(model, source, options)
    finds.limitations += remarks
    finds.options["interface"] = interface.as_options()
    if len(model.inputs) != 1:
        raise GeneratorProblem(
            f"the model has {len(model.inputs)} inputs, images fill one",
            "Give ready arrays: an .npz with one an input.",
        )
    chosen = _even(len(samples.samples), options["inputs"])
    samples = replace(samples, samples=tuple(samples.samples[i] for i in chosen))
    arrays = {interface.input_name: to_inputs(load_pixels(samples), interface)}
    classes = interface.classes or samples.classes
    names = tuple(s.name for s in samples.samples)
    return Inputs(arrays, names, tuple(labels[i] for i in chosen) if labels else (), classes, interface)


def _even(count: int, wanted: int) -> list[int]:
    if not 0 < wanted < count:
        return list(range(count))
    return [int(i) for i in np.linspace(0, count - 1, wanted).round()]


def _ready_files(
    model: OpenedModel, data: DataSource, samples: SampleSet, labels: tuple[str, ...], finds: Finds
) -> Inputs:
    """Read a manifest of `.npy` files, each one sample of the model's only input."""
    from casework.artifact.digest import sha256_bytes
    from casework.artifact.manifest import inside

    if len(model.inputs) != 1:
        raise GeneratorProblem("files of one array fill one input", "Give an .npz with an array for each graph input.")
    rows = []
    for sample in samples.samples:
        path = inside(samples.root, sample.file)
        content = b"" if path is None else path.read_bytes()
        if path is None or sha256_bytes(content) != sample.sha256:
            raise GeneratorProblem(
                f"{sample.file} is not the file that the manifest pins",
                "Restore the file, or write the manifest again.",
            )
        try:
            rows.append(np.load(io.BytesIO(content), allow_pickle=False))
        except (ValueError, EOFError) as error:
            raise GeneratorProblem(f"{path} is no readable array: {error}", "Save it with numpy.save.") from error
    if len({row.shape for row in rows}) != 1:
        raise GeneratorProblem(f"the arrays of {data.name} differ in shape", "Give arrays of one shape.")
    wanted = model.inputs[0]
    arrays = {wanted.name: fit(np.stack(rows), wanted, data.name, finds)}
    return Inputs(arrays, tuple(s.name for s in samples.samples), labels, samples.classes, None)
