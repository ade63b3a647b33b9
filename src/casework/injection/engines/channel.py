"""The channel engine: only the output channel that a faulty weight touches is computed anew, for many faults in one call.

The channel is carried on as far as channels keep apart, and put into the golden tensor for the rest of the graph.

Exactness. The channel's sums are taken in the order in which the whole layer takes them; this is tried on the golden weights before
an engine takes a target, which must give the golden bits. A channel that equals the golden one bit by bit is masked in truth.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from numpy.typing import NDArray

from casework.injection.engines.protocol import Exactness, Judge
from casework.injection.engines.regions.filters import Sites
from casework.injection.engines.regions.finish import Rests
from casework.injection.engines.regions.graph import GraphView
from casework.injection.engines.regions.layer import Layer, layer_of
from casework.injection.engines.regions.plan import Plan, insertable
from casework.injection.engines.regions.tail import Tail
from casework.injection.faults.bits import faulty_values
from casework.injection.faults.fault_list import FaultList
from casework.injection.network.target import Target

if TYPE_CHECKING:
    from casework.injection.network.golden import Golden
    from casework.injection.network.network import Network

Array = NDArray[Any]

ROOM: Final = 4 << 20
"""Bytes of faulty filters and of the channels that they give, that are computed together, about."""


class ChannelEngine:
    """Touched channels for weights and biases of convolutions and matrix products."""

    def __init__(self, network: Network, golden: Golden) -> None:
        self._network = network
        self._golden = golden
        self._graph = GraphView(network)
        self._layers: dict[str, Layer | str] = {}
        self._rests = Rests(golden)

    @property
    def name(self) -> str:
        """Name in records."""
        return "channel"

    @property
    def exactness(self) -> Exactness:
        """Bit by bit: see above."""
        return "bit-exact"

    def refusal(self, target: Target, faults: FaultList) -> str:
        """Return why it cannot take these faults of this target; empty where it can."""
        if target.kind not in ("weight", "bias"):
            return "it takes weights and biases only"
        if bool((np.diff(np.sort(faults.group)) == 0).any()):
            return "faults strike in groups"
        layer = self._layer(target)
        if isinstance(layer, str):
            return layer
        channel = layer.channel(faults.index, target.name)
        starts = faults.starts[:-1]
        if not faults.single and bool(
            (np.maximum.reduceat(channel, starts) != np.minimum.reduceat(channel, starts)).any()
        ):
            return "a fault strikes several channels"
        return ""

    def run(self, target: Target, faults: FaultList, fault: Array, sample: Array, judge: Judge) -> Array:
        """Return the flags uint16 [R] of R injected predictions; see the protocol."""
        flags = np.zeros(len(fault), np.uint16)
        layer = self._layer(target)
        if isinstance(layer, str):
            raise TypeError(layer)
        tail = Tail(self._rests.of(Plan(self._graph, layer.result, []), 0), self._golden, judge, flags)
        sites = self._sites(layer, target, faults)
        if _every_sample(fault, sample, len(faults)):
            self._run_all(layer, sites, sample[: len(sample) // max(len(faults), 1)], tail)
        else:
            self._run_some(layer, sites, fault, sample, tail)
        tail.finish()
        return flags

    def _layer(self, target: Target) -> Layer | str:
        if target.name not in self._layers:
            layer = layer_of(self._graph, target)
            if not isinstance(layer, str):
                plan = Plan(self._graph, layer.result, [])
                layer = insertable(plan, plan.frontiers) or layer
            if not isinstance(layer, str):
                layer = layer.proven(self._golden) or layer
            self._layers[target.name] = layer
        return self._layers[target.name]

    def _sites(self, layer: Layer, target: Target, faults: FaultList) -> Sites:
        channel = layer.channel(faults.index, target.name)
        values = faulty_values(self._graph.held(target.name), faults)
        return Sites(channel[faults.starts[:-1]], layer.place(faults.index, target.name), values, faults.starts)

    def _run_all(self, layer: Layer, sites: Sites, samples: Array, tail: Tail) -> None:
        """Every fault with the same samples: rows are fault by fault, in the order of the samples."""
        order = np.argsort(sites.channel, kind="stable")
        for block in layer.blocks(samples):
            inputs = layer.inputs(self._golden, samples[block])
            for part in _parts(order, layer.most(ROOM, len(samples[block]))):
                made = layer.channels(sites, part, inputs)
                for column, number in enumerate(block):
                    tail.add(int(samples[number]), part * len(samples) + number, sites.channel[part], made[column])

    def _run_some(self, layer: Layer, sites: Sites, fault: Array, sample: Array, tail: Tail) -> None:
        """Any faults with any samples."""
        unlike = np.unique(sample)
        order = np.lexsort((sites.channel[fault], sample))
        bounds = [*np.searchsorted(sample[order], unlike).tolist(), len(order)]
        for block in layer.blocks(unlike):
            inputs = layer.inputs(self._golden, unlike[block])
            chosen = order[bounds[block[0]] : bounds[block[-1] + 1]]
            for part in _parts(chosen, layer.most(ROOM, len(block))):
                made = layer.channels(sites, fault[part], inputs)
                column = np.searchsorted(unlike[block], sample[part])
                values = made[0] if len(block) == 1 else np.stack(made)[column, np.arange(len(part))]
                tail.add_mixed(sample[part], part, sites.channel[fault[part]], values)


def _parts(order: Array, most: int) -> Iterator[Array]:
    for start in range(0, len(order), most):
        yield order[start : start + most]


def _every_sample(fault: Array, sample: Array, faults: int) -> bool:
    """Return whether every fault stands with the same samples, fault by fault."""
    if not faults or len(fault) % faults or len(fault) == faults:
        return False
    each = len(fault) // faults
    by_fault, by_sample = fault.reshape(faults, each), sample.reshape(faults, each)
    return bool((by_fault == np.arange(faults)[:, None]).all() and (by_sample == by_sample[0]).all())
