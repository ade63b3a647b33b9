"""From what a generator found to the record: digests, environment, duration, and the status of what went wrong."""

from __future__ import annotations

import platform
import re
import time
from collections.abc import Callable
from concurrent.futures import BrokenExecutor
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from importlib import metadata
from pathlib import Path
from typing import Any, Final, cast

from casework.artifact.digest import jcs_digest, sha256_bytes, sha256_file
from casework.artifact.manifest import ManifestProblem
from casework.artifact.onnx_model import ModelProblem, OpenedModel, open_model
from casework.compute import KEPT_DAYS, WorkersLost, prune
from casework.generators.options import OptionProblem, OptionSpec, read_options
from casework.generators.protocol import GeneratorProblem, ModelSource, Progress, Request
from casework.injection.problem import InjectionProblem
from casework.model.catalogue import GENERATORS, file_role
from casework.model.interval import lower_bound, upper_bound
from casework.model.node import LONGEST_PATH, PRESENTATION, REL_PATH_PATTERN
from casework.model.result import GeneratorId, Metric, RecordStatus, ResultRecord, SelfCheck, Table, outcome_of

_PACKAGES: Final = (
    "casework",
    "numpy",
    "onnx",
    "onnxruntime",
    "scipy",
    "scikit-learn",
    "opencv-python-headless",
    "pycocotools",
    "model-signing",
    "dask",
)

EXACT: Final = 2**53
"""Figures from which whole numbers are not exact in every reader of JSON."""

EVIDENCE_EXTRA: Final = "Install the packages of the generators: pip install 'casework[evidence]'."


@dataclass(slots=True)
class Finds:
    """What a generator gathers while it runs.

    Attributes:
        digests: By role, of everything that was read.
        files: Path or node key by role, for people.
        options: Every option that had a say.
        metrics: Figures.
        tables: Tables.
        self_checks: Checks of the generator on itself.
        limitations: What the figures do not say.
        status: `complete` unless set otherwise.
        reason: Why the status is another.
    """

    digests: dict[str, str] = field(default_factory=dict)
    files: dict[str, str] = field(default_factory=dict)
    options: dict[str, Any] = field(default_factory=dict)
    metrics: list[Metric] = field(default_factory=list)
    tables: list[Table] = field(default_factory=list)
    self_checks: list[SelfCheck] = field(default_factory=list)
    limitations: list[str] = field(default_factory=list)
    status: RecordStatus = "complete"
    reason: str = ""

    def read_file(self, role: str, path: Path, name: str) -> bytes:
        """Read a file of the user, and note its digest and name under a role.

        Raises:
            GeneratorProblem: It cannot be read.
        """
        try:
            content = path.read_bytes()
        except OSError as error:
            raise GeneratorProblem(
                f"{path} cannot be read: {error.strerror}", "Give the path of a readable file."
            ) from error
        self.digests[role], self.files[role] = sha256_bytes(content), name
        return content


def open_source(role: str, source: ModelSource, finds: Finds) -> OpenedModel:
    """Open a model that is to be run, and note the digests of its file and of the files that it keeps weights in.

    Raises:
        ModelProblem: It cannot be opened, or must not be run.
    """
    model = open_model(source.path, pins=source.pins())
    finds.digests[role], finds.files[role] = model.sha256, source.name
    note_external(role, model, finds)
    return model


def note_external(role: str, model: OpenedModel, finds: Finds) -> None:
    """Note the digest of a model's external files, if it has any and all of them were read."""
    if model.external:
        outside = "external" if role == "model" else f"{role}_external"
        finds.digests[outside] = model.external
        finds.files[outside] = ", ".join(one.location for one in model.external_files)


Body = Callable[[Request, dict[str, Any], Finds, Progress], None]


