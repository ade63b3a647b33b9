"""Regions: the window of a tensor in which a faulty inference can differ from the golden one, for many faults at a time.

A fault in one element of an image-like tensor [C, H, W] reaches a small window of the next one, a larger window of the one after.
`Patch` holds such windows for R faulty inferences, all of one size, each at its own place. Rows come last in memory
([C, h, w, R]): a convolution over R small windows is then one large product of matrices, and its sums are taken in the same order
as over the whole image, so that its bits are the same.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]

Shape = tuple[int, int, int]

TABLE: Final = 4 << 20
"""Bytes of a golden tensor of all samples of a backdrop up to which it is turned around as one."""

LOWEST: Final = float(np.finfo(np.float32).min)
"""What onnxruntime's largest-value pooling starts from, and hence takes for what lies outside."""


@dataclass(frozen=True, slots=True)
class Reach:
    """How an operator maps positions of one axis.

    Attributes:
        kernel: Taps.
        stride: Step between outputs, in inputs.
        pad: Padding before the first input.
        dilation: Step between taps.
        inside: Size of the input's axis.
        outside: Size of the output's axis.
    """

    kernel: int
    stride: int
    pad: int
    dilation: int
    inside: int
    outside: int

    @property
    def span(self) -> int:
        """Inputs from the first to the last tap."""
        return (self.kernel - 1) * self.dilation + 1

    @property
    def pointwise(self) -> bool:
        """Whether each output reads the input of its own position only."""
        return self.kernel == self.stride == 1 and self.pad == 0

    def length(self, size: int) -> int:
        """Return how many outputs a window of inputs can reach at most."""
        return min(self.outside, (size + self.span - 2) // self.stride + 1)

    def origin(self, first: Array, size: int) -> Array:
        """Return the first output, of `size`, that windows of inputs beginning at `first` reach; windows stay on the axis."""
        reached = -((self.span - 1 - self.pad - first) // self.stride)
        return np.asarray(np.clip(reached, 0, self.outside - size))

    def read(self, size: int) -> int:
        """Return how many (padded) inputs `size` adjacent outputs read."""
        return (size - 1) * self.stride + self.span


def pointwise(size: int) -> Reach:
    """Return the reach of an operator that maps each element on its own."""
    return Reach(1, 1, 0, 1, size, size)


@dataclass(slots=True)
class Patch:
    """Windows of one tensor in R faulty inferences.

    Attributes:
        values: [C, h, w, R]: what stands in each window.
        top: int64 [R]: first row of each window.
        left: int64 [R]: first column of each window.
    """

    values: Array
    top: Array
    left: Array

    @property
    def size(self) -> tuple[int, int]:
        """Height and width of the windows."""
        return int(self.values.shape[1]), int(self.values.shape[2])

    def rows(self, chosen: Array | slice) -> Patch:
        """Return the windows of some inferences."""
        values = self.values[..., chosen] if isinstance(chosen, slice) else np.take(self.values, chosen, axis=3)
        return Patch(values, self.top[chosen], self.left[chosen])

    def within(self, down: Array, right: Array, size: tuple[int, int], rows: Array) -> Patch:
        """Return smaller windows of some inferences.

        Args:
            down: int64 [K]: rows by which each begins later.
            right: int64 [K]: columns by which each begins later.
            size: Height and width.
            rows: int64 [K]: which inferences.
        """
        width = self.size[1]
        place = cells(down, right, size, width) * self.values.shape[3] + rows
        flat = self.values.reshape(len(self.values), -1)
        values = np.take(flat, place.ravel(), axis=1, mode="wrap").reshape(len(flat), *size, len(rows))
        return Patch(values, self.top[rows] + down, self.left[rows] + right)


def cells(top: Array, left: Array, size: tuple[int, int], width: int) -> Array:
    """Return the flat places int64 [h, w, R] of windows of a size in a plane of a width."""
    height, across = size
    down = np.arange(height)[:, None, None] * width
    return np.asarray((top * width + left) + down + np.arange(across)[None, :, None])


class Backdrop:
    """Golden tensors of a few samples, from which windows are taken."""

    def __init__(
        self, samples: int, values: Callable[[str, int], Array], tables: dict[str, Array] | None = None
    ) -> None:
        """Make it.

        Args:
            samples: How many.
            values: Returns a golden tensor [C, H, W] of one of them, by its position.
            tables: Tensors that were turned around for the very same samples, to which others are added; None for a fresh dict.
        """
        self._samples = samples
        self._values = values
        self._tables: dict[str, Array] = {} if tables is None else tables

    def plain(self, name: str, slot: int) -> Array:
        """Return a golden tensor [C, H, W] of a sample. Not to be written to."""
        return self._values(name, slot)

    def windows(
        self, name: str, slot: Array, top: Array, left: Array, size: tuple[int, int], fill: float = 0.0
    ) -> Array:
        """Return windows [C, h, w, R] of a golden tensor.

        Args:
            name: The tensor.
            slot: int64 [R]: which of the backdrop's samples; fast where equal ones stand together.
            top: int64 [R]: first row; windows may reach beyond the tensor.
            left: int64 [R]: first column.
            size: Height and width.
            fill: What stands beyond the tensor.
        """
        tall, wide = self._values(name, int(slot[0])).shape[1:]
        height, width = size
        within = bool(((top >= 0) & (left >= 0) & (top <= tall - height) & (left <= wide - width)).all())
        row = np.arange(height)[:, None, None] + top
        column = np.arange(width)[None, :, None] + left
        if within:
            return self._taken(name, slot, row * wide + column)
        place = np.clip(row, 0, tall - 1) * wide + np.clip(column, 0, wide - 1)
        taken = self._taken(name, slot, place)
        taken[:, (row < 0) | (row >= tall) | (column < 0) | (column >= wide)] = fill
        return taken

    def _taken(self, name: str, slot: Array, place: Array) -> Array:
        """Return [C, *place.shape]: elements of the planes of a tensor at flat places [h, w, R]."""
        first = self._values(name, int(slot[0]))
        channels, area = len(first), first[0].size
        if self._samples * first.nbytes <= TABLE:
            taken: Array = np.take(self._table(name), (place + slot * area).ravel(), axis=1, mode="wrap")
            return taken.reshape(channels, *place.shape)
        bounds = np.flatnonzero(slot[1:] != slot[:-1]) + 1
        runs = list(zip([0, *bounds.tolist()], [*bounds.tolist(), len(slot)], strict=True))
        made = np.empty((channels, *place.shape), first.dtype)
        for start, end in runs:
            plane = self._values(name, int(slot[start])).reshape(channels, area)
            part: Array = np.take(plane, place[..., start:end].ravel(), axis=1, mode="wrap")
            part = part.reshape(channels, *place.shape[:2], end - start)
            if len(runs) == 1:
                return part
            made[..., start:end] = part
        return made

    def _table(self, name: str) -> Array:
        """Return a golden tensor of all samples as [C, S * H * W]."""
        if name not in self._tables:
            planes = np.stack([self._values(name, slot) for slot in range(self._samples)], axis=1)
            self._tables[name] = planes.reshape(len(planes), -1)
        return self._tables[name]


def paste(window: Array, patch: Patch, top: Array, left: Array) -> None:
    """Put windows into larger or shifted ones, in place; what falls outside is left away.

    Args:
        window: [C, n, m, R]: is written to.
        patch: What is put in.
        top: int64 [R]: first row of each of `window`, in the coordinates of the patch.
        left: int64 [R]: first column.
    """
    down, right = patch.top - top, patch.left - left
    height, width = patch.size
    _, tall, wide, rows = window.shape
    if rows and _same(down) and _same(right) and 0 <= down[0] <= tall - height and 0 <= right[0] <= wide - width:
        window[:, down[0] : down[0] + height, right[0] : right[0] + width] = patch.values
        return
    place = cells(down, right, (height, width), wide) * rows + np.arange(rows)
    flat, given = window.reshape(len(window), -1), patch.values.reshape(len(window), -1)
    fits = (down >= 0) & (down <= tall - height) & (right >= 0) & (right <= wide - width)
    if fits.all():
        flat[:, place.ravel()] = given
        return
    row = np.arange(height)[:, None, None] + down
    column = np.arange(width)[None, :, None] + right
    inside = ((row >= 0) & (row < tall) & (column >= 0) & (column < wide)).ravel()
    flat[:, place.ravel()[inside]] = given[:, inside]


def _same(places: Array) -> bool:
    return bool((places == places[0]).all())


def differing(values: Array, golden: Array) -> Array:
    """Return bool [h, w, R]: where windows [C, h, w, R] differ in some bit of some channel."""
    pattern = f"u{values.dtype.itemsize}"
    unequal = values.view(pattern) != golden.view(pattern)
    return np.asarray(unequal.any(axis=0))


def boxes(mask: Array) -> tuple[Array, Array, Array, Array]:
    """Return first row, first column, height and width int64 [R] of the smallest windows that hold all that is True.

    Args:
        mask: bool [h, w, R], with something True for each r.
    """
    rows, columns = np.asarray(mask.any(axis=1)), np.asarray(mask.any(axis=0))
    top, left = rows.argmax(axis=0), columns.argmax(axis=0)
    height = len(rows) - rows[::-1].argmax(axis=0) - top
    width = len(columns) - columns[::-1].argmax(axis=0) - left
    return top, left, height, width
