"""Golden tensors by sample, the last used kept for the next target."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from numpy.typing import NDArray

from casework.injection.engines.regions.graph import GraphView
from casework.injection.engines.regions.plan import Plan
from casework.injection.engines.regions.windows import Backdrop

if TYPE_CHECKING:
    from casework.injection.network.golden import Golden

Array = NDArray[Any]

HELD: Final = 512 << 20
"""Bytes that are kept, about."""

PORTION: Final = 256 << 20
"""Bytes of the tensors of samples whose faults travel together, about."""

FETCHED: Final = 64 << 20
"""Bytes that are asked of the golden run at a time, about."""

FEW: Final = 64
"""Samples that are turned around together even where a target is struck in fewer."""


class Scenes:
    """Backdrops of samples for the ways of plans."""

    def __init__(self, graph: GraphView, golden: Golden) -> None:
        self._graph = graph
        self._golden = golden
        self._held: OrderedDict[tuple[str, int], Array] = OrderedDict()
        self._bytes = 0
        self._every = np.arange(golden.samples)
        self._turned: dict[str, Array] = {}

    def portions(self, plan: Plan, size: tuple[int, int], sample: Array) -> Iterator[tuple[Array, Array]]:
        """Yield rows int64 [K], and their samples, ascending and unlike: as many samples as fit.

        Args:
            plan: The way.
            size: Of the windows in the target.
            sample: int64 [R]: sample of each row.
        """
        each = max(1, sum(self._size(name) for name in plan.way(size)))
        order = np.argsort(sample, kind="stable")
        unlike, ordered = np.unique(sample), sample[order]
        together = max(1, PORTION // each)
        if self._golden.whole:
            # What is turned around for all samples serves other targets too.
            every = self._golden.samples <= max(FEW, 2 * len(unlike))
            unlike = self._every if every else unlike
            together = len(unlike)
        for start in range(0, len(unlike), together):
            chosen = unlike[start : start + together]
            first, last = np.searchsorted(ordered, [chosen[0], chosen[-1] + 1])
            yield order[first:last], chosen

    def backdrop(self, plan: Plan, size: tuple[int, int], samples: Array) -> Backdrop:
        """Return the golden tensors of samples: those on the way of windows of a size at once, others when asked for."""
        way = plan.way(size)
        numbers = samples.tolist()
        if self._golden.whole:
            shared = self._turned if len(numbers) == self._golden.samples else None
            return Backdrop(len(numbers), lambda name, slot: self._kept(name, numbers[slot]), shared)
        each = max(1, sum(self._size(name) for name in way))
        lacking = [int(s) for s in samples if any((name, int(s)) not in self._held for name in way)]
        together = max(1, FETCHED // each)
        for start in range(0, len(lacking), together):
            self._fetch(way, lacking[start : start + together])
        return Backdrop(len(numbers), lambda name, slot: self._of(name, numbers[slot]))

    def _kept(self, name: str, sample: int) -> Array:
        found = self._golden.row(name, sample)
        return self._of(name, sample) if found is None else found

    def _of(self, name: str, sample: int) -> Array:
        key = (name, sample)
        if key not in self._held:
            self._fetch([name], [sample])
        self._held.move_to_end(key)
        return self._held[key]

    def _fetch(self, names: Sequence[str], samples: Sequence[int]) -> None:
        for name, values in self._golden.values(list(names), np.array(samples)).items():
            for sample, value in zip(samples, values, strict=True):
                if (name, sample) not in self._held:
                    self._held[name, sample] = value if len(values) == 1 else value.copy()
                    self._bytes += value.nbytes
        while self._bytes > HELD and len(self._held) > 1:
            self._bytes -= self._held.popitem(last=False)[1].nbytes

    def _size(self, name: str) -> int:
        return 4 * int(np.prod(self._graph.rows(name) or (1,)))
