"""`spread`: a function of a context over shards, on this process, a pool of processes or a Dask cluster."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from typing import Any, Generic, Protocol, TypeVar, overload

from casework.compute.shard_store import ShardStore
from casework.compute.task import Done, run_here

C = TypeVar("C")
T = TypeVar("T")
R = TypeVar("R")


class ShardProgress(Protocol):
    """Is told how many shards are done, of how many."""

    def __call__(self, done: int, total: int) -> None:
        """Take note that `done` of `total` shards are done."""


@dataclass(frozen=True, slots=True)
class Spread(Sequence[R], Generic[R]):
    """What `spread` returns: a sequence of the results, and what they cost.

    Attributes:
        results: One a shard, in the order of the shards.
        cpu_seconds: CPU time of the processes that ran the shards, all their threads, added up over all shards; a resumed
            shard counts with the time that it took when it ran. Not in it: starting workers, and runs that were lost.
        resumed: Shards that were taken from the store.
        retried: Runs that were lost with their worker and made again.
        unsaved: Finished shards that the store could not keep (a full disk); the results do not suffer.
        resumed_seconds: CPU time that the shards taken from the store took when they ran; part of `cpu_seconds`.
    """

    results: tuple[R, ...]
    cpu_seconds: float
    resumed: int = 0
    retried: int = 0
    unsaved: int = 0
    resumed_seconds: float = 0.0

    def __len__(self) -> int:
        return len(self.results)

    @overload
    def __getitem__(self, index: int) -> R: ...
    @overload
    def __getitem__(self, index: slice) -> tuple[R, ...]: ...
    def __getitem__(self, index: int | slice) -> R | tuple[R, ...]:
        return self.results[index]


def spread(
    function: Callable[[C, T], R],
    context: C,
    shards: Sequence[T],
    *,
    workers: int = 1,
    cluster: str | None = None,
    store: ShardStore | None = None,
    progress: ShardProgress | None = None,
    weights: Sequence[float] | None = None,
) -> Spread[R]:
    """Apply `function(context, shard)` to every shard; the results do not depend on where, in which order, or how often.

    Args:
        function: Pure, at the top of a module (it travels by name).
        context: What all shards share, such as a model; picklable; sent once to each worker.
        shards: Small picklable arguments. How the work is cut must not depend on `workers` or `cluster`.
        workers: Processes; 1 stays in this one. With `cluster="local"` processes of the cluster; with an address ignored.
        cluster: None, "local" (a Dask cluster of this machine, ended at the end) or the address of a Dask scheduler.
        store: Keeps finished shards, so that a later call takes up where a killed one stopped.
        progress: Called in this process, first with what was resumed (often 0), then after each shard.
        weights: Cost of each shard, in any unit: the heaviest start first, so that none is left over at the end.

    Returns:
        The results in the order of the shards, and what they cost.

    Raises:
        ValueError: `workers` is below 1, or `weights` has another length than `shards`.
        WorkersLost: A worker died under the same shard `MAX_RUNS` times.
        CallProblem: No Dask is installed, the scheduler cannot be reached, or its workers have other versions.
        KeyboardInterrupt: As soon as the user interrupts; the workers are ended first.
        Exception: Whatever the function raised, of the earliest shard that raised.
    """
    if workers < 1:
        raise ValueError("workers must be at least 1")
    if weights is not None and len(weights) != len(shards):
        raise ValueError("there must be one weight a shard")
    done = {} if store is None else dict(_kept(store, len(shards)))
    resumed, retried, unsaved = len(done), 0, 0
    resumed_seconds = sum(d.cpu_seconds for d in done.values())
    order = _order([i for i in range(len(shards)) if i not in done], weights)
    if progress is not None:
        progress(resumed, len(shards))
    with closing(_run(function, context, shards, order, workers, cluster)) as finished:
        for one in finished:
            done[one.index] = one
            retried += one.runs - 1
            if store is not None and not store.put(one.index, len(shards), one.value, one.cpu_seconds):
                unsaved += 1
            if progress is not None:
                progress(len(done), len(shards))
    ordered = [done[i] for i in range(len(shards))]
    spent = sum(d.cpu_seconds for d in ordered)
    return Spread(tuple(d.value for d in ordered), spent, resumed, retried, unsaved, resumed_seconds)


def _order(indices: list[int], weights: Sequence[float] | None) -> list[int]:
    return indices if weights is None else sorted(indices, key=lambda i: (-weights[i], i))


def _kept(store: ShardStore, total: int) -> Iterator[tuple[int, Done[Any]]]:
    for index in range(total):
        kept = store.get(index, total)
        if kept is not None:
            yield index, Done(index, kept.value, kept.cpu_seconds, 1)


def _run(
    function: Callable[[C, T], R],
    context: C,
    shards: Sequence[T],
    order: Sequence[int],
    workers: int,
    cluster: str | None,
) -> Generator[Done[R], None, None]:
    if cluster is not None:
        from casework.compute.cluster import run_on_cluster

        if order:
            yield from run_on_cluster(function, context, shards, order, workers, cluster)
    elif workers == 1 or len(order) < 2:
        for index in order:
            yield Done(index, *run_here(function, context, shards[index]), 1)
    else:
        from casework.compute.pool import run_in_pool

        yield from run_in_pool(function, context, shards, order, workers)
