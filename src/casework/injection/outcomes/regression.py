"""Outcomes of regression: how far the output is off, against thresholds in its unit (such as 15, 30, 60, 120 degrees)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from casework.injection.outcomes.classification import TIE
from casework.injection.outcomes.comparison import Comparison, comparison_of, silent
from casework.injection.outcomes.flags import BEYOND, CHANGED, DETECTED, DUE, NEAR_TIE, SDC
from casework.injection.problem import InjectionProblem

Array = NDArray[Any]


@dataclass(frozen=True, slots=True)
class Deviation:
    """What became of one prediction, for people.

    Attributes:
        golden: Value of the golden run at the element that is off furthest, times the factor.
        faulty: Value there under the fault, times the factor.
        margin: Absolute difference.
    """

    golden: float
    faulty: float
    margin: float


@dataclass(frozen=True, slots=True)
class RegressionJudge:
    """Judges values: BEYOND[i] where some element is off by more than threshold i, SDC where it is by more than the first.

    Off is |faulty - golden| * factor, in float64, the greatest over a prediction's elements; around a circle the shorter way.
    NEAR_TIE: it differs from a threshold by at most `TIE` of the greater of the two values compared.

    Attributes:
        comparison: Golden outputs.
        decisive: Position of the output with the values.
        thresholds: One to four, ascending, in the unit of value times factor.
        factor: From the output's unit to that of the thresholds (180 / pi for radians against degrees).
        period: Length of the circle in the unit of the thresholds; 0 where values are on a line.
    """

    comparison: Comparison
    decisive: int
    thresholds: tuple[float, ...]
    factor: float
    period: float

    @property
    def classes(self) -> Array:
        """A regression has no classes: -1 for each input, int64 [N]."""
        return np.full(len(self.comparison.golden[0]), -1, np.int64)

    def __call__(self, outputs: Sequence[Array | None], samples: Array) -> Array:
        """Return flags uint16 [R]; see `engines.protocol.Judge`. None stands for an output known to equal the golden one."""
        return self.comparison.blocks(outputs, samples, self._block)

    def describe(self, outputs: Sequence[Array | None], samples: Array) -> list[Deviation]:
        """Return what became of each of R predictions."""
        golden = self.comparison.golden[self.decisive][samples].reshape(len(samples), -1).astype(np.float64)
        held = outputs[self.decisive]
        rows = golden if held is None else held.reshape(len(samples), -1).astype(np.float64)
        off = self._off(rows, golden)
        told = []
        for row, at in enumerate(off.argmax(axis=1)):
            told.append(
                Deviation(float(golden[row, at] * self.factor), float(rows[row, at] * self.factor), float(off[row, at]))
            )
        return told

    def _off(self, rows: Array, golden: Array) -> Array:
        with np.errstate(invalid="ignore", over="ignore"):
            off = np.abs((rows - golden) * self.factor)
            if self.period:
                off = off % self.period
                off = np.minimum(off, self.period - off)
        return off

    def _block(self, outputs: Sequence[Array | None], samples: Array) -> Array:
        flags = self.comparison.flags(outputs, samples)
        rows = outputs[self.decisive]
        asked = np.flatnonzero((flags & (CHANGED | DUE | DETECTED)) == CHANGED)
        if rows is None or not len(asked):
            return flags
        golden = self.comparison.golden[self.decisive][samples[asked]].reshape(len(asked), -1).astype(np.float64)
        found = rows[asked].reshape(len(asked), -1).astype(np.float64)
        off = self._off(found, golden).max(axis=1)
        noise = TIE * np.maximum(np.abs(found), np.abs(golden)).max(axis=1) * abs(self.factor)
        for position, threshold in enumerate(self.thresholds):
            bits = BEYOND[position] | (SDC if position == 0 else 0)
            flags[asked[off > threshold]] |= np.uint16(bits)
            flags[asked[np.abs(off - threshold) <= noise]] |= NEAR_TIE
        return silent(flags)


def judge_of(
    golden: Sequence[Array],
    thresholds: Sequence[float],
    *,
    decisive: int = 0,
    guards: Sequence[int] = (),
    factor: float = 1.0,
    period: float = 0.0,
) -> RegressionJudge:
    """Return the judge of a regression.

    Args:
        golden: Outputs [N, ...] of the golden run, in the order of the graph's outputs.
        thresholds: One to four, positive, ascending.
        decisive: Position of the output with the values; others only say whether anything changed or is unusable.
        guards: Positions of alarms.
        factor: From the output's unit to that of the thresholds.
        period: Length of the circle in the unit of the thresholds; 0 for none.

    Raises:
        InjectionProblem: The thresholds are none of the above; a golden value is not finite; the output holds no numbers.
        ValueError: `decisive` is no output, or is a guard.
    """
    held = tuple(float(t) for t in thresholds)
    if not 1 <= len(held) <= len(BEYOND) or held[0] <= 0 or any(a >= b for a, b in pairwise(held)):
        raise InjectionProblem(
            f"the thresholds {', '.join(f'{t:g}' for t in held) or '(none)'} are not one to four ascending positive numbers",
            "Give them in ascending order, such as 15;30;60;120.",
        )
    comparison = comparison_of(golden, guards, decisive)
    values = comparison.golden[decisive]
    if values.dtype.kind not in "fiu" or not np.isfinite(values).all():
        raise InjectionProblem(
            f"output {decisive} of the model without faults has values that are no finite numbers",
            "Name another output as the one that decides, or mend the model.",
        )
    return RegressionJudge(comparison, decisive, held, factor, period)
