"""What a prediction costs without faults: the session as deployed, one input at a time, and in the best batch."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]
Feed = Callable[[int], Mapping[str, Array]]

BATCHES: Final = (8, 32, 128)
SECONDS: Final = 0.15
"""Processor time spent on each figure, about; the median of its repetitions counts."""

LONG: Final = 500
"""Milliseconds of a batch beyond which a larger one is not tried: its rows fill the processor long before."""


@dataclass(frozen=True, slots=True)
class Baseline:
    """Processor milliseconds of one fault-free prediction.

    Attributes:
        batch1: One input at a time.
        batched: An input, in the best of some batches; as `batch1` where the model takes one input only.
    """

    batch1: float
    batched: float


def measure(content: bytes, feed: Feed) -> Baseline:
    """Time the default session of a model file: all optimisations of the runtime, one thread.

    Args:
        content: The model file.
        feed: Gives the inputs of a batch of so many samples, by graph input.
    """
    import onnxruntime

    settings = onnxruntime.SessionOptions()
    settings.intra_op_num_threads = settings.inter_op_num_threads = 1
    settings.log_severity_level = 4
    session = onnxruntime.InferenceSession(content, settings, providers=["CPUExecutionProvider"])
    single = _milliseconds(session, feed(1))
    best = single
    for batch in BATCHES:
        if batch > BATCHES[0] and single * batch > LONG:
            break
        try:
            best = min(best, _milliseconds(session, feed(batch)) / batch)
        except Exception:  # noqa: BLE001 - a model of fixed batch refuses, in as many ways as the runtime knows
            break
    return Baseline(single, best)


def _milliseconds(session: Any, feed: Mapping[str, Array]) -> float:
    taken: list[float] = []
    spent = 0.0
    # Of runs longer than all that is to be spent two are enough: the first is cold, and the second is as good as another.
    while len(taken) < (5 if spent < 2 * SECONDS else 2) or spent < SECONDS:
        # Runs of some microseconds are shorter than the clock's steps: time as many as make a millisecond.
        repeat = 1 if not taken or taken[-1] > 1 else max(1, int(1 / max(taken[-1], 1e-3)))
        start = time.process_time()
        for _ in range(repeat):
            session.run(None, feed)
        passed = time.process_time() - start
        taken.append(passed * 1000 / repeat)
        spent += passed
        if spent > 20 * SECONDS:
            break
    return float(np.median(taken[1:] or taken))
