"""A single faulty element followed through operators that work element by element, before anything dense has to run.

Half of all faults before a Relu, and most before a pooling, end there: the next tensor equals the golden one bit for bit. Values are
computed by the runtime's own kernels, so that what is left goes on with the bits that the whole graph would have.
"""

from __future__ import annotations

import dataclasses
import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, Protocol

import numpy as np
from numpy.typing import NDArray

from casework.injection.faults.bits import patterns, strike
from casework.injection.faults.fault_list import FaultList
from casework.injection.network.sessions import open_session
from casework.injection.network.wiring import extract, read_by

if TYPE_CHECKING:
    from casework.injection.network.golden import Golden
    from casework.injection.network.network import Network
    from casework.injection.network.target import Target

Array = NDArray[Any]

_RESHAPES: Final = frozenset({"Flatten", "Reshape", "Squeeze", "Unsqueeze", "Identity", "Dropout"})
_POINTWISE: Final = frozenset({"Relu", "LeakyRelu", "Clip", "QuantizeLinear", "DequantizeLinear"})
"""Exact whatever the place of the element in the tensor; Sigmoid and its like differ between the body and the tail of a vector."""


@dataclass(frozen=True, slots=True)
class Carried:
    """Faults that reached a tensor and are there still.

    Attributes:
        tensor: Name of the tensor.
        rows: int64 [K]: which of the predictions.
        index: int64 [K]: the element that differs.
        values: [K]: its value.
    """

    tensor: str
    rows: Array
    index: Array
    values: Array


class _Step(Protocol):
    """Carries elements through an operator."""

    def __call__(self, held: Carried, sample: Array) -> tuple[Carried, Carried]:
        """Return what comes out and may differ, and what cannot be carried and stays. `sample` int64 [K] goes with `held`."""


class Carrier:
    """The operators behind a target through which one element can be followed."""

    def __init__(self, network: Network, golden: Golden, target: Target) -> None:
        self._golden = golden
        self._name = target.name
        self._steps: list[tuple[str, _Step]] = []
        readers: dict[str, list[int]] = {}
        for position, node in enumerate(network.proto.graph.node):
            for name in read_by(node):
                readers.setdefault(name, []).append(position)
        outputs = {port.name for port in network.outputs}
        name = target.name
        while len(readers.get(name, ())) == 1 and name not in outputs and _plain(network, name):
            position = readers[name][0]
            made = network.proto.graph.node[position].output[0]
            step = self._step(network, position, name, made, outputs)
            if step is None:
                break
            self._steps.append((made, step))
            name = made
        while self._steps and isinstance(self._steps[-1][1], _Reshape):
            self._steps.pop()

    @property
    def moves(self) -> bool:
        """True where there is an operator to carry faults through."""
        return bool(self._steps)

    def carry(self, faults: FaultList, fault: Array, sample: Array) -> list[Carried]:
        """Return where predictions differ from the golden run first in a dense operator; those that do not are in none.

        Args:
            faults: Faults of one site each.
            fault: int64 [R]: position in `faults` of each prediction's fault.
            sample: int64 [R]: its input.
        """
        held = self._struck(faults, fault, sample)
        ends: list[Carried] = []
        for made, step in self._steps:
            if not len(held.rows):
                break
            held, stay = step(held, sample[held.rows])
            if len(stay.rows):
                ends.append(stay)
            if not isinstance(step, _Reshape):
                held = self._changed(held, made, sample)
        return [*ends, held] if len(held.rows) else ends

    def _struck(self, faults: FaultList, fault: Array, sample: Array) -> Carried:
        index = faults.index[fault]
        values = self._golden.elements(self._name, sample, index)
        alone = dataclasses.replace(faults, index=np.zeros_like(faults.index))
        strike(values.reshape(-1, 1), alone, fault)
        return self._changed(Carried(self._name, np.arange(len(fault)), index, values), self._name, sample)

    def _changed(self, held: Carried, name: str, sample: Array) -> Carried:
        """Return what differs from the golden tensor."""
        golden = self._golden.elements(name, sample[held.rows], held.index)
        left = np.flatnonzero(patterns(golden) != patterns(held.values))
        return Carried(name, held.rows[left], held.index[left], held.values[left])

    def _step(self, network: Network, position: int, name: str, made: str, outputs: set[str]) -> _Step | None:
        node = network.proto.graph.node[position]
        several = sum(1 for output in node.output if output) > 1
        if several or not _plain(network, made) or (made not in outputs and made in network.uncuttable):
            return None
        stored = {value.name for value in network.proto.graph.initializer}
        if node.input[0] != name or any(other and other not in stored for other in node.input[1:]):
            return None
        if node.op_type in _RESHAPES and _elements(network, name) == _elements(network, made):
            return _Reshape(made)
        if node.op_type in _POINTWISE and _scalars(network, node):
            return _Pointwise(network, position, name, made)
        if node.op_type == "MaxPool" and _tiles(network, node, name):
            return _Pooling(network, node, self._golden)
        return None


