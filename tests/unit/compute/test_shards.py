"""The result does not depend on the number of workers, and an interruption leaves nothing behind."""

from __future__ import annotations

import multiprocessing
import os
import random
import signal
import subprocess
import sys
import textwrap
import time
from pathlib import Path

import pytest

from casework.compute import map_shards, split_evenly


def draw(shard: tuple[int, int]) -> list[float]:
    seed, count = shard
    rng = random.Random(seed)
    return [rng.random() for _ in range(count)]


def divide(shard: int) -> float:
    return 1 / shard


def pid(shard: int) -> int:
    time.sleep(0.05)
    return os.getpid()


SHARDS = [(seed, 3 + seed % 4) for seed in range(12)]


def test_the_same_for_one_and_two_workers() -> None:
    one = map_shards(draw, SHARDS)
    assert one == map_shards(draw, SHARDS, workers=2)
    assert len(one[3]) == 6


def test_progress_counts_every_shard() -> None:
    told: list[tuple[int, int]] = []
    map_shards(draw, SHARDS, progress=lambda done, total: told.append((done, total)))
    assert told == [(i, 12) for i in range(1, 13)]


def test_work_really_leaves_this_process() -> None:
    assert os.getpid() not in map_shards(pid, [1, 2, 3, 4], workers=2)


@pytest.mark.parametrize("workers", [1, 2])
def test_an_exception_comes_through_and_no_worker_stays(workers: int) -> None:
    with pytest.raises(ZeroDivisionError):
        map_shards(divide, [1, 0, 2], workers=workers)
    assert multiprocessing.active_children() == []


def test_no_shards_and_no_workers() -> None:
    assert map_shards(divide, [], workers=4) == []
    with pytest.raises(ValueError, match="at least 1"):
        map_shards(divide, [1], workers=0)


def test_split_evenly() -> None:
    assert split_evenly(5, 2) == [range(2), range(2, 4), range(4, 5)]
    assert split_evenly(0, 2) == []


def alive(group: int) -> list[str]:
    """Processes of a group that still run (a dead one may wait for its parent)."""
    found = []
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            state, _, pgrp = stat.read_text().rpartition(")")[2].split()[:3]
        except OSError:
            continue
        if pgrp == str(group) and state not in "ZX":
            found.append(stat.parent.name)
    return found


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="reads /proc")
@pytest.mark.parametrize("after", [0.05, 0.7])
def test_an_interruption_ends_the_workers(tmp_path: Path, after: float) -> None:
    script = textwrap.dedent(
        """
        import time
        from casework.compute import map_shards
        if __name__ == "__main__":
            print("up", flush=True)
            try:
                map_shards(time.sleep, [30.0, 30.0, 30.0], workers=2)
            except KeyboardInterrupt:
                print("interrupted", flush=True)
        """
    )
    path = f"{tmp_path}/run.py"
    with open(path, "w") as file:
        file.write(script)
    process = subprocess.Popen(
        [sys.executable, path], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "up\n"
    time.sleep(after)
    start = time.perf_counter()
    os.killpg(process.pid, signal.SIGINT)
    out, err = process.communicate(timeout=20)
    assert out == "interrupted\n"
    assert "Traceback" not in err
    assert time.perf_counter() - start < 10
    deadline = time.perf_counter() + 5
    while alive(process.pid) and time.perf_counter() < deadline:
        time.sleep(0.05)
    assert alive(process.pid) == []
