"""Engines for faults that strike one inference together: what they are asked, and what all of them need."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
from numpy.typing import NDArray

from casework.injection.engines.protocol import Exactness, Judge
from casework.injection.faults.bits import is_float, pattern_type, ranges, struck
from casework.injection.faults.fault_list import FaultList

if TYPE_CHECKING:
    from casework.injection.network.network import Network

Array = NDArray[Any]


class GroupEngine(Protocol):
    """A way to compute predictions that several faults strike at several tensors. Made for a network and its golden run."""

    @property
    def name(self) -> str:
        """Name in records."""

    def exactness_for(self, faults: FaultList) -> Exactness:
        """Return how its outputs compare with the oracle's for these faults."""

    def refusal_of_groups(self, faults: FaultList) -> str:
        """Return why it cannot take these faults; empty where it can. It may open a session to see."""

    def run_groups(self, faults: FaultList, bounds: Array, group: Array, sample: Array, judge: Judge) -> Array:
        """Return the flags uint16 [R] of R injected predictions.

        Args:
            faults: Faults, those of a group one after the other.
            bounds: int64 [G + 1]: group g is of the faults `bounds[g]` to `bounds[g + 1]`; see `faults.groups.group_bounds`.
            group: int64 [R]: the group that strikes each prediction.
            sample: int64 [R]: its input.
            judge: Judges outputs; a prediction that no site strikes has flags 0.
        """


def names_hit(faults: FaultList) -> list[str]:
    """Return the names of the tensors that have a site, in the order of the list's table."""
    return [faults.tensors[int(number)].name for number in np.unique(faults.tensor[np.diff(faults.starts) > 0])]


def exactness_for(network: Network, faults: FaultList) -> Exactness:
    """Return `rounding` where a stored floating-point tensor is fed: matrix products then round otherwise than with packed weights."""
    targets = [network.target(name) for name in names_hit(faults)]
    fed = any(target.stored and is_float(target.dtype) for target in targets)
    return "rounding" if fed else "bit-exact"


@dataclass(frozen=True, slots=True)
class Hits:
    """Sites at one tensor in a batch of predictions.

    Attributes:
        row: int64 [S]: the prediction.
        index: int64 [S]: flat index into the tensor of one sample.
        op: uint8 [S].
        operand: uint64 [S].
        turn: int64 [S]: 0 for sites of the first fault of its prediction at this tensor, 1 of the second, and so on.
    """

    row: Array
    index: Array
    op: Array
    operand: Array
    turn: Array


def hits_of(faults: FaultList, bounds: Array, group: Array) -> dict[int, Hits]:
    """Return the sites of a batch, by position of the tensor in the list; row r is struck by the faults of `group[r]`."""
    per_row = bounds[group + 1] - bounds[group]
    fault = ranges(bounds[group], per_row)
    row = np.repeat(np.arange(len(group)), per_row)
    order = np.argsort(faults.tensor[fault], kind="stable")
    fault, row = fault[order], row[order]
    tensor = faults.tensor[fault]
    again = np.r_[False, (np.diff(tensor) == 0) & (np.diff(row) == 0)][: len(fault)]
    position = np.arange(len(fault))
    turn = position - np.maximum.accumulate(np.where(again, 0, position)) if len(fault) else position
    counts = faults.starts[fault + 1] - faults.starts[fault]
    site = ranges(faults.starts[fault], counts)
    columns = [np.repeat(column, counts) for column in (row, faults.op[fault], turn, tensor)]
    row, op, turn, tensor = columns
    cuts = np.flatnonzero(np.diff(tensor)) + 1
    found: dict[int, Hits] = {}
    for mine in np.split(np.arange(len(site)), cuts):
        if len(mine):
            chosen = site[mine]
            found[int(tensor[mine[0]])] = Hits(
                row[mine], faults.index[chosen], op[mine], faults.operand[chosen], turn[mine]
            )
    return found


def strike_hits(rows: Array, hits: Hits) -> None:
    """Put sites into rows [R, ...] of one tensor, C-contiguous, in place; faults of one prediction in their order."""
    flat = rows.view(pattern_type(rows.dtype.name)).reshape(-1)
    elements = flat.size // len(rows)
    at = hits.row * elements + hits.index
    for turn in range(int(hits.turn.max(initial=-1)) + 1):
        mine = slice(None) if not hits.turn.any() else hits.turn == turn
        flat[at[mine]] = struck(flat[at[mine]], hits.op[mine], hits.operand[mine], rows.dtype.name)


def struck_groups(faults: FaultList, bounds: Array) -> Array:
    """Return which groups have a site at all, bool [G]."""
    return np.asarray(faults.starts[bounds[1:]] > faults.starts[bounds[:-1]])


def batches(
    faults: FaultList, bounds: Array, group: Array, sample: Array, stored: Array, most: int
) -> Iterator[tuple[Array, bool]]:
    """Cut predictions into batches.

    Args:
        faults: The faults.
        bounds: Of the groups.
        group: int64 [R].
        sample: int64 [R].
        stored: bool [T]: which tensors of the list are stored. What is struck there is shared by a whole batch, so that
            predictions of such a group run with none of another.
        most: Predictions of a batch.

    Yields:
        Positions int64 [B] among the R predictions, and whether their group strikes stored tensors.
    """
    at_stored = np.concatenate([[0], np.cumsum(stored[faults.tensor] & (np.diff(faults.starts) > 0))])
    apart = at_stored[bounds[1:]] > at_stored[bounds[:-1]]
    alive = struck_groups(faults, bounds)[group]
    free = np.flatnonzero(alive & ~apart[group])
    free = free[np.argsort(sample[free], kind="stable")]
    for start in range(0, len(free), most):
        yield free[start : start + most], False
    own = np.flatnonzero(alive & apart[group])
    own = own[np.lexsort((sample[own], group[own]))]
    for part in np.split(own, np.flatnonzero(np.diff(group[own])) + 1):
        for start in range(0, len(part), most):
            yield part[start : start + most], True
