"""The audit: a sample of the injected predictions is repeated by the oracle, and the two must agree."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from casework.injection.campaign.blocks import rows_of
from casework.injection.campaign.lab import Setting, lab_of
from casework.injection.faults.fault_list import FaultList
from casework.injection.outcomes.flags import BEYOND, CHANGED, DETECTED, DUE, GHOST, LOST, NEAR_TIE, SDC, SDC5

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
        disagreements: Of these, those in which engine and oracle decide differently.
        near_ties: Of these, those that differ in a decision by less than the noise of sums; no disagreements.
        rounding: Of these, those that differ only in whether some bit of an output changed.
    """

    target: str
    engine: str
    audited: int
    disagreements: int
    near_ties: int
    rounding: int


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
    rows = np.arange(len(shard.faults))
    truth = lab.engine("rebuild").run(target, shard.faults, rows, shard.samples, lab.judge)
    exact = lab.engine(shard.engine).exactness == "bit-exact"
    return compare(shard, truth, exact=exact)


def compare(shard: AuditShard, truth: Array, *, exact: bool) -> Audited:
    """Compare an engine's flags with the oracle's.

    A bit-exact engine must agree in every flag. Of another, decisions must agree unless the oracle calls it a near
    tie; whether some bit changed at all, and how far a confidence fell, may differ by rounding.
    """
    differs = shard.flags != truth
    decides = (shard.flags & DECISIONS) != (truth & DECISIONS)
    # Only the oracle may call it a tie: an engine that calls everything one would never be wrong.
    tie = (truth & NEAR_TIE) != 0
    wrong = differs if exact else decides & ~tie
    near = np.zeros_like(wrong) if exact else decides & tie
    rounding = np.zeros_like(wrong) if exact else ((shard.flags ^ truth) & CHANGED != 0) & ~decides
    return Audited(shard.target, shard.engine, len(truth), int(wrong.sum()), int(near.sum()), int(rounding.sum()))
