"""The engine for many sites where the graph takes no bit operators: the graph runs piece by piece, and is struck in between.

A piece ends behind each tensor that some fault hits. What later pieces need is kept, the rest is let go.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from casework.injection.engines.grouped.groups import Hits, batches, exactness_for, hits_of, names_hit, strike_hits
from casework.injection.engines.grouped.rebuild_groups import RebuildGroupsEngine
from casework.injection.engines.grouped.stored import promote, struck_buffers
from casework.injection.engines.protocol import Exactness, Judge
from casework.injection.engines.sparse_xor import golden_where_same, rows_together
from casework.injection.faults.bits import dtypes, numpy_type
from casework.injection.faults.fault_list import FaultList
from casework.injection.network.layouts import same_bits
from casework.injection.network.sessions import Sessions, open_session, refusals
from casework.injection.network.wiring import extract, read_by

if TYPE_CHECKING:
    from casework.injection.network.golden import Golden
    from casework.injection.network.network import Network
    from casework.injection.network.target import Target

Array = NDArray[Any]


class SegmentsEngine:
    """Runs the graph piece by piece."""

    name = "segments"
    exactness: Exactness = "bit-exact"

    def __init__(self, network: Network, golden: Golden) -> None:
        self._network = network
        self._golden = golden
        self._chains = Sessions(2)
        self._oracle = RebuildGroupsEngine(network, golden)

    def refusal(self, target: Target, faults: FaultList) -> str:
        """Return why it cannot take faults of one target."""
        return self._lost([target.name]) or self._chain((target.name,)).reason

    def run(self, target: Target, faults: FaultList, fault: Array, sample: Array, judge: Judge) -> Array:
        """Return the flags uint16 [R] of R injected predictions; see `Engine`. Each fault is a group of its own."""
        return self._run(self._chain((target.name,)), faults, np.arange(len(faults) + 1), fault, sample, judge)

    def exactness_for(self, faults: FaultList) -> Exactness:
        """Return how its outputs compare with the oracle's; see `GroupEngine`."""
        return exactness_for(self._network, faults)

    def refusal_of_groups(self, faults: FaultList) -> str:
        """Return why it cannot take these faults; see `GroupEngine`."""
        return self._lost(names_hit(faults)) or self._chain(self._all_of(faults)).reason

    def run_groups(self, faults: FaultList, bounds: Array, group: Array, sample: Array, judge: Judge) -> Array:
        """Return the flags uint16 [R] of R injected predictions; see `GroupEngine`.

        Faults that it refuses by themselves, as it may those of a canary out of a list that it takes, go to the oracle.
        """
        if self.refusal_of_groups(faults):
            return self._oracle.run_groups(faults, bounds, group, sample, judge)
        return self._run(self._chain(self._all_of(faults)), faults, bounds, group, sample, judge)

    def _run(self, chain: _Chain, faults: FaultList, bounds: Array, group: Array, sample: Array, judge: Judge) -> Array:
        if chain.reason:
            raise RuntimeError(chain.reason)
        flags = np.zeros(len(group), np.uint16)
        names = [tensor.name for tensor in faults.tensors]
        stored = np.array([name in chain.buffers for name in names])
        for chosen, _ in batches(faults, bounds, group, sample, stored, chain.most):
            hits = {names[number]: found for number, found in hits_of(faults, bounds, group[chosen]).items()}
            flags[chosen] = judge(chain.run(sample[chosen], hits), sample[chosen])
        return flags

    def _lost(self, names: Sequence[str]) -> str:
        """Return why a computed tensor cannot be struck row by row."""
        lost = [n for n in names if not self._network.target(n).stored and self._network.layouts.get(n) is None]
        return f"the samples of a batch cannot be told apart in {lost[0]}" if lost else ""

    def _all_of(self, faults: FaultList) -> tuple[str, ...]:
        """Return all tensors of a list's table that can be struck, hit or not: parts of a list then run in the same pieces."""
        return tuple(tensor.name for tensor in faults.tensors if not self._lost([tensor.name]))

    def _chain(self, names: tuple[str, ...]) -> _Chain:
        made: _Chain = self._chains.get(names, lambda: _Chain(self._network, self._golden, names))
        return made


@dataclass(frozen=True, slots=True)
class _Piece:
    """Some nodes of the graph, one after the other.

    Attributes:
        session: Runs them.
        reads: What it is fed.
        makes: What is kept of what it makes.
        struck: Tensors that are struck behind it.
        done: Tensors that no later piece needs.
    """

    session: Any
    reads: tuple[str, ...]
    makes: tuple[str, ...]
    struck: tuple[str, ...]
    done: tuple[str, ...]


