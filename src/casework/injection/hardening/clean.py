"""What hardening costs without faults: changed outputs and decisions, false alarms, time of a prediction."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from casework.injection.hardening.bounds import open_plain, run_all
from casework.injection.network.sessions import Level

Array = NDArray[Any]

Changed = Callable[[Mapping[str, Array], Mapping[str, Array]], Array]
"""Tells for which of N inputs the decision differs, bool [N], from the outputs [N, ...] by name of the parent and the hardened model."""

ROUNDS: Final = 7
_BLOCK_SECONDS: Final = 0.03


@dataclass(frozen=True, slots=True)
class CleanComparison:
    """Parent and hardened model on the same fault-free inputs.

    Attributes:
        samples: Number of inputs.
        identical: Inputs for which all outputs are bit-identical, as deployed.
        identical_unfused: The same where the runtime folds constants but fuses no operators: an insertion can keep the runtime
            from fusing what it fused before, which changes the last bits.
        difference: Greatest absolute difference of an output, as deployed.
        flips: Inputs whose decision differs, as deployed.
        false_alarms: Inputs with an alarm, by output.
    """

    samples: int
    identical: int
    identical_unfused: int
    difference: float
    flips: int
    false_alarms: dict[str, int]

    @property
    def alarmed(self) -> int:
        """The greatest number of inputs for which one alarm spoke."""
        return max(self.false_alarms.values(), default=0)


def compare_clean(
    parent: bytes, hardened: bytes, alarms: Sequence[str], inputs: Mapping[str, Array], changed: Changed | None = None
) -> CleanComparison:
    """Run both models on fault-free inputs.

    Args:
        parent: The model before.
        hardened: The model after; it has the parent's outputs, and alarms.
        alarms: Names of its boolean outputs.
        inputs: Array [N, ...] by graph input.
        changed: Compares decisions; by default the greatest element of each row of outputs [N, K], K > 1, and the values of all
            others to 1e-3 of the output's range.

    Raises:
        InjectionProblem: onnxruntime refuses one of the models.
    """
    samples = len(next(iter(inputs.values())))
    before, after = _outputs(parent, inputs, "all"), _outputs(hardened, inputs, "all")
    told = {name: after.pop(name) for name in alarms}
    same = _identical(before, after, samples)
    flips = (changed or plainly_changed)(before, after)
    unfused = _outputs(hardened, inputs, "basic")
    return CleanComparison(
        samples,
        int(same.sum()),
        int(_identical(_outputs(parent, inputs, "basic"), unfused, samples).sum()),
        max((_difference(before[name], after[name]) for name in before), default=0.0),
        int(flips.sum()),
        {name: int(value.reshape(samples, -1).any(axis=1).sum()) for name, value in told.items()},
    )


def _outputs(content: bytes, inputs: Mapping[str, Array], level: Level) -> dict[str, Array]:
    session = open_plain(content, "the model", level)
    names = [v.name for v in session.get_outputs()]
    parts = [[v[:true] for v in values] for true, values in run_all(session, names, inputs, "the model")]
    return {name: np.concatenate([part[i] for part in parts]) for i, name in enumerate(names)}


def _identical(before: Mapping[str, Array], after: Mapping[str, Array], count: int) -> Array:
    same = np.ones(count, bool)
    for name, value in before.items():
        same &= _same(value, after[name], count)
    return same


def _same(a: Array, b: Array, count: int) -> Array:
    if a.shape != b.shape or a.dtype != b.dtype:
        return np.zeros(count, bool)
    if a.dtype.kind not in "fiub" or len(a) != count or not a.size:
        return np.full(count, bool(np.array_equal(a, b)))
    rows = [np.ascontiguousarray(v).reshape(count, -1).view(np.uint8) for v in (a, b)]
    return np.asarray((rows[0] == rows[1]).all(axis=1))


def _difference(a: Array, b: Array) -> float:
    if a.dtype.kind not in "fiub" or not a.size or a.shape != b.shape:
        return 0.0
    with np.errstate(invalid="ignore"):
        gaps = np.abs(a.astype(np.float64) - b.astype(np.float64))
    return float(np.nan_to_num(gaps, nan=0.0).max())


def plainly_changed(before: Mapping[str, Array], after: Mapping[str, Array]) -> Array:
    """Return bool [N]: the place of the greatest element of a row of [N, K] differs, or another value by 1e-3 of its range."""
    found = np.zeros(len(next(iter(before.values()))), bool)
    for name, old in before.items():
        new = after[name]
        if old.ndim == 2 and old.shape[1] > 1:
            found |= old.argmax(axis=1) != new.argmax(axis=1)
        else:
            gaps = np.abs(old.astype(np.float64) - new.astype(np.float64)).reshape(len(old), -1).max(axis=1)
            found |= ~(gaps <= 1e-3 * float(np.ptp(old.astype(np.float64))))
    return found


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
