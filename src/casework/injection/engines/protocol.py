"""What an engine is: it puts faults of one target into the model and has their outputs judged."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Literal, Protocol

from numpy.typing import NDArray

if TYPE_CHECKING:
    from casework.injection.faults.fault_list import FaultList
    from casework.injection.network.golden import Golden
    from casework.injection.network.network import Network
    from casework.injection.network.target import Target

Array = NDArray[Any]

Exactness = Literal["bit-exact", "rounding"]
"""`bit-exact`: outputs equal the oracle's bit for bit. `rounding`: they may differ by the order of a sum (about 1e-7, relative)."""


class Judge(Protocol):
    """Judges outputs against the golden run."""

    def __call__(self, outputs: Sequence[Array], samples: Array) -> Array:
        """Return the flags uint16 [R] of faulty outputs, each [R, ...] in the order of the graph's outputs.

        Args:
            outputs: Outputs of R injected predictions.
            samples: int64 [R]: the input that each is of.
        """


class Engine(Protocol):
    """A way to compute injected predictions. Made for a network and its golden run; keeps its sessions."""

    @property
    def name(self) -> str:
        """Name in records: suffix, channel, patch, sparse-xor, promoted, rebuild."""

    @property
    def exactness(self) -> Exactness:
        """How its outputs compare with the oracle's."""

    def refusal(self, target: Target, faults: FaultList) -> str:
        """Return why it cannot take these faults of this target; empty where it can. Cheap: no session is built."""

    def run(self, target: Target, faults: FaultList, fault: Array, sample: Array, judge: Judge) -> Array:
        """Return the flags uint16 [R] of R injected predictions.

        Args:
            target: The tensor that all faults hit.
            faults: Faults of this target.
            fault: int64 [R]: position in `faults` of each prediction's fault.
            sample: int64 [R]: its input.
            judge: Judges outputs; a prediction whose outputs are known to equal the golden ones has flags 0.
        """


class EngineFactory(Protocol):
    """Makes an engine for a network and its golden run."""

    def __call__(self, network: Network, golden: Golden) -> Engine:
        """Return the engine."""
