"""Shards over a Dask cluster: one that is started here for the purpose, or one that runs already (extra `casework[cluster]`).

Who connects to a scheduler trusts it, and the other way round: both run what the other sends. The local cluster listens on the
loopback interface only and takes only connections that hold the certificate made for it.
"""

from __future__ import annotations

import logging
import multiprocessing
import pickle
import queue
import re
import secrets
import socket
import sys
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import contextmanager, suppress
from importlib import import_module
from importlib.metadata import PackageNotFoundError, version
from typing import Any, Final, TypeVar

from casework.compute.interrupts import interrupts_held
from casework.compute.task import MAX_RUNS, Done, WorkersLost, run_there, take
from casework.model.problem import CallProblem
from casework.model.version import __version__

Client = Any  # Dask is typed only in part: its classes are taken as they come
C = TypeVar("C")
T = TypeVar("T")
R = TypeVar("R")

CONNECT_S: Final = 5.0
"""Seconds to wait for a scheduler, and for its first worker."""

STARVED_S: Final = 60.0
"""Seconds without any worker after which a cluster is given up; a killed worker is usually back in two or three."""

_KILL_S: Final = 0.3  # after which workers that are busy with what nobody wants any more are killed
_PLAIN: Final = {
    # Dask would have malloc give memory back at once, with which a campaign of 300,000 faults in a small network took 1.35 s of CPU
    # and not 0.99 s, and sample each worker's stack every 10 ms. Workers get the environment of this process, as a pool's do.
    "distributed.nanny.pre-spawn-environ": {},
    "distributed.worker.profile.enabled": False,
}
_ADDRESS: Final = re.compile(r"(?:(?:tcp|tls)://)?(?P<host>\[[0-9a-fA-F:.]+\]|[\w.-]+):(?P<port>[0-9]{1,5})")
_SAME: Final = ("numpy", "onnx", "onnxruntime", "scipy")  # what results are computed with, besides Casework itself


def run_on_cluster(
    function: Callable[[C, T], R], context: C, shards: Sequence[T], order: Sequence[int], workers: int, cluster: str
) -> Iterator[Done[R]]:
    """Yield every shard named in `order` as it is done.

    Dask runs again by itself what a lost worker had done or was about to do; results are taken by shard, so nothing counts
    twice. A shard under which workers die is run alone before it is blamed.

    Args:
        function: As for `spread`, as are `context`, `shards` and `workers`.
        context: Sent once to each worker.
        shards: The arguments.
        order: Indices of the shards to run, first those to start first.
        workers: Processes of a local cluster.
        cluster: "local", or the address of a scheduler such as `tcp://10.0.0.5:8786`.

    Raises:
        CallProblem: Dask is not installed, or the cluster cannot be used.
        WorkersLost: A shard ended its worker each time, or no worker is left.
        Exception: What the function raised, of the earliest shard that raised.
    """
    token = f"casework-{secrets.token_hex(8)}"
    with _client(cluster, workers) as client, _context_on_workers(client, token, pickle.dumps(context, protocol=5)):
        task = _Task(client, token, lambda index: pickle.dumps((function, shards[index]), protocol=5), cluster)
        yield from task.run(list(order), len(shards))