class _Reshape:
    """The order of the elements of a sample stays."""

    def __init__(self, made: str) -> None:
        self._made = made

    def __call__(self, held: Carried, sample: Array) -> tuple[Carried, Carried]:
        return dataclasses.replace(held, tensor=self._made), _none(held)


class _Pointwise:
    """The operator runs on the faulty elements alone."""

    def __init__(self, network: Network, position: int, name: str, made: str) -> None:
        import onnx
        from onnx import helper

        self._made = made
        kind = helper.np_dtype_to_tensor_dtype(np.dtype(network.dtypes[name]))
        fed = helper.make_tensor_value_info(name, kind, ["elements"])
        part = extract(network.proto, [position], [fed], [onnx.ValueInfoProto(name=made)])
        self._session = open_session(part.SerializeToString(), level=network.level)

    def __call__(self, held: Carried, sample: Array) -> tuple[Carried, Carried]:
        values = self._session.run(None, {held.tensor: held.values})[0]
        return dataclasses.replace(held, tensor=self._made, values=values), _none(held)


class _Pooling:
    """MaxPool whose windows lie side by side: an element is in one window.

    With a NaN in the window, or zeros of both signs at its top, kernels of the runtime give different bits; such elements stay.
    """

    def __init__(self, network: Network, node: Any, golden: Golden) -> None:
        layout, after = network.layouts[node.input[0]], network.layouts[node.output[0]]
        self._shape = layout.shape if layout else ()
        self._out = after.shape if after else ()
        self._kernel = _attribute(node, "kernel_shape", [])
        self._made = node.output[0]
        self._golden = golden

    def __call__(self, held: Carried, sample: Array) -> tuple[Carried, Carried]:
        (_, height, width), (_, rows, columns) = self._shape, self._out
        tall, wide = self._kernel
        channel, place = np.divmod(held.index, height * width)
        y, x = np.divmod(place, width)
        row, column = y // tall, x // wide
        inside = (row < rows) & (column < columns)
        corner = channel * (height * width) + row * tall * width + column * wide
        offsets = (np.arange(tall)[:, None] * width + np.arange(wide)).reshape(-1)
        cells = np.where(inside[:, None], corner[:, None] + offsets, held.index[:, None])
        window = self._golden.elements(held.tensor, sample[:, None], cells)
        window[cells == held.index[:, None]] = np.repeat(held.values, (cells == held.index[:, None]).sum(axis=1))
        top = window.max(axis=1)
        clear = (top == top) & ~_two_zeros(window, top)
        onward = np.flatnonzero(inside & clear)
        stays = np.flatnonzero(inside & ~clear)
        index = channel * (rows * columns) + row * columns + column
        moved = Carried(self._made, held.rows[onward], index[onward], top[onward])
        return moved, Carried(held.tensor, held.rows[stays], held.index[stays], held.values[stays])


def _two_zeros(window: Array, top: Array) -> Array:
    """Return where the greatest of a window is zero, and the window holds zeros of both signs: bool [K]."""
    if window.dtype.kind != "f":
        return np.zeros(len(top), np.bool_)
    zero = window == 0
    negative = np.signbit(window)
    return np.asarray((top == 0) & (zero & negative).any(axis=1) & (zero & ~negative).any(axis=1))


def _none(held: Carried) -> Carried:
    return Carried(held.tensor, held.rows[:0], held.index[:0], held.values[:0])


def _plain(network: Network, name: str) -> bool:
    layout = network.layouts.get(name)
    return layout is not None and layout.plain and name not in network.broken


def _elements(network: Network, name: str) -> int:
    layout = network.layouts[name]
    return math.prod(layout.shape) if layout else 0


def _scalars(network: Network, node: Any) -> bool:
    """True where all stored inputs of an operator hold one element: the same for all elements of the tensor."""
    sizes = {value.name: math.prod(value.dims) for value in network.proto.graph.initializer}
    return all(sizes[other] == 1 for other in node.input[1:] if other)


def _tiles(network: Network, node: Any, name: str) -> bool:
    """True for MaxPool over the planes of [C, H, W] with windows side by side, nothing padded."""
    layout = network.layouts[name]
    kernel = list(_attribute(node, "kernel_shape", []))
    return (
        layout is not None
        and len(layout.shape) == 3
        and len(kernel) == 2
        and list(_attribute(node, "strides", [1, 1])) == kernel
        and not any(_attribute(node, "pads", []))
        and all(step == 1 for step in _attribute(node, "dilations", []))
        and not _attribute(node, "ceil_mode", 0)
        and _attribute(node, "auto_pad", b"NOTSET") in (b"NOTSET", b"VALID")
    )


def _attribute(node: Any, name: str, otherwise: Any) -> Any:
    from onnx import helper

    return next((helper.get_attribute_value(a) for a in node.attribute if a.name == name), otherwise)
