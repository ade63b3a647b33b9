"""The table of the worst faults: one of each tensor and bit that corrupts most, with what the model said and says."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from casework.generators.fault_injection.estimates import EVENTS, Trials
from casework.generators.fault_injection.tables import bits_of
from casework.generators.record import table
from casework.injection.campaign.lab import Lab
from casework.injection.engines.protocol import Judge
from casework.model.result import Table

Array = NDArray[Any]


@dataclass(slots=True)
class _Listener:
    """A judge that also writes down what it is shown."""

    judge: Judge
    told: list[Any] = field(default_factory=list)

    def __call__(self, outputs: Sequence[Array], samples: Array) -> Array:
        describe = getattr(self.judge, "describe", None)
        if describe is not None:
            self.told += describe(outputs, samples)
        return self.judge(outputs, samples)


def worst_faults(
    trials: Trials, engine_of: dict[str, str], lab: Lab, names: Sequence[str], classes: Sequence[str], limit: int
) -> Table:
    """Return `worst faults`: of the tensors and bits with most silent corruptions, the first fault of each."""
    columns = ("id", "tensor", "index", "bit", "input", "golden", "faulty", "margin")
    struck = np.flatnonzero(EVENTS["sdc_rate"](trials.flags))
    bits = bits_of(trials)
    of = trials.fault[struck]
    bit = np.full(len(of), -1) if bits is None else bits[of]
    key = trials.faults.tensor[of].astype(np.int64) * 65 + bit + 1
    _, first, counts = np.unique(key, return_index=True, return_counts=True)
    order = first[np.lexsort((first, -counts))][:limit]
    rows = []
    for at in order:
        row = int(struck[at])
        position, sample = int(trials.fault[row]), int(trials.sample[row])
        one = trials.faults.take(np.array([position]))
        target = lab.network.target(one.tensors[int(one.tensor[0])].name)
        listener = _Listener(lab.judge)
        lab.engine(engine_of[target.name]).run(target, one, np.zeros(1, np.int64), np.array([sample]), listener)
        said = _said(listener.told[0], classes) if listener.told else ("", "", None)
        rows.append((
            int(one.ids[0]), target.original, int(one.index[0]), None if bit[at] < 0 else int(bit[at]), names[sample], *said
        ))  # fmt: skip
    return table("worst faults", columns, rows)


def _said(told: Any, classes: Sequence[str]) -> tuple[str, str, float | None]:
    """Return golden decision, faulty decision and margin in words, of whatever the judge describes."""
    if hasattr(told, "lost"):
        return f"{told.golden} objects", f"{told.lost} lost, {told.ghosts} ghosts", None
    if hasattr(told, "mean_iou"):
        return "its mask", f"mean IoU {told.mean_iou:.4g}", None
    margin = float(told.margin) if np.isfinite(told.margin) else None
    if isinstance(told.golden, int):
        return _name(told.golden, classes), _name(told.faulty, classes), margin
    return f"{told.golden:.6g}", f"{told.faulty:.6g}", margin


def _name(index: int, classes: Sequence[str]) -> str:
    return classes[index] if 0 <= index < len(classes) else str(index)