class _Task:
    """One call of `spread` on a cluster."""

    def __init__(self, client: Client, token: str, payload: Callable[[int], bytes], cluster: str) -> None:
        self._client, self._token, self._payload = client, token, payload
        # Where we own the scheduler, it tells of every death; elsewhere it has tried some times itself before it tells.
        self._deaths = 1 if cluster == "local" else MAX_RUNS - 1
        self._finished: queue.Queue[int] = queue.Queue()
        self._flying: dict[int, Any] = {}
        self._runs: dict[int, int] = {}
        self._starved = 0.0

    def run(self, order: list[int], count: int) -> Iterator[Done[Any]]:
        self._runs = dict.fromkeys(order, 0)
        suspects: list[int] = []
        raised: dict[int, Exception] = {}
        for index in order:
            self._submit(index)
        while self._flying or suspects:
            if not self._flying:
                self._submit(suspects.pop())
            index, answer = self._next()
            if answer is None:
                self._died(index, count, suspects)
                continue
            try:
                value, spent = take(answer)
            except Exception as error:  # noqa: BLE001 - raised below, when no earlier shard can raise any more
                raised[index] = error
            else:
                yield Done(index, value, spent, self._runs[index] + 1)
            if raised and not any(i < min(raised) for i in [*self._flying, *suspects]):
                raise raised[min(raised)]

    def _submit(self, index: int) -> None:
        key = f"{self._token}-{index}-{self._runs[index]}"
        future = self._client.submit(_work, self._token, self._payload(index), key=key, pure=False)
        self._flying[index] = future
        future.add_done_callback(lambda _future: self._finished.put(index))

    def _next(self) -> tuple[int, bytes | None]:
        """Wait for a shard; its bytes, or None where workers died under it."""
        from distributed import KilledWorker

        while True:
            index = self._told()
            try:
                answer = self._flying[index].result(timeout=CONNECT_S)
            except KilledWorker:
                answer = None
            except TimeoutError:  # its worker died with the result still in hand: Dask makes it again
                self._starve(CONNECT_S)
                self._finished.put(index)
                continue
            except (OSError, _cancelled()) as error:
                reason = str(error) or type(error).__name__
                raise WorkersLost(f"the cluster was lost: {reason}; start it, and run again") from error
            del self._flying[index]
            return index, answer

    def _told(self) -> int:
        """Wait until Dask says that a shard is finished."""
        while True:
            try:
                return self._finished.get(timeout=1.0)
            except queue.Empty:
                self._starve(1.0)

    def _starve(self, seconds: float) -> None:
        """Take note of a time in which nothing came; raises WorkersLost where there has been no worker for too long."""
        self._starved = 0.0 if self._alive() else self._starved + seconds
        if self._starved >= STARVED_S:
            raise WorkersLost(f"the cluster has had no worker for {STARVED_S:.0f} s; start workers")

    def _alive(self) -> bool:
        return self._client.status == "running" and bool(self._client.scheduler_info()["workers"])

    def _died(self, index: int, count: int, suspects: list[int]) -> None:
        self._runs[index] += self._deaths
        if self._runs[index] >= MAX_RUNS:
            raise WorkersLost(
                f"shard {index} of {count} ended its worker {MAX_RUNS} times, the last time alone; it was killed from outside or ran "
                "out of memory: give workers more memory, and look into their logs"
            )
        if self._runs[index] >= MAX_RUNS - 1:
            suspects.append(index)
        else:
            self._submit(index)


def _cancelled() -> type[BaseException]:
    from distributed.client import FutureCancelledError

    return FutureCancelledError


# Connecting


@contextmanager
def _client(cluster: str, workers: int) -> Iterator[Client]:
    try:
        distributed: Any = import_module("distributed")
    except ImportError:
        raise CallProblem("Dask is not installed, which --cluster needs: pip install 'casework[cluster]'") from None
    if cluster == "local":
        with _local(distributed, workers) as client:
            yield client
        return
    _reach(cluster)
    try:
        client = distributed.Client(cluster, timeout=CONNECT_S, set_as_default=False)
    except (OSError, ValueError, TimeoutError) as error:
        raise _unreachable(cluster, error) from error
    try:
        _agree(client, cluster)
        yield client
    finally:
        with suppress(Exception):  # it may be gone
            client.close(timeout=1.0)


@contextmanager
def _local(distributed: Any, workers: int) -> Iterator[Client]:
    dask: Any = import_module("dask")
    with dask.config.set(_PLAIN), _local_cluster(distributed, workers) as client:
        yield client


