"""What one worker does with one shard, and how the outcome travels back."""

from __future__ import annotations

import pickle
import threading
import time
import traceback
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final, Generic, TypeVar

from casework.model.problem import CallProblem

C = TypeVar("C")
T = TypeVar("T")
R = TypeVar("R")

MAX_RUNS: Final = 3
"""How often a shard is started before a worker that ends under it is taken for its doing."""

_ONE_AT_A_TIME = threading.Lock()  # a Dask worker may have several threads; functions may keep state in their process


class WorkersLost(CallProblem):
    """A shard ended its worker every time that it was run, or the cluster was lost."""


@dataclass(frozen=True, slots=True)
class Done(Generic[R]):
    """A finished shard.

    Attributes:
        index: Its place in the order given.
        value: What the function returned.
        cpu_seconds: CPU time of the process that ran it while it ran, all threads.
        runs: How often it was started, as far as that is known.
    """

    index: int
    value: R
    cpu_seconds: float
    runs: int


def run_here(function: Callable[[C, T], R], context: C, shard: T) -> tuple[R, float]:
    """Run a shard in this thread and return its result and the CPU seconds that this process used."""
    with _ONE_AT_A_TIME:
        start = time.process_time()
        value = function(context, shard)
        return value, time.process_time() - start


def run_there(function: Callable[[C, T], R], load: Callable[[], C], shard: T) -> bytes:
    """Run a shard in a worker; what comes of it, an exception too, is bytes that surely can be read again.

    Left to itself, an exception whose constructor takes other arguments than `args` (or a result that does not pickle)
    breaks the transport in the parent, which then looks like a dead worker.
    """
    try:
        with _ONE_AT_A_TIME:
            start = time.process_time()
            value = function(load(), shard)
            spent = time.process_time() - start
        return pickle.dumps(("done", value, spent), protocol=5)
    except Exception as error:  # noqa: BLE001 - it is raised again in the parent
        return _raised(error)


def take(answer: bytes) -> tuple[Any, float]:
    """Return result and CPU seconds from the bytes of `run_there`.

    Raises:
        Exception: What the function raised, with the worker's traceback as a note.
    """
    match pickle.loads(answer):  # noqa: S301 - from a worker that runs our own code with our own rights
        case ("done", value, spent):
            return value, float(spent)
        case ("raised", Exception() as error, text):
            error.add_note(text)
            raise error
        case ("made again", kind, args, state, text):
            again: Exception = kind.__new__(kind)
            again.args = args
            again.__dict__.update(state)
            again.add_note(text)
            raise again
        case _:
            raise RuntimeError("a worker answered with something else than a result")


def _raised(error: Exception) -> bytes:
    """Return the bytes of an exception: as pickle has it, else by its parts, else by its words; the first that can be read again."""
    text = "in a worker:\n" + "".join(traceback.format_exception(error)).rstrip()
    for answer in (
        ("raised", error, text),
        ("made again", type(error), error.args, dict(vars(error)), text),
        ("raised", RuntimeError(f"{type(error).__name__}: {error}"), text),
    ):
        try:
            packed = pickle.dumps(answer, protocol=5)
            pickle.loads(packed)  # noqa: S301 - bytes made in the line before
        except Exception:  # noqa: BLE001, S112 - whatever hinders it, the next form is tried
            continue
        return packed
    raise error
