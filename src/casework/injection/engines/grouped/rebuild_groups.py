"""The oracle for groups: the graph edited and opened anew for each tensor that is hit, one prediction at a time.

Stored tensors are edited in the graph. Then, in the order of the graph, each computed tensor that is hit is read from a run in which those
before it have their faulty values already, struck, and from there on given instead of what the graph makes. It shares nothing with
the engines that are held to it but the table of bit operations.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from numpy.typing import NDArray

from casework.injection.engines.plain_strike import put_all_in
from casework.injection.engines.protocol import Exactness, Judge
from casework.injection.engines.rebuild import Plain
from casework.injection.faults.bits import numpy_type
from casework.injection.faults.fault_list import FaultList
from casework.injection.network.sessions import open_session

if TYPE_CHECKING:
    from casework.injection.network.golden import Golden
    from casework.injection.network.network import Network

Array = NDArray[Any]

_FAULTY: Final = ".faulty"
_UNHIT: Final = ".unhit"


class RebuildGroupsEngine:
    """Edits the graph and runs all of it, batch 1, once for each computed tensor that is hit."""

    name = "rebuild-groups"
    exactness: Exactness = "bit-exact"

    def __init__(self, network: Network, golden: Golden) -> None:
        self._network = network
        self.plain = Plain(network, golden.inputs)

    def exactness_for(self, faults: FaultList) -> Exactness:
        """Return that it is what others are compared with."""
        return "bit-exact"

    def refusal_of_groups(self, faults: FaultList) -> str:
        """Return nothing: it takes everything."""
        return ""

    def run_groups(self, faults: FaultList, bounds: Array, group: Array, sample: Array, judge: Judge) -> Array:
        """Return the flags uint16 [R] of R injected predictions; see `GroupEngine`."""
        flags = np.zeros(len(group), np.uint16)
        for row, outputs in self.each(faults, bounds, group, sample):
            flags[row] = judge(outputs, sample[row : row + 1])[0]
        return flags

    def each(self, faults: FaultList, bounds: Array, group: Array, sample: Array) -> Iterator[tuple[int, list[Array]]]:
        """Yield the positions of injected predictions with their outputs, each [1, ...]; without groups that hit nothing."""
        for row, (number, one) in enumerate(zip(group.tolist(), sample.tolist(), strict=True)):
            mine = faults.take(np.arange(bounds[number], bounds[number + 1]))
            if len(mine.index):
                yield row, self.plain.row(self.outputs(mine, one))

    def outputs(self, faults: FaultList, sample: int) -> list[Array]:
        """Return the outputs of one sample struck by all faults of a list, as the graph gives them."""
        by_name = {
            faults.tensors[number].name: faults.take(np.flatnonzero(faults.tensor == number))
            for number in np.unique(faults.tensor)
        }
        stored = {name: part for name, part in by_name.items() if self._network.target(name).stored}
        computed = sorted((n for n in by_name if n not in stored), key=self._place)
        content = _edited(self._network.content, stored)
        given: dict[str, Array] = {}
        for name in computed:
            given[name] = self._struck(content, given, name, by_name[name], sample)
        return self._run(content, given, [port.name for port in self._network.outputs], sample)

    def _place(self, name: str) -> int:
        """Return where a tensor is made: -1 for inputs, else the position of its node."""
        nodes = self._network.proto.graph.node
        return next((position for position, node in enumerate(nodes) if name in node.output), -1)

    def _struck(self, content: bytes, given: Mapping[str, Array], name: str, faults: FaultList, sample: int) -> Array:
        if self._place(name) < 0:
            unhit = self.plain.feed(sample)[name]
        else:
            (unhit,) = self._run(content, given, [name], sample)
        values = np.ascontiguousarray(unhit).copy()
        put_all_in(values, faults)
        return values

    def _run(self, content: bytes, given: Mapping[str, Array], wanted: Sequence[str], sample: int) -> list[Array]:
        session = open_session(_replaced(content, given, wanted), level=self._network.level)
        feed = {name: value for name, value in self.plain.feed(sample).items() if name not in given}
        found: list[Array] = session.run(list(wanted), feed | {n + _FAULTY: v for n, v in given.items()})
        return found


def _edited(content: bytes, stored: Mapping[str, FaultList]) -> bytes:
    """Return a model with stored tensors struck."""
    import onnx
    from onnx import numpy_helper

    proto = onnx.ModelProto.FromString(content)
    for held in proto.graph.initializer:
        if held.name in stored:
            values = np.ascontiguousarray(numpy_helper.to_array(held)).copy()
            put_all_in(values, stored[held.name])
            held.CopyFrom(numpy_helper.from_array(values, held.name))
    edited: bytes = proto.SerializeToString()
    return edited


def _replaced(content: bytes, given: Mapping[str, Array], wanted: Sequence[str]) -> bytes:
    """Return a model in which some computed tensors are copies of inputs, and `wanted` are among the outputs."""
    import onnx
    from onnx import helper

    proto = onnx.ModelProto.FromString(content)
    for node in proto.graph.node:
        for position, name in enumerate(node.output):
            if name in given:
                node.output[position] = name + _UNHIT
    for value in [value for value in proto.graph.input if value.name in given]:
        proto.graph.input.remove(value)
    nodes = [onnx.NodeProto.FromString(node.SerializeToString()) for node in proto.graph.node]
    del proto.graph.node[:]
    copies = [helper.make_node("Identity", [name + _FAULTY], [name]) for name in given]
    proto.graph.node.extend([*copies, *nodes])
    for name, value in given.items():
        kind = helper.np_dtype_to_tensor_dtype(numpy_type(value.dtype.name))
        proto.graph.input.append(helper.make_tensor_value_info(name + _FAULTY, kind, list(value.shape)))
    held = {value.name for value in proto.graph.output}
    proto.graph.output.extend(onnx.ValueInfoProto(name=name) for name in wanted if name not in held)
    made: bytes = proto.SerializeToString()
    return made
