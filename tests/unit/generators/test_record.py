"""What becomes of a run that cannot finish, and of one that doubts itself."""

from __future__ import annotations

import os
from collections.abc import Callable
from concurrent.futures.process import BrokenProcessPool
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from casework.artifact.digest import jcs_digest
from casework.artifact.manifest import ManifestProblem
from casework.artifact.onnx_model import ModelProblem
from casework.compute import ShardStore
from casework.generators import GeneratorProblem, Request
from casework.generators.protocol import Progress, load, silent
from casework.generators.record import Finds, census, run_body, share, table
from casework.model.catalogue import GENERATORS
from casework.model.result import ResultRecord, SelfCheck
from conftest import STARTED


def run(body: Callable[[Finds], None]) -> ResultRecord:
    def whole(request: Request, options: dict[str, Any], finds: Finds, progress: Progress) -> None:
        finds.metrics.append(census("items", 3, n=3))
        finds.tables.append(table("t", ("a",), [(1,)]))
        body(finds)

    return run_body("dataset", (), whole, Request(generator="dataset", started=STARTED), silent)


@pytest.mark.parametrize(
    ("problem", "status"),
    [
        (GeneratorProblem("the data are odd", "Mend them."), "not_evaluable"),
        (GeneratorProblem("a file is gone", "Restore it.", "error"), "error"),
        (ModelProblem("no model", "Give one."), "not_evaluable"),
        (ManifestProblem("no manifest", "Give one."), "not_evaluable"),
        (ImportError("No module named 'cv2'"), "not_evaluable"),
        (PermissionError(13, "Permission denied"), "error"),
        (MemoryError(), "error"),
        (BrokenProcessPool("killed"), "error"),
    ],
)
def test_a_run_that_cannot_finish_gives_a_reason_and_no_figures(problem: Exception, status: str) -> None:
    def body(finds: Finds) -> None:
        raise problem

    record = run(body)
    assert record.status == status
    assert record.reason
    assert (record.metrics, record.tables) == ((), ())
    assert record.digests["outcome"] == jcs_digest({"metrics": [], "tables": []})


def test_our_own_faults_are_not_hidden() -> None:
    def body(finds: Finds) -> None:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        run(body)


@pytest.mark.parametrize(
    ("outcome", "status"), [("passed", "complete"), ("skipped", "complete"), ("failed", "inconclusive")]
)
def test_a_failed_self_check_makes_the_run_inconclusive(outcome: Any, status: str) -> None:
    record = run(lambda finds: finds.self_checks.append(SelfCheck(name="control", outcome=outcome, detail="it moved")))
    assert record.status == status
    assert len(record.metrics) == 1
    assert ("control failed: it moved" in record.reason) == (status == "inconclusive")


def test_the_outcome_depends_on_figures_and_tables_alone() -> None:
    plain = run(lambda finds: None).digests["outcome"]
    assert run(lambda finds: finds.limitations.append("x")).digests["outcome"] == plain
    assert run(lambda finds: finds.metrics.append(share("recall", 1, 2, "all", 0.95))).digests["outcome"] != plain
    assert run(lambda finds: finds.tables.append(table("u", ("a",), []))).digests["outcome"] != plain


def test_every_option_that_names_a_file_is_one_that_evidence_is_bound_to() -> None:
    for name, spec in GENERATORS.items():
        assert tuple(o.name for o in load(name).options if o.kind == "file") == tuple(
            n for n in (o.name for o in load(name).options) if n in spec.files
        ), name
        assert set(spec.files) <= {o.name for o in load(name).options}


def test_what_killed_runs_left_behind_is_dropped_when_a_run_begins(tmp_path: Path) -> None:
    stores = [ShardStore(tmp_path, key) for key in ("old", "new")]
    begun = datetime.fromisoformat(STARTED).timestamp()
    for store, days in zip(stores, (31, 1), strict=True):
        assert store.put(0, 1, 1, 0.0)
        for path in store.folder.iterdir():
            os.utime(path, (begun - days * 86_400, begun - days * 86_400))
    request = Request(generator="dataset", started=STARTED, checkpoints=tmp_path)
    run_body("dataset", (), lambda *_: None, request, silent)
    assert [store.folder.exists() for store in stores] == [False, True]


def test_figures_that_no_reader_of_json_holds_alike_become_text() -> None:
    from casework.artifact.digest import jcs_bytes
    from casework.artifact.strict_json import read_json

    made = table("t", ("a", "b", "c", "d"), [(9.109252625496277e18, -(2.0**53), 0.1234567, 2.0**53 - 1)])
    assert made.rows == (("9.10925e+18", "-9.0072e+15", 0.123457, 2.0**53 - 1),)
    assert read_json(jcs_bytes(made.model_dump(mode="json"))).problem is None
