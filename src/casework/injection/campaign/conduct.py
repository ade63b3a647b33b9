"""A campaign: faults in, what became of each out; with canaries before, an audit after, and the cost of it all."""

from __future__ import annotations

import dataclasses
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from casework.compute import ShardProgress, ShardStore, Spread, spread
from casework.injection.campaign.audit import Audited, audit_shards, run_audit
from casework.injection.campaign.blocks import Block, choose, cut, rows_of, run_block
from casework.injection.campaign.canary import Canary, Perch, perched
from casework.injection.campaign.lab import ORDER, Lab, Setting, lab_of, unknown_engine
from casework.injection.faults.fault_list import EVERY_SAMPLE, OPS, FaultList
from casework.injection.outcomes.ledger import Ledger
from casework.injection.problem import InjectionProblem

Array = NDArray[Any]


class Progress(Protocol):
    """Is told how far a campaign is."""

    def __call__(self, done: int, total: int, text: str) -> None:
        """Take note that `done` of `total` steps of `text` are done."""


@dataclass(frozen=True, slots=True)
class Means:
    """With what a campaign is carried out; nothing of it has a say in the outcome.

    Attributes:
        workers: Processes.
        cluster: Address of a Dask scheduler, or `local`; None for processes of its own.
        checkpoints: Folder in which finished blocks are kept until the end; None for nowhere.
        key: Digest of what is asked, under which they are kept.
        progress: Is told how far it is.
    """

    workers: int = 1
    cluster: str | None = None
    checkpoints: Path | None = None
    key: str = ""
    progress: Progress = field(default=lambda done, total, text: None)


@dataclass(frozen=True, slots=True)
class Campaign:
    """What became of the faults of a list.

    Attributes:
        faults: The list.
        fault: int64 [R]: position in the list of each injected prediction's fault.
        sample: int64 [R]: its input.
        flags: uint16 [R]: what became of it.
        ledger: What the judge counted beside the flags, by input; None where it counts nothing.
        store: Blocks that are kept until the campaign is wholly done; discarded by who asked for it.
        engine_of: Engine by target.
        refusals: For each target, engines that were asked before, and why they did not take it.
        canaries: One a target.
        audits: One a target that the audit fell on.
        injecting: Processor seconds of putting the faults in and judging them, all processes.
        outside: Processor seconds of everything that was done in other processes.
        ran: Predictions that were run.
    """

    faults: FaultList
    fault: Array
    sample: Array
    flags: Array
    ledger: Ledger | None
    store: ShardStore | None
    engine_of: dict[str, str]
    refusals: dict[str, list[tuple[str, str]]]
    canaries: tuple[Canary, ...]
    audits: tuple[Audited, ...]
    injecting: float
    outside: float
    ran: int


def conduct(
    setting: Setting,
    faults: FaultList,
    *,
    engine: str,
    audit: int,
    seed: int,
    means: Means,
    known: dict[tuple[str, str], Canary],
) -> Campaign:
    """Carry a campaign out.

    Args:
        setting: Model, inputs, judge.
        faults: The faults, in the order of their ids.
        engine: Name of the engine, or `auto`.
        audit: Predictions that the oracle repeats.
        seed: Of the audit's sample.
        means: Processes, checkpoints, progress.
        known: Canaries of earlier stages by target and engine; those of this one are added.

    Raises:
        InjectionProblem: No engine takes a target, or a canary was not seen though the oracle sees it.
    """
    lab = lab_of(setting)
    engine_of, refusals = assign(lab, faults, engine)
    fault, sample = rows_of(faults, lab.samples)
    fresh = [Perch(name, chosen) for name, chosen in engine_of.items() if (name, chosen) not in known]
    made = _inject(setting, faults, engine_of, fresh, fault, means)
    known.update({(canary.target, canary.engine): canary for canary in made.canaries})
    canaries = tuple(known[name, chosen] for name, chosen in engine_of.items())
    audits, auditing = _audit(setting, faults, engine_of, made.flags, lab.samples, audit, seed, means)
    return Campaign(
        faults, fault, sample, made.flags, made.ledger, made.store, engine_of, refusals, canaries, audits, made.inside,
        made.outside + auditing, len(made.flags),
    )  # fmt: skip


def assign(lab: Lab, faults: FaultList, engine: str) -> tuple[dict[str, str], dict[str, list[tuple[str, str]]]]:
    """Return the engine of each target that a list hits, and the refusals of those asked before."""
    engine_of: dict[str, str] = {}
    refusals: dict[str, list[tuple[str, str]]] = {}
    for index, examples in _examples(faults):
        name = faults.tensors[index].name
        target = lab.network.target(name)
        order = ORDER[target.stored] if engine == "auto" else (engine,)
        try:
            engines = [lab.engine(one) for one in order]
        except KeyError as missing:
            raise unknown_engine(str(missing.args[0])) from None
        engine_of[name], refusals[name] = choose(engines, lab.network, target, examples)
    return engine_of, refusals


