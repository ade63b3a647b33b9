"""A Dask cluster gives the same results as this process, whatever its workers live through."""

from __future__ import annotations

import multiprocessing
import pickle
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from shard_work import Expensive, Odd, die_always, die_once, fail, scale, use

from casework.compute import MAX_RUNS, ShardStore, WorkersLost, cluster, spread
from casework.model.problem import CallProblem

distributed = pytest.importorskip("distributed")


@pytest.fixture(scope="module")
def scheduler() -> Iterator[Any]:
    """A cluster that was started by somebody else."""
    with distributed.LocalCluster(
        n_workers=2, threads_per_worker=2, host="127.0.0.1", dashboard_address=":0", silence_logs=50
    ) as made:
        yield made


@pytest.fixture
def _no_new_process() -> Iterator[None]:
    """No process is left that was not there before, not even a worker that was being started as the cluster ended."""
    before = set(multiprocessing.active_children())
    yield
    assert set(multiprocessing.active_children()) <= before


@pytest.mark.usefixtures("_no_new_process")
def test_a_local_cluster_survives_the_death_of_a_worker(tmp_path: Path) -> None:
    told: list[int] = []
    made = spread(die_once, str(tmp_path), range(12), workers=2, cluster="local", progress=lambda d, _n: told.append(d))
    assert list(made) == list(spread(die_once, str(tmp_path), range(12)))
    assert told == list(range(13))
    assert made.retried >= 1
    assert len((tmp_path / "begun-3").read_text()) >= 3  # killed, again (Dask may repeat what it likes), and here


@pytest.mark.usefixtures("_no_new_process")
def test_a_shard_that_always_kills_is_named() -> None:
    with pytest.raises(WorkersLost, match=rf"shard 4 of 6 ended its worker {MAX_RUNS} times"):
        spread(die_always, None, range(6), workers=2, cluster="local")


def test_a_worker_that_was_being_started_as_the_cluster_ended_is_ended() -> None:
    context = multiprocessing.get_context("spawn")
    names = ["Dask Worker process (from Nanny)", "of somebody else", "Dask Worker process (from Nanny)"]
    earlier, other, late = (context.Process(target=time.sleep, args=(60,), name=name, daemon=True) for name in names)
    earlier.start()
    before = multiprocessing.active_children()
    other.start()
    late.start()
    try:
        cluster._end_late_workers(before)
        assert [p.is_alive() for p in (earlier, other, late)] == [True, True, False]
    finally:
        for process in (earlier, other):
            process.kill()
            process.join()


def test_a_cluster_by_address_gives_the_same(scheduler: Any, tmp_path: Path) -> None:
    store = ShardStore(tmp_path / "kept", "k")
    made = spread(use, Expensive(str(tmp_path / "read")), range(10), cluster=scheduler.scheduler_address, store=store)
    assert list(made) == list(range(10))
    assert (tmp_path / "read").read_text() in ("x", "xx")
    assert spread(use, Expensive("nowhere"), range(10), store=store).resumed == 10


def test_a_worker_of_a_running_cluster_dies(scheduler: Any, tmp_path: Path) -> None:
    made = spread(die_once, str(tmp_path), range(12), cluster=scheduler.scheduler_address)
    assert list(made) == [i * i for i in range(12)]
    assert len((tmp_path / "begun-3").read_text()) >= 2


@pytest.mark.parametrize(
    ("kinds", "wanted"),
    [({2: "odd"}, Odd), ({1: "zero", 4: "odd"}, ZeroDivisionError), ({1: "stubborn"}, RuntimeError)],
)
def test_exceptions_come_through_and_the_cluster_stays_usable(
    scheduler: Any, kinds: dict[int, str], wanted: type[Exception]
) -> None:
    with pytest.raises(wanted):
        spread(fail, kinds, range(6), cluster=scheduler.scheduler_address)
    assert list(spread(scale, 2, [1, 2], cluster=scheduler.scheduler_address)) == [2, 4]


