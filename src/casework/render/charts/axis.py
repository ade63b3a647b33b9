"""Axes: where a value stands, and which values are marked."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final, Literal

Way = Literal["auto", "log", "linear"]

WIDE: Final = 30.0
"""Ratio of the largest to the smallest positive value above which `auto` takes a logarithmic axis."""
_STEPS: Final = (1.0, 2.0, 2.5, 5.0, 10.0)


@dataclass(frozen=True, slots=True)
class Axis:
    """A linear or logarithmic axis from `low` at `start` to `high` at `end`, in drawing units.

    Attributes:
        zero: Where 0 stands on a logarithmic axis, which cannot hold it: a lane of its own beside the axis.
    """

    low: float
    high: float
    start: float
    end: float
    log: bool = False
    zero: float = 0.0

    def at(self, value: float) -> float:
        """Return where a value stands; values outside stand at the end of the axis."""
        if self.log and value <= 0:
            return self.zero
        value = min(max(value, self.low), self.high)
        part = (value - self.low) / (self.high - self.low)
        if self.log:
            part = math.log(value / self.low) / math.log(self.high / self.low)
        return self.start + part * (self.end - self.start)

    def ticks(self, about: int = 5) -> list[float]:
        """Return the values to mark, ascending."""
        return _decades(self.low, self.high, about) if self.log else _even(self.low, self.high, about)


def wants_log(values: Iterable[float], way: Way) -> bool:
    """Tell whether values call for a logarithmic axis."""
    found = [value for value in values if value > 0]
    if way != "auto":
        return way == "log" and bool(found)
    return bool(found) and max(found) / min(found) > WIDE


def axis(
    values: Sequence[float], start: float, end: float, *, way: Way = "linear", zero: float | None = None, most: float = 1.0
) -> Axis:  # fmt: skip
    """Return an axis that holds values from 0 up.

    Args:
        values: What it must hold.
        start: Drawing unit of its lower end.
        end: Drawing unit of its upper end.
        way: Linear, logarithmic, or as the values call for.
        zero: Where 0 stands on a logarithmic axis; its lower end if None.
        most: No axis goes beyond this value, such as 1 for shares.
    """
    positive = [value for value in values if value > 0]
    top = max(positive, default=most)
    if wants_log(values, way):
        low = 10.0 ** math.floor(math.log10(min(positive)) + 1e-9)
        high = min(_nice(top), most)
        return Axis(low, high if high > low else low * 10, start, end, log=True, zero=start if zero is None else zero)
    step = _nice(top / 5)
    return Axis(0.0, min(math.ceil(top / step - 1e-9) * step, most), start, end)


def _nice(value: float) -> float:
    """Return the smallest round number that is at least a value."""
    ten = 10.0 ** math.floor(math.log10(value))
    return next((step * ten for step in _STEPS if step * ten >= value * (1 - 1e-12)), 10 * ten)


def _even(low: float, high: float, about: int) -> list[float]:
    step = _nice((high - low) / max(about, 1))
    first = math.ceil(low / step - 1e-9)
    last = math.floor(high / step + 1e-9)
    return [round(number * step, 15) for number in range(first, last + 1)]


def _decades(low: float, high: float, about: int) -> list[float]:
    first, last = math.ceil(math.log10(low) - 1e-9), math.floor(math.log10(high) + 1e-9)
    within = [1.0] if last - first >= 2 else [1.0, 2.0, 5.0]
    found = [float(f"{step}e{ten}") for ten in range(first - 1, last + 1) for step in within]
    found = [value for value in found if low * (1 - 1e-9) <= value <= high * (1 + 1e-9)]
    skip = max(1, -(-len(found) // max(about + 2, 1)))
    return found[::skip]