def _examples(faults: FaultList) -> Iterator[tuple[int, FaultList]]:
    """Yield each tensor that is hit with its faults; with one for each operation, where all are of one site and one kind of input."""
    every = faults.sample == EVERY_SAMPLE
    alike = faults.single and (bool(every.all()) or not bool(every.any()))
    kinds = faults.tensor.astype(np.int64) * len(OPS) + faults.op if alike else faults.tensor
    seen = np.flatnonzero(np.bincount(kinds))
    first = {int(kind): int((kinds == kind).argmax()) for kind in seen} if alike else {}
    for index in np.flatnonzero(np.bincount(faults.tensor)):
        if alike:
            positions = np.array([at for kind, at in first.items() if kind // len(OPS) == index], np.int64)
        else:
            positions = np.flatnonzero(faults.tensor == index)
        yield int(index), faults.take(positions)


def refuse_dead(canaries: Sequence[Canary]) -> None:
    """Raise InjectionProblem where an engine's canary was not seen though the oracle sees it."""
    dead = [c for c in canaries if c.verdict == "dead"]
    if dead:
        raise InjectionProblem(
            f"canary: faults put into {dead[0].target} by the engine {dead[0].engine} do not reach the model, and the oracle says "
            "that they should",
            "This is a fault of the engine, and no result is given: report it, and use option engine=rebuild meanwhile.",
            ours=True,
        )


@dataclass(frozen=True, slots=True)
class _Injected:
    """Flags in the order of the rows, what was counted beside, canaries, seconds of injecting and elsewhere, what is kept."""

    flags: Array
    ledger: Ledger | None
    canaries: tuple[Canary, ...]
    inside: float
    outside: float
    store: ShardStore | None


def run_shard(setting: Setting, shard: Perch | Block) -> tuple[Any, ...]:
    """Sing the canary of a target, and refuse a dead one; or run a block."""
    if isinstance(shard, Perch):
        canary = perched(lab_of(setting), shard)
        refuse_dead([canary])
        return dataclasses.astuple(canary)
    return run_block(setting, shard)


def _inject(
    setting: Setting, faults: FaultList, engine_of: dict[str, str], perches: Sequence[Perch], fault: Array, means: Means
) -> _Injected:
    """Sing canaries and run all blocks, spread together: canaries go first, and a dead one ends it."""
    clock = timed()
    lab = lab_of(setting)
    blocks = cut(faults, engine_of, lab.samples)
    store = None if means.checkpoints is None else ShardStore(means.checkpoints, means.key)
    shards: list[Perch | Block] = [*perches, *blocks]
    cutting = clock()
    ran = spread(
        run_shard, setting, shards, workers=means.workers, cluster=means.cluster, store=store,
        progress=_counting(means, len(perches), len(blocks), sum(len(b.faults) for b in blocks)),
    )  # fmt: skip
    clock = timed()
    canaries = tuple(Canary(*found) for found in ran.results[: len(perches)])
    results = ran.results[len(perches) :]
    flags = _merged(faults, [(b, found[1]) for b, found in zip(blocks, results, strict=True)], len(fault), lab.samples)
    ledger = merged_ledger(results)
    # Cutting and merging are part of the cost of injecting; so are the blocks, wherever they ran, but for a process's preparation.
    inside = cutting + sum(found[0] for found in results) + clock()
    return _Injected(flags, ledger, canaries, inside, elsewhere(ran, len(shards), means), store)


def _merged(faults: FaultList, found: Sequence[tuple[Block, Array]], rows: int, samples: int) -> Array:
    """Return the flags of all blocks in the order of the campaign's predictions, uint16 [R]."""
    flags = np.zeros(rows, np.uint16)
    if rows == len(faults):
        for block, part in found:
            flags[block.positions] = part
        return flags
    counts = np.where(faults.sample == EVERY_SAMPLE, samples, 1)
    first = np.concatenate([[0], np.cumsum(counts)[:-1]]).astype(np.int64)
    for block, part in found:
        lengths = counts[block.positions]
        inside = np.arange(int(lengths.sum())) - np.repeat(np.cumsum(lengths) - lengths, lengths)
        flags[np.repeat(first[block.positions], lengths) + inside] = part
    return flags


def merged_ledger(results: Sequence[tuple[Any, ...]]) -> Ledger | None:
    """Return what the judges of all blocks counted; None where they count nothing."""
    counted = [Ledger(found[2], found[3]) for found in results if len(found) > 2]
    for other in counted[1:]:
        counted[0].merge(other)
    return counted[0] if counted else None


def timed() -> Callable[[], float]:
    """Return a clock of this process's processor seconds, from now."""
    start = time.process_time()
    return lambda: time.process_time() - start


def elsewhere(ran: Spread[Any], shards: int, means: Means) -> float:
    """Return processor seconds as far as they were not this process's own of now: of other processes, and of what was resumed."""
    here = means.cluster is None and (means.workers == 1 or shards < 2)
    return ran.resumed_seconds if here else float(ran.cpu_seconds)


def _counting(means: Means, canaries: int, blocks: int, faults: int) -> ShardProgress:
    def told(done: int, total: int) -> None:
        if done < canaries:
            means.progress(done, canaries, "canaries")
        else:
            means.progress(faults * (done - canaries) // max(blocks, 1), faults, "faults")

    return told


def _audit(
    setting: Setting, faults: FaultList, engine_of: dict[str, str], flags: Array, samples: int, wanted: int, seed: int, means: Means
) -> tuple[tuple[Audited, ...], float]:  # fmt: skip
    shards = audit_shards(faults, engine_of, flags, samples, wanted, seed) if wanted else []
    if not shards:
        return (), 0.0
    ran = spread(
        run_audit, setting, shards, workers=means.workers, cluster=means.cluster,
        progress=lambda done, total: means.progress(done, total, "audit"),
    )  # fmt: skip
    return tuple(ran.results), elsewhere(ran, len(shards), means)