@pytest.mark.filterwarnings("ignore:Mismatched versions")
@pytest.mark.parametrize("what", ["casework", "onnxruntime", "python"])
def test_other_versions_on_the_workers_are_refused(scheduler: Any, monkeypatch: pytest.MonkeyPatch, what: str) -> None:
    match what:
        case "casework":
            monkeypatch.setattr(cluster, "__version__", "0.0.7")
        case "python":
            monkeypatch.setattr(sys, "version_info", (3, 99, 0, "final", 0))
        case _:
            monkeypatch.setattr(cluster, "_installed", lambda _name: "0.0.7")
    with pytest.raises(CallProblem, match="install the same there"):
        spread(scale, 1, range(4), cluster=scheduler.scheduler_address)


@pytest.mark.parametrize(
    ("address", "said"),
    [
        ("tcp://127.0.0.1:9", "no Dask scheduler answers"),
        ("127.0.0.1:99999", "no Dask scheduler answers"),
        ("nonsense", "write `local`, or the address"),
        ("tcp://", "write `local`, or the address"),
    ],
)
def test_an_address_where_nothing_is(address: str, said: str) -> None:
    start = time.monotonic()
    with pytest.raises(CallProblem, match=said):
        spread(scale, 1, range(4), cluster=address)
    assert time.monotonic() - start < 4


def test_a_scheduler_without_workers(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cluster, "CONNECT_S", 2.0)
    with (
        distributed.LocalCluster(n_workers=0, host="127.0.0.1", dashboard_address=":0", silence_logs=50) as empty,
        pytest.raises(CallProblem, match=r"has no worker; start one: dask worker tcp://"),
    ):
        spread(scale, 1, range(4), cluster=empty.scheduler_address)


def test_a_cluster_that_is_lost_is_told_and_not_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cluster, "STARVED_S", 1.0)
    monkeypatch.setattr(cluster, "CONNECT_S", 2.0)
    made = distributed.LocalCluster(n_workers=1, host="127.0.0.1", dashboard_address=":0", silence_logs=50)

    def stop(done: int, _total: int) -> None:
        if done == 1:
            made.close(timeout=1)

    with pytest.raises(WorkersLost, match="cluster"):
        spread(use, None, range(30), cluster=made.scheduler_address, progress=stop)


def test_without_dask_the_way_to_get_it_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "distributed", None)
    with pytest.raises(CallProblem, match=r"pip install 'casework\[cluster\]'"):
        spread(scale, 1, range(4), cluster="local")


class Doubtful:
    """A future that was finished, whose result is lost with its worker, and which is made again."""

    def __init__(self) -> None:
        self.asked = 0

    def add_done_callback(self, callback: Callable[[Any], None]) -> None:
        callback(self)

    def result(self, timeout: float) -> bytes:
        self.asked += 1
        if self.asked < 3:
            raise TimeoutError
        return pickle.dumps(("done", 7, 0.5))


class Client:
    """As much of a client as a task needs."""

    status = "running"

    def __init__(self, workers: dict[str, Any]) -> None:
        self.workers = workers
        self.made: list[Doubtful] = []

    def scheduler_info(self) -> dict[str, Any]:
        return {"workers": self.workers}

    def submit(self, *_args: object, **_named: object) -> Doubtful:
        self.made.append(Doubtful())
        return self.made[-1]


def test_a_result_that_is_lost_with_its_worker_is_waited_for() -> None:
    client = Client({"one": {}})
    task = cluster._Task(client, "token", lambda _index: b"", "tcp://somewhere:1")
    assert [(d.index, d.value, d.cpu_seconds) for d in task.run([0, 1], 2)] == [(0, 7, 0.5), (1, 7, 0.5)]
    assert [future.asked for future in client.made] == [3, 3]


def test_without_any_worker_it_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cluster, "STARVED_S", 2 * cluster.CONNECT_S)
    task = cluster._Task(Client({}), "token", lambda _index: b"", "tcp://somewhere:1")
    with pytest.raises(WorkersLost, match="has had no worker for 10 s"):
        list(task.run([0], 1))