class _Chain:
    """The graph in pieces that end behind some tensors; stored tensors are inputs."""

    def __init__(self, network: Network, golden: Golden, names: tuple[str, ...]) -> None:
        self._network, self._golden = network, golden
        targets = [network.target(name) for name in names]
        self._struck = tuple(t.name for t in targets if not t.stored)
        self.most = 1 if network.batch else rows_together(network)
        self.buffers: dict[str, Array] = {}
        self._unhit: dict[bytes, list[Array]] = {}
        self._pieces: list[_Piece] = []
        self.reason = self._open(tuple(t.name for t in targets if t.stored))

    def _open(self, stored: Sequence[str]) -> str:
        proto = type(self._network.proto).FromString(self._network.content)
        self.buffers = promote(proto, stored)
        try:
            self._pieces = _pieces(proto, self._struck, self._network, self.buffers)
            return self._clean()
        except refusals() as error:
            return f"onnxruntime does not run the graph in pieces: {(str(error).splitlines() or [''])[0]}"
        except KeyError as error:
            return f"the element type of {error.args[0]} is not known"

    def _clean(self) -> str:
        if self.buffers:
            # Stored tensors that are fed may round otherwise; the pieces must not, which is tried without feeding any.
            return _Chain(self._network, self._golden, self._struck).reason if self._struck else ""
        count = min(self.most, self._golden.samples)
        samples = np.unique(np.linspace(0, self._golden.samples - 1, count).astype(np.int64))
        found = self._outputs(samples, {})
        same = all(same_bits(rows, golden[samples]) for rows, golden in zip(found, self._golden.outputs, strict=True))
        return "" if same else "in pieces the graph rounds differently"

    def run(self, samples: Array, hits: Mapping[str, Hits]) -> list[Array]:
        """Return the outputs [B, ...] of samples int64 [B] struck by hits."""
        if not self.buffers:
            return self._outputs(samples, hits)
        key = samples.tobytes()
        if key not in self._unhit:
            if len(self._unhit) >= 256:
                self._unhit.clear()
            self._unhit[key] = self._outputs(samples, {})
        with struck_buffers(self.buffers, {name: found for name, found in hits.items() if name in self.buffers}):
            moved = self._outputs(samples, hits)
        return [
            golden_where_same(new, old, golden[samples])
            for new, old, golden in zip(moved, self._unhit[key], self._golden.outputs, strict=True)
        ]

    def _outputs(self, samples: Array, hits: Mapping[str, Hits]) -> list[Array]:
        values: dict[str, Array] = {**self._golden.feed(samples), **self.buffers}
        for name in self._struck:
            if name in self._golden.inputs:
                self._strike(values, name, hits)
        for piece in self._pieces:
            made = piece.session.run(list(piece.makes), {name: values[name] for name in piece.reads})
            values.update(zip(piece.makes, made, strict=True))
            for name in piece.struck:
                self._strike(values, name, hits)
            for name in piece.done:
                del values[name]
        return [port.rows(values[port.name], len(samples)) for port in self._network.outputs]

    def _strike(self, values: dict[str, Array], name: str, hits: Mapping[str, Hits]) -> None:
        layout = self._network.layouts[name]
        if name not in hits or layout is None:
            return
        rows = np.ascontiguousarray(layout.to_rows(values[name]))
        rows = rows.copy() if name in self._golden.inputs or not rows.flags.writeable else rows
        strike_hits(rows, hits[name])
        values[name] = layout.from_rows(rows)


def _pieces(proto: Any, struck: Sequence[str], network: Network, buffers: Mapping[str, Array]) -> list[_Piece]:
    nodes = proto.graph.node
    maker = {name: position for position, node in enumerate(nodes) for name in node.output}
    ends = sorted({maker[name] for name in struck if name in maker} | ({len(nodes) - 1} if len(nodes) else set()))
    outputs = {value.name for value in proto.graph.output}
    held = {value.name for value in proto.graph.initializer}
    wanted_after = [outputs]
    for node in reversed(nodes):
        wanted_after.append(wanted_after[-1] | set(read_by(node)))
    wanted_after = wanted_after[::-1][1:]
    made: list[_Piece] = []
    kept: set[str] = {value.name for value in proto.graph.input}
    start = 0
    for end in ends:
        positions = range(start, end + 1)
        own = {name for position in positions for name in nodes[position].output if name}
        reads = dict.fromkeys(n for p in positions for n in read_by(nodes[p]) if n not in own and n not in held)
        hit = tuple(name for name in struck if maker.get(name, -1) in positions)
        makes = tuple(sorted(own & (wanted_after[end] | set(hit))))
        kept |= set(makes)
        done = tuple(sorted(name for name in kept - wanted_after[end] if name not in buffers))
        kept -= set(done)
        made.append(
            _Piece(_session(proto, positions, tuple(reads), makes, network, buffers), tuple(reads), makes, hit, done)
        )
        start = end + 1
    return made


def _session(
    proto: Any,
    positions: range,
    reads: Sequence[str],
    makes: Sequence[str],
    network: Network,
    buffers: Mapping[str, Array],
) -> Any:
    import onnx
    from onnx import helper

    inputs = []
    for name in reads:
        dtype = buffers[name].dtype.name if name in buffers else network.dtypes[name]
        kind = helper.np_dtype_to_tensor_dtype(numpy_type(dtype) if dtype in dtypes() else np.dtype(dtype))
        inputs.append(helper.make_tensor_value_info(name, kind, None))
    made = [onnx.ValueInfoProto(name=name) for name in makes]
    return open_session(extract(proto, positions, inputs, made).SerializeToString(), level=network.level)
