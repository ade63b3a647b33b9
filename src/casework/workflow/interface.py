"""The Python API: what `casework.__all__` offers, in plain arguments."""

from __future__ import annotations

import os
from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import Any

from casework.graph.assessment import Assessment
from casework.graph.case import Case
from casework.model.decision import Decision
from casework.model.result import ResultRecord
from casework.store.working_tree import WorkingTree, find_root
from casework.workflow.evidence.trying import try_generator as run_generator
from casework.workflow.judging import assess as line
from casework.workflow.judging import checking
from casework.workflow.judging.configuration import read_project
from casework.workflow.judging.reading import read_case

Folder = str | os.PathLike[str]


def open_case(folder: Folder) -> Case:
    """Return the graph of the case around a folder: nodes by key, links, and the questions asked of them.

    Nothing is judged; nodes that do not validate are there with `valid=False`. `Case.network` is the graph as networkx
    sees it.
    """
    tree = WorkingTree(find_root(Path(folder)))
    project, _findings = read_project(tree)
    return read_case(tree, project, None).case


def assess(folder: Folder, today: date) -> Assessment:
    """Return everything that is known of the case around a folder, judged as of a day: evidence, figures, statuses."""
    return line.assess(WorkingTree(find_root(Path(folder))), today).assessment


def check(folder: Folder, today: date, *, new_since: str | None = None) -> Decision:
    """Return the gate's decision on the case around a folder, without the cache.

    Args:
        folder: Folder inside the case.
        today: Day of judgement.
        new_since: Revision whose findings do not count, but for broken references and unverifiable evidence.

    Raises:
        casework.model.problem.CallProblem: The revision cannot be resolved.
    """
    return checking.check(find_root(Path(folder)), today, cached=False, new_since=new_since)


def try_generator(
    generator: str,
    model: Folder | None,
    data: Folder | None = None,
    *,
    started: str,
    options: Mapping[str, Any] | None = None,
    seed: int = 0,
    workers: int = 1,
) -> ResultRecord:
    """Run a generator on files, without a case, and return its record.

    Args:
        generator: Name, such as `validation`.
        model: ONNX file (of the generator `dataset`: the dataset).
        data: Manifest, folder with one, `.npz` with `x` and `y`, or folder of class folders.
        started: Start, UTC, `YYYY-MM-DDThh:mm:ssZ`; it is recorded.
        options: Options of the generator, as on the command line.
        seed: Seed of everything random.
        workers: Processes; no say in the result.

    Raises:
        casework.model.problem.CallProblem: The call cannot be understood.
    """
    words = [f"{name}={value}" for name, value in (options or {}).items()]
    return run_generator(
        generator, None if model is None else os.fspath(model), None if data is None else os.fspath(data), words,
        seed=seed, workers=workers, started=started, progress=lambda _done, _total, _text: None,
    )  # fmt: skip
