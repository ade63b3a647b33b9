"""Counts that flags cannot hold: objects, boxes, overlap. Integers, so that sums do not depend on order or sharding."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]

FIXED: Final = 1 << 30
"""Shares, such as an intersection over union, are summed as integers of this scale: each is exact to 1e-9."""


@dataclass(slots=True)
class Ledger:
    """What a judge counts beside its flags, by input. A judge adds to its own; `Judge.fresh()` starts an empty one.

    Predictions that no engine hands to the judge, because their outputs are known to equal the golden ones, are not counted;
    who knows how many predictions there were knows how many those are.

    Attributes:
        judged: int64 [N]: predictions counted: those with other outputs than the golden run, without DUE and not detected.
        amounts: int64 [N, K]: sums over them; what the columns are, the judge says.
    """

    judged: Array
    amounts: Array

    @classmethod
    def empty(cls, samples: int, columns: int) -> Ledger:
        """Return one without counts."""
        return cls(np.zeros(samples, np.int64), np.zeros((samples, columns), np.int64))

    def add(self, samples: Array, amounts: Array) -> None:
        """Add amounts int64 [R, K] of predictions of the inputs int64 [R]."""
        np.add.at(self.judged, samples, 1)
        np.add.at(self.amounts, samples, amounts)

    def merge(self, other: Ledger) -> None:
        """Add the counts of another shard."""
        self.judged += other.judged
        self.amounts += other.amounts
