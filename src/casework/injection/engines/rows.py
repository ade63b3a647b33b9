"""Injected predictions laid out in rounds, so that the rows of a buffer seldom change their sample."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]


@dataclass(frozen=True, slots=True)
class Rounds:
    """R predictions as `count` rounds of `rows` rows.

    Sorted by sample, row j takes predictions j * count to (j + 1) * count - 1, one a round. So a row changes its sample only where
    two samples meet: not more than N + rows times in all, however many predictions there are. What is missing at the end is filled
    with the last prediction again.

    Attributes:
        rows: Rows of each round.
        count: Number of rounds.
        order: int64 [count * rows]: the prediction of each row, round after round.
        samples: int64 [count * rows]: its sample.
    """

    rows: int
    count: int
    order: Array
    samples: Array

    def slice(self, number: int) -> slice:
        """Return where a round stands in `order`."""
        return slice(number * self.rows, (number + 1) * self.rows)


def in_rounds(sample: Array, most: int) -> Rounds:
    """Return predictions with samples int64 [R], R > 0, in rounds of `most` rows at most."""
    total = len(sample)
    count = -(-total // most)
    rows = -(-total // count)
    step = 1 << max(
        0, rows.bit_length() - 4
    )  # rounded up by an eighth at most: calls of about the same size share their buffers
    rows = min(most, -(-rows // step) * step)
    # numpy sorts 16-bit integers by radix, several times faster than wider ones.
    narrow = sample.astype(np.uint16) if int(sample.max()) < 1 << 16 else sample
    order = np.argsort(narrow, kind="stable")
    if rows * count > total:
        order = np.concatenate([order, np.full(rows * count - total, order[-1])])
    order = np.ascontiguousarray(order.reshape(rows, count).T).reshape(-1)
    return Rounds(rows, count, order, sample[order])
