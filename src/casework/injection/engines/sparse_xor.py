"""The engine for many sites at many tensors: operators in the graph overwrite chosen elements with their faulty bit patterns.

Behind every tensor that can be hit stand a few operators: they gather the elements that are hit, take them for integers (BitCast),
keep the bits of one mask (BitwiseAnd), invert those of another (BitwiseXor), take them for what they were and scatter them back. Places
and masks are inputs, as many as there are sites, so that memory does not grow with the tensors and one session serves all faults.
All operations on bit patterns are of this form: `xor` keeps all and inverts, `and` keeps, `or` and `set` clear and invert.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from numpy.typing import NDArray

from casework.injection.engines.grouped.groups import Hits, batches, exactness_for, hits_of, names_hit
from casework.injection.engines.grouped.stored import promote, struck_buffers
from casework.injection.engines.opsets import BITWISE, raised
from casework.injection.engines.protocol import Exactness, Judge
from casework.injection.faults.bits import numpy_type, pattern_type
from casework.injection.faults.fault_list import OPS, FaultList
from casework.injection.network.layouts import same_bits
from casework.injection.network.sessions import Sessions, open_session, refusals

if TYPE_CHECKING:
    from casework.injection.engines.segments import SegmentsEngine
    from casework.injection.network.golden import Golden
    from casework.injection.network.layouts import Layout
    from casework.injection.network.network import Network
    from casework.injection.network.target import Target

Array = NDArray[Any]

_UNHIT: Final = ".unhit"
_PLACES: Final = ".hit.places"
_KEPT: Final = ".hit.kept"
_INVERTED: Final = ".hit.inverted"
_BITWISE_OPS: Final = tuple(OPS.index(name) for name in ("xor", "and", "or", "set"))
_TYPES: Final = (
    "float16",
    "float32",
    "float64",
    "int8",
    "uint8",
    "int16",
    "uint16",
    "int32",
    "uint32",
    "int64",
    "uint64",
)
"""Element types that onnxruntime 1.32 casts by bits; others are left to the engine that runs by segments."""

MEMORY: Final = 8 << 20
"""Bytes of activations of a batch, about: what a second- or third-level cache holds."""
MOST: Final = 256


class SparseXorEngine:
    """Runs the whole graph with operators in it that invert bits."""

    name = "sparse-xor"
    exactness: Exactness = "bit-exact"

    def __init__(self, network: Network, golden: Golden) -> None:
        self._network = network
        self._golden = golden
        self._sessions = Sessions(2)
        self._next: SegmentsEngine | None = None

    def refusal(self, target: Target, faults: FaultList) -> str:
        """Return why it cannot take faults of one target."""
        return self._refused([target.name], faults) or self._instrumented((target.name,)).reason

    def run(self, target: Target, faults: FaultList, fault: Array, sample: Array, judge: Judge) -> Array:
        """Return the flags uint16 [R] of R injected predictions; see `Engine`. Each fault is a group of its own."""
        alone = np.arange(len(faults) + 1)
        return self._run(self._instrumented((target.name,)), faults, alone, fault, sample, judge)

    def exactness_for(self, faults: FaultList) -> Exactness:
        """Return how its outputs compare with the oracle's; see `GroupEngine`."""
        return exactness_for(self._network, faults)

    def refusal_of_groups(self, faults: FaultList) -> str:
        """Return why it cannot take these faults; see `GroupEngine`."""
        reason = self._refused(names_hit(faults), faults)
        if not reason and _hit_twice(faults):
            reason = "two faults of a group hit the same element"
        return reason or self._instrumented(self._all_of(faults)).reason

    def run_groups(self, faults: FaultList, bounds: Array, group: Array, sample: Array, judge: Judge) -> Array:
        """Return the flags uint16 [R] of R injected predictions; see `GroupEngine`.

        Faults that it refuses by themselves, as it may those of a canary out of a list that it takes, go to the next engine.
        """
        if self.refusal_of_groups(faults):
            from casework.injection.engines.segments import SegmentsEngine

            if self._next is None:
                self._next = SegmentsEngine(self._network, self._golden)
            return self._next.run_groups(faults, bounds, group, sample, judge)
        return self._run(self._instrumented(self._all_of(faults)), faults, bounds, group, sample, judge)

    def _run(self, part: _Part, faults: FaultList, bounds: Array, group: Array, sample: Array, judge: Judge) -> Array:
        if part.reason:
            raise RuntimeError(part.reason)
        flags = np.zeros(len(group), np.uint16)
        names = [tensor.name for tensor in faults.tensors]
        stored = np.array([name in part.buffers for name in names])
        for chosen, _ in batches(faults, bounds, group, sample, stored, part.most):
            hits = {names[number]: found for number, found in hits_of(faults, bounds, group[chosen]).items()}
            flags[chosen] = judge(part.run(sample[chosen], hits), sample[chosen])
        return flags

    def _refused(self, names: Sequence[str], faults: FaultList) -> str:
        """Return what is against the tensors hit and the operations."""
        for target in map(self._network.target, names):
            if not target.stored and target.dtype not in _TYPES:
                return f"{target.name} has elements of type {target.dtype}, which cannot be taken for integers in the graph"
            if not target.stored and self._network.layouts.get(target.name) is None:
                return f"the samples of a batch cannot be told apart in {target.name}"
        beyond = np.flatnonzero(~np.isin(faults.op, _BITWISE_OPS))
        return f"the operation {OPS[int(faults.op[beyond[0]])]} does not act on bit patterns" if len(beyond) else ""

    def _all_of(self, faults: FaultList) -> tuple[str, ...]:
        """Return all tensors of a list's table that can be struck, hit or not: parts of a list then run in the same graph."""
        targets = [self._network.target(tensor.name) for tensor in faults.tensors]
        layouts = self._network.layouts
        return tuple(t.name for t in targets if t.stored or (t.dtype in _TYPES and layouts.get(t.name) is not None))

    def _instrumented(self, names: tuple[str, ...]) -> _Part:
        made: _Part = self._sessions.get(names, lambda: _Part(self._network, self._golden, names))
        return made


