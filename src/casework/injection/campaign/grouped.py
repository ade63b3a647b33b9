"""Campaigns whose faults strike one inference together, at several tensors."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray

from casework.compute import ShardStore, spread
from casework.injection.campaign.audit import (
    Audited,
    AuditShard,
    choose_rows,
    compare,
    handed_over,
    witnessed,
)
from casework.injection.campaign.blocks import BLOCKS, LEAST, CountingJudge
from casework.injection.campaign.canary import AS_GROUPS, Canary, sing
from casework.injection.campaign.conduct import Campaign, Means, elsewhere, merged_ledger, refuse_dead, timed
from casework.injection.campaign.lab import Lab, Setting, lab_of
from casework.injection.engines.grouped.groups import GroupEngine
from casework.injection.engines.grouped.rebuild_groups import RebuildGroupsEngine
from casework.injection.faults.fault_list import FaultList
from casework.injection.faults.groups import group_bounds, group_rows
from casework.injection.problem import InjectionProblem

Array = NDArray[Any]

ORDER: tuple[str, ...] = ("sparse-xor", "segments", "rebuild-groups")


@dataclass(frozen=True, slots=True)
class GroupBlock:
    """Groups of faults for one engine."""

    engine: str
    faults: FaultList


def run_group_block(setting: Setting, block: GroupBlock) -> tuple[Any, ...]:
    """Put the groups of a block in; returns as `blocks.run_block`."""
    lab = lab_of(setting)
    clock = timed()
    bounds = group_bounds(block.faults)
    group, sample = group_rows(block.faults, bounds, lab.samples)
    judge = lab.judge.fresh() if isinstance(lab.judge, CountingJudge) else lab.judge
    engine = cast(GroupEngine, lab.engine(block.engine))
    flags = engine.run_groups(block.faults, bounds, group, sample, judge)
    counted = (judge.ledger.judged, judge.ledger.amounts) if isinstance(judge, CountingJudge) else ()
    return (clock(), flags, *counted)


def conduct_groups(
    setting: Setting, faults: FaultList, *, engine: str, audit: int, seed: int, means: Means, known: dict[tuple[str, str], Canary]
) -> Campaign:  # fmt: skip
    """Carry out a campaign of groups of faults; as `conduct.conduct`.

    Raises:
        InjectionProblem: No engine takes the groups, or a canary was not seen though the oracle sees it.
    """
    lab = lab_of(setting)
    targets = [lab.network.target(faults.tensors[index].name) for index in np.unique(faults.tensor).tolist()]
    bounds = group_bounds(faults)
    chosen, refusals = _assign(lab, faults, ORDER if engine == "auto" else (engine,))
    for done, target in enumerate(targets):
        means.progress(done, len(targets), "canaries")
        if (target.name, chosen) not in known:
            known[target.name, chosen] = sing(lab, target, chosen, AS_GROUPS)
    canaries = tuple(known[t.name, chosen] for t in targets)
    refuse_dead(canaries)
    group, sample = group_rows(faults, bounds, lab.samples)
    blocks = _cut(faults, bounds, chosen, len(group))
    store = None if means.checkpoints is None else ShardStore(means.checkpoints, means.key)
    ran = spread(
        run_group_block, setting, blocks, workers=means.workers, cluster=means.cluster, store=store,
        progress=lambda done, total: means.progress(done, total, "blocks of faults"),
    )  # fmt: skip
    flags = np.concatenate([found[1] for found in ran.results])
    ledger = merged_ledger(ran.results)
    inside = sum(found[0] for found in ran.results)
    outside = elsewhere(ran, len(blocks), means)
    audits = _audit(setting, lab, faults, bounds, group, sample, flags, chosen, audit, seed)
    return Campaign(
        faults, bounds[group], sample, flags, ledger, store, {t.name: chosen for t in targets},
        {targets[0].name: refusals}, canaries, audits, inside, outside, len(flags),
    )  # fmt: skip


def _assign(lab: Lab, faults: FaultList, order: Sequence[str]) -> tuple[str, list[tuple[str, str]]]:
    refusals: list[tuple[str, str]] = []
    for name in order:
        try:
            reason = cast(GroupEngine, lab.engine(name)).refusal_of_groups(faults)
        except (KeyError, AttributeError):
            reason = "it takes one fault at a time"
        if not reason:
            return name, refusals
        refusals.append((name, reason))
    told = "; ".join(f"{name}: {reason}" for name, reason in refusals)
    raise InjectionProblem(
        f"no engine can put these faults in together: {told}", "Use engine=auto, or hit fewer tensors."
    )


def _cut(faults: FaultList, bounds: Array, engine: str, rows: int) -> list[GroupBlock]:
    groups = len(bounds) - 1
    size = max(LEAST * groups // max(rows, 1), groups // BLOCKS, 1)
    edges = [*range(0, groups, size), groups]
    return [GroupBlock(engine, faults.part(int(bounds[a]), int(bounds[b]))) for a, b in pairwise(edges)]


def _audit(
    setting: Setting, lab: Lab, faults: FaultList, bounds: Array, group: Array, sample: Array, flags: Array, engine: str,
    wanted: int, seed: int,
) -> tuple[Audited, ...]:  # fmt: skip
    """Repeat some predictions by the oracle for groups, in this process: their faults are too many to send around."""
    chosen = choose_rows(len(group), wanted, seed) if wanted else np.zeros(0, np.int64)
    if not len(chosen):
        return ()
    oracle = cast(RebuildGroupsEngine, lab.engine("rebuild-groups"))
    oracle.plain = handed_over(setting, lab, oracle.plain)
    exact = cast(GroupEngine, lab.engine(engine)).exactness_for(faults) == "bit-exact"
    found = oracle.each(faults, bounds, group[chosen], sample[chosen])
    truth = witnessed(lab, oracle.plain, found, sample[chosen], exact=exact)
    shard = AuditShard("all together", engine, faults, sample[chosen], flags[chosen])
    return (compare(shard, truth, exact=exact),)
