"""What a generator is, what it is asked, and where the built-in ones are.

A generator examines a model or a dataset and yields a `ResultRecord`. It neither signs nor judges, and it reads no
clock but the one that measures its own duration: start, commit and command are handed in.
"""

from __future__ import annotations

import importlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, Literal, Protocol, cast, runtime_checkable

from casework.generators.options import OptionSpec
from casework.model.hazard import Odd
from casework.model.learning import ModelCard
from casework.model.result import ResultRecord

DataKind = Literal["manifest", "npz", "folder", "npy"]


class GeneratorProblem(Exception):  # noqa: N818 - it is a state of the user's files, not an error of ours
    """A run that cannot give a result: status, the fact, and the act that mends it."""

    def __init__(self, message: str, fix: str, status: Literal["error", "not_evaluable"] = "not_evaluable") -> None:
        super().__init__(message)
        self.message = message
        self.fix = fix
        self.status: Literal["error", "not_evaluable"] = status


class Progress(Protocol):
    """Is told how far a run is; `total` is 0 where it is not known."""

    def __call__(self, done: int, total: int, text: str) -> None:
        """Take note that `done` of `total` steps of `text` are done."""


def silent(done: int, total: int, text: str) -> None:
    """Ignore progress."""


@dataclass(frozen=True, slots=True)
class ModelSource:
    """A model to examine.

    Attributes:
        path: ONNX file.
        name: Node key or path, for people.
        card: Its model card, whose interface is then used; None to infer the interface from the graph.
    """

    path: Path
    name: str
    card: ModelCard | None = None

    def pins(self) -> dict[str, str] | None:
        """Return the SHA-256 by name that the card gives to the file and to its external files; None without any of these."""
        if self.card is None or not self.card.external:
            return None
        return {**{name: one.sha256 for name, one in self.card.locations()}, self.path.name: self.card.file.sha256}


@dataclass(frozen=True, slots=True)
class DataSource:
    """Data to run on.

    Attributes:
        path: Manifest file, `.npz` file, folder with a sub-folder of images a class, or `.npy` file of ready inputs.
        kind: Which of these.
        name: Node key or path, for people.
        split: Split to use, of a manifest; all that are stored if None.
    """

    path: Path
    kind: DataKind
    name: str
    split: str | None = None


@dataclass(frozen=True, slots=True)
class Request:
    """What a generator is asked: everything that has a say in the result, and nothing read from the surroundings.

    Attributes:
        generator: Name in the registry.
        started: Start, UTC, `YYYY-MM-DDThh:mm:ssZ`.
        model: Model under examination, where the generator takes one.
        data: Data to run on.
        reference: Model to compare with.
        reference_data: Dataset to compare with, such as the development data.
        odd: Operational design domain.
        options: As planned; defaults are filled in by the generator.
        seed: Seed of everything random.
        workers: Processes; no say in the outcome.
        confidence: Two-sided confidence of the intervals.
        signature: OpenSSF model signature of the model.
        public_key: PEM file of the key that must have made it.
        evidence: Key of the evidence node, if any.
        requirements: Requirement key to its fingerprint; passed through to the record.
        digests: Further digests by role that the caller binds; `odd` here wins over the computed one.
        commit: Passed through to the record.
        command: Passed through to the record.
        cluster: Address of a Dask scheduler, or `local`; None for processes of its own. No say in the outcome.
        checkpoints: Folder in which a long run keeps what is done, so that it can go on after a kill; None for nowhere.
        keep: Folder for what a run makes beside its record, such as its list of faults; None to keep nothing.
        base: Folder that paths in options are relative to.
    """

    generator: str
    started: str
    model: ModelSource | None = None
    data: DataSource | None = None
    reference: ModelSource | None = None
    reference_data: DataSource | None = None
    odd: Odd | None = None
    options: Mapping[str, Any] = field(default_factory=dict)
    seed: int = 0
    workers: int = 1
    confidence: float = 0.95
    signature: Path | None = None
    public_key: Path | None = None
    evidence: str | None = None
    requirements: Mapping[str, str] = field(default_factory=dict)
    digests: Mapping[str, str] = field(default_factory=dict)
    commit: str | None = None
    command: str = ""
    cluster: str | None = None
    checkpoints: Path | None = None
    keep: Path | None = None
    base: Path = Path()


@runtime_checkable
class Generator(Protocol):
    """A kind of evidence."""

    @property
    def name(self) -> str:
        """Name in the registry and the catalogue."""

    @property
    def options(self) -> tuple[OptionSpec, ...]:
        """The options that it knows."""

    def run(self, request: Request, progress: Progress = silent) -> ResultRecord:
        """Examine and report. Whatever is wrong with the user's files becomes the record's status and reason."""


REGISTRY: Final[dict[str, str]] = {
    "validation": "casework.generators.validation",
    "quantization": "casework.generators.quantization",
    "dataset": "casework.generators.dataset",
    "model-signature": "casework.generators.model_signature",
    "fault-injection": "casework.generators.fault_injection",
}
"""Name to the module that holds `GENERATOR`. Looked up, never computed: data chooses no code."""


def load(name: str) -> Generator:
    """Return a generator by name, importing its module now.

    Raises:
        GeneratorProblem: There is none of that name.
    """
    module = REGISTRY.get(name)
    if module is None:
        raise GeneratorProblem(f"there is no generator {name!r}", f"Use one of: {', '.join(REGISTRY)}.")
    return cast(Generator, importlib.import_module(module).GENERATOR)
