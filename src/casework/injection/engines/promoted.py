"""The engine for what is stored: the tensor is an input of the graph, so that each fault only feeds another value."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np
from numpy.typing import NDArray

from casework.injection.engines.protocol import Exactness, Judge
from casework.injection.engines.rebuild import RebuildEngine
from casework.injection.faults.bits import restore, strike
from casework.injection.faults.fault_list import FaultList
from casework.injection.network.sessions import Sessions, refusals

if TYPE_CHECKING:
    from casework.injection.network.golden import Golden
    from casework.injection.network.network import Network
    from casework.injection.network.target import Target

Array = NDArray[Any]

TOGETHER: Final = 32
"""Samples of one fault that run together."""

JUDGED: Final = 4096
"""Rows that are judged together, where there are as many."""

JUDGED_BYTES: Final = 4 << 20
"""Bytes of outputs that are judged together."""


class PromotedEngine:
    """Feeds a stored tensor as an input to the part of the graph that reads it.

    A weight that is fed is not packed beforehand, and matrix products round differently for it: so every output is compared with
    that of the unhit weight in the same session, and what equals that is taken for golden.
    """

    name = "promoted"
    exactness: Exactness = "rounding"

    def __init__(self, network: Network, golden: Golden) -> None:
        self._network = network
        self._golden = golden
        self._parts = Sessions(network.sessions)
        self._oracle = RebuildEngine(network, golden)

    def refusal(self, target: Target, faults: FaultList) -> str:
        """Return why it cannot take a target: it is not stored."""
        return "" if target.stored else "the target is computed, not stored"

    def run(self, target: Target, faults: FaultList, fault: Array, sample: Array, judge: Judge) -> Array:
        """Return the flags uint16 [R] of R injected predictions; see `Engine`.

        A runtime that wants the tensor to be constant (zero points of some integer kernels) refuses; the graph is then rebuilt.
        """
        flags = np.zeros(len(fault), np.uint16)
        order = np.lexsort((sample, fault))
        bounds = np.flatnonzero(np.diff(fault[order])) + 1
        try:
            part = self._parts.get(target.name, lambda: _Part(self._network, self._golden, target))
        except refusals():
            return self._oracle.run(target, faults, fault, sample, judge)
        gathered = _Gathered(part.width, judge, flags)
        for rows in np.split(order, bounds):
            for start in range(0, len(rows), part.most):
                chosen = rows[start : start + part.most]
                try:
                    outputs = part.run(faults, int(fault[chosen[0]]), sample[chosen])
                except refusals():
                    flags[chosen] = self._oracle.run(target, faults, fault[chosen], sample[chosen], judge)
                    continue
                gathered.take(outputs, chosen, sample[chosen])
        gathered.settle()
        return flags


class _Gathered:
    """Outputs of some calls, judged together: a judge costs as much for a few rows as for thousands."""

    def __init__(self, width: int, judge: Judge, flags: Array) -> None:
        self._most = max(1, min(JUDGED, JUDGED_BYTES // max(1, width)))
        self._judge, self._flags = judge, flags
        self._held: list[tuple[list[Array], Array, Array]] = []
        self._rows = 0

    def take(self, outputs: list[Array], rows: Array, samples: Array) -> None:
        """Take outputs [R, ...], the places int64 [R] of their flags and their samples; judge when enough have come together."""
        self._held.append((outputs, rows, samples))
        self._rows += len(rows)
        if self._rows >= self._most:
            self.settle()

    def settle(self) -> None:
        """Judge what is held."""
        if not self._held:
            return
        parts, rows, samples = zip(*self._held, strict=True)
        outputs = list(parts[0]) if len(parts) == 1 else [np.concatenate(values) for values in zip(*parts, strict=True)]
        self._flags[np.concatenate(rows)] = self._judge(outputs, np.concatenate(samples))
        self._held, self._rows = [], 0


class _Part:
    """The part of the graph that depends on a stored tensor, with the tensor as an input.

    Attributes:
        most: Samples that run together at most.
        width: Bytes of the outputs of one.
    """

    def __init__(self, network: Network, golden: Golden, target: Target) -> None:
        import onnx
        from onnx import helper

        self._golden, self._target = golden, target
        self._cut = None if target.name in network.uncuttable else network.cut(target.name)
        proto = onnx.ModelProto.FromString(network.light.SerializeToString() if self._cut is None else self._cut.suffix)
        held = next(value for value in proto.graph.initializer if value.name == target.name)
        self._stored = network.stored(target.name)
        proto.graph.input.append(helper.make_tensor_value_info(target.name, held.data_type, list(held.dims)))
        proto.graph.initializer.remove(held)
        self._session = network.open(proto.SerializeToString())
        self._ports = network.outputs
        self._positions = tuple(range(len(self._ports))) if self._cut is None else self._cut.positions
        self.most = 1 if network.batch else TOGETHER
        self.width = sum(values.nbytes // max(len(values), 1) for values in golden.outputs)
        self._feeds: dict[bytes, tuple[dict[str, Array], list[Array]]] = {}

    def run(self, faults: FaultList, fault: int, samples: Array) -> list[Array]:
        """Return the outputs [R, ...] of samples int64 [R] under one fault."""
        feed, unhit = self._fed(samples)
        saved = strike(self._stored.reshape(1, -1), faults, np.array([fault]))
        try:
            hit = self._outputs(feed, len(samples))
        finally:
            restore(self._stored.reshape(1, -1), saved)
        outputs = [golden[samples] for golden in self._golden.outputs]
        for position, moved, still in zip(self._positions, hit, unhit, strict=True):
            same = (_bits(moved) == _bits(still)).all(axis=1)
            moved = np.ascontiguousarray(moved).copy()
            moved[same] = outputs[position][same]
            outputs[position] = moved
        return outputs

    def _fed(self, samples: Array) -> tuple[dict[str, Array], list[Array]]:
        """Return the inputs for some samples and the outputs without a fault; kept for the samples used last."""
        key = samples.tobytes()
        if key not in self._feeds:
            if len(self._feeds) >= 64:
                self._feeds.clear()
            feed = self._golden.feed(samples) if self._cut is None else self._golden.values(self._cut.live, samples)
            self._feeds[key] = feed, self._outputs(feed, len(samples))
        return self._feeds[key]

    def _outputs(self, feed: dict[str, Array], count: int) -> list[Array]:
        found = self._session.run(None, feed | {self._target.name: self._stored})
        if self._cut is not None:
            return list(found)
        return [port.rows(value, count) for port, value in zip(self._ports, found, strict=True)]


def _bits(rows: Array) -> Array:
    return np.ascontiguousarray(rows).reshape(len(rows), -1).view(np.uint8).reshape(len(rows), -1)
