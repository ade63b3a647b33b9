"""The outcome of a regression by its definition."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from casework.injection.outcomes.flags import BEYOND, NEAR_TIE, SDC
from casework.injection.outcomes.plain.verdict import NOISE, Verdict, common, silent

Array = NDArray[Any]


@dataclass(frozen=True, slots=True)
class PlainRegression:
    """Says what became of a prediction of values: by how much the one that is off furthest is off.

    Attributes:
        decisive: Position of the output with the values.
        guards: Positions of alarms.
        thresholds: Ascending, in the unit of value times factor.
        factor: From the output's unit to that of the thresholds.
        period: Length of the circle that values are on; 0 where they are on a line.
    """

    decisive: int
    guards: tuple[int, ...]
    thresholds: tuple[float, ...]
    factor: float
    period: float

    def __call__(self, faulty: Sequence[Array], golden: Sequence[Array]) -> Verdict:
        """Return the verdict on one prediction."""
        flags, doubt = common(faulty, golden, self.guards), 0
        if not silent(flags):
            return Verdict(flags)
        found, expected = (each[self.decisive].astype(np.float64).ravel().tolist() for each in (faulty, golden))
        off = max((self._off(one, other) for one, other in zip(found, expected, strict=True)), default=0.0)
        noise = NOISE * max((abs(value) for value in (*found, *expected)), default=0.0) * abs(self.factor)
        for position, threshold in enumerate(self.thresholds):
            bits = BEYOND[position] | (SDC if position == 0 else 0)
            gap = abs(off - threshold)
            flags |= bits if off > threshold else 0
            doubt |= bits if 0 < gap <= 1e-12 * threshold else 0
            flags |= NEAR_TIE if gap <= noise else 0
            doubt |= NEAR_TIE if abs(gap - noise) <= 1e-9 * noise else 0
        return Verdict(flags, doubt)

    def _off(self, one: float, other: float) -> float:
        """Return how far two values are apart; around a circle the shorter way."""
        off = abs((one - other) * self.factor)
        if self.period:
            off %= self.period
            return min(off, self.period - off)
        return off
