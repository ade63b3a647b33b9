"""Canaries: before a target is used, a fault that must be seen is put in, and seen.

A runtime may keep a copy of a tensor that no injector reaches (fused, reordered or packed weights); such an injector would report
that nothing ever happens. So every pair of target and engine has to move the outputs, or the oracle has to agree that they do not
move.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from casework.injection.campaign.lab import Lab
from casework.injection.faults.fault_list import OPS, FaultList, FaultTensor
from casework.injection.network.target import Target
from casework.injection.outcomes.flags import CHANGED

Array = NDArray[Any]

TRIES: Final = 16
"""Elements that a canary hits, evenly over the tensor."""


@dataclass(frozen=True, slots=True)
class Canary:
    """What came of the canary of one target.

    Attributes:
        target: Name of the tensor.
        engine: Engine that was tried.
        moved: How many of the canaries changed an output.
        tried: How many were put in.
        verdict: `alive`; `inert`: the oracle agrees that none of them moves an output; `dead`: it does not agree.
    """

    target: str
    engine: str
    moved: int
    tried: int
    verdict: str


@dataclass(frozen=True, slots=True)
class Perch:
    """Where a canary is to sing: a target and the engine that is used for it, by name."""

    target: str
    engine: str


def canary_faults(network_sha256: str, target: Target, samples: int) -> FaultList:
    """Return faults that set elements of a target to large values: 1e30 of floats, either end of the range of integers."""
    count = min(TRIES, target.elements)
    index = np.linspace(0, target.elements - 1, count).round().astype(np.int64)
    tensor = FaultTensor(target.name, target.original, target.kind, target.dtype, target.shape)
    return FaultList(
        model=network_sha256,
        tensors=(tensor,),
        ids=np.arange(count, dtype=np.int64),
        tensor=np.zeros(count, np.int32),
        starts=np.arange(count + 1, dtype=np.int64),
        index=index,
        operand=_extremes(target.dtype, count),
        op=np.full(count, OPS.index("set"), np.uint8),
        sample=np.arange(count, dtype=np.int64) % samples,
        group=np.arange(count, dtype=np.int64),
    )


def _extremes(dtype: str, count: int) -> Array:
    kind = np.dtype(dtype) if dtype != "bfloat16" else np.dtype(np.uint16)
    if dtype == "bfloat16":
        patterns = [0x7149, 0xF149]  # about 1e30 and -1e30
    elif kind.kind == "f":
        large = 6e4 if dtype == "float16" else 1e30
        patterns = [int(np.array(v, kind).view(f"u{kind.itemsize}")) for v in (large, -large)]
    elif kind.kind == "b":
        patterns = [1, 0]
    else:
        limits = np.iinfo(kind)
        patterns = [int(np.array(v, kind).view(f"u{kind.itemsize}")) for v in (limits.max, limits.min)]
    return np.array([patterns[i % 2] for i in range(count)], np.uint64)


PutIn = Callable[[Lab, str, Target, FaultList], Array]


def one_by_one(lab: Lab, engine: str, target: Target, faults: FaultList) -> Array:
    """Put faults of a target in, each alone, and return their flags uint16 [F]."""
    return lab.engine(engine).run(target, faults, np.arange(len(faults)), faults.sample, lab.judge)


def sing(lab: Lab, target: Target, engine: str, put_in: PutIn = one_by_one) -> Canary:
    """Put the canaries of a target in by an engine, and ask the oracle where none of them is seen."""
    faults = canary_faults(lab.network.sha256, target, lab.samples)
    flags = put_in(lab, engine, target, faults)
    moved = int((flags & CHANGED != 0).sum())
    if moved:
        return Canary(target.name, engine, moved, len(faults), "alive")
    truth = put_in(lab, "rebuild", target, faults)
    verdict = "dead" if (truth & CHANGED != 0).any() else "inert"
    return Canary(target.name, engine, 0, len(faults), verdict)


def perched(lab: Lab, perch: Perch) -> Canary:
    """Put the canaries of one target in, each alone."""
    return sing(lab, lab.network.target(perch.target), perch.engine)
