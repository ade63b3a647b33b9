"""The filters of a layer, one a row: where faults strike them, what keeps their channels apart, and sessions over them."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from casework.injection.engines.regions.graph import GraphView
from casework.injection.network.sessions import open_session

Array = NDArray[Any]


@dataclass(frozen=True, slots=True)
class Sites:
    """Where faults strike the filters of a layer.

    Attributes:
        channel: int64 [F]: output channel that a fault changes.
        place: int64 [S]: position in the channel's filter, or its length for the bias.
        values: [S]: what stands there with the fault.
        starts: int64 [F + 1]: sites of each fault.
    """

    channel: Array
    place: Array
    values: Array
    starts: Array

    def of(self, faults: Array) -> tuple[Array, Array]:
        """Return the sites of some faults: which of them each belongs to, and its number; both int64 [K]."""
        counts = self.starts[faults + 1] - self.starts[faults]
        owner = np.repeat(np.arange(len(faults)), counts)
        first = np.cumsum(counts) - counts
        return owner, np.arange(len(owner)) - first[owner] + self.starts[faults][owner]


@dataclass(slots=True)
class Filters:
    """The filters of a layer, one a row: weight [channels, length] and bias [channels], and where a name's elements lie in them."""

    weight: Array
    bias: Array | None
    weight_name: str
    transposed: bool

    def channel(self, index: Array, name: str) -> Array:
        """Return the channel of elements."""
        if name != self.weight_name:
            return index
        channels, length = self.weight.shape
        return np.asarray(index % channels if self.transposed else index // length)

    def place(self, index: Array, name: str) -> Array:
        """Return the position of elements in their filter; its length for the bias."""
        channels, length = self.weight.shape
        if name != self.weight_name:
            return np.full(len(index), length, np.int64)
        return np.asarray(index // channels if self.transposed else index % length)

    def struck(self, sites: Sites, faults: Array) -> tuple[Array, Array | None]:
        """Return the filters [F, length] and biases [F] of faults, with the fault in each."""
        channel = sites.channel[faults]
        weight = self.weight[channel]
        bias = None if self.bias is None else self.bias[channel]
        owner, number = sites.of(faults)
        place, values = sites.place[number], sites.values[number]
        inside = place < self.weight.shape[1]
        if inside.all():
            weight[owner, place] = values
        else:
            weight[owner[inside], place[inside]] = values[inside]
            if bias is not None:
                bias[owner[~inside]] = values[~inside]
        return weight, bias


def bias_of(graph: GraphView, node: Any) -> Array | None:
    """Return the bias of a layer, one value a channel; None where it has none."""
    return graph.held(node.input[2]).reshape(-1) if len(node.input) > 2 and node.input[2] else None


def behind_layer(graph: GraphView, position: int, kinds: frozenset[str]) -> list[int]:
    """Return the nodes after a layer that keep its channels apart, have no other source and alone read what they read."""
    found: list[int] = []
    last = position
    while True:
        after = graph.only_reader(graph.nodes[last].output[0])
        if after is None or graph.rows(graph.nodes[last].output[0]) is None:
            return found
        node = graph.nodes[after]
        single = all(
            name in graph.stored and math.prod(graph.stored[name].dims) == 1 for name in node.input[1:] if name
        )
        fits = node.op_type in kinds and node.op_type != "BatchNormalization" and len(node.output) == 1 and single
        if not fits or node.domain not in ("", "ai.onnx") or graph.rows(node.output[0]) is None:
            return found
        found.append(after)
        last = after


def channel_session(graph: GraphView, nodes: Sequence[Any], reads: Sequence[tuple[str, int]], result: str) -> Any:
    """Return a session of nodes that reads float tensors of given ranks."""
    from onnx import helper

    held = {name for node in nodes for name in node.input if name in graph.stored} - {name for name, _ in reads}
    proto = graph.network.proto
    made = helper.make_graph(
        list(nodes),
        "channels",
        [helper.make_tensor_value_info(name, 1, [None] * rank) for name, rank in reads],
        [helper.make_tensor_value_info(result, 1, None)],
        [graph.stored[name] for name in sorted(held)],
    )
    model = helper.make_model(made, opset_imports=proto.opset_import, ir_version=proto.ir_version)
    return open_session(model.SerializeToString(), level=graph.network.level)
