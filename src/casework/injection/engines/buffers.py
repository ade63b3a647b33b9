"""The part of the graph after a target, its session, and rows of golden values bound to it."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from numpy.typing import NDArray

from casework.injection.network.layouts import same_bits
from casework.injection.network.sessions import Sessions
from casework.injection.network.wiring import after

if TYPE_CHECKING:
    from casework.injection.engines.rows import Rounds
    from casework.injection.network.golden import Golden
    from casework.injection.network.network import Network

Array = NDArray[Any]

WORKING_SET: Final = 2 << 20
"""Bytes that an operator should read and write in a round: what the caches near the core hold, about. Measured on an MLP and on
LeNet-5; a quarter or four times as much costs some percent."""

ROWS: Final = 4096
"""Most rows of a round."""

TURNS: Final = 8
"""Rounds that predictions are spread over at least, where there are many: filling a buffer is dearer than flipping a fault in it."""

FEW: Final = 256
"""Rows of a round below which the cost of a call shows."""


KEPT: Final = 3
"""Buffers that are kept for each part."""


class Differs(Exception):  # noqa: N818 - it is a fact about a cut, not an error
    """The part after a cut does not compute the bits of the whole."""


class Part:
    """The suffix of a target: its session, and how many rows it takes at a time.

    Attributes:
        most: Most rows of a round.
    """

    def __init__(self, network: Network, golden: Golden, name: str) -> None:
        self.golden, self.name = golden, name
        self.cut = network.cut(name)
        # An output that nothing reads is what it is: there is nothing to run.
        bare = not after(network.proto.graph.node, [name])
        self.session = None if bare else network.open(self.cut.suffix)
        self.most = 1 if network.batch else _rows_for(network, name)
        self._held = Sessions(KEPT)

    def rows_for(self, predictions: int) -> int:
        """Return how many rows a round of so many predictions has at most."""
        return max(1, min(self.most, max(FEW, predictions // TURNS)))

    def buffers(self, rows: int) -> Buffers:
        """Return buffers of so many rows; those of the latest calls are kept."""
        held: Buffers = self._held.get(rows, lambda: Buffers(self, rows))
        return held

    def forget(self) -> None:
        """Drop the buffers."""
        self._held = Sessions(KEPT)


class Buffers:
    """Inputs and outputs of a suffix for a number of rows, bound to its session once.

    Attributes:
        rows: Number of rows.
        target: The target's rows, to be struck in place and restored by whoever strikes them.
    """

    def __init__(self, part: Part, rows: int) -> None:
        golden = part.golden
        self.rows = rows
        self._part = part
        self._samples = np.arange(rows) % golden.samples
        self._live = golden.values(part.cut.live, self._samples)
        self.target = self._live[part.name]
        self._batched = [name for name in part.cut.live if part.cut.layout(name) is not None]
        self._outputs = {
            p: np.empty((rows, *golden.outputs[p].shape[1:]), golden.outputs[p].dtype) for p in part.cut.positions
        }
        self._binding: Any = None
        if part.session is not None:
            self._binding = _bound(part.session, self._live, [self._outputs[p] for p in part.cut.positions])
        self._compare()

    def _compare(self) -> None:
        """Run the golden rows. Raises Differs where the outputs are not the golden ones, bit for bit."""
        for position, values in self.run().items():
            if not same_bits(values, self._part.golden.outputs[position][self._samples]):
                raise Differs(
                    f"without a fault the outputs of the part after {self._part.name} differ from those of the whole graph"
                )

    def changes(self, rounds: Rounds) -> list[Array]:
        """Return for each round the rows whose sample differs from that of the round before; for the first, from what is held."""
        samples = np.concatenate([self._samples, rounds.samples]).reshape(rounds.count + 1, self.rows)
        turn, row = np.nonzero(samples[1:] != samples[:-1])
        self._samples = samples[-1].copy()
        return np.split(row, np.searchsorted(turn, np.arange(1, rounds.count)))

    def renew(self, rows: Array, samples: Array) -> None:
        """Set rows to the golden values of samples, both int64 [K]."""
        if len(rows):
            for name, values in self._part.golden.values(self._batched, samples).items():
                self._live[name][rows] = values

    def run(self) -> dict[int, Array]:
        """Run the suffix on the rows as they stand; return the outputs that depend on the target, by position. Valid until the next run."""
        if self._part.session is None:
            return {self._part.cut.positions[0]: self.target}
        self._part.session.run_with_iobinding(self._binding)
        return self._outputs


def _bound(session: Any, inputs: dict[str, Array], outputs: list[Array]) -> Any:
    """Return a binding of a session's inputs and outputs to arrays, which are used in place."""
    import onnxruntime

    binding = session.io_binding()
    for value in session.get_inputs():
        binding.bind_ortvalue_input(value.name, onnxruntime.OrtValue.ortvalue_from_numpy(inputs[value.name]))
    for value, array in zip(session.get_outputs(), outputs, strict=True):
        binding.bind_ortvalue_output(value.name, onnxruntime.OrtValue.ortvalue_from_numpy(array))
    return binding


def _rows_for(network: Network, name: str) -> int:
    """Return how many rows keep what an operator reads and writes within the working set."""
    graph = network.proto.graph
    widest = _width(network, name)
    for position in after(graph.node, [name]):
        node = graph.node[position]
        widest = max(widest, sum(_width(network, tensor) for tensor in (*node.input, *node.output)))
    return max(1, min(ROWS, WORKING_SET // max(widest, 1)))


def _width(network: Network, name: str) -> int:
    """Return the bytes of a tensor for one sample; 0 for what is stored or holds no samples."""
    layout = network.layouts.get(name)
    return 0 if layout is None else math.prod(layout.shape) * network.itemsize(name)
