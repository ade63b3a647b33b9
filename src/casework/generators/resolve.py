"""Building a request without a case: a generator, a model or dataset, data, and options as texts."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

from casework.generators.options import OptionProblem, OptionSpec, parse_options
from casework.generators.protocol import DataSource, GeneratorProblem, ModelSource, Request, load
from casework.generators.samples import IMAGE_SUFFIXES
from casework.model.catalogue import GENERATORS
from casework.model.hazard import Odd

PATH_OPTIONS: Final = (
    OptionSpec("against", "text", None, "Path of what to compare with: the float parent, or the development data."),
    OptionSpec("against_split", "text", None, "Split of the dataset to compare with; all if not given."),
    OptionSpec("split", "text", None, "Split of the data; all that are stored if not given."),
    OptionSpec("signature", "text", None, "Path of the OpenSSF signature of the model."),
    OptionSpec("public_key", "text", None, "Path of the PEM file of the key that must have signed."),
)
"""Options that a case gives by its nodes, and a run without a case by name."""

MANIFEST: Final = "manifest.jsonl"


def try_options(generator: str) -> tuple[OptionSpec, ...]:
    """Return all options that `casework try GENERATOR` knows.

    Raises:
        GeneratorProblem: There is no such generator.
    """
    own = load(generator).options
    names = {spec.name for spec in PATH_OPTIONS}
    return (*(spec for spec in own if spec.name not in names), *PATH_OPTIONS)


def try_request(
    generator: str, target: Path, *, started: str, data: Path | None = None, options: Sequence[str] = (),
    odd: Odd | None = None, seed: int = 0, workers: int = 1, confidence: float = 0.95, commit: str | None = None,
    command: str = "",
) -> Request:  # fmt: skip
    """Build the request of `casework try GENERATOR TARGET`.

    Args:
        generator: Name in the registry.
        target: ONNX file, or the data for a generator that examines a dataset.
        started: Start, UTC, `YYYY-MM-DDThh:mm:ssZ`.
        data: Manifest, folder holding one, `.npz` with `x` and `y`, or folder with a sub-folder of images a class.
        options: `name=value` texts.
        odd: Operational design domain, if there is one.
        seed: Seed of everything random.
        workers: Processes.
        confidence: Two-sided confidence of the intervals.
        commit: Passed through to the record.
        command: Passed through to the record.

    Raises:
        GeneratorProblem: The generator, a path or an option is wrong; the call is at fault.
    """
    if workers < 1 or not 0.5 <= confidence < 1:
        raise GeneratorProblem("workers must be at least 1 and confidence in 0.5 to 1", "Give such values.")
    try:
        given = parse_options(try_options(generator), options)
    except OptionProblem as problem:
        raise GeneratorProblem(problem.message, problem.fix) from problem
    paths = {spec.name: given.pop(spec.name, None) for spec in PATH_OPTIONS}
    request: dict[str, Any] = {"generator": generator, "started": started, "options": given, "odd": odd, "seed": seed}
    request |= {"workers": workers, "confidence": confidence, "commit": commit, "command": command}
    if GENERATORS[generator].subject == "dataset":
        request["data"] = data_source(target, paths["split"])
        if paths["against"] is not None:
            request["reference_data"] = data_source(Path(paths["against"]), paths["against_split"])
        return Request(**request)
    request["model"] = _model(target)
    if data is not None:
        request["data"] = data_source(data, paths["split"])
    elif "data" in GENERATORS[generator].needs:
        raise GeneratorProblem(f"{generator} needs data", f"Name it: casework try {generator} {target} --data PATH.")
    if paths["against"] is not None:
        request["reference"] = _model(Path(paths["against"]))
    for role in ("signature", "public_key"):
        if paths[role] is not None:
            request[role] = Path(paths[role])
    return Request(**request)


def _model(path: Path) -> ModelSource:
    if not path.is_file():
        raise GeneratorProblem(f"{path} is not a file", "Give the path of an ONNX file.")
    return ModelSource(path, path.as_posix())


def data_source(path: Path, split: str | None = None) -> DataSource:
    """Return what kind of data a path holds.

    Raises:
        GeneratorProblem: None that is known.
    """
    if path.is_dir():
        if (path / MANIFEST).is_file():
            return DataSource(path / MANIFEST, "manifest", (path / MANIFEST).as_posix(), split)
        if _holds_class_folders(path):
            _no_split(path, split)
            return DataSource(path, "folder", path.as_posix())
        raise GeneratorProblem(
            f"{path} holds neither {MANIFEST} nor a sub-folder of images a class",
            "Give a manifest, an .npz, or such a folder.",
        )
    if not path.is_file():
        raise GeneratorProblem(f"{path} does not exist", "Give a manifest, an .npz, or a folder of images by class.")
    if path.suffix == ".npz":
        _no_split(path, split)
        return DataSource(path, "npz", path.as_posix())
    if path.suffix in (".jsonl", ".json"):
        return DataSource(path, "manifest", path.as_posix(), split)
    raise GeneratorProblem(
        f"{path} is no data that is known", "Give a manifest (.jsonl), an .npz, or a folder of images by class."
    )


def _no_split(path: Path, split: str | None) -> None:
    if split is not None:
        raise GeneratorProblem(f"{path} has no splits", "Leave the split out, or give a manifest.")


def _holds_class_folders(path: Path) -> bool:
    return any(
        file.suffix.lower() in IMAGE_SUFFIXES
        for folder in sorted(path.iterdir())
        if folder.is_dir()
        for file in folder.iterdir()
    )
