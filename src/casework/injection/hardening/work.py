"""What a measure works on: the graph being edited, the data, and the alarms and protections that come of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from casework.injection.hardening.bounds import Observed, observe
from casework.injection.hardening.storage import Protection
from casework.injection.hardening.surgery import Surgery

Array = NDArray[Any]

_SHOWN: Final = 4


@dataclass(frozen=True, slots=True)
class Applied:
    """What a measure did.

    Attributes:
        measure: Its name.
        parameters: As they took effect, defaults included.
        places: Tensors or nodes that it acts on, in graph order.
        details: Further values for the lineage, such as bounds by tensor; plain JSON.
        notes: What a person should know, such as places that were left out and why.
    """

    measure: str
    parameters: dict[str, Any]
    places: tuple[str, ...]
    details: dict[str, Any] = field(default_factory=dict)
    notes: tuple[str, ...] = ()


@dataclass(slots=True)
class Work:
    """A hardening under way.

    Attributes:
        surgery: The graph.
        content: The parent.
        inputs: Array [N, ...] by graph input.
        ranking: Tensors of the parent with their share of silent corruptions, worst first.
        alarms: Boolean [N] tensors by alarm.
        protections: What storage does about faults.
        totals: Tensors [N] that are 0 without faults, by alarm, element type and limit of their sum.
        limits: Stored limits that are still to be set: by their name, the tensor whose greatest value on the data is the
            limit, and the factor on it.
        measured: Names of stored limits that the data set and that the lineage does not hold.
        bounds: Least and greatest value by tensor, to be used in place of what the data show; None to take them from the data.
    """

    surgery: Surgery
    content: bytes
    inputs: Mapping[str, Array]
    ranking: Sequence[tuple[str, float]] = ()
    alarms: dict[str, list[str]] = field(default_factory=dict)
    protections: list[Protection] = field(default_factory=list)
    totals: dict[tuple[str, str, float], list[str]] = field(default_factory=dict)
    limits: dict[str, tuple[str, float]] = field(default_factory=dict)
    measured: list[str] = field(default_factory=list)
    bounds: Mapping[str, tuple[float, float]] | None = None
    _seen: dict[str, Observed] = field(default_factory=dict)
    _flag: str = ""

    def observe(self, tensors: Sequence[str]) -> dict[str, Observed]:
        """Return what tensors of the parent hold on the data."""
        missing = [t for t in tensors if t not in self._seen]
        self._seen |= observe(self.content, self.surgery.name, self.inputs, missing)
        return {t: self._seen[t] for t in tensors}

    def rows(self, tensor: str, stem: str) -> str:
        """Return a tensor laid out as [N, K], as watchers see it."""
        return self.surgery.add("Flatten", [tensor], f"{stem}.rows", watch=True, axis=1)

    def alarm_beyond(self, alarm: str, total: str, limit: str, stem: str) -> None:
        """Raise an alarm where a [N] tensor is not below a stored limit; NaN is not."""
        fine = self.surgery.add("Less", [total, limit], f"{stem}.fine", watch=True)
        self.raise_alarm(alarm, self.surgery.add("Not", [fine], f"{stem}.alarm", watch=True))

    def total_beyond(self, alarm: str, total: str, dtype: str, limit: float = 0.0) -> None:
        """Raise an alarm where the sum over all such totals [N], each in units of its limit, exceeds 1, or 0 where limits are 0.

        Totals are never negative, and NaN exceeds.
        """
        if limit > 0:
            unit = self.surgery.store(f"{total}.unit", np.asarray(1 / limit, dtype))
            self.measured.append(unit)
            total = self.surgery.add("Mul", [total, unit], f"{total}.units", watch=True)
        self.totals.setdefault((alarm, dtype, float(limit > 0)), []).append(total)

    def close(self) -> None:
        """Turn the totals into alarms: one sum and one comparison for each limit."""
        for (alarm, dtype, limit), totals in sorted(self.totals.items()):
            stem = f"casework.{alarm}"
            total = totals[0] if len(totals) == 1 else self.surgery.add("Sum", totals, f"{stem}.total", watch=True)
            self.alarm_beyond(alarm, total, self.surgery.store(f"{stem}.limit", above(limit, dtype)), stem)
        self.totals.clear()

    def raise_alarm(self, alarm: str, tensor: str) -> None:
        """Note a boolean [N] tensor as part of an alarm."""
        self.alarms.setdefault(alarm, []).append(tensor)

    def never(self) -> str:
        """Return a float scalar that is 0 in every inference and that no optimiser can know before.

        It is `v < v` of the first element v of the first input: false for every number, NaN included. (The length of the batch
        would do only where no runtime is told it.) What is computed with it is computed in each inference; without it, the runtime
        would compute checks of stored tensors once, while it loads.
        """
        if not self._flag:
            from onnx import TensorProto

            add, store = self.surgery.add, self.surgery.store
            row = store("casework.row", np.array([-1], np.int64))
            flat = add("Reshape", [self.surgery.inputs[0], row], "casework.first", watch=True)
            one = add(
                "Gather", [flat, store("casework.zeroth", np.array(0, np.int64))], "casework.one", watch=True, axis=0
            )
            number = add("Cast", [one], "casework.number", watch=True, to=TensorProto.FLOAT)
            false = add("Less", [number, number], "casework.false", watch=True)
            self._flag = add("Cast", [false], "casework.never", watch=True, to=TensorProto.FLOAT)
        return self._flag


def above(limit: float, dtype: Any) -> Array:
    """Return the least value that is beyond a limit and that no processor flushes to zero, as an array without axes.

    `x < above(limit)` is `x <= limit`, false for NaN; the operator LessOrEqual came late and not all runtimes fold it.
    """
    kind = np.dtype(dtype)
    nearest = np.nextafter(kind.type(limit), kind.type(np.inf))
    tiny = np.finfo(kind).tiny
    return np.asarray(max(nearest, tiny) if 0 <= limit < tiny else nearest, kind)


def some(names: Sequence[str]) -> str:
    """Return the first names of a list and how many more there are."""
    more = len(names) - _SHOWN
    return ", ".join(names[:_SHOWN]) + (f" and {more} more" if more > 0 else "")


def plain(value: Any) -> float | int:
    """Return a numpy scalar as a Python number for JSON."""
    return int(value) if np.issubdtype(np.asarray(value).dtype, np.integer) else float(value)
