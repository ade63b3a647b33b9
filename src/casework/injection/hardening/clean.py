"""What hardening costs without faults: changed outputs and decisions, false alarms, time of a prediction."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from casework.injection.hardening.bounds import open_plain, run_all
from casework.injection.problem import InjectionProblem

Array = NDArray[Any]

Decide = Callable[[Sequence[Array]], Sequence[Any]]
"""Gives the decision of each of N inputs from the outputs [N, ...] of the parent's graph; decisions are compared by `==`."""

ROUNDS: Final = 7
_BLOCK_SECONDS: Final = 0.03


@dataclass(frozen=True, slots=True)
class CleanComparison:
    """Parent and hardened model on the same fault-free inputs.

    Attributes:
        samples: Number of inputs.
        identical: Inputs for which all outputs of the parent are bit-identical in the hardened model.
        difference: Greatest absolute difference of an output.
        flips: Inputs whose decision differs.
        false_alarms: Inputs with an alarm, by output.
    """

    samples: int
    identical: int
    difference: float
    flips: int
    false_alarms: dict[str, int]

    @property
    def alarmed(self) -> int:
        """The greatest number of inputs for which one alarm spoke."""
        return max(self.false_alarms.values(), default=0)


def compare_clean(
    parent: bytes, hardened: bytes, alarms: Sequence[str], inputs: Mapping[str, Array], decide: Decide | None = None
) -> CleanComparison:
    """Run both models as deployed on fault-free inputs.

    Args:
        parent: The model before.
        hardened: The model after; it has the parent's outputs, and alarms.
        alarms: Names of its boolean outputs.
        inputs: Array [N, ...] by graph input.
        decide: Gives decisions; by default the greatest element of each row of outputs [N, K], K > 1, and the rounded values
            of all others.

    Raises:
        InjectionProblem: onnxruntime refuses one of the models.
    """
    first, second = open_plain(parent, "the model"), open_plain(hardened, "the hardened model")
    names = [v.name for v in first.get_outputs()]
    total, identical, flips, difference = 0, 0, 0, 0.0
    told = dict.fromkeys(alarms, 0)
    pairs = zip(
        run_all(first, names, inputs, "the model"),
        run_all(second, [*names, *alarms], inputs, "the hardened model"),
        strict=True,
    )
    for (true, before), (_true, after) in pairs:
        old, new = ([v[:true] for v in values] for values in (before, after))
        total += true
        same = np.ones(true, bool)
        for a, b in zip(old, new[: len(names)], strict=True):
            same &= _same(a, b, true)
            difference = max(difference, _difference(a, b))
        identical += int(same.sum())
        flips += _flips(old, new[: len(names)], decide or plain_decisions, true)
        for alarm, value in zip(alarms, new[len(names) :], strict=True):
            told[alarm] += int(value.reshape(true, -1).any(axis=1).sum())
    return CleanComparison(total, identical, difference, flips, told)


def _same(a: Array, b: Array, count: int) -> Array:
    if a.dtype.kind not in "fiub" or len(a) != count:
        return np.full(count, bool(np.array_equal(a, b)))
    rows = [np.ascontiguousarray(v).reshape(count, -1).view(np.uint8) for v in (a, b)]
    return np.asarray((rows[0] == rows[1]).all(axis=1))


def _difference(a: Array, b: Array) -> float:
    if a.dtype.kind not in "fiub" or not a.size:
        return 0.0
    with np.errstate(invalid="ignore"):
        gaps = np.abs(a.astype(np.float64) - b.astype(np.float64))
    return float(np.nan_to_num(gaps, nan=0.0).max())


def _flips(old: Sequence[Array], new: Sequence[Array], decide: Decide, count: int) -> int:
    before, after = decide(old), decide(new)
    if len(before) != count or len(after) != count:
        raise InjectionProblem("the decisions are not one an input", "Give a decoder that fits the outputs.")
    return sum(1 for a, b in zip(before, after, strict=True) if a != b)


def plain_decisions(outputs: Sequence[Array]) -> list[Any]:
    """Return, an input, the greatest element of each row of [N, K], K > 1, and other outputs in steps of 1e-3."""
    rows = []
    for value in outputs:
        if value.ndim == 2 and value.shape[1] > 1:
            rows.append(np.argmax(value, axis=1)[:, None])
        elif value.dtype.kind == "f":
            rows.append(np.round(np.asarray(value, np.float64).reshape(len(value), -1), 3))
        else:
            rows.append(value.reshape(len(value), -1))
    return [tuple(row[i].tobytes() for row in rows) for i in range(len(rows[0]))]


def latencies(models: Sequence[bytes], inputs: Mapping[str, Array], rounds: int = ROUNDS) -> tuple[float, ...]:
    """Return the median CPU time of a fault-free prediction, batch 1, one thread, in milliseconds, of each model.

    The models take turns, so that a machine that is busy for a while slows all of them.
    """
    sessions = [open_plain(content, "the model") for content in models]
    feeds = [_one(session, inputs) for session in sessions]
    repeats = [_repeats(s, f) for s, f in zip(sessions, feeds, strict=True)]
    taken: list[list[float]] = [[] for _ in models]
    for _ in range(rounds):
        for place, (session, feed) in enumerate(zip(sessions, feeds, strict=True)):
            start = time.process_time()
            for _again in range(repeats[place]):
                session.run(None, feed)
            taken[place].append((time.process_time() - start) / repeats[place] * 1e3)
    return tuple(float(np.median(one)) for one in taken)


def _one(session: Any, inputs: Mapping[str, Array]) -> dict[str, Array]:
    fixed = next((v.shape[0] for v in session.get_inputs() if v.shape and isinstance(v.shape[0], int)), 1)
    return {k: np.repeat(v[:1], fixed, axis=0) for k, v in inputs.items()}


def _repeats(session: Any, feed: dict[str, Array]) -> int:
    """Return how many runs make a block that the clock can measure; the first run warms up."""
    session.run(None, feed)
    start = time.process_time()
    session.run(None, feed)
    return max(1, int(_BLOCK_SECONDS / max(time.process_time() - start, 1e-6)))