def run_body(
    name: str, specs: tuple[OptionSpec, ...], body: Body, request: Request, progress: Progress
) -> ResultRecord:
    """Run a generator's body and make the record of what it found or of why it could not.

    Args:
        name: Name of the generator.
        specs: Its options.
        body: Fills the `Finds`; may raise the problems below.
        request: What is asked.
        progress: Is told how far it is.

    Returns:
        The record. `ModelProblem`, `ManifestProblem`, `OptionProblem`, `GeneratorProblem`, a missing optional package
        and an unreadable file become its status and reason; figures gathered until then are dropped: not whole.
    """
    start = time.perf_counter()
    finds = Finds(digests=_digests(request), options=dict(request.options))
    if request.checkpoints is not None:
        prune(request.checkpoints, _kept_since(request.started))
    try:
        options = read_options(specs, request.options, name)
        finds.options = dict(options)
        bound = _bind_files(specs, request, options, finds)
        body(request, options, finds, progress)
        _refuse_changed(bound)
        _doubt(finds)
    except GeneratorProblem as problem:
        _give_up(finds, problem.status, problem.message, problem.fix)
    except InjectionProblem as problem:
        _give_up(finds, "error" if problem.ours else "not_evaluable", problem.message, problem.fix)
    except (ModelProblem, ManifestProblem, OptionProblem) as problem:
        _give_up(finds, "not_evaluable", problem.message, problem.fix)
    except ImportError as error:
        _give_up(finds, "not_evaluable", f"a package is missing: {error}", EVIDENCE_EXTRA)
    except (OSError, MemoryError) as error:
        _give_up(
            finds, "error", f"{type(error).__name__}: {error}", "Make the file readable, or free memory, and run again."
        )
    except (BrokenExecutor, WorkersLost) as error:
        _give_up(
            finds,
            "error",
            f"a worker process ended unexpectedly: {error}",
            "Run again with fewer workers, or free memory.",
        )
    return _record(name, request, finds, time.perf_counter() - start)


def _bind_files(
    specs: tuple[OptionSpec, ...], request: Request, options: dict[str, Any], finds: Finds
) -> dict[Path, str]:
    """Note the digest of each file that an option names; return them by path.

    Raises:
        GeneratorProblem: One cannot be read; or, for evidence of a case, it does not lie in the case.
    """
    bound: dict[Path, str] = {}
    for spec in specs:
        named = options[spec.name]
        if spec.kind == "file" and named is not None:
            if request.evidence is not None:
                _refuse_outside(request.base, named, spec.name)
            path, role = request.base / named, file_role(spec.name)
            finds.digests[role], finds.files[role] = _digest_of(path, spec.name), named
            bound[path] = finds.digests[role]
    return bound


def _digest_of(path: Path, option: str) -> str:
    if path.exists() and not path.is_file():
        raise GeneratorProblem(f"option {option}: {path} is no regular file", "Give the path of a readable file.")
    try:
        return sha256_file(path)
    except (OSError, ValueError) as error:
        said = getattr(error, "strerror", None) or error
        raise GeneratorProblem(
            f"option {option}: {path} cannot be read: {said}", "Give the path of a readable file."
        ) from error


_IN_CASE: Final = "Put the file into the case, and name it by its path from the root, without links."


def _refuse_outside(base: Path, named: str, option: str) -> None:
    """Refuse a path that whoever checks the evidence would not find in the case.

    Raises:
        GeneratorProblem: It leads out of it, is not plain, or goes through a link.
    """
    parts = named.split("/")
    plain = len(named) <= LONGEST_PATH and re.fullmatch(REL_PATH_PATTERN, named) and not {"", ".", ".."} & set(parts)
    if not plain or parts[0] == ".git":
        raise GeneratorProblem(
            f"option {option} names {named!r}, which is no plain path of a file in the case", _IN_CASE
        )
    if (base / named).resolve() != base.resolve().joinpath(*parts):
        raise GeneratorProblem(
            f"option {option} names {named}, which is reached through a symbolic link, and links are not followed",
            _IN_CASE,
        )


def _refuse_changed(bound: dict[Path, str]) -> None:
    """Refuse a result of files that are no longer those whose digests were noted.

    Raises:
        GeneratorProblem: One is not.
    """
    for path, before in bound.items():
        try:
            same = sha256_file(path) == before
        except OSError:
            same = False
        if not same:
            raise GeneratorProblem(
                f"{path} was changed while it was being used", "Run again when nobody writes it.", "error"
            )


def _kept_since(started: str) -> float:
    """Return the moment, in seconds since 1970, before which what killed runs left behind is dropped."""
    return (datetime.fromisoformat(started) - timedelta(days=KEPT_DAYS)).timestamp()


