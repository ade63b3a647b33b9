"""The oracle: the whole folded graph, one prediction at a time, with the fault written into the graph itself.

It shares no code with the cuts: a stored tensor is edited in the graph, which is then opened anew; into a computed tensor the faulty
values are written by operators that are added behind the one that makes it. It strikes by `plain_strike`, and takes the inputs as they
were handed over. Every other engine is audited against it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from numpy.typing import NDArray

from casework.injection.engines.plain_strike import put_in
from casework.injection.engines.protocol import Exactness, Judge
from casework.injection.faults.bits import numpy_type
from casework.injection.faults.fault_list import FaultList
from casework.injection.network.wiring import handed

if TYPE_CHECKING:
    from casework.injection.network.golden import Golden
    from casework.injection.network.network import Network
    from casework.injection.network.target import Target

Array = NDArray[Any]

_UNHIT: Final = ".unhit"
_PLACES: Final = ".hit.places"
_VALUES: Final = ".hit.values"
_SCATTER_ELEMENTS: Final = 11
"""Operator set in which Scatter became ScatterElements."""


class Plain:
    """The graph without faults, one sample at a time, on inputs as a campaign was handed them."""

    def __init__(self, network: Network, inputs: Mapping[str, Array]) -> None:
        """Take the inputs.

        Args:
            network: The network.
            inputs: By graph input: [N, *shape of one sample], or whole (or N times the same) where it has no batch axis.
        """
        self._network = network
        self.inputs = inputs
        self._session: Any = None

    def feed(self, sample: int) -> dict[str, Array]:
        """Return what the graph is fed for one sample: its values in their order, in the shape of a batch of one."""
        fed: dict[str, Array] = {}
        for port in self._network.inputs:
            given = np.asarray(self.inputs[port.name])
            if port.layout is None:
                fed[port.name] = given if given.shape == port.shape else given[0]
                continue
            shape = list(port.shape)
            if port.layout.axis >= 0 and port.layout.rows == 1:
                shape.insert(port.layout.axis, 1)
            fed[port.name] = np.array(given[sample], order="C").reshape(shape)
        return fed

    def outputs(self, sample: int) -> list[Array]:
        """Return the outputs of one sample as a judge takes them, each [1, ...]."""
        if self._session is None:
            self._session = self._network.open(self._network.light.SerializeToString())
        return self.row(self._session.run([port.name for port in self._network.outputs], self.feed(sample)))

    def row(self, outputs: list[Array]) -> list[Array]:
        """Return outputs of the graph for one sample as a judge takes them, each [1, ...]."""
        return [
            np.ascontiguousarray(given).reshape(1, *port.shape)
            for given, port in zip(outputs, self._network.outputs, strict=True)
        ]


class RebuildEngine:
    """Edits the graph and runs all of it, batch 1."""

    name = "rebuild"
    exactness: Exactness = "bit-exact"

    def __init__(self, network: Network, golden: Golden) -> None:
        self._network = network
        self.plain = Plain(network, golden.inputs)
        self._edits: Array | None = None
        self._writers: dict[str, tuple[Any, dict[int, Array]]] = {}

    def refusal(self, target: Target, faults: FaultList) -> str:
        """Return nothing: it takes everything."""
        return ""

    def run(self, target: Target, faults: FaultList, fault: Array, sample: Array, judge: Judge) -> Array:
        """Return the flags uint16 [R] of R injected predictions; see `Engine`."""
        flags = np.zeros(len(fault), np.uint16)
        for row, outputs in self.each(target, faults, fault, sample):
            flags[row] = judge(outputs, sample[row : row + 1])[0]
        return flags

    def each(self, target: Target, faults: FaultList, fault: Array, sample: Array) -> Iterator[tuple[int, list[Array]]]:
        """Yield the positions of R injected predictions, in some order, with their outputs, each [1, ...]."""
        if not target.stored:
            for row, (position, one) in enumerate(zip(fault.tolist(), sample.tolist(), strict=True)):
                yield row, self.plain.row(self.outputs(target, faults, position, one))
            return
        for number in np.unique(fault):
            session = self._edited(target, faults, int(number))
            for row in np.flatnonzero(fault == number).tolist():
                yield row, self.plain.row(session.run(self._names, self.plain.feed(int(sample[row]))))

    def outputs(self, target: Target, faults: FaultList, fault: int, sample: int) -> list[Array]:
        """Return the outputs of one injected prediction, as the graph gives them for one sample."""
        if target.stored:
            found: list[Array] = self._edited(target, faults, fault).run(self._names, self.plain.feed(sample))
            return found
        return self._written(target, faults, fault, sample)

    @property
    def _names(self) -> list[str]:
        return [port.name for port in self._network.outputs]

    def _edited(self, target: Target, faults: FaultList, fault: int) -> Any:
        """Return a session of the graph with a stored tensor edited."""
        import onnx
        from onnx import numpy_helper

        values = self._network.stored(target.name)
        put_in(values, faults, fault)
        if target.name in handed(self._network.light):
            self._edits = values  # lives as long as the session that reads it
            return self._network.open(self._network.light.SerializeToString(), {target.name: values})
        proto = onnx.ModelProto()
        proto.CopyFrom(self._network.light)
        held = next(value for value in proto.graph.initializer if value.name == target.name)
        held.CopyFrom(numpy_helper.from_array(values, target.name))
        return self._network.open(proto.SerializeToString())

    def _written(self, target: Target, faults: FaultList, fault: int, sample: int) -> list[Array]:
        """Run the graph with faulty values written into a computed tensor."""
        if target.name not in self._writers:
            self._writers = {target.name: (self._writer(target.name), {})}
        session, unhit = self._writers[target.name]
        renamed = {target.name: target.name + _UNHIT}
        feed = {renamed.get(name, name): value for name, value in self.plain.feed(sample).items()}
        if sample not in unhit and target.kind == "input":
            unhit[sample] = feed[target.name + _UNHIT]
        elif sample not in unhit:
            none = {
                target.name + _PLACES: np.zeros(0, np.int64),
                target.name + _VALUES: np.zeros(0, numpy_type(target.dtype)),
            }
            unhit[sample] = session.run([target.name + _UNHIT], feed | none)[0]
        struck = np.array(unhit[sample], order="C").reshape(-1)
        put_in(struck, faults, fault)
        places = np.unique(faults.index[faults.starts[fault] : faults.starts[fault + 1]])
        hit = {target.name + _PLACES: places, target.name + _VALUES: struck[places]}
        found: list[Array] = session.run(self._names, feed | hit)
        return found

    def _writer(self, name: str) -> Any:
        """Return a session of the graph in which the maker of a tensor is followed by operators that overwrite some elements.

        The elements and their values are inputs, so that one session serves all faults of a tensor. Elements are numbered as in the
        tensor of one sample: with a batch of one, the graph holds them in the same order wherever its batch axis is.
        """
        import onnx
        from onnx import helper, numpy_helper

        proto = onnx.ModelProto()
        proto.CopyFrom(self._network.light)
        graph = proto.graph
        unhit, places, values = name + _UNHIT, name + _PLACES, name + _VALUES
        kind = helper.np_dtype_to_tensor_dtype(numpy_type(self._network.dtypes[name]))
        graph.initializer.append(numpy_helper.from_array(np.array([-1], np.int64), f"{name}.hit.line"))
        version = next(opset.version for opset in proto.opset_import if opset.domain in ("", "ai.onnx"))
        writer = "ScatterElements" if version >= _SCATTER_ELEMENTS else "Scatter"
        added = [
            helper.make_node("Reshape", [unhit, f"{name}.hit.line"], [f"{name}.hit.flat"]),
            helper.make_node("Shape", [unhit], [f"{name}.hit.shape"]),
            helper.make_node(writer, [f"{name}.hit.flat", places, values], [f"{name}.hit.done"], axis=0),
            helper.make_node("Reshape", [f"{name}.hit.done", f"{name}.hit.shape"], [name]),
        ]
        nodes = [onnx.NodeProto.FromString(node.SerializeToString()) for node in graph.node]
        at = 0
        for position, node in enumerate(nodes):
            if name in node.output:
                node.output[list(node.output).index(name)] = unhit
                at = position + 1
        for value in graph.input:
            if value.name == name:
                value.name = unhit
        del graph.node[:]
        graph.node.extend([*nodes[:at], *added, *nodes[at:]])
        graph.input.append(helper.make_tensor_value_info(places, onnx.TensorProto.INT64, ["sites"]))
        graph.input.append(helper.make_tensor_value_info(values, kind, ["sites"]))
        if at:
            graph.output.append(onnx.ValueInfoProto(name=unhit))
        return self._network.open(proto.SerializeToString())
