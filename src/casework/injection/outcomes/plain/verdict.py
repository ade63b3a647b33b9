"""What a second judge says of one prediction, and what holds of every output whatever it means.

Nothing here is shared with the judges that are checked but the numbers of the flags: definitions stand in `outcomes.flags`, in the
docstrings of the judges, and in decision 24.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from casework.injection.outcomes.flags import CHANGED, DETECTED, DUE

Array = NDArray[Any]

NOISE: Final = 1e-6
"""Relative distance below which two values are as good as equal in float32."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """What became of one prediction.

    Attributes:
        flags: Bits of `outcomes.flags`.
        doubt: Of these, those that the rounding of another way to compute them may turn over.
    """

    flags: int
    doubt: int = 0

    def differs(self, flags: int) -> bool:
        """Return whether another judge says something else, beyond doubt."""
        return bool((flags ^ self.flags) & ~self.doubt)


Second = Callable[[Sequence[Array], Sequence[Array]], Verdict]
"""From faulty and golden outputs of one prediction, each [1, ...] in the order of the graph, to its verdict."""


def common(faulty: Sequence[Array], golden: Sequence[Array], guards: Sequence[int]) -> int:
    """Return CHANGED, DUE and DETECTED of one prediction.

    Args:
        faulty: Outputs under the fault.
        golden: Outputs without it.
        guards: Positions of alarms, which say nothing else.
    """
    flags = 0
    for position, (found, expected) in enumerate(zip(faulty, golden, strict=True)):
        if not changed(found, expected):
            continue
        flags |= CHANGED
        if position in guards:
            raised = found.astype(bool) & ~expected.astype(bool)
            flags |= DETECTED if raised.any() else 0
        elif found.dtype.kind == "f":
            became_none = np.isnan(found) & ~np.isnan(expected)
            became_infinite = np.isinf(found) & np.isfinite(expected)
            flags |= DUE if became_none.any() or became_infinite.any() else 0
    return flags


def changed(found: Array, expected: Array) -> bool:
    """Return whether some bit of an output differs."""
    if found.dtype == object:
        return bool((found != expected).any())
    return found.tobytes() != expected.tobytes()


def silent(flags: int) -> bool:
    """Return whether an output differs that nothing told of, so that its decision is to be looked at."""
    return bool(flags & CHANGED) and not flags & (DUE | DETECTED)