def _doubt(finds: Finds) -> None:
    """Call a run inconclusive that failed a check of its own: its figures stand, but not for what they should."""
    failed = [c for c in finds.self_checks if c.outcome == "failed"]
    if failed and finds.status == "complete":
        finds.status = "inconclusive"
        finds.reason = "; ".join(f"self-check {c.name} failed: {c.detail}" for c in failed)


def _give_up(finds: Finds, status: RecordStatus, message: str, fix: str) -> None:
    finds.status, finds.reason = status, f"{message}. {fix}"
    finds.metrics.clear()
    finds.tables.clear()


def _digests(request: Request) -> dict[str, str]:
    digests = {"options": jcs_digest(dict(request.options))}
    if request.odd is not None:
        digests["odd"] = jcs_digest(
            request.odd.model_dump(mode="json", exclude=set(PRESENTATION), exclude_defaults=True)
        )
    return digests | dict(request.digests)


def _record(name: str, request: Request, finds: Finds, seconds: float) -> ResultRecord:
    metrics = tuple(sorted(finds.metrics, key=lambda m: (m.name, m.slice != "all", m.slice)))
    outcome = outcome_of(metrics, tuple(finds.tables))
    return ResultRecord(
        evidence=request.evidence,
        generator=GeneratorId(name=name, version=GENERATORS[name].version),
        requirements=dict(request.requirements),
        digests=dict(sorted((finds.digests | {"outcome": jcs_digest(outcome)}).items())),
        files=dict(sorted(finds.files.items())),
        options=finds.options,
        seed=request.seed,
        environment=environment(request.workers),
        commit=request.commit,
        started=request.started,
        duration_s=round(seconds, 3),
        status=finds.status,
        reason=finds.reason,
        metrics=metrics,
        tables=tuple(finds.tables),
        self_checks=tuple(finds.self_checks),
        limitations=tuple(finds.limitations),
        command=request.command,
    )


def environment(workers: int) -> dict[str, str | int]:
    """Return what the figures may depend on: Python, packages, processor, threads and execution provider."""
    found: dict[str, str | int] = {
        "python": platform.python_version(),
        "system": f"{platform.system()} {platform.machine()}",
        "cpu": _processor(),
        "execution_provider": "CPUExecutionProvider",
        "threads": 1,
        "workers": workers,
    }
    for package in _PACKAGES:
        try:
            found[package] = metadata.version(package)
        except metadata.PackageNotFoundError:
            continue
    return found


def _processor() -> str:
    try:
        for line in Path("/proc/cpuinfo").read_text(encoding="utf-8", errors="replace").splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    except OSError:
        pass
    return platform.processor() or platform.machine()


def metric(name: str, value: float, where: str = "all", **fields: Any) -> Metric:
    """Return a metric with its unit from the catalogue."""
    units = {n: spec.unit for g in GENERATORS.values() for n, spec in g.metrics.items()}
    return Metric(name=name, slice=where, value=float(value), unit=units[name], **fields)


def census(name: str, value: float, n: int | None = None, k: int | None = None, where: str = "all") -> Metric:
    """Return a figure that is counted, not sampled: its interval is itself."""
    return metric(name, value, where, n=n, k=k, method="exact")


def table(name: str, columns: tuple[str, ...], rows: list[tuple[Any, ...]]) -> Table:
    """Return a table of plain values (numpy numbers are converted, figures rounded to 6 places).

    A figure of 2^53 or more becomes text: the canonical form writes it as a whole number that not every reader holds alike.
    """
    return Table(name=name, columns=columns, rows=tuple(tuple(_plain(v) for v in row) for row in rows))


def _plain(value: Any) -> str | int | float | bool | None:
    if isinstance(value, (str, bool, int)) or value is None:
        return value
    if hasattr(value, "item"):
        value = value.item()
    if not isinstance(value, float):
        return cast("str | int | bool | None", value)
    return round(value, 6) if abs(value) < EXACT else f"{value:.6g}"


def share(name: str, k: int, n: int, where: str, confidence: float) -> Metric:
    """Return k of n with its Clopper-Pearson interval (two-sided)."""
    one_sided = (1 + confidence) / 2
    return metric(
        name, k / n, where, n=n, k=k, confidence=confidence, method="clopper-pearson",
        ci_low=lower_bound(k, n, one_sided), ci_high=upper_bound(k, n, one_sided),
    )  # fmt: skip