@contextmanager
def _local_cluster(distributed: Any, workers: int) -> Iterator[Client]:
    before = set(multiprocessing.active_children())
    with interrupts_held():  # the cluster's threads inherit it, and so do the workers that they start
        cluster = distributed.LocalCluster(
            n_workers=workers,
            threads_per_worker=1,
            processes=True,
            host="127.0.0.1",
            dashboard_address=None,
            security=True,  # anybody on this machine could send code to an open port
            silence_logs=logging.CRITICAL,
            memory_limit=0,  # no pausing nor killing by Dask: the same as without a cluster
            scheduler_kwargs={"allowed_failures": 0},
        )
        client = distributed.Client(cluster, set_as_default=False)
    try:
        yield client
    except BaseException:
        with suppress(Exception):  # what went wrong first must be told
            for worker in cluster.workers.values():
                cluster.sync(worker.close, timeout=_KILL_S)
        raise
    finally:
        with suppress(Exception):  # the results are there; a slow end does not take them back
            client.close(timeout=CONNECT_S)
            cluster.close(timeout=CONNECT_S)
        _end_late_workers(before)


def _end_late_workers(before: Collection[Any]) -> None:
    """End workers that were being started in place of dead ones when the cluster was closed: Dask forgets about them."""
    for child in multiprocessing.active_children():
        if child not in before and child.name.startswith("Dask Worker process"):
            with suppress(OSError):  # it has just ended
                child.kill()
            child.join(timeout=CONNECT_S)


def _reach(address: str) -> None:
    """Fail at once where nobody listens; Dask would try again for its whole time, and longer for a name that is none."""
    found = _ADDRESS.fullmatch(address)
    if found is None:
        raise CallProblem(
            f"--cluster {address}: write `local`, or the address of a scheduler such as tcp://10.0.0.5:8786"
        )
    try:
        socket.create_connection((found["host"].strip("[]"), int(found["port"])), timeout=CONNECT_S).close()
    except (OSError, OverflowError) as error:
        raise _unreachable(address, error) from error


def _unreachable(address: str, error: BaseException) -> CallProblem:
    reason = (str(error).strip() or type(error).__name__).splitlines()[0]
    return CallProblem(f"no Dask scheduler answers at {address}: {reason}; start one, or correct the address")


def _agree(client: Client, address: str) -> None:
    """Require a worker, and of all workers the versions that results depend on."""
    try:
        client.wait_for_workers(1, timeout=CONNECT_S)
    except TimeoutError:
        raise CallProblem(f"the Dask scheduler at {address} has no worker; start one: dask worker {address}") from None
    ours = {"python": _python(".".join(map(str, sys.version_info))), "casework": __version__} | {
        p: _installed(p) for p in _SAME
    }
    for worker, said in sorted(client.get_versions(packages=list(ours)[1:])["workers"].items()):
        theirs = dict(said["packages"]) | {"python": _python(str(said["packages"]["python"]))}
        for name, wanted in ours.items():
            if theirs.get(name) != wanted:
                raise CallProblem(
                    f"worker {worker} has {name} {theirs.get(name) or '(missing)'}, and here it is {wanted or '(missing)'}; results could "
                    "differ: install the same there"
                )


def _python(full: str) -> str:
    return ".".join(full.split(".")[:2])


def _installed(name: str) -> str | None:
    try:
        return version(name)
    except PackageNotFoundError:
        return None


@contextmanager
def _context_on_workers(client: Client, token: str, data: bytes) -> Iterator[None]:
    """Give the context to every worker, those that come later too: once each, and not with every shard."""
    from casework.compute.cluster_context import ContextPlugin

    client.register_plugin(ContextPlugin(token, data))
    try:
        yield
    finally:
        with suppress(Exception):  # the cluster may be gone, and what went wrong first must be told
            client.unregister_worker_plugin(token)


# In a worker


def _work(token: str, payload: bytes) -> bytes:
    from casework.compute.cluster_context import load

    function, shard = pickle.loads(payload)  # noqa: S301 - from the client that this worker serves
    return run_there(function, lambda: load(token), shard)
