"""Where the samples of a batch lie in a tensor, found by running, and tensors turned into rows and back."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]


@dataclass(frozen=True, slots=True)
class Layout:
    """How a tensor of the graph holds samples.

    Attributes:
        axis: The axis on which the samples of a batch follow each other; -1: the tensor is of one sample as a whole.
        rows: Entries on that axis for each sample, contiguous (a Reshape to [batch * time, features] makes `time`).
        shape: Of one sample: without the axis where `rows` is 1, with `rows` entries on it elsewhere.
    """

    axis: int
    rows: int
    shape: tuple[int, ...]

    @property
    def plain(self) -> bool:
        """True where the tensor is already [R, *shape]."""
        return self.axis == 0 and self.rows == 1

    @property
    def split(self) -> tuple[int, ...]:
        """Shape of one sample with the entries on the axis kept apart."""
        return (*self.shape[: self.axis], self.rows, *self.shape[self.axis :]) if self.rows == 1 else self.shape

    def to_rows(self, tensor: Array) -> Array:
        """Return a tensor of the graph as [R, *shape]."""
        if self.plain:
            return tensor
        if self.axis < 0:
            return np.expand_dims(tensor, 0)
        whole = self.split
        before, after = whole[: self.axis], whole[self.axis + 1 :]
        apart = tensor.reshape(*before, -1, self.rows, *after)
        moved = np.moveaxis(apart, self.axis, 0)
        return np.ascontiguousarray(moved).reshape(len(moved), *self.shape)

    def from_rows(self, rows: Array) -> Array:
        """Return [R, *shape] as the tensor of the graph."""
        if self.plain:
            return rows
        if self.axis < 0:
            return np.squeeze(rows, 0)
        count = len(rows)
        moved = np.moveaxis(rows.reshape(count, *self.split), 0, self.axis)
        whole = self.split
        shape = (*whole[: self.axis], count * self.rows, *whole[self.axis + 1 :])
        return np.ascontiguousarray(moved).reshape(shape)


def measured(singles: Sequence[Array], batch: Array) -> Layout | str:
    """Return how a tensor holds samples, from its values in batches of one and in one batch of all; or why it cannot be told.

    Args:
        singles: The tensor in runs of one sample each; at least two.
        batch: The tensor in a run of all those samples.
    """
    first, count = singles[0], len(singles)
    if any(single.shape != first.shape for single in singles) or first.ndim != batch.ndim:
        return "its shape depends on the values of the input"
    grown = [axis for axis in range(first.ndim) if batch.shape[axis] != first.shape[axis]]
    if len(grown) != 1 or batch.shape[grown[0]] != count * first.shape[grown[0]]:
        return "it has no batch axis"
    axis = grown[0]
    rows = first.shape[axis]
    shape = first.shape[:axis] + first.shape[axis + 1 :] if rows == 1 else first.shape
    layout = Layout(axis, rows, shape)
    expected = np.concatenate(singles, axis=axis)
    return (
        layout
        if same_bits(expected, batch)
        else "its values in a batch are not, bit for bit, those of one sample at a time"
    )


def same_bits(left: Array, right: Array) -> bool:
    """Return True where two arrays have the same type, shape and bits (a NaN equals itself)."""
    return (
        left.dtype == right.dtype
        and left.shape == right.shape
        and (
            math.prod(left.shape) == 0 or np.ascontiguousarray(left).tobytes() == np.ascontiguousarray(right).tobytes()
        )
    )
