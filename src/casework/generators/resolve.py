"""Building a request without a case: a generator, a model or dataset, data, and options as texts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
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


def resolve(
    generator: str, model: str | None, data: str | None, options: Sequence[str] = (), *, started: str,
    odd: Odd | None = None, seed: int = 0, workers: int = 1, confidence: float = 0.95, commit: str | None = None,
    command: str = "",
) -> Request:  # fmt: skip
    """Build the request of `casework try GENERATOR [MODEL] [--data PATH]`.

    Args:
        generator: Name in the registry.
        model: Path of an ONNX file; of the data, for a generator that examines a dataset, if `data` is None.
        data: Manifest, folder holding one, `.npz` with `x` and `y`, or folder with a sub-folder of images a class.
        options: `name=value` texts.
        started: Start, UTC, `YYYY-MM-DDThh:mm:ssZ`.
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
        given = parse_options(try_options(generator), options, generator)
    except OptionProblem as problem:
        raise GeneratorProblem(problem.message, problem.fix) from problem
    paths = {spec.name: given.pop(spec.name, None) for spec in PATH_OPTIONS}
    sources = _of_dataset if GENERATORS[generator].subject == "dataset" else _of_model
    plain = Request(
        generator=generator, started=started, odd=odd, options=given, seed=seed, workers=workers, confidence=confidence,
        commit=commit, command=command,
    )  # fmt: skip
    return sources(plain, model, data, paths)


def _of_dataset(plain: Request, model: str | None, data: str | None, paths: dict[str, Any]) -> Request:
    if (model is None) == (data is None):
        raise GeneratorProblem(
            f"{plain.generator} takes the path of data, once", f"Name it: casework try {plain.generator} --data PATH."
        )
    against = paths["against"]
    return replace(
        plain,
        data=data_source(Path(data or model or ""), paths["split"]),
        reference_data=None if against is None else data_source(Path(against), paths["against_split"]),
    )


def _of_model(plain: Request, model: str | None, data: str | None, paths: dict[str, Any]) -> Request:
    if model is None:
        raise GeneratorProblem(f"{plain.generator} needs a model", f"Name it: casework try {plain.generator} MODEL.")
    if data is None and "data" in GENERATORS[plain.generator].needs:
        raise GeneratorProblem(
            f"{plain.generator} needs data", f"Name it: casework try {plain.generator} {model} --data PATH."
        )
    return replace(
        plain,
        model=_model(Path(model)),
        data=None if data is None else data_source(Path(data), paths["split"]),
        reference=None if paths["against"] is None else _model(Path(paths["against"])),
        signature=None if paths["signature"] is None else Path(paths["signature"]),
        public_key=None if paths["public_key"] is None else Path(paths["public_key"]),
    )


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
        raise GeneratorProblem(
            f"{path} does not exist", "Give a manifest, an .npz, a folder of images by class, or ready inputs (.npy)."
        )
    if path.suffix == ".npz":
        _no_split(path, split)
        return DataSource(path, "npz", path.as_posix())
    if path.suffix == ".npy":
        _no_split(path, split)
        return DataSource(path, "npy", path.as_posix())
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
