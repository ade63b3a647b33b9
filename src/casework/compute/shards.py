"""`map_shards`: a function over shards, results in the order of the shards."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeVar

from casework.compute.spread import ShardProgress, spread

T = TypeVar("T")
R = TypeVar("R")


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
        WorkersLost: A worker died under the same shard three times.
        KeyboardInterrupt: As soon as the user interrupts; the workers are ended first.
        Exception: Whatever the function raised, of the earliest shard that raised.
    """

    def told(done: int, total: int) -> None:
        if done and progress is not None:
            progress(done, total)

    return list(spread(_apply, function, shards, workers=workers, progress=told))


def split_evenly(count: int, size: int) -> list[range]:
    """Cut 0..count into consecutive ranges of `size`; the last may be shorter."""
    return [range(start, min(start + size, count)) for start in range(0, count, size)]


def _apply(function: Callable[[T], R], shard: T) -> R:
    return function(shard)
