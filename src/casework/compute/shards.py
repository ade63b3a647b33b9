"""`map_shards`: a function over shards, results in the order of the shards."""

from __future__ import annotations

import multiprocessing
import signal
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor, as_completed
from contextlib import contextmanager
from typing import Protocol, TypeVar

T = TypeVar("T")
R = TypeVar("R")


class ShardProgress(Protocol):
    """Is told how many shards are done, of how many."""

    def __call__(self, done: int, total: int) -> None:
        """Take note that `done` of `total` shards are done."""


def map_shards(
    function: Callable[[T], R], shards: Sequence[T], workers: int = 1, progress: ShardProgress | None = None
) -> list[R]:
    """Apply a function to every shard and return the results in the order of the shards.

    Args:
        function: A module-level function (it travels to other processes by name); it must be pure.
        shards: Its arguments; picklable. How the work is cut must not depend on `workers`.
        workers: Processes to use; 1 stays in this one.
        progress: Called in this process after each shard.

    Returns:
        One result a shard, in the order given, whatever the number of workers.

    Raises:
        ValueError: `workers` is below 1.
        KeyboardInterrupt: As soon as the user interrupts; the workers are ended first.
        Exception: Whatever the function raised, of the earliest shard that raised.
    """
    if workers < 1:
        raise ValueError("workers must be at least 1")
    if workers == 1 or len(shards) < 2:
        return _here(function, shards, progress)
    return _pool(function, shards, min(workers, len(shards)), progress)


def split_evenly(count: int, size: int) -> list[range]:
    """Cut 0..count into consecutive ranges of `size`; the last may be shorter."""
    return [range(start, min(start + size, count)) for start in range(0, count, size)]


def _here(function: Callable[[T], R], shards: Sequence[T], progress: ShardProgress | None) -> list[R]:
    results: list[R] = []
    for shard in shards:
        results.append(function(shard))
        if progress is not None:
            progress(len(results), len(shards))
    return results


def _pool(function: Callable[[T], R], shards: Sequence[T], workers: int, progress: ShardProgress | None) -> list[R]:
    # `spawn`: a forked child would inherit the thread pools of onnxruntime and OpenCV in an undefined state.
    pool = ProcessPoolExecutor(
        workers,
        mp_context=multiprocessing.get_context("spawn"),
    )
    try:
        with _interrupt_ignored():
            futures: list[Future[R]] = [pool.submit(function, shard) for shard in shards]
        for done, future in enumerate(as_completed(futures), start=1):
            if future.exception() is not None:
                break
            if progress is not None:
                progress(done, len(shards))
        results = [future.result() for future in futures]
    except BaseException:
        for process in list((pool._processes or {}).values()):
            process.terminate()
        pool.shutdown(wait=True, cancel_futures=True)
        raise
    pool.shutdown(wait=True)
    return results


@contextmanager
def _interrupt_ignored() -> Iterator[None]:
    """Start workers that leave Ctrl-C to the parent: an interruption then gives one message and no worker's traceback.

    A spawned process inherits an ignored signal; an initialiser would come too late for one that is still starting.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)
