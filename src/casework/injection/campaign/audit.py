"""The audit: a sample of the injected predictions is repeated by the oracle, and the two must agree.

What both could have wrong is held to something else: the inputs of the oracle are those that the campaign was handed, and its outputs
without faults must be those of the golden run; its flags are given by a second judge too.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Final, cast

import numpy as np
from numpy.typing import NDArray

from casework.injection.campaign.blocks import rows_of
from casework.injection.campaign.lab import Lab, Setting, lab_of
from casework.injection.engines.rebuild import Plain, RebuildEngine
from casework.injection.faults.fault_list import FaultList
from casework.injection.outcomes.flags import BEYOND, CHANGED, DETECTED, DUE, GHOST, LOST, NEAR_TIE, SDC, SDC5
from casework.injection.outcomes.plain.second import second_judge
from casework.injection.outcomes.plain.verdict import Second, changed

Array = NDArray[Any]

DECISIONS: Final = SDC | SDC5 | DUE | DETECTED | LOST | GHOST | sum(BEYOND)
"""What must agree whatever the order of sums, unless the decision is a near tie."""


@dataclass(frozen=True, slots=True)
class AuditShard:
    """Predictions of one target to repeat.

    Attributes:
        target: Name of the tensor.
        engine: Engine that made them first.
        faults: One fault a prediction.
        samples: int64 [A]: input of each.
        flags: uint16 [A]: what the engine found.
    """

    target: str
    engine: str
    faults: FaultList
    samples: Array
    flags: Array


@dataclass(frozen=True, slots=True)
class Audited:
    """What came of the audit of one target.

    Attributes:
        target: Name of the tensor.
        engine: Engine that was audited.
        audited: Predictions repeated.
        disagreements: Of these, those in which engine and oracle, the two judges, or oracle and golden run differ.
        near_ties: Of these, those that differ in a decision by less than the noise of sums; no disagreements.
        rounding: Of these, those that differ only in whether some bit of an output changed.
        judges: Of the disagreements, those in which the second judge says something else of the oracle's outputs.
        inputs: Of the disagreements, those of inputs on which the oracle without faults gives other outputs than the golden run.
    """

    target: str
    engine: str
    audited: int
    disagreements: int
    near_ties: int
    rounding: int
    judges: int = 0
    inputs: int = 0


@dataclass(frozen=True, slots=True)
class Truth:
    """What the oracle says of predictions, and whether that can be relied upon.

    Attributes:
        flags: uint16 [A]: of its outputs, by the judge of the campaign.
        judges: bool [A]: the second judge says something else.
        inputs: bool [A]: without faults, its outputs are not the golden ones.
    """

    flags: Array
    judges: Array
    inputs: Array


def choose_rows(rows: int, wanted: int, seed: int) -> Array:
    """Return which of `rows` predictions are audited, ascending: a sample without repetition that depends on the seed alone."""
    if wanted >= rows:
        return np.arange(rows)
    return np.sort(np.random.Generator(np.random.Philox([seed, rows])).choice(rows, wanted, replace=False))


def spread_rows(tensor: Array, wanted: int, seed: int) -> Array:
    """Return which predictions are audited, ascending: half of them alike over the tensors, the rest over all predictions.

    A fault of an engine in one small layer would seldom be met by a sample of all predictions.

    Args:
        tensor: int [R]: tensor that each prediction's fault hits.
        wanted: How many.
        seed: Of the draw.
    """
    rows = len(tensor)
    if wanted >= rows:
        return np.arange(rows)
    sizes = np.bincount(tensor)
    held = np.flatnonzero(sizes)
    each = -(-wanted // (2 * len(held)))
    order = np.argsort(tensor, kind="stable")
    first = np.cumsum(sizes) - sizes
    alike = [order[first[t] + choose_rows(int(sizes[t]), min(each, int(sizes[t])), seed + int(t))] for t in held]
    taken = np.concatenate(alike)[np.argsort(np.concatenate([np.arange(len(a)) for a in alike]), kind="stable")]
    taken = taken[: max(wanted // 2, 1)]
    rest = np.setdiff1d(choose_rows(rows, wanted, seed), taken)
    more = rest[choose_rows(len(rest), wanted - len(taken), seed)]
    return np.sort(np.concatenate([taken, more]))


def audit_shards(
    faults: FaultList, engine_of: dict[str, str], flags: Array, samples: int, wanted: int, seed: int
) -> list[AuditShard]:
    """Return what is to be repeated, by target."""
    fault, sample = rows_of(faults, samples)
    chosen = spread_rows(faults.tensor[fault], wanted, seed)
    shards = []
    tensors = faults.tensor[fault[chosen]]
    for tensor in np.unique(tensors):
        part = chosen[tensors == tensor]
        name = faults.tensors[int(tensor)].name
        shards.append(AuditShard(name, engine_of[name], faults.take(fault[part]), sample[part], flags[part]))
    return shards


def run_audit(setting: Setting, shard: AuditShard) -> Audited:
    """Repeat predictions by the oracle and compare."""
    lab = lab_of(setting)
    target = lab.network.target(shard.target)
    oracle = cast(RebuildEngine, lab.engine("rebuild"))
    oracle.plain = handed_over(setting, lab, oracle.plain)
    exact = lab.engine(shard.engine).exactness == "bit-exact"
    found = oracle.each(target, shard.faults, np.arange(len(shard.faults)), shard.samples)
    return compare(shard, witnessed(lab, oracle.plain, found, shard.samples, exact=exact), exact=exact)


def handed_over(setting: Setting, lab: Lab, held: Plain) -> Plain:
    """Return the graph without faults on the inputs of a setting: what is held, where it is that already."""
    return held if held.inputs is setting.inputs else Plain(lab.network, setting.inputs)


def witnessed(
    lab: Lab, plain: Plain, found: Iterable[tuple[int, list[Array]]], samples: Array, *, exact: bool
) -> Truth:
    """Judge outputs of the oracle by both judges, and look whether it gives the golden outputs where nothing is hit.

    Args:
        lab: Golden run and judge.
        plain: The graph without faults, as the oracle feeds it.
        found: Positions in `samples` and outputs, each [1, ...]; predictions that are not there are not hit.
        samples: int64 [A].
        exact: Outputs without faults must be the golden ones bit for bit; else they must be decided alike.
    """
    second = second_judge(lab.judge)
    flags = np.zeros(len(samples), np.uint16)
    judges, inputs = (np.zeros(len(samples), np.bool_) for _ in range(2))
    same: dict[int, bool] = {}
    for row, outputs in found:
        sample = int(samples[row])
        golden = [values[sample : sample + 1] for values in lab.golden.outputs]
        if sample not in same:
            same[sample] = _alike(plain.outputs(sample), golden, None if exact else second)
        flags[row] = lab.judge(outputs, samples[row : row + 1])[0]
        judges[row] = second is not None and second(outputs, golden).differs(int(flags[row]))
        inputs[row] = not same[sample]
    return Truth(flags, judges, inputs)


def _alike(found: Sequence[Array], golden: Sequence[Array], second: Second | None) -> bool:
    """Return whether outputs have the same bits or, where a second judge is asked, are decided alike."""
    if not any(changed(one, other) for one, other in zip(found, golden, strict=True)):
        return True
    if second is None:
        return False
    flags = second(found, golden).flags
    return not flags & DECISIONS or bool(flags & NEAR_TIE)


def compare(shard: AuditShard, truth: Truth, *, exact: bool) -> Audited:
    """Compare an engine's flags with the oracle's.

    A bit-exact engine must agree in every flag. Of another, decisions must agree unless the oracle calls it a near
    tie; whether some bit changed at all, and how far a confidence fell, may differ by rounding. What the oracle says must hold
    before a second judge, and on outputs that are the golden ones where nothing is hit.
    """
    wrong = disagreeing(shard.flags, truth.flags, exact=exact)
    decides = (shard.flags & DECISIONS) != (truth.flags & DECISIONS)
    unsure = np.zeros_like(wrong) if exact else ~wrong
    near = unsure & decides
    rounding = unsure & ((shard.flags ^ truth.flags) & CHANGED != 0) & ~decides
    wrong = wrong | truth.judges | truth.inputs
    return Audited(
        shard.target, shard.engine, len(wrong), *(int(one.sum()) for one in (wrong, near, rounding, truth.judges, truth.inputs))
    )  # fmt: skip


def disagreeing(flags: Array, truth: Array, *, exact: bool) -> Array:
    """Return bool [A]: an engine's flags, exact or up to rounding, are not what the oracle's allow."""
    if exact:
        return np.asarray(flags != truth)
    decides = (flags & DECISIONS) != (truth & DECISIONS)
    # Only the oracle may call it a tie: an engine that calls everything one would never be wrong.
    return np.asarray(decides & ((truth & NEAR_TIE) == 0))
