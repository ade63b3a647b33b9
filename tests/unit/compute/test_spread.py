"""Results do not depend on workers, order, dead workers or an earlier run; what goes wrong is told by shard."""

from __future__ import annotations

import errno
import multiprocessing
import os
import signal
import subprocess
import sys
import textwrap
import time
from pathlib import Path

import pytest
from shard_work import Expensive, Odd, big, burn, die_always, die_once, fail, scale, unpicklable, use

from casework.compute import MAX_RUNS, ShardStore, WorkersLost, spread

WAYS = [{"workers": 1}, {"workers": 2}]


@pytest.mark.parametrize("how", WAYS, ids=str)
def test_the_same_results_in_order(how: dict[str, int]) -> None:
    told: list[tuple[int, int]] = []
    made = spread(scale, 3, range(10), progress=lambda d, n: told.append((d, n)), **how)
    assert list(made) == [3 * i for i in range(10)]
    assert made[2:4] == (6, 9)
    assert told == [(i, 10) for i in range(11)]
    assert (made.resumed, made.retried, made.unsaved) == (0, 0, 0)


@pytest.mark.parametrize("how", WAYS, ids=str)
def test_cpu_seconds_are_those_of_the_workers(how: dict[str, int]) -> None:
    before = time.process_time()
    burn(400_000, 0)
    alone = time.process_time() - before
    made = spread(burn, 400_000, range(4), **how)
    assert made.cpu_seconds == pytest.approx(4 * alone, rel=0.9)
    assert made.cpu_seconds > alone


def test_heavy_shards_start_first_and_results_stay_in_order() -> None:
    begun: list[int] = []
    made = spread(lambda _c, shard: begun.append(shard) or shard, None, range(4), weights=[1, 5, 2, 5])
    assert begun == [1, 3, 2, 0]
    assert list(made) == [0, 1, 2, 3]
    with pytest.raises(ValueError, match="one weight a shard"):
        spread(scale, 1, range(3), weights=[1.0])


def test_nothing_to_do() -> None:
    assert list(spread(scale, 1, [], workers=3)) == []
    with pytest.raises(ValueError, match="at least 1"):
        spread(scale, 1, [1], workers=0)


def test_the_context_is_read_once_in_each_worker(tmp_path: Path) -> None:
    made = spread(use, Expensive(str(tmp_path / "read")), range(12), workers=2)
    assert list(made) == list(range(12))
    assert (tmp_path / "read").read_text() in ("x", "xx")
    assert list(spread(big, b"x" * 20_000_000, range(3), workers=2)) == [(20_000_000, i) for i in range(3)]


@pytest.mark.parametrize("how", WAYS, ids=str)
@pytest.mark.parametrize(
    ("kinds", "wanted"), [({2: "odd"}, Odd), ({1: "zero", 4: "odd"}, ZeroDivisionError), ({0: "odd", 1: "zero"}, Odd)]
)
def test_the_exception_of_the_earliest_shard_comes_through_whole(
    how: dict[str, int], kinds: dict[int, str], wanted: type[Exception]
) -> None:
    with pytest.raises(wanted) as caught:
        spread(fail, kinds, range(6), **how)
    if isinstance(caught.value, Odd):
        assert (str(caught.value), caught.value.fix) == ("it is odd", "Make it even.")
    assert multiprocessing.active_children() == []


@pytest.mark.parametrize("how", WAYS, ids=str)
def test_an_error_of_the_system_keeps_its_number_and_tells_where_it_was_raised(how: dict[str, int]) -> None:
    with pytest.raises(FileNotFoundError) as caught:
        spread(fail, {1: "missing"}, range(3), **how)
    assert caught.value.errno == errno.ENOENT
    assert caught.value.filename == "/nonexistent/file"
    if how["workers"] > 1:
        assert "shard_work.py" in caught.value.__notes__[0]


def test_what_cannot_travel_is_told_and_not_taken_for_a_dead_worker() -> None:
    with pytest.raises(RuntimeError, match="Stubborn: stubborn"):
        spread(fail, {1: "stubborn"}, range(3), workers=2)
    with pytest.raises((AttributeError, RuntimeError), match="pickle"):
        spread(unpicklable, None, range(3), workers=2)


