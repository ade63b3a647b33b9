"""Canaries: before a target is used, a fault that must be seen is put in, and seen.

A runtime may keep a copy of a tensor that no injector reaches (fused, reordered or packed weights); such an injector would report
that nothing ever happens. So every pair of target and engine has to move the outputs, or the oracle has to agree that they do not
move. Where the model is small, some of these faults, which do more than most, are put in by the oracle too, and the flags compared.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, Final, cast

import numpy as np
from numpy.typing import NDArray

from casework.injection.campaign.audit import AuditShard, compare, witnessed
from casework.injection.campaign.lab import Lab
from casework.injection.engines.grouped.groups import GroupEngine
from casework.injection.engines.grouped.rebuild_groups import RebuildGroupsEngine
from casework.injection.engines.rebuild import RebuildEngine
from casework.injection.faults.fault_list import OPS, FaultList, FaultTensor
from casework.injection.network.target import Target
from casework.injection.outcomes.flags import CHANGED
from casework.injection.outcomes.plain.verdict import changed
from casework.injection.problem import InjectionProblem

Array = NDArray[Any]

TRIES: Final = 16
"""Elements that a canary hits, evenly over the tensor."""

COMPARED: Final = 2
"""Canaries of a target that the oracle repeats: the first that moved an output, and the first that did not."""

SMALL: Final = 4 << 20
"""Bytes of a folded graph up to which they are repeated: one of 4 MiB and 60 convolutions was opened anew in 4 ms."""


@dataclass(frozen=True, slots=True)
class Canary:
    """What came of the canary of one target.

    Attributes:
        target: Name of the tensor.
        engine: Engine that was tried.
        moved: How many of the canaries changed an output.
        tried: How many were put in.
        verdict: `alive`; `inert`: the oracle agrees that none of them moves an output; `dead`: it does not agree.
        compared: Of those put in, how many the oracle repeated with the same flags; none where the model is large.
    """

    target: str
    engine: str
    moved: int
    tried: int
    verdict: str
    compared: int = 0


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


@dataclass(frozen=True, slots=True)
class Ways:
    """How faults of a target are put in, each alone.

    Attributes:
        engine: By an engine: from a lab, its name, the target and the faults to flags uint16 [F].
        oracle: By the oracle: from a lab, target and faults to positions and outputs.
        exact: Whether an engine is to agree with the oracle bit for bit.
    """

    engine: Callable[[Lab, str, Target, FaultList], Array]
    oracle: Callable[[Lab, Target, FaultList], Iterable[tuple[int, list[Array]]]]
    exact: Callable[[Lab, str, FaultList], bool]


def _alone(lab: Lab, engine: str, target: Target, faults: FaultList) -> Array:
    return lab.engine(engine).run(target, faults, np.arange(len(faults)), faults.sample, lab.judge)


def _alone_by_oracle(lab: Lab, target: Target, faults: FaultList) -> Iterable[tuple[int, list[Array]]]:
    oracle = cast(RebuildEngine, lab.engine("rebuild"))
    return oracle.each(target, faults, np.arange(len(faults)), faults.sample)


ONE_BY_ONE: Final = Ways(_alone, _alone_by_oracle, lambda lab, engine, _: lab.engine(engine).exactness == "bit-exact")
"""By engines for one fault at a time."""


def _groups(lab: Lab, engine: str, target: Target, faults: FaultList) -> Array:
    bounds = np.arange(len(faults) + 1, dtype=np.int64)
    chosen = cast(GroupEngine, lab.engine(engine))
    return chosen.run_groups(faults, bounds, np.arange(len(faults)), faults.sample, lab.judge)


def _groups_by_oracle(lab: Lab, target: Target, faults: FaultList) -> Iterable[tuple[int, list[Array]]]:
    oracle = cast(RebuildGroupsEngine, lab.engine("rebuild-groups"))
    return oracle.each(faults, np.arange(len(faults) + 1, dtype=np.int64), np.arange(len(faults)), faults.sample)


def _exact_groups(lab: Lab, engine: str, faults: FaultList) -> bool:
    return cast(GroupEngine, lab.engine(engine)).exactness_for(faults) == "bit-exact"


AS_GROUPS: Final = Ways(_groups, _groups_by_oracle, _exact_groups)
"""By engines for groups, each fault a group of its own."""


def sing(lab: Lab, target: Target, engine: str, ways: Ways = ONE_BY_ONE) -> Canary:
    """Put the canaries of a target in by an engine, and ask the oracle where none of them is seen.

    Raises:
        InjectionProblem: Some are seen, and what the oracle makes of one of them is something else.
    """
    faults = canary_faults(lab.network.sha256, target, lab.samples)
    flags = ways.engine(lab, engine, target, faults)
    moves = flags & CHANGED != 0
    if moves.any():
        compared = _compared(lab, target, engine, ways, faults, flags) if len(lab.network.content) <= SMALL else 0
        return Canary(target.name, engine, int(moves.sum()), len(faults), "alive", compared)
    moved = [
        any(changed(one, values[[faults.sample[row]]]) for one, values in zip(outputs, lab.golden.outputs, strict=True))
        for row, outputs in ways.oracle(lab, target, faults)
    ]
    return Canary(target.name, engine, 0, len(faults), "dead" if any(moved) else "inert")


def _compared(lab: Lab, target: Target, engine: str, ways: Ways, faults: FaultList, flags: Array) -> int:
    """Have the oracle repeat some canaries, and return how many."""
    moves = flags & CHANGED != 0
    chosen = np.unique([int(np.argmax(moves)), int(np.argmin(moves))])[:COMPARED]
    mine = faults.take(chosen)
    exact = ways.exact(lab, engine, mine)
    plain = cast(RebuildEngine, lab.engine("rebuild")).plain
    truth = witnessed(lab, plain, ways.oracle(lab, target, mine), mine.sample, exact=exact)
    found = compare(AuditShard(target.name, engine, mine, mine.sample, flags[chosen]), truth, exact=exact)
    if found.disagreements:
        others = found.judges or found.inputs
        told = f", {found.judges} of them by the second judge" if found.judges else ""
        told += f", {found.inputs} of them as the golden run is not that of the inputs" if found.inputs else ""
        raise InjectionProblem(
            f"canary: of {found.audited} huge values put into {target.name} by the engine {engine}, {found.disagreements} are "
            f"judged otherwise when the oracle puts them in{told}",
            f"This is a fault of {'Casework' if others else 'the engine'}, and no result is given: report it"
            + ("." if others else ", and use option engine=rebuild meanwhile."),
            ours=True,
        )
    return len(chosen)


def perched(lab: Lab, perch: Perch) -> Canary:
    """Put the canaries of one target in, each alone."""
    return sing(lab, lab.network.target(perch.target), perch.engine)