def _hit_twice(faults: FaultList) -> bool:
    """True where two faults of a group hit the same element of a tensor."""
    counts = np.diff(faults.starts)
    fault = np.repeat(np.arange(len(faults)), counts)
    key = np.stack([faults.group[fault], faults.tensor[fault], faults.index])
    order = np.lexsort(key[::-1])
    return bool((np.diff(key[:, order], axis=1) == 0).all(axis=0).any())


@dataclass(frozen=True, slots=True)
class _Place:
    """A computed tensor behind which bits are inverted."""

    name: str
    dtype: str
    elements: int
    layout: Layout | None


class _Part:
    """The graph with operators behind some tensors, and stored tensors as inputs."""

    def __init__(self, network: Network, golden: Golden, names: tuple[str, ...]) -> None:
        targets = [network.target(name) for name in names]
        self._network, self._golden = network, golden
        self._places = [
            _Place(t.name, t.dtype, t.elements, network.layouts.get(t.name)) for t in targets if not t.stored
        ]
        self.buffers: dict[str, Array] = {}
        self.most = 1 if network.batch else rows_together(network)
        self._lines: dict[tuple[str, int], Array] = {}
        self._unhit: dict[bytes, list[Array]] = {}
        self._session: Any = None
        self.reason = self._open([t.name for t in targets if t.stored])

    def _open(self, stored: Sequence[str]) -> str:
        """Open the session; return why that cannot be done."""
        proto = raised(self._network.proto, BITWISE) if self._places else self._network.proto
        if proto is None:
            return f"the graph has no equal at operator set {BITWISE}"
        proto = type(proto).FromString(proto.SerializeToString())
        self.buffers = promote(proto, stored)
        for place in self._places:
            _add_operators(proto, place)
        try:
            self._session = open_session(proto.SerializeToString(), level=self._network.level)
            return self._clean()
        except refusals() as error:
            return f"onnxruntime does not run the graph with bit operators: {(str(error).splitlines() or [''])[0]}"

    def _clean(self) -> str:
        """Return how the graph differs from the golden run where no bit is inverted.

        Stored tensors that are fed may round otherwise; the operators must not, which is tried without feeding any.
        """
        if self.buffers:
            computed = tuple(place.name for place in self._places)
            return _Part(self._network, self._golden, computed).reason if computed else ""
        samples = np.unique(
            np.linspace(0, self._golden.samples - 1, min(self.most, self._golden.samples)).astype(np.int64)
        )
        found = self._outputs(samples, {})
        same = all(same_bits(rows, golden[samples]) for rows, golden in zip(found, self._golden.outputs, strict=True))
        return "" if same else "with bit operators that do nothing the graph rounds differently"

    def run(self, samples: Array, hits: Mapping[str, Hits]) -> list[Array]:
        """Return the outputs [B, ...] of samples int64 [B] struck by hits."""
        if not self.buffers:
            return self._outputs(samples, hits)
        still = self._still(samples)
        with struck_buffers(self.buffers, {name: found for name, found in hits.items() if name in self.buffers}):
            moved = self._outputs(samples, hits)
        return [
            golden_where_same(new, old, golden[samples])
            for new, old, golden in zip(moved, still, self._golden.outputs, strict=True)
        ]

    def _still(self, samples: Array) -> list[Array]:
        """Return the outputs of the edited graph without faults, kept for the samples used last."""
        key = samples.tobytes()
        if key not in self._unhit:
            if len(self._unhit) >= MOST:
                self._unhit.clear()
            self._unhit[key] = self._outputs(samples, {})
        return self._unhit[key]

    def _outputs(self, samples: Array, hits: Mapping[str, Hits]) -> list[Array]:
        feed: dict[str, Array] = {**self._golden.feed(samples), **self.buffers}
        for place in self._places:
            if place.name in self._golden.inputs:
                feed[place.name + _UNHIT] = feed.pop(place.name)
            self._feed_masks(feed, place, hits.get(place.name), len(samples))
        found = self._session.run([port.name for port in self._network.outputs], feed)
        return [port.rows(value, len(samples)) for port, value in zip(self._network.outputs, found, strict=True)]

    def _feed_masks(self, feed: dict[str, Array], place: _Place, hits: Hits | None, rows: int) -> None:
        kind = pattern_type(place.dtype)
        if hits is None:
            empty = np.zeros(0, kind)
            feed.update(
                {place.name + _PLACES: np.zeros(0, np.int64), place.name + _KEPT: empty, place.name + _INVERTED: empty}
            )
            return
        at = hits.row * place.elements + hits.index
        if place.layout is not None and not place.layout.plain:
            at = self._line(place, rows)[at]
        kept, inverted = _masks(hits.op, hits.operand.astype(kind))
        feed.update({place.name + _PLACES: at, place.name + _KEPT: kept, place.name + _INVERTED: inverted})

    def _line(self, place: _Place, rows: int) -> Array:
        """Return where the elements of rows lie in the graph's tensor, for one that does not hold samples in rows."""
        key = place.name, rows
        if key not in self._lines:
            shape = (rows, *self._network.target(place.name).shape)
            if place.layout is None:
                raise ValueError(place.name)
            graph = place.layout.from_rows(np.arange(math.prod(shape)).reshape(shape)).reshape(-1)
            line = np.empty_like(graph)
            line[graph] = np.arange(len(graph))
            self._lines[key] = line
        return self._lines[key]


