"""What a long task says of itself on standard error."""

from __future__ import annotations

from pathlib import Path

import pytest

from casework.cli.terminal import Progress


@pytest.mark.parametrize("task", ["faults", "blocks of faults"])
def test_work_that_is_gone_on_with_is_told_once_even_without_a_terminal(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], task: str
) -> None:
    bar = Progress(kept=tmp_path)
    bar.count(0, 0, "opening the model")
    for done in (400, 500, 1000):
        bar.count(done, 1000, task)
    assert (
        capsys.readouterr().err
        == f"casework: going on from 400 of 1000 {task} kept in {tmp_path}; delete it to start anew\n"
    )


def test_of_several_tasks_each_says_whose_it_is(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    bar = Progress(kept=tmp_path)
    bar.count(7, 10, "EV-1: faults")
    bar.count(0, 10, "EV-2: faults")
    bar.count(5, 10, "EV-2: faults")
    bar.count(3, 20, "EV-2: faults")
    told = capsys.readouterr().err.splitlines()
    assert [line.partition(" kept")[0] for line in told] == [
        "casework: EV-1: going on from 7 of 10 faults", "casework: EV-2: going on from 3 of 20 faults",
    ]  # fmt: skip


def test_work_from_its_beginning_says_nothing(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    bar = Progress(kept=tmp_path)
    for done, total, task in (
        (0, 9, "canaries"),
        (5, 9, "canaries"),
        (0, 50, "faults"),
        (50, 50, "faults"),
        (7, 9, "audit"),
    ):
        bar.count(done, total, task)
    Progress().count(5, 9, "faults")
    assert capsys.readouterr().err == ""
