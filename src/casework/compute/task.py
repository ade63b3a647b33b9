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
        case ("raised", kind, args, state, text):
            error: Exception = kind.__new__(kind)
            error.args = args
            error.__dict__.update(state)
            error.add_note(text)
            raise error
        case _:
            raise RuntimeError("a worker answered with something else than a result")


def _raised(error: Exception) -> bytes:
    text = "in a worker:\n" + "".join(traceback.format_exception(error)).rstrip()
    try:
        answer = pickle.dumps(("raised", type(error), error.args, dict(vars(error)), text), protocol=5)
        pickle.loads(answer)  # noqa: S301 - bytes made in the line before
    except Exception:  # noqa: BLE001 - whatever hinders an exception from travelling, its text travels
        message = f"{type(error).__name__}: {error}"
        return pickle.dumps(("raised", RuntimeError, (message,), {}, text), protocol=5)
    return answer