def rows_together(network: Network) -> int:
    """Return how many samples run together: as many as have their activations in `MEMORY`."""
    each = sum(t.elements * numpy_type(t.dtype).itemsize for t in network.targets if not t.stored and t.dtype in _TYPES)
    return int(np.clip(MEMORY // max(each, 1), 1, MOST))


def _masks(op: Array, operand: Array) -> tuple[Array, Array]:
    """Return (kept, inverted) of operations: the new pattern is `(old & kept) ^ inverted`."""
    if not op.any():
        return np.full_like(operand, ~operand.dtype.type(0)), operand
    xor, both, either, _ = (op == number for number in _BITWISE_OPS)
    nothing = np.zeros_like(operand)
    kept = np.where(xor, ~nothing, np.where(both, operand, np.where(either, ~operand, nothing)))
    return kept, np.where(both, nothing, operand)


def golden_where_same(moved: Array, still: Array, golden: Array) -> Array:
    """Return rows, with those that equal the session's own rows without faults replaced by the golden ones."""
    if not len(moved):
        return moved
    bits = [np.ascontiguousarray(rows).reshape(len(rows), -1).view(np.uint8) for rows in (moved, still)]
    same = (bits[0] == bits[1]).all(axis=1)
    rows = np.ascontiguousarray(moved).copy()
    rows[same] = golden[same]
    return rows


def _add_operators(proto: Any, place: _Place) -> None:
    """Put the operators behind the maker of a tensor, in place; the tensor's readers then read what the last of them makes."""
    import onnx
    from onnx import helper, numpy_helper

    graph, name = proto.graph, place.name
    unhit = name + _UNHIT
    kind = helper.np_dtype_to_tensor_dtype(numpy_type(place.dtype))
    pattern = helper.np_dtype_to_tensor_dtype(pattern_type(place.dtype))
    made = [
        f"{name}.hit.{step}" for step in ("line", "flat", "shape", "old", "bits", "cleared", "struck", "new", "done")
    ]
    line, flat, shape, old, bits, cleared, struck, new, done = made
    graph.initializer.append(numpy_helper.from_array(np.array([-1], np.int64), line))
    added = [
        helper.make_node("Reshape", [unhit, line], [flat]),
        helper.make_node("Shape", [unhit], [shape]),
        helper.make_node("Gather", [flat, name + _PLACES], [old], axis=0),
        helper.make_node("BitCast", [old], [bits], to=pattern),
        helper.make_node("BitwiseAnd", [bits, name + _KEPT], [cleared]),
        helper.make_node("BitwiseXor", [cleared, name + _INVERTED], [struck]),
        helper.make_node("BitCast", [struck], [new], to=kind),
        helper.make_node("ScatterElements", [flat, name + _PLACES, new], [done], axis=0),
        helper.make_node("Reshape", [done, shape], [name]),
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
    for suffix, element in ((_PLACES, onnx.TensorProto.INT64), (_KEPT, pattern), (_INVERTED, pattern)):
        graph.input.append(helper.make_tensor_value_info(name + suffix, element, [f"{name}.sites"]))
