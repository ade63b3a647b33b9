"""The oracle: the whole folded graph, one prediction at a time, with the fault written into the graph itself.

It shares no code with the cuts: a stored tensor is edited in the graph, which is then opened anew; into a computed tensor the faulty
values are written by operators that are added behind the one that makes it. Every other engine is audited against it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np
from numpy.typing import NDArray

from casework.injection.engines.protocol import Exactness, Judge
from casework.injection.faults.bits import numpy_type, strike
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


class RebuildEngine:
    """Edits the graph and runs all of it, batch 1."""

    name = "rebuild"
    exactness: Exactness = "bit-exact"

    def __init__(self, network: Network, golden: Golden) -> None:
        self._network = network
        self._golden = golden
        self._edits: Array | None = None
        self._writers: dict[str, tuple[Any, dict[int, Array]]] = {}

    def refusal(self, target: Target, faults: FaultList) -> str:
        """Return nothing: it takes everything."""
        return ""

    def run(self, target: Target, faults: FaultList, fault: Array, sample: Array, judge: Judge) -> Array:
        """Return the flags uint16 [R] of R injected predictions; see `Engine`."""
        flags = np.zeros(len(fault), np.uint16)
        if target.stored:
            for number in np.unique(fault):
                rows = np.flatnonzero(fault == number)
                session = self._edited(target, faults, int(number))
                for row in rows.tolist():
                    outputs = session.run(self._names, self._feed(int(sample[row])))
                    flags[row] = self._judged(outputs, int(sample[row]), judge)
            return flags
        for row, (position, one) in enumerate(zip(fault, sample, strict=True)):
            flags[row] = self._judged(self.outputs(target, faults, int(position), int(one)), int(one), judge)
        return flags

    def outputs(self, target: Target, faults: FaultList, fault: int, sample: int) -> list[Array]:
        """Return the outputs of one injected prediction, as the graph gives them for one sample."""
        if target.stored:
            found: list[Array] = self._edited(target, faults, fault).run(self._names, self._feed(sample))
            return found
        return self._written(target, faults, fault, sample)

    @property
    def _names(self) -> list[str]:
        return [port.name for port in self._network.outputs]

    def _feed(self, sample: int) -> dict[str, Array]:
        return self._golden.feed(np.array([sample]))

    def _judged(self, outputs: list[Array], sample: int, judge: Judge) -> Any:
        rows = [
            np.ascontiguousarray(given).reshape(1, *golden.shape[1:])
            for given, golden in zip(outputs, self._golden.outputs, strict=True)
        ]
        return judge(rows, np.array([sample]))[0]

    def _edited(self, target: Target, faults: FaultList, fault: int) -> Any:
        """Return a session of the graph with a stored tensor edited."""
        import onnx
        from onnx import numpy_helper

        values = self._network.stored(target.name)
        strike(values.reshape(1, -1), faults, np.array([fault]))
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
        feed = {renamed.get(name, name): value for name, value in self._feed(sample).items()}
        if sample not in unhit and target.kind == "input":
            unhit[sample] = feed[target.name + _UNHIT]
        elif sample not in unhit:
            none = {
                target.name + _PLACES: np.zeros(0, np.int64),
                target.name + _VALUES: np.zeros(0, numpy_type(target.dtype)),
            }
            unhit[sample] = session.run([target.name + _UNHIT], feed | none)[0]
        struck = np.ascontiguousarray(unhit[sample]).reshape(1, -1).copy()
        strike(struck, faults, np.array([fault]))
        places = np.unique(faults.index[faults.starts[fault] : faults.starts[fault + 1]])
        hit = {target.name + _PLACES: places, target.name + _VALUES: struck[0][places]}
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
