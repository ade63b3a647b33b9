"""A block: faults of one target, put in by one engine; the unit that is spread over processes, kept and merged."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Any, Final, Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from casework.injection.campaign.lab import Setting, lab_of
from casework.injection.engines.protocol import Engine, Judge
from casework.injection.faults.fault_list import EVERY_SAMPLE, FaultList
from casework.injection.network.network import Network
from casework.injection.network.target import Target
from casework.injection.outcomes.ledger import Ledger
from casework.injection.problem import InjectionProblem

Array = NDArray[Any]


@runtime_checkable
class CountingJudge(Judge, Protocol):
    """A judge that counts more than flags can hold."""

    ledger: Ledger

    def fresh(self) -> CountingJudge:
        """Return it with an empty ledger."""


BLOCKS: Final = 32
"""Blocks that a large campaign is cut into, about; fixed, so that the cut does not depend on the number of processes."""

LEAST: Final = 50_000
"""Fewest injected predictions in a block, where a target has as many: each block has sessions of its own to build."""


@dataclass(frozen=True, slots=True)
class Block:
    """Faults of one target for one engine.

    Attributes:
        target: Name of the tensor.
        engine: Name of the engine.
        faults: The faults.
        positions: int64 [F]: where they stand in the campaign's list.
    """

    target: str
    engine: str
    faults: FaultList
    positions: Array


def rows_of(faults: FaultList, samples: int) -> tuple[Array, Array]:
    """Return the injected predictions of a list: position of the fault, and input, both int64 [R].

    A fault that is there for every input has as many predictions as there are inputs, in their order.
    """
    every = faults.sample == EVERY_SAMPLE
    if not every.any():
        return np.arange(len(faults)), faults.sample
    if every.all():
        return np.repeat(np.arange(len(faults)), samples), np.tile(np.arange(samples), len(faults))
    counts = np.where(every, samples, 1)
    fault = np.repeat(np.arange(len(faults)), counts)
    first = np.concatenate([[0], np.cumsum(counts)[:-1]])
    sample = np.where(every[fault], np.arange(len(fault)) - first[fault], faults.sample[fault])
    return fault, sample


def run_block(setting: Setting, block: Block) -> tuple[Any, ...]:
    """Put the faults of a block in.

    Returns:
        Processor seconds, without those of preparing the process's lab; the flags uint16 [R], in the order of `rows_of`; and the
        arrays of the ledger of a judge that counts beside them: int64 [N], int64 [N, K].
    """
    lab = lab_of(setting)
    start = time.process_time()
    target = lab.network.target(block.target)
    fault, sample = rows_of(block.faults, lab.samples)
    judge = lab.judge.fresh() if isinstance(lab.judge, CountingJudge) else lab.judge
    flags = lab.engine(block.engine).run(target, block.faults, fault, sample, judge)
    counted = (judge.ledger.judged, judge.ledger.amounts) if isinstance(judge, CountingJudge) else ()
    return (time.process_time() - start, flags, *counted)


def choose(
    engines: Sequence[Engine], network: Network, target: Target, faults: FaultList
) -> tuple[str, list[tuple[str, str]]]:
    """Return the first engine that takes faults of a target, and why those before it did not.

    Raises:
        InjectionProblem: None takes them.
    """
    refusals: list[tuple[str, str]] = []
    for engine in engines:
        reason = engine.refusal(target, faults)
        if not reason:
            return engine.name, refusals
        refusals.append((engine.name, reason))
    told = "; ".join(f"{name}: {reason}" for name, reason in refusals)
    raise InjectionProblem(
        f"no engine can put these faults into {target.name}: {told}", "Leave the tensor out, or name another engine."
    )


def _sorted(faults: FaultList, samples: int) -> tuple[FaultList, Array]:
    """Return a list by tensor and, where both fit into 16 bits and so sort in linear time, by input; and the order int64 [F].

    Of a list so sorted, tensors and inputs are known from how many there are of each: less than half of its columns is gathered.
    """
    count = len(faults.tensors)
    if count * (samples + 1) >= 1 << 16:
        keys = faults.tensor.astype(np.int16) if count < 1 << 15 else faults.tensor
        order = np.argsort(keys, kind="stable")
        return faults.take(order), order
    narrow = faults.tensor.astype(np.uint16)
    narrow *= np.uint16(samples + 1)
    narrow += (faults.sample + 1).astype(np.uint16)  # inputs count from `EVERY_SAMPLE`, which is -1
    order = np.argsort(narrow, kind="stable")
    if not faults.single or faults.group is not faults.ids:
        return faults.take(order), order
    found = np.bincount(narrow, minlength=count * (samples + 1))
    tensor = np.repeat(np.arange(count, dtype=np.int32), found.reshape(count, -1).sum(axis=1))
    sample = np.repeat(np.tile(np.arange(EVERY_SAMPLE, samples, dtype=np.int64), count), found)
    counted = (
        int(faults.ids[0]) == 0 and int(faults.ids[-1]) == len(faults) - 1
    )  # ascending and unlike: they are 0, 1, ...
    ids = order if counted else faults.ids.take(order)
    return replace(
        faults, ids=ids, group=ids, tensor=tensor, sample=sample, op=faults.op.take(order), index=faults.index.take(order),
        operand=faults.operand.take(order),
    ), order  # fmt: skip


def cut(faults: FaultList, engine_of: dict[str, str], samples: int) -> list[Block]:
    """Cut a list into blocks, by target and then by size; the cut depends on nothing but the list.

    Args:
        faults: All faults of the campaign.
        engine_of: Engine by target.
        samples: Number of inputs.
    """
    if not len(faults):
        return []
    ordered, order = _sorted(faults, samples)
    every = ordered.sample == EVERY_SAMPLE
    total = len(faults) + int(every.sum()) * (samples - 1)
    size = max(LEAST, total // BLOCKS)
    bounds = [0, *(np.flatnonzero(np.diff(ordered.tensor)) + 1).tolist(), len(ordered)]
    blocks: list[Block] = []
    for first, last in pairwise(bounds):
        if first == last:
            continue
        name = ordered.tensors[int(ordered.tensor[first])].name
        rows = last - first + int(every[first:last].sum()) * (samples - 1)
        pieces = max(1, -(-rows // size))
        edges = np.linspace(first, last, pieces + 1).round().astype(np.int64).tolist()
        blocks += [
            Block(name, engine_of[name], ordered.part(start, stop), order[start:stop])
            for start, stop in pairwise(edges)
            if start < stop
        ]
    return blocks