def test_a_killed_worker_is_replaced_and_nothing_counts_twice(tmp_path: Path) -> None:
    told: list[int] = []
    made = spread(die_once, str(tmp_path), range(12), workers=2, progress=lambda d, _n: told.append(d))
    assert list(made) == [i * i for i in range(12)]
    assert told == list(range(13))
    assert made.retried >= 1
    assert len((tmp_path / "begun-3").read_text()) == 2
    assert multiprocessing.active_children() == []


def test_a_shard_that_always_kills_is_named_and_no_other_is_blamed() -> None:
    told: list[int] = []
    with pytest.raises(
        WorkersLost, match=rf"shard 4 of 9 ended its worker process {MAX_RUNS} times, the last time alone"
    ):
        spread(die_always, None, range(9), workers=2, progress=lambda d, _n: told.append(d))
    assert multiprocessing.active_children() == []


def test_a_second_call_takes_up_what_the_first_kept(tmp_path: Path) -> None:
    store = ShardStore(tmp_path, "campaign")
    with pytest.raises(ZeroDivisionError):
        spread(fail, {5: "zero"}, range(9), store=store)
    told: list[tuple[int, int]] = []
    made = spread(fail, {}, range(9), workers=2, store=store, progress=lambda d, n: told.append((d, n)))
    assert list(made) == list(range(9))
    assert made.resumed == 5
    assert told == [(i, 9) for i in range(5, 10)]
    assert spread(fail, {0: "zero"}, range(9), store=store).resumed == 9
    store.discard()
    assert list(tmp_path.iterdir()) == []
    with pytest.raises(ZeroDivisionError):
        spread(fail, {0: "zero"}, range(9), store=store)


SCRIPT = textwrap.dedent(
    """
    import sys, time
    from casework.compute import ShardStore, spread

    def slow(context, shard):
        time.sleep(0.1 if shard < 4 else context)
        return shard * 2

    if __name__ == "__main__":
        pause, folder, way = float(sys.argv[1]), sys.argv[2], sys.argv[3]
        how = {"cluster": "local"} if way == "cluster" else {}
        try:
            made = spread(slow, pause, range(8), workers=2, store=ShardStore(folder, "k"),
                          progress=lambda d, n: print(f"{d}/{n}", flush=True), **how)
            print(list(made), made.resumed, flush=True)
        except KeyboardInterrupt:
            print("interrupted", flush=True)
    """
)


def started(tmp_path: Path, pause: float, way: str) -> subprocess.Popen[str]:
    (tmp_path / "run.py").write_text(SCRIPT)
    return subprocess.Popen(
        [sys.executable, str(tmp_path / "run.py"), str(pause), str(tmp_path / "kept"), way],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True,
    )  # fmt: skip


def wait_for(process: subprocess.Popen[str], line: str) -> None:
    assert process.stdout is not None
    for said in process.stdout:
        if said.strip() == line:
            return
    raise AssertionError(f"it ended before {line}: {process.stderr.read() if process.stderr else ''}")


def alive(group: int) -> list[str]:
    """Processes of a session that still run (a dead one may wait for its parent)."""
    found = []
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            state, _, _, session = stat.read_text().rpartition(")")[2].split()[:4]
        except OSError:
            continue
        if session == str(group) and state not in "ZX":
            found.append(stat.parent.name)
    return found


def gone(group: int) -> bool:
    deadline = time.monotonic() + 8
    while alive(group) and time.monotonic() < deadline:
        time.sleep(0.05)
    return not alive(group)


needs_proc = pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="reads /proc")


@needs_proc
def test_a_killed_run_leaves_no_worker_and_is_taken_up(tmp_path: Path) -> None:
    first = started(tmp_path, 60.0, "pool")
    wait_for(first, "4/8")
    first.kill()
    first.communicate(timeout=20)
    assert gone(first.pid)
    out, _err = started(tmp_path, 0.0, "pool").communicate(timeout=30)
    assert out.splitlines()[0] == "4/8"
    assert out.splitlines()[-1] == f"{[2 * i for i in range(8)]} 4"


@needs_proc
@pytest.mark.parametrize("way", ["pool", "cluster"])
def test_an_interruption_is_one_message_and_leaves_nothing(tmp_path: Path, way: str) -> None:
    if way == "cluster":
        pytest.importorskip("distributed")
    process = started(tmp_path, 60.0, way)
    wait_for(process, "4/8")
    os.killpg(process.pid, signal.SIGINT)
    out, err = process.communicate(timeout=20)
    assert (out, err) == ("interrupted\n", "")
    assert gone(process.pid)
