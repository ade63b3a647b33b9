"""Shards over a pool of processes of this machine; a pool that a dead worker broke is replaced."""

from __future__ import annotations

import multiprocessing
import os
import pickle
import tempfile
import threading
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final, TypeVar

from casework.compute.interrupts import interrupts_held
from casework.compute.task import MAX_RUNS, Done, WorkersLost, run_there, take

C = TypeVar("C")
T = TypeVar("T")
R = TypeVar("R")

_AHEAD: Final = 2  # shards handed out for each worker: one that runs, one that waits, so that no worker idles


def run_in_pool(
    function: Callable[[C, T], R], context: C, shards: Sequence[T], order: Sequence[int], workers: int
) -> Iterator[Done[R]]:
    """Yield every shard named in `order` as it is done.

    When a worker is killed, Python gives up the whole pool. The shards that were handed out then are run again in a new pool;
    one that was there each time is run alone before it is blamed, so an innocent neighbour never is.

    Raises:
        WorkersLost: A shard ended its worker `MAX_RUNS` times.
        Exception: What the function raised, of the earliest shard that raised.
    """
    runs = dict.fromkeys(order, 0)
    with tempfile.TemporaryDirectory(prefix="casework-") as folder:  # readable by this user only
        path = Path(folder) / "context"
        path.write_bytes(pickle.dumps(context, protocol=5))
        while runs:
            suspects = [i for i in runs if runs[i] >= MAX_RUNS - 1]
            batch, size = (suspects[:1], 1) if suspects else (list(runs), min(workers, len(runs)))
            lost: set[int] = set()
            with _pool(size, str(path)) as pool:
                for index, answer in _answers(pool, function, shards, batch, size, lost):
                    value, spent = answer
                    yield Done(index, value, spent, runs.pop(index) + 1)
            for index in lost:
                runs[index] += 1
            _give_up_on([i for i in lost if runs[i] >= MAX_RUNS], len(shards))


def _answers(
    pool: ProcessPoolExecutor,
    function: Callable[[C, T], R],
    shards: Sequence[T],
    batch: Sequence[int],
    size: int,
    lost: set[int],
) -> Iterator[tuple[int, tuple[R, float]]]:
    """Yield what is done; note in `lost` what was handed out when the pool broke, and end then."""
    waiting, flying, raised = deque(batch), dict[Future[bytes], int](), dict[int, Exception]()
    while flying or (waiting and not lost and not raised):
        while waiting and len(flying) < _AHEAD * size and not lost and not raised:
            index = waiting.popleft()
            try:
                flying[_submit(pool, size, function, shards[index])] = index
            except BrokenProcessPool:
                lost.add(index)
        for future in wait(flying, return_when=FIRST_COMPLETED).done:
            index = flying.pop(future)
            try:
                answer = take(future.result())
            except BrokenProcessPool:
                lost.add(index)
            except Exception as error:  # noqa: BLE001 - raised below, when no earlier shard can raise any more
                raised[index] = error
            else:
                yield index, answer
        if raised and not any(i < min(raised) for i in flying.values()):
            raise raised[min(raised)]


def _submit(pool: ProcessPoolExecutor, size: int, function: Callable[[C, T], R], shard: T) -> Future[bytes]:
    if len(pool._processes or ()) >= size:
        return pool.submit(_work, function, shard)
    with interrupts_held():  # a worker is started now
        return pool.submit(_work, function, shard)


def _give_up_on(blamed: Sequence[int], count: int) -> None:
    if blamed:
        raise WorkersLost(
            f"shard {min(blamed)} of {count} ended its worker process {MAX_RUNS} times, the last time alone; it was killed from "
            "outside or ran out of memory: use fewer workers or smaller inputs, and look into the system's log"
        )


@contextmanager
def _pool(size: int, path: str) -> Iterator[ProcessPoolExecutor]:
    # `spawn`: a forked child would inherit the thread pools of onnxruntime and OpenCV in an undefined state.
    pool = ProcessPoolExecutor(
        size, mp_context=multiprocessing.get_context("spawn"), initializer=_start, initargs=(path,)
    )
    try:
        yield pool
    except BaseException:
        for process in list((pool._processes or {}).values()):
            process.terminate()
        pool.shutdown(wait=True, cancel_futures=True)
        raise
    pool.shutdown(wait=True)


# In a worker

_context: dict[str, Any] = {}


def _start(path: str) -> None:
    _context["path"] = path
    threading.Thread(target=_end_with_parent, daemon=True).start()


def _end_with_parent() -> None:
    """End this worker when the parent is killed; else it would wait for work, and keep its memory, for ever."""
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)


def _load() -> Any:
    """Return the context, read once in a worker; in the first shard, so that what reading raises is told."""
    if "value" not in _context:
        with open(_context["path"], "rb") as file:
            _context["value"] = pickle.load(file)  # noqa: S301 - the parent wrote it, readable by this user only
    return _context["value"]


def _work(function: Callable[[C, T], R], shard: T) -> bytes:
    return run_there(function, _load, shard)
