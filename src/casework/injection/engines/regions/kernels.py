"""Operators over windows: the same arithmetic as onnxruntime's over the whole tensor, rows last in memory."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, Protocol

import numpy as np
from numpy.typing import NDArray

from casework.injection.engines.regions.products import grouping, like_columns
from casework.injection.engines.regions.windows import LOWEST, Reach, Shape, pointwise
from casework.injection.network.sessions import Level, open_session

Array = NDArray[Any]

UNARY: Final = frozenset(
    {
        "Relu", "LeakyRelu", "Clip", "Sigmoid", "Tanh", "HardSigmoid", "HardSwish", "Elu", "Selu", "Celu", "ThresholdedRelu",
        "Softplus", "Softsign", "Mish", "Gelu", "Erf", "Abs", "Neg", "Exp", "Log", "Sqrt", "Reciprocal", "Identity", "PRelu",
        "BatchNormalization", "Floor", "Ceil", "Round", "Sign",
    }
)  # fmt: skip
"""Operators that map each element on its own; what else they read is stored."""

BINARY: Final = frozenset({"Add", "Sub", "Mul", "Div", "Min", "Max", "Sum", "Mean"})


class Kernel(Protocol):
    """An operator, or a chain of them, over windows."""

    @property
    def frame(self) -> tuple[Reach, Reach]:
        """What it reads along height and width."""

    @property
    def fill(self) -> float:
        """What stands outside the tensor."""

    @property
    def macs(self) -> float:
        """Multiplications for each position (h, w) of the output, all channels together."""

    @property
    def shape(self) -> Shape:
        """Of the output: C, H, W."""

    @property
    def masks(self) -> bool:
        """Whether it is of a kind that often gives the golden result for operands that differ."""

    def __call__(self, windows: Sequence[Array]) -> Array:
        """Return [C, h, w, R] from windows [C', n, m, R] of each operand."""


@dataclass(slots=True)
class Source:
    """What a session of a few operators is made from.

    Attributes:
        nodes: The operators (NodeProto), in order.
        reads: Names of what is fed.
        result: Name of what comes out.
        held: Stored tensors by name.
        opsets: The model's operator sets.
        ir_version: The model's format.
        element: ONNX number of the element type.
        level: How far onnxruntime may rewrite it.
    """

    nodes: list[Any]
    reads: tuple[str, ...]
    result: str
    held: Mapping[str, Array]
    opsets: Sequence[Any]
    ir_version: int
    element: int
    level: Level

    def session(self, rank: int) -> Any:
        """Return a session, its inputs of a rank and of any size."""
        from onnx import helper, numpy_helper

        wanted = {name for node in self.nodes for name in node.input}
        graph = helper.make_graph(
            self.nodes,
            "part",
            [helper.make_tensor_value_info(name, self.element, [None] * rank) for name in self.reads],
            [helper.make_tensor_value_info(self.result, self.element, None)],
            [numpy_helper.from_array(value, name) for name, value in self.held.items() if name in wanted],
        )
        model = helper.make_model(graph, opset_imports=self.opsets, ir_version=self.ir_version)
        return open_session(model.SerializeToString(), level=self.level)


MASKING: Final = frozenset({"Relu", "Clip", "MaxPool", "HardSigmoid", "HardSwish", "ThresholdedRelu", "Max", "Min"})


@dataclass(slots=True)
class Elementwise:
    """Operators that map each element on its own."""

    source: Source
    shape: Shape
    macs: float = 0.0
    fill: float = 0.0
    _session: Any = None

    @property
    def frame(self) -> tuple[Reach, Reach]:
        """What it reads along height and width."""
        return pointwise(self.shape[1]), pointwise(self.shape[2])

    def __call__(self, windows: Sequence[Array]) -> Array:
        """Return what the operators make of windows."""
        if self._session is None:
            self._session = self.source.session(4)
        _, height, width, rows = windows[0].shape
        flat = (len(window.reshape(-1)) // (height * width * rows) for window in windows)
        feeds = {
            name: window.reshape(1, count, height, width * rows)
            for name, window, count in zip(self.source.reads, windows, flat, strict=True)
        }
        made = self._session.run([self.source.result], feeds)[0]
        return np.asarray(made).reshape(-1, height, width, rows)

    @property
    def masks(self) -> bool:
        """Whether a node of the chain often does."""
        return any(node.op_type in MASKING for node in self.source.nodes)


@dataclass(slots=True)
class Convolution:
    """A convolution, and what maps its outputs element by element.

    Over windows [1, C, n, m, R] it is a convolution in three dimensions with a kernel of depth 1 along the rows.
    """

    source: Source
    frame: tuple[Reach, Reach]
    shape: Shape
    depth: int
    macs: float
    fill: float = 0.0
    _session: Any = None
    _limits: tuple[int, int | None] = field(init=False)

    def __post_init__(self) -> None:
        self._limits = like_columns(self.shape[1] * self.shape[2], self.depth)

    def __call__(self, windows: Sequence[Array]) -> Array:
        """Return the outputs of the windows."""
        if self._session is None:
            self._session = self.source.session(5)
        window = windows[0]
        channels, tall, wide, rows = window.shape
        height = (tall - self.frame[0].span) // self.frame[0].stride + 1
        width = (wide - self.frame[1].span) // self.frame[1].stride + 1
        products, each = grouping(rows, height * width, self._limits)
        if products * each != rows:
            filler = np.zeros((channels, tall, wide, products * each - rows), window.dtype)
            window = np.concatenate([window, filler], axis=3)
        fed = window.reshape(channels, tall, wide, products, each)
        fed = fed.reshape(1, channels, tall, wide, each) if products == 1 else fed.transpose(3, 0, 1, 2, 4)
        made = self._session.run([self.source.result], {self.source.reads[0]: np.ascontiguousarray(fed)})[0]
        if products == 1:
            return np.ascontiguousarray(made[0, ..., :rows]) if each != rows else np.asarray(made[0])
        moved = np.moveaxis(made, 0, 3).reshape(made.shape[1], height, width, products * each)
        return np.ascontiguousarray(moved[..., :rows])

    @property
    def masks(self) -> bool:
        """Whether a node of the chain often does."""
        return any(node.op_type in MASKING for node in self.source.nodes)


@dataclass(slots=True)
class LargestPool:
    """Pooling by the largest value: `source` pools [1, C, n, m, R] along n and m, `flat` whole images."""

    source: Source
    flat: Source
    frame: tuple[Reach, Reach]
    shape: Shape
    macs: float = 0.0
    fill: float = LOWEST
    masks: bool = True
    _session: Any = None
    _flat_session: Any = None

    def __call__(self, windows: Sequence[Array]) -> Array:
        """Return the largest values."""
        if self._session is None:
            self._session = self.source.session(5)
        made = self._session.run([self.source.result], {self.source.reads[0]: windows[0][None]})[0]
        return np.asarray(made[0])

    def planes(self, planes: Array) -> Array:
        """Return whole planes [K, 1, H, W] pooled as onnxruntime pools images.

        Which operand of a comparison with NaN wins depends on the order of comparisons, and that on the shape: windows that hold
        what is not finite go this way.
        """
        if self._flat_session is None:
            self._flat_session = self.flat.session(4)
        return np.asarray(self._flat_session.run([self.flat.result], {self.flat.reads[0]: planes})[0])


@dataclass(slots=True)
class MeanPool:
    """Pooling by the mean, without padding: rows are added up first, then columns, then the sum is divided."""

    frame: tuple[Reach, Reach]
    shape: Shape
    macs: float = 0.0
    fill: float = 0.0
    masks: bool = False

    def __call__(self, windows: Sequence[Array]) -> Array:
        """Return the means."""
        down, across = self.frame
        summed = _summed(_summed(windows[0], down, 1), across, 2)
        return np.divide(summed, np.float32(down.kernel * across.kernel), out=summed)


def _summed(values: Array, reach: Reach, axis: int) -> Array:
    count = (values.shape[axis] - reach.span) // reach.stride + 1
    last = (count - 1) * reach.stride + 1
    ahead = (slice(None),) * axis
    total: Array = values[(*ahead, slice(0, last, reach.stride))].copy()
    for tap in range(1, reach.kernel):
        first = tap * reach.dilation
        total += values[(*ahead, slice(first, first + last, reach.stride))]
    return total


@dataclass(slots=True)
class Joining:
    """Concatenation of channels."""

    shape: Shape
    macs: float = 0.0
    fill: float = 0.0
    masks: bool = False

    @property
    def frame(self) -> tuple[Reach, Reach]:
        """What it reads along height and width."""
        return pointwise(self.shape[1]), pointwise(self.shape[2])

    def __call__(self, windows: Sequence[Array]) -> Array:
        """Return the channels of all operands, one after the other."""
        return np.concatenate(windows, axis=0)
