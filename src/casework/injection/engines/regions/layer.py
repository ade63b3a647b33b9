"""Layers whose output channels can be computed one by one: many faulty filters of a layer in one call over golden inputs."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final, Protocol

import numpy as np
from numpy.typing import NDArray

from casework.injection.engines.regions.filters import Filters, Sites, behind_layer, bias_of, channel_session
from casework.injection.engines.regions.graph import GraphView, attributes
from casework.injection.engines.regions.kernels import UNARY
from casework.injection.network.target import Target

if TYPE_CHECKING:
    from casework.injection.network.golden import Golden

Array = NDArray[Any]

SAMPLES: Final = 16
"""Inputs that a matrix product of faulty filters takes together: the width of its narrowest kernel."""

PACKED: Final = 256
"""Depth of a slice of a packed matrix (onnxruntime/core/mlas/lib/sgemm.cpp, MLAS_SGEMM_PACKED_STRIDEK)."""

_POOLS: Final = frozenset({"MaxPool", "AveragePool", "GlobalAveragePool", "GlobalMaxPool"})

NOT_GOLDEN: Final = "its sums are taken in an order that could not be matched"


class Layer(Protocol):
    """A layer by channels, with what follows it channel by channel."""

    @property
    def result(self) -> str:
        """The tensor in which a channel is put: [R, channels, ...]."""

    def channel(self, index: Array, name: str) -> Array:
        """Return the output channel that elements of the weight or the bias `name` belong to."""

    def place(self, index: Array, name: str) -> Array:
        """Return the position of elements in the filter of their channel; its length for the bias."""

    def proven(self, golden: Golden) -> str:
        """Try the golden filters: empty where they give the golden bits, else what is wrong."""

    def blocks(self, samples: Array) -> Iterator[Array]:
        """Yield positions of samples that are computed together."""

    def most(self, room: int, samples: int) -> int:
        """Return how many faulty filters fit into `room` bytes."""

    def inputs(self, golden: Golden, samples: Array) -> list[Array]:
        """Return what the layer reads for some samples."""

    def channels(self, sites: Sites, faults: Array, inputs: Sequence[Array]) -> list[Array]:
        """Return, for each sample, the channel with each fault: [F, ...]."""


def layer_of(graph: GraphView, target: Target) -> Layer | str:
    """Return the layer that a stored tensor belongs to, or why it cannot be computed by channels."""
    readers = graph.readers.get(target.name, [])
    if len(readers) != 1 or target.name in graph.outputs:
        return "it is not read by exactly one operator"
    node = graph.nodes[readers[0]]
    if node.op_type not in ("Conv", "Gemm", "MatMul") or node.domain not in ("", "ai.onnx"):
        return f"{node.op_type} is not computed by channels"
    if target.name not in node.input[1:] or node.input[0] in graph.stored or target.dtype != "float32":
        return "it is no float32 weight on the right of an operator on computed values"
    if graph.rows(node.input[0]) is None or any(name not in graph.stored for name in node.input[1:] if name):
        return "the operator reads what does not hold one sample in each row, or computed weights"
    return _convolution(graph, readers[0]) if node.op_type == "Conv" else _product(graph, readers[0])


@dataclass(slots=True)
class ConvolutionLayer:
    """A convolution: faulty filters are the channels of one convolution over a sample."""

    graph: GraphView
    position: int
    result: str
    filters: Filters
    shape: tuple[int, ...]
    groups: int
    behind: tuple[int, ...]
    _session: Any = None

    def channel(self, index: Array, name: str) -> Array:
        """See `Layer`."""
        return self.filters.channel(index, name)

    def place(self, index: Array, name: str) -> Array:
        """See `Layer`."""
        return self.filters.place(index, name)

    def proven(self, golden: Golden) -> str:
        """See `Layer`."""
        samples = np.arange(min(2, golden.samples))
        wanted = golden.values([self.result], samples)[self.result]
        inputs = self.inputs(golden, samples)
        channels = np.unique(np.linspace(0, len(self.filters.weight) - 1, 32).astype(np.int64))
        bias = None if self.filters.bias is None else self.filters.bias[channels]
        for sample, given in enumerate(inputs):
            made = self._all(given, channels, self.filters.weight[channels], bias)
            if not np.array_equal(made.view(np.uint32), wanted[sample, channels].view(np.uint32)):
                return NOT_GOLDEN
        return ""

    def blocks(self, samples: Array) -> Iterator[Array]:
        """See `Layer`."""
        for number in range(len(samples)):
            yield np.array([number])

    def most(self, room: int, samples: int) -> int:
        """See `Layer`."""
        made = math.prod((self.graph.rows(self.graph.nodes[self.position].output[0]) or (1,))[1:])
        return max(2, int(room // (4 * (self.filters.weight.shape[1] + made))))

    def inputs(self, golden: Golden, samples: Array) -> list[Array]:
        """See `Layer`."""
        name = self.graph.nodes[self.position].input[0]
        values = golden.values([name], samples)[name]
        return [values[k : k + 1] for k in range(len(values))]

    def channels(self, sites: Sites, faults: Array, inputs: Sequence[Array]) -> list[Array]:
        """See `Layer`."""
        weight, bias = self.filters.struck(sites, faults)
        channel = sites.channel[faults]
        return [self._all(given, channel, weight, bias) for given in inputs]

    @property
    def each(self) -> int:
        """Number of channels of a group."""
        return len(self.filters.weight) // self.groups

    def _all(self, given: Array, channel: Array, weight: Array, bias: Array | None) -> Array:
        one = self._run if self.groups == 1 else self._grouped
        return one(given, channel, weight, bias)

    def _grouped(self, given: Array, channel: Array, weight: Array, bias: Array | None) -> Array:
        group = channel // self.each
        # A single filter has a kernel of its own, with sums in another order: where a group has one, faulty ones go one by one too.
        parts = np.arange(len(group)) if self.each == 1 else group
        made: Array | None = None
        for number in np.unique(parts):
            mine = np.flatnonzero(parts == number)
            part = self._run(given, channel[mine], weight[mine], None if bias is None else bias[mine])
            if made is None:
                made = np.empty((len(channel), *part.shape[1:]), part.dtype)
            made[mine] = part
        return np.zeros(0, np.float32) if made is None else made

    def _run(self, given: Array, channel: Array, weight: Array, bias: Array | None) -> Array:
        """Return the channels [F, ...] of filters of one group over one sample."""
        if self._session is None:
            self._session = self._opened()
        width = self.shape[1]
        if self.groups > 1:
            first = int(channel[0]) // self.each * width
            given = given[:, first : first + width]
        short = len(weight) == 1 and self.each > 1
        repeat = [0, 0] if short else slice(None)
        node = self.graph.nodes[self.position]
        feeds = {node.input[0]: np.ascontiguousarray(given), node.input[1]: weight[repeat].reshape(-1, *self.shape[1:])}
        if bias is not None:
            feeds[node.input[2]] = bias[repeat]
        made: Array = self._session.run([self.result], feeds)[0][0]
        return made[:1] if short else made

    def _opened(self) -> Any:
        from onnx import NodeProto

        node = NodeProto()
        node.CopyFrom(self.graph.nodes[self.position])
        for attribute in node.attribute:
            if attribute.name == "group":
                attribute.i = 1
        rank = len(self.shape)
        reads = [(node.input[0], rank), (node.input[1], rank)] + (
            [(node.input[2], 1)] if self.filters.bias is not None else []
        )
        return channel_session(self.graph, [node, *(self.graph.nodes[p] for p in self.behind)], reads, self.result)


def _convolution(graph: GraphView, position: int) -> Layer | str:
    node = graph.nodes[position]
    weight = graph.held(node.input[1])
    behind = behind_layer(graph, position, UNARY | _POOLS)
    if attributes(node).get("auto_pad", b"NOTSET") not in (b"NOTSET", b"VALID", b"SAME_UPPER", b"SAME_LOWER"):
        return "its padding is not known"
    result = graph.nodes[behind[-1] if behind else position].output[0]
    filters = Filters(weight.reshape(len(weight), -1), bias_of(graph, node), node.input[1], transposed=False)
    return ConvolutionLayer(
        graph, position, result, filters, weight.shape, int(attributes(node).get("group", 1)), tuple(behind)
    )


@dataclass(slots=True)
class ProductLayer:
    """A matrix product over rows [R, length]: faulty filters are the left matrix, samples the columns of the right one.

    The filters are cut into slices, each of which is added up on its own, as the whole product does with a packed weight.
    """

    graph: GraphView
    position: int
    result: str
    filters: Filters
    behind: tuple[int, ...]
    depth: int = PACKED
    _sessions: dict[int, Any] = field(default_factory=dict)
    _tiles: tuple[Array, list[Array]] | None = None

    def channel(self, index: Array, name: str) -> Array:
        """See `Layer`."""
        return self.filters.channel(index, name)

    def place(self, index: Array, name: str) -> Array:
        """See `Layer`."""
        return self.filters.place(index, name)

    def proven(self, golden: Golden) -> str:
        """See `Layer`; finds the depth of slices that gives the golden bits."""
        samples = np.arange(min(SAMPLES, golden.samples))
        wanted = golden.values([self.result], samples)[self.result]
        length = self.filters.weight.shape[1]
        channels = np.unique(np.linspace(0, len(self.filters.weight) - 1, 64).astype(np.int64))
        bias = None if self.filters.bias is None else self.filters.bias[channels]
        for depth in dict.fromkeys(min(depth, length) for depth in (PACKED, 512, 1024, 128)):
            self.depth, self._tiles = depth, None
            inputs = self.inputs(golden, samples)
            made = self._run(self._tiled(channels), bias, inputs)[:, : len(samples)].T
            if np.array_equal(np.ascontiguousarray(made).view(np.uint32), wanted[:, channels].view(np.uint32)):
                return ""
        return NOT_GOLDEN

    def blocks(self, samples: Array) -> Iterator[Array]:
        """See `Layer`."""
        for start in range(0, len(samples), SAMPLES):
            yield np.arange(start, min(start + SAMPLES, len(samples)))

    def most(self, room: int, samples: int) -> int:
        """See `Layer`."""
        return max(2, int(room // (4 * (self.filters.weight.shape[1] + samples))))

    def inputs(self, golden: Golden, samples: Array) -> list[Array]:
        """See `Layer`: slices [depth, SAMPLES] of the inputs, one column a sample, padded with the first."""
        name = self.graph.nodes[self.position].input[0]
        values = golden.values([name], samples)[name]
        padded = np.concatenate([values, np.repeat(values[:1], SAMPLES - len(values), axis=0)])
        columns = padded.T
        return [np.ascontiguousarray(columns[k : k + self.depth]) for k in range(0, len(columns), self.depth)]

    def channels(self, sites: Sites, faults: Array, inputs: Sequence[Array]) -> list[Array]:
        """See `Layer`. Filters of the same channels as before are used again: faults are put in and taken out."""
        channel = sites.channel[faults]
        tiles = self._tiled(channel)
        owner, number = sites.of(faults)
        place, values = sites.place[number], sites.values[number]
        stored = place == self.filters.weight.shape[1]
        saved = [
            (tile, owner[mine], place[mine] - k * self.depth, values[mine])
            for k, tile in enumerate(tiles)
            if len(mine := np.flatnonzero((place // self.depth == k) & ~stored))
        ]
        held = [tile[row, column] for tile, row, column, _ in saved]
        for tile, row, column, value in saved:
            tile[row, column] = value
        bias = None if self.filters.bias is None else self.filters.bias[channel]
        if bias is not None and stored.any():
            bias[owner[stored]] = values[stored]
        made = self._run(tiles, bias, inputs)
        for (tile, row, column, _), value in zip(saved, held, strict=True):
            tile[row, column] = value
        return list(np.ascontiguousarray(made.T))

    def _tiled(self, channel: Array) -> list[Array]:
        """Return the filters of channels, [F, depth] for each slice."""
        if self._tiles is None or not np.array_equal(self._tiles[0], channel):
            weight = self.filters.weight
            starts = range(0, weight.shape[1], self.depth)
            self._tiles = (channel, [weight[:, k : k + self.depth][channel] for k in starts])
        return self._tiles[1]

    def _run(self, tiles: Sequence[Array], bias: Array | None, inputs: Sequence[Array]) -> Array:
        """Return [F, SAMPLES]."""
        if len(inputs) not in self._sessions:
            self._sessions[len(inputs)] = self._opened(len(inputs))
        # A single row has a kernel of its own, with sums in another order.
        alone = len(tiles[0]) == 1
        feeds = {f"x{k}": part for k, part in enumerate(inputs)}
        feeds |= {f"w{k}": np.repeat(tile, 2, axis=0) if alone else tile for k, tile in enumerate(tiles)}
        if bias is not None:
            feeds["b"] = (np.repeat(bias, 2) if alone else bias)[:, None]
        made: Array = self._sessions[len(inputs)].run([self.result], feeds)[0]
        return made[:1] if alone else made

    def _opened(self, slices: int) -> Any:
        from onnx import helper

        nodes = [helper.make_node("MatMul", [f"w{k}", f"x{k}"], [f"p{k}"]) for k in range(slices)]
        parts = [*(["b"] if self.filters.bias is not None else []), *(f"p{k}" for k in range(slices))]
        made = self.graph.nodes[self.position].output[0]
        last = parts[0]
        for number, part in enumerate(parts[1:]):
            name = made if number == len(parts) - 2 else f"s{number}"
            nodes.append(helper.make_node("Add", [last, part], [name]))
            last = name
        if len(parts) == 1:
            nodes.append(helper.make_node("Identity", [last], [made]))
        reads = [(f"{side}{k}", 2) for side in "wx" for k in range(slices)]
        reads += [("b", 2)] if self.filters.bias is not None else []
        return channel_session(self.graph, [*nodes, *(self.graph.nodes[p] for p in self.behind)], reads, self.result)


def _product(graph: GraphView, position: int) -> Layer | str:
    node = graph.nodes[position]
    given = attributes(node)
    weight = graph.held(node.input[1])
    if len(graph.rows(node.input[0]) or ()) != 1 or weight.ndim != 2:
        return "it is no product of rows with one matrix"
    if given.get("transA", 0) or given.get("alpha", 1.0) != 1.0 or given.get("beta", 1.0) != 1.0:
        return "its product is transposed or scaled"
    bias = bias_of(graph, node)
    transposed = not given.get("transB", 0)
    rows = np.ascontiguousarray(weight.T) if transposed else weight
    if bias is not None and len(bias) != len(rows):
        return "its bias is not one value for each channel"
    behind = behind_layer(graph, position, UNARY - {"PRelu"})
    result = graph.nodes[behind[-1] if behind else position].output[0]
    return ProductLayer(graph, position, result, Filters(rows, bias, node.input[1], transposed), tuple(behind))
