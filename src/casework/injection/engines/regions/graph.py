"""A folded graph as the region machinery sees it: shapes, readers, stored tensors, and kernels for its operators."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Any, Final

from numpy.typing import NDArray

from casework.injection.engines.regions.kernels import (
    BINARY,
    UNARY,
    Convolution,
    Elementwise,
    Joining,
    Kernel,
    LargestPool,
    MeanPool,
    Source,
)  # fmt: skip
from casework.injection.engines.regions.windows import Reach, Shape
from casework.injection.network.wiring import read_by

if TYPE_CHECKING:
    from casework.injection.network.network import Network

Array = NDArray[Any]

_FLOAT: Final = 1

Made = tuple[Kernel, tuple[str, ...], list[int]] | None


def attributes(node: Any) -> dict[str, Any]:
    """Return the attributes of a node by name."""
    from onnx import helper

    return {attribute.name: helper.get_attribute_value(attribute) for attribute in node.attribute}


class GraphView:
    """A network's folded graph, looked up by name.

    Attributes:
        kernels: What `kernel_of` found, by position: plans share kernels, and with them sessions and their weights.
        proven: Whether golden windows came out of a kernel golden, by position.
    """

    def __init__(self, network: Network) -> None:
        self.network = network
        self.nodes: Sequence[Any] = list(network.proto.graph.node)
        self.stored = {value.name: value for value in network.proto.graph.initializer}
        self.outputs = tuple(value.name for value in network.proto.graph.output)
        self.readers: dict[str, list[int]] = {}
        for position, node in enumerate(self.nodes):
            for name in dict.fromkeys(read_by(node)):
                self.readers.setdefault(name, []).append(position)
        self._dtypes = {target.name: target.dtype for target in network.targets}
        self._held: dict[str, Array] = {}
        self.kernels: dict[int, Made] = {}
        self.proven: dict[int, bool] = {}

    def held(self, name: str) -> Array:
        """Return a stored tensor."""
        from onnx import numpy_helper

        if name not in self._held:
            self._held[name] = numpy_helper.to_array(self.stored[name])
        return self._held[name]

    def rows(self, name: str) -> tuple[int, ...] | None:
        """Return the shape of one sample of a computed tensor that lies in rows of samples; None for any other."""
        layout = self.network.layouts.get(name)
        return layout.shape if layout is not None and layout.plain else None

    def image(self, name: str) -> Shape | None:
        """Return C, H, W of a float tensor that lies in rows of images; None for any other."""
        shape = self.rows(name)
        if shape is None or len(shape) != 3 or self._dtypes.get(name) != "float32":
            return None
        return shape[0], shape[1], shape[2]

    def only_reader(self, name: str) -> int | None:
        """Return the position of the node that alone reads a tensor; None where there are others, or it is an output."""
        positions = self.readers.get(name, [])
        return positions[0] if len(positions) == 1 and name not in self.outputs else None

    @cached_property
    def macs(self) -> list[float]:
        """Multiplications of each node for one sample, about; a tenth for each element of what has none."""
        return [self._macs(node) for node in self.nodes]

    def _macs(self, node: Any) -> float:
        made = math.prod(self.rows(node.output[0]) or (1,))
        if node.op_type in ("Conv", "FusedConv", "QLinearConv", "ConvTranspose"):
            weight = next(
                (self.stored[n].dims for n in node.input if n in self.stored and len(self.stored[n].dims) > 2), (1,)
            )
            return float(made * math.prod(weight[1:]))
        if node.op_type in ("Gemm", "MatMul", "FusedGemm", "FusedMatMul"):
            weight = next((self.stored[n].dims for n in node.input if n in self.stored), (made, 1))
            return made * max(math.prod(weight) / max(made, 1), min(weight)) if made else 0.0
        return made * 0.1

    def source(self, nodes: Sequence[int], reads: tuple[str, ...]) -> Source:
        """Return what a session of some nodes is made from."""
        chosen = [self.nodes[p] for p in nodes]
        proto = self.network.proto
        held = {name: self.held(name) for node in chosen for name in node.input if name in self.stored}
        return Source(
            chosen, reads, chosen[-1].output[0], held, proto.opset_import, proto.ir_version, _FLOAT, self.network.level
        )

    def chain(self, position: int, *, flat: bool) -> list[int]:
        """Return a node and those after it that map elements one by one and have no other source.

        Args:
            position: Of the node.
            flat: Whether channels are on the axis that stored tensors are laid against (not so in a convolution's chain).
        """
        positions = [position]
        while True:
            after = self.only_reader(self.nodes[positions[-1]].output[0])
            if (
                after is None
                or not self.maps(after, flat=flat)
                or self.nodes[after].input[0] != self.nodes[positions[-1]].output[0]
            ):
                return positions
            positions.append(after)

    def maps(self, position: int, *, flat: bool) -> bool:
        """Return whether a node maps the elements of its first operand one by one, and reads nothing else that is computed."""
        node = self.nodes[position]
        if node.op_type not in UNARY or self.image(node.output[0]) is None or len(node.output) > 1:
            return False
        if node.op_type == "BatchNormalization":
            return all(name in self.stored for name in node.input[1:])
        return all(self.spread(name, flat=flat) for name in node.input[1:] if name)

    def spread(self, name: str, *, flat: bool) -> bool:
        """Return whether a stored tensor is one value, or one for each channel (where that is of use)."""
        if name not in self.stored:
            return False
        dims = tuple(self.stored[name].dims)
        return math.prod(dims) == 1 or (flat and len(dims) in (3, 4) and math.prod(dims) == dims[-3])


def kernel_of(graph: GraphView, position: int) -> Made:
    """Return the kernel of a node, with the nodes after it that it can take along.

    Returns:
        The kernel, what it reads (in its order), and the positions of the nodes that it stands for; None where there is none.
    """
    if position not in graph.kernels:
        node = graph.nodes[position]
        shape = graph.image(node.output[0])
        maker = _MAKERS.get(node.op_type) if node.domain in ("", "ai.onnx") else None
        graph.kernels[position] = None if maker is None or shape is None else maker(graph, position, shape)
    return graph.kernels[position]


def _unary(graph: GraphView, position: int, shape: Shape) -> Made:
    node = graph.nodes[position]
    if not graph.maps(position, flat=True) or graph.image(node.input[0]) != shape:
        return None
    chain = graph.chain(position, flat=True)
    return Elementwise(graph.source(chain, (node.input[0],)), shape), (node.input[0],), chain


def _binary(graph: GraphView, position: int, shape: Shape) -> Made:
    node = graph.nodes[position]
    computed = tuple(dict.fromkeys(name for name in node.input if name not in graph.stored))
    if any(graph.image(name) != shape for name in computed):
        return None
    if not all(graph.spread(name, flat=True) for name in node.input if name in graph.stored):
        return None
    chain = graph.chain(position, flat=True)
    return Elementwise(graph.source(chain, computed), shape), computed, chain


def _convolution(graph: GraphView, position: int, shape: Shape) -> Made:
    from onnx import NodeProto, helper

    node = graph.nodes[position]
    image = graph.image(node.input[0])
    if image is None or any(name not in graph.stored for name in node.input[1:] if name):
        return None
    weight = graph.held(node.input[1])
    given = attributes(node)
    frame = _frame(given, weight.shape[2:], image, shape)
    if frame is None:
        return None
    chain = graph.chain(position, flat=False)
    source = graph.source(chain, (node.input[0],))
    deep = NodeProto()
    deep.CopyFrom(node)
    del deep.attribute[:]
    plan = {
        "kernel_shape": [*weight.shape[2:], 1],
        "strides": [frame[0].stride, frame[1].stride, 1],
        "group": given.get("group", 1),
    }
    plan["dilations"] = [frame[0].dilation, frame[1].dilation, 1]
    deep.attribute.extend(helper.make_attribute(name, value) for name, value in plan.items())
    source.nodes[0] = deep
    source.held = {**source.held, node.input[1]: weight[..., None]}
    macs = float(weight.size)
    return Convolution(source, frame, shape, math.prod(weight.shape[1:]), macs), (node.input[0],), chain


def _largest(graph: GraphView, position: int, shape: Shape) -> Made:
    from onnx import helper

    node = graph.nodes[position]
    image = graph.image(node.input[0])
    given = attributes(node)
    frame = None if image is None or len(node.output) > 1 else _frame(given, given["kernel_shape"], image, shape)
    if frame is None:
        return None
    flat = graph.source([position], (node.input[0],))
    source = graph.source([position], (node.input[0],))
    source.nodes = [
        helper.make_node(
            "MaxPool", [node.input[0]], [node.output[0]], kernel_shape=[frame[0].kernel, frame[1].kernel, 1],
            strides=[frame[0].stride, frame[1].stride, 1], dilations=[frame[0].dilation, frame[1].dilation, 1],
        )
    ]  # fmt: skip
    return LargestPool(source, flat, frame, shape), (node.input[0],), [position]


def _mean(graph: GraphView, position: int, shape: Shape) -> Made:
    node = graph.nodes[position]
    image = graph.image(node.input[0])
    given = attributes(node)
    frame = None if image is None else _frame(given, given["kernel_shape"], image, shape)
    if frame is None or any(reach.pad or reach.read(reach.outside) > reach.inside for reach in frame):
        return None
    return MeanPool(frame, shape), (node.input[0],), [position]


def _joining(graph: GraphView, position: int, shape: Shape) -> Made:
    node = graph.nodes[position]
    images = [graph.image(name) for name in node.input]
    if attributes(node).get("axis") not in (1, -3) or any(image is None or image[1:] != shape[1:] for image in images):
        return None
    return Joining(shape), tuple(node.input), [position]


_MAKERS: Final[dict[str, Callable[[GraphView, int, Shape], Made]]] = {
    **dict.fromkeys(UNARY, _unary),
    **dict.fromkeys(BINARY, _binary),
    "Conv": _convolution,
    "MaxPool": _largest,
    "AveragePool": _mean,
    "Concat": _joining,
}


def _frame(given: dict[str, Any], kernel: Sequence[int], image: Shape, shape: Shape) -> tuple[Reach, Reach] | None:
    """Return what an operator with these attributes reads along height and width; None for padding that is not stated."""
    strides = given.get("strides") or [1, 1]
    dilations = given.get("dilations") or [1, 1]
    pads = list(given.get("pads") or [0, 0, 0, 0])
    if len(kernel) != 2 or len(strides) != 2 or len(pads) != 4 or min(pads) < 0:
        return None
    automatic = given.get("auto_pad", b"NOTSET").decode()
    reaches = []
    for axis in (0, 1):
        inside, outside = image[axis + 1], shape[axis + 1]
        missing = max(0, (outside - 1) * strides[axis] + (kernel[axis] - 1) * dilations[axis] + 1 - inside)
        before = {"SAME_UPPER": missing // 2, "SAME_LOWER": missing - missing // 2, "VALID": 0}.get(
            automatic, pads[axis]
        )
        reaches.append(Reach(kernel[axis], strides[axis], before, dilations[axis], inside, outside))
    return reaches[0], reaches[1]
