"""What a long task says of itself on standard error."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from casework.cli.main import main
from casework.cli.terminal import Progress


def campaign(folder: Path, written: int) -> Path:
    """A folder of a campaign that got its last file at a moment, in seconds."""
    folder.mkdir(exist_ok=True)
    os.utime(folder, (written, written))
    return folder


@pytest.mark.parametrize("task", ["faults", "blocks of faults"])
def test_work_that_is_gone_on_with_is_told_once_even_without_a_terminal(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], task: str
) -> None:
    only = campaign(tmp_path / "a", 1)
    bar = Progress(kept=tmp_path)
    bar.count(0, 0, "opening the model")
    for done in (400, 500, 1000):
        bar.count(done, 1000, task)
    assert (
        capsys.readouterr().err
        == f"casework: going on from 400 of 1000 {task} kept in {only}; delete that folder to start anew\n"
    )


def test_of_several_campaigns_the_folder_is_named_that_gets_a_file(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in "abc":
        campaign(tmp_path / name, 1)
    bar = Progress(kept=tmp_path)
    bar.count(400, 1000, "faults")
    assert capsys.readouterr().err == "casework: going on from 400 of 1000 faults kept\n"
    campaign(tmp_path / "b", 2)
    campaign(tmp_path / "new", 2)
    for done in (500, 600):
        bar.count(done, 1000, "faults")
    assert capsys.readouterr().err == f"casework: they are kept in {tmp_path / 'b'}; delete that folder to start anew\n"


@pytest.mark.parametrize("grown", ["", "ab"])
def test_no_folder_is_named_where_it_is_not_sure(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], grown: str
) -> None:
    for name in "ab":
        campaign(tmp_path / name, 1)
    bar = Progress(kept=tmp_path)
    bar.count(400, 1000, "faults")
    for name in grown:
        campaign(tmp_path / name, 2)
    bar.count(500, 1000, "faults")
    bar.count(1000, 1000, "faults")
    bar.count(400, 400, "faults")
    assert "delete" not in capsys.readouterr().err


@pytest.mark.parametrize(
    ("tasks", "said"),
    [
        ([(0, 0, "opening the model"), (5, 9, "canaries"), (0, 50, "faults")], "nothing was finished yet"),
        ([(0, 50, "faults"), (7, 50, "faults")], "what was finished is kept: run the same command again to go on"),
        ([(9, 9, "EV-1: faults"), (3, 9, "audit")], "what was finished is kept: run the same command again to go on"),
    ],
)
def test_who_interrupts_is_told_whether_anything_is_kept(
    tmp_path: Path, tasks: list[tuple[int, int, str]], said: str
) -> None:
    bar = Progress(kept=tmp_path)

    def stopped() -> Iterator[int]:
        for task in tasks:
            bar.count(*task)
            yield task[0]
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt, match=f"^interrupted; {said}$"):
        list(bar.told(stopped()))


def test_the_command_says_it_and_ends_with_130(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def stopped(*_words: object, progress: Callable[[int, int, str], None], **_means: object) -> None:
        progress(3, 9, "faults")
        raise KeyboardInterrupt

    monkeypatch.setenv("CASEWORK_CACHE_DIR", str(tmp_path))
    monkeypatch.setattr("casework.workflow.evidence.trying.try_generator", stopped)
    assert main(["try", "fault-injection", "m.onnx"]) == 130
    assert capsys.readouterr().err.endswith(
        "casework: interrupted; what was finished is kept: run the same command again to go on\n"
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
